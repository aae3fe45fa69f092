/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read by sparse before every file: what Debian's sparse (0.6.4) lacks for the
 * headers of Linux 7.3. The second serves static_assert()s on string literals.
 */
#define __typeof_unqual__ __typeof__
#define __builtin_strlen(s) (sizeof(s) - 1)
