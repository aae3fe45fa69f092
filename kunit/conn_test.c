// SPDX-License-Identifier: GPL-2.0-only
#include "failing.h"

#include "../module/conn.c"
