# SPDX-License-Identifier: GPL-2.0-only
"""The end-to-end suites; they run inside the guest, see guest-e2e."""
