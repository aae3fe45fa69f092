# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the host side of the VM harness shares. Source it; it runs nothing.

CACHE=${SMBSIGN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/smbsign}
# shellcheck disable=SC2034 # for those who source this
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# The stock kernels that the module is tested on at every change, those that only the
# matrix goes through, those of other architectures, on which all takes long, and those of
# our own, which check themselves.
# shellcheck disable=SC2034 # for those who source this
KERNELS=(trixie backports bookworm bookworm-backports)
MORE_KERNELS=(bookworm-security forky sid experimental)
FOREIGN_KERNELS=(arm64 arm64-backports arm64-bookworm armhf ppc64el-forky riscv64 s390x-forky)
OWN_KERNELS=(debug kcsan)

check_kernel() {
	[[ " ${KERNELS[*]} ${MORE_KERNELS[*]} ${FOREIGN_KERNELS[*]} ${OWN_KERNELS[*]} " = *" $1 "* ]] ||
		die "unknown kernel '$1': it is trixie (Debian 13's 6.12), backports (trixie-backports' 7.3)," \
			"bookworm (Debian 12's 6.1), bookworm-security (the 6.12 of its security updates)," \
			"bookworm-backports (its 6.12), forky, sid or experimental (what they have today)," \
			"arm64, arm64-backports, arm64-bookworm, armhf, ppc64el-forky, riscv64, s390x-forky (Debian's, there), debug or kcsan (6.12, checking itself)"
}

# Roots that no kernel is in: tools only
# shellcheck disable=SC2034
TOOL_ROOTS=(proofs clients samba cross cross-forky emulator)

is_tool_root() { [[ " ${TOOL_ROOTS[*]} " = *" $1 "* ]]; }

check_root() { is_tool_root "$1" || check_kernel "$1"; }

is_own_kernel() { [[ " ${OWN_KERNELS[*]} " = *" $1 "* ]]; }

is_foreign_kernel() { [[ " ${FOREIGN_KERNELS[*]} " = *" $1 "* ]]; }

# How many times longer things may take than on the stock kernels.
slowness() {
	if is_own_kernel "$1"; then
		echo 6
	else
		is_foreign_kernel "$1" && echo 3 || echo 1
	fi
}

# foreign KERNEL WHAT - of that kernel's architecture: Debian's name, that of its kernels,
# the kernel's own, QEMU's, the compiler's, or the console of the guest
foreign() {
	# shellcheck disable=SC2034 # by ${!2}
	local debian=${1%%-*} flavour arch qemu compiler console
	# shellcheck disable=SC2034
	case $debian in
	arm64) flavour=arm64 arch=arm64 qemu=aarch64 compiler=aarch64-linux-gnu console=ttyAMA0 ;;
	armhf) flavour=armmp-lpae arch=arm qemu=arm compiler=arm-linux-gnueabihf console=ttyAMA0 ;;
	ppc64el) flavour=powerpc64le arch=powerpc qemu=ppc64le compiler=powerpc64le-linux-gnu console=hvc0 ;;
	riscv64) flavour=riscv64 arch=riscv qemu=riscv64 compiler=riscv64-linux-gnu console=ttyS0 ;;
	s390x) flavour=s390x arch=s390 qemu=s390x compiler=s390x-linux-gnu console=ttysclp0 ;;
	esac
	echo "${!2}"
}

# cross_root KERNEL - the tool root with the compiler that this foreign kernel is built with.
cross_root() { [[ $1 = *-forky ]] && echo cross-forky || echo cross; }

# need_foreign_programs KERNEL - programs of its architecture run here, in a root of that.
need_foreign_programs() {
	local directory=/proc/sys/fs/binfmt_misc qemu
	qemu=qemu-$(foreign "$1" qemu)
	[ -e "$directory/status" ] || [ "$(id -u)" != 0 ] || mount -t binfmt_misc binfmt_misc "$directory"
	need "$qemu-static=qemu-user-static" update-binfmts=binfmt-support
	[ -e "$directory/$qemu" ] || [ "$(id -u)" != 0 ] || update-binfmts --enable "$qemu"
}

# runs_foreign_programs KERNEL - they do run here, or we may have them do so.
runs_foreign_programs() {
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null || [ -e "/proc/sys/fs/binfmt_misc/qemu-$(foreign "$1" qemu)" ]
}

