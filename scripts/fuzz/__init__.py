# SPDX-License-Identifier: GPL-2.0-only
"""Fuzzing of the pure files, and the frames it starts from."""
