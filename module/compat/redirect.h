/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments and the instruction pointer of a traced function.  Before 6.2
 * there was only the macro ftrace_instruction_pointer_set(), and struct
 * ftrace_regs held the whole struct pt_regs.
 *
 * Where ftrace saves all registers or none (arm64 before 6.2), we ask for all.
 */
#ifndef SMBSIGN_COMPAT_REDIRECT_H
#define SMBSIGN_COMPAT_REDIRECT_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS

#ifdef ftrace_instruction_pointer_set
#define ftrace_regs_get_argument(fregs, n)	\
	regs_get_kernel_argument(&(fregs)->regs, n)
#define ftrace_regs_set_instruction_pointer(fregs, ip)	\
	ftrace_instruction_pointer_set(fregs, ip)
#endif
#define SMBSIGN_REDIRECT_SAVES	0

#else

#undef ftrace_regs_get_argument
#define ftrace_regs_get_argument(fregs, n)	\
	regs_get_kernel_argument(ftrace_get_regs(fregs), n)
#undef ftrace_regs_set_instruction_pointer
#define ftrace_regs_set_instruction_pointer(fregs, ip)	\
	instruction_pointer_set(ftrace_get_regs(fregs), ip)
#define SMBSIGN_REDIRECT_SAVES	FTRACE_OPS_FL_SAVE_REGS

#endif

/* PERMANENT: kernel.ftrace_enabled=0 must not blind us. */
#define SMBSIGN_REDIRECT_FLAGS						\
	(FTRACE_OPS_FL_RECURSION | FTRACE_OPS_FL_PERMANENT |		\
	 FTRACE_OPS_FL_IPMODIFY | SMBSIGN_REDIRECT_SAVES)

#endif /* SMBSIGN_COMPAT_REDIRECT_H */