# need COMMAND=PACKAGE... - install what is missing on the host, saying so.
need() {
	local pair missing=()
	for pair; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "needs '${apt[*]} install ${missing[*]}' as root first (there is no sudo to do it with)"
		apt=(sudo "${apt[@]}")
	fi
	say "needs ${missing[*]} on this machine: installing with '${apt[*]}'"
	mkdir -p "$CACHE"
	exec 7>"$CACHE/apt.lock"
	flock 7 # apt does not wait for another one
	"${apt[@]}" update >&2
	"${apt[@]}" install --no-install-recommends "${missing[@]}" >&2
	exec 7>&-
}

# become_root WHY ARGS... - run this script again with ARGS as a user who owns
# the files of the Debian root: root itself, by sudo, or in a user namespace.
become_root() {
	local why=$1
	shift
	[ "$(id -u)" != 0 ] || return 0

	if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		say "$why: going on with sudo"
		exec sudo env "SMBSIGN_CACHE=$CACHE" "SMBSIGN_REFRESH=${SMBSIGN_REFRESH:-}" \
			"SMBSIGN_SOURCE=${SMBSIGN_SOURCE:-}" "SMBSIGN_OBJECTS=${SMBSIGN_OBJECTS:-}" "$0" "$@"
	fi
	need newuidmap=uidmap
	unshare --map-auto --map-root-user true 2>/dev/null ||
		die "$why: run it as root, install sudo, or allow user namespaces (lines for you in /etc/subuid and /etc/subgid)"
	say "$why: going on in a user namespace of its own"
	exec unshare --map-auto --map-root-user --mount env "SMBSIGN_CACHE=$CACHE" "$0" "$@"
}

# give_back PATH... - what root made for the user who called sudo is his.
give_back() {
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# with_progress WHAT LOG COMMAND... - COMMAND's output goes to LOG; somebody
# who waits is told every ten seconds how far it is, and sees LOG if it fails.
with_progress() {
	local what=$1 log=$2 start=$SECONDS pid status=0
	shift 2
	say "$what (log: $log)"
	"$@" >"$log" 2>&1 &
	pid=$!
	# shellcheck disable=SC2064 # this pid, now
	trap "kill $pid; wait $pid; exit 130" INT TERM HUP # a background job does not see Ctrl-C
	while sleep 1; kill -0 "$pid" 2>/dev/null; do
		(((SECONDS - start) % 10)) ||
			say "$what: $((SECONDS - start)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-80)"
	done
	wait "$pid" || status=$?
	trap - INT TERM HUP
	if [ "$status" != 0 ]; then
		tail -n 30 "$log" >&2
		die "$what failed with status $status (log: $log)"
	fi
	say "$what: done in $((SECONDS - start)) s"
}

# make_roots ROOT... - those of vm/root's that the cache does not have, beside each other:
# a package manager keeps one CPU busy. None of them can ask for sudo's password.
make_roots() {
	[ "$(id -u)" = 0 ] || [ ! -t 0 ] || ! command -v sudo >/dev/null || sudo -v
	printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 "$TOP/scripts/vm/root" >/dev/null
}

# The one kernel version that a root holds, or the one that is asked for.
kernel_version() { echo "${SMBSIGN_RELEASE:-$(basename "$1"/usr/lib/modules/*)}"; }

# backports keeps the image beside its modules, stable in /boot.
kernel_image() {
	local version image
	version=$(kernel_version "$1")
	for image in "$1/usr/lib/modules/$version/"vmlinu[xz] "$1/boot/"vmlinu[xz]"-$version"; do
		[ -e "$image" ] && echo "$image" && return
	done
	die "no kernel image in $1"
}

# closing_line FILE - the last "N passed, N failed" that a suite has written there, as
# two numbers; fails if there is none.
closing_line() {
	awk '/^[0-9]+ passed, [0-9]+ failed$/ { last = $1 " " $3 } END { if (!last) exit 1; print last }' "$1"
}

# close_run PASSED FAILED DIR - the closing line of many suites, and their status. What
# they left in DIR is kept if any failed.
close_run() {
	[ "$2" != 0 ] || rm -rf "$3"
	[ "$2" = 0 ] || say "results kept in $3"
	echo "$1 passed, $2 failed"
	[ "$2" = 0 ] && [ "$1" != 0 ]
}
