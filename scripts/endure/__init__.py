# SPDX-License-Identifier: GPL-2.0-only
"""Suites that take long: load and unload under load, a soak, scale."""
