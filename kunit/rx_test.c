// SPDX-License-Identifier: GPL-2.0-only
#include "failing.h"

#include "../module/rx.c"
