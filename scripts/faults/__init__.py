# SPDX-License-Identifier: GPL-2.0-only
"""Suites about what is not there: memory that runs out, peers that do not go on."""
