# SPDX-License-Identifier: GPL-2.0-only
"""ksmbd with the module under clients and tests that others wrote."""
