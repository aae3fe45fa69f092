/* SPDX-License-Identifier: GPL-2.0-only */
/* The assembler under test: an object file belongs to one module only. */
#include "../../module/mac/clmul-x86_64.S"
