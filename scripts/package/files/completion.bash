# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
_smbsign_status() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	case $COMP_CWORD:$before in
	1:*) mapfile -t COMPREPLY < <(compgen -W '--plan --watch --follow --json --textfile --version --help' -- "$word") ;;
	2:--textfile) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	2:--watch) mapfile -t COMPREPLY < <(compgen -W '1 2 5 10 60' -- "$word") ;;
	esac
}
complete -o filenames -F _smbsign_status smbsign-status
