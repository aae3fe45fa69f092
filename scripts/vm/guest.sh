# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What guest scripts share: ksmbd with a share or two, and the module. Source it.
#
#	write_ksmbd_conf "server signing = mandatory"
#	load_smbsign policy=required
#	start_ksmbd
#	smbclient //127.0.0.1/share -U "$SMB_USER%$SMB_PASSWORD" -c 'put /etc/hosts hosts'
#	stop_ksmbd
#	unload_smbsign

SMB_USER=alice
SMB_PASSWORD=Secret123
SHARE_DIR=/srv/share
SYSVOL_DIR=/srv/sysvol
VM=$(dirname "${BASH_SOURCE[0]}")
MOUNTD_LOG=/run/ksmbd.mountd.log

# load_smbsign [PARAMETER=VALUE...] - the module that run was given with --ko
load_smbsign() {
	[ -e /out/smbsign.ko ] || { echo "no module: run --ko FILE" >&2; return 1; }
	insmod /out/smbsign.ko "$@"
}

unload_smbsign() { rmmod smbsign; }

# write_ksmbd_conf [LINE...] - lines go to [global]
write_ksmbd_conf() {
	local directory
	mkdir -p /etc/ksmbd "$SHARE_DIR" "$SYSVOL_DIR"
	for directory in "$SHARE_DIR" "$SYSVOL_DIR"; do
		mountpoint -q "$directory" || mount -t tmpfs -o mode=777 tmpfs "$directory"
	done
	{
		printf '[global]\n'
		# Of two lines with one name, the first counts. Since forky's, the daemon lets in
		# few from one address, and here all come from one
		printf '\t%s\n' 'netbios name = guest' "$@" 'map to guest = never' 'max ip connections = 0'
		printf '[share]\n\tpath = %s\n\tread only = no\n' "$SHARE_DIR"
		printf '[SYSVOL]\n\tpath = %s\n\tread only = no\n' "$SYSVOL_DIR"
	} >/etc/ksmbd/ksmbd.conf
	id -u "$SMB_USER" >/dev/null 2>&1 || useradd -M "$SMB_USER"
	[ -e /etc/ksmbd/ksmbdpwd.db ] || ksmbd.adduser -a -p "$SMB_PASSWORD" "$SMB_USER" >/dev/null
}

port_is_open() { [ -n "$(ss -Hltn "sport = :${1:-445}")" ]; }

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || { echo "gave up waiting: $*" >&2; return 1; }
		sleep 0.2
	done
}

start_ksmbd() {
	modprobe ksmbd || return 1
	stdbuf -oL "$VM/mountd" >"$MOUNTD_LOG" 2>&1 &
	mountd=$!
	wait_until 20 port_is_open 445 || { cat "$MOUNTD_LOG" >&2; return 1; }
}

mountd_ended() { ! kill -0 "$mountd" 2>/dev/null; }

stop_ksmbd() {
	ksmbd.control -s >/dev/null 2>&1
	kill "$mountd" 2>/dev/null
	wait_until 20 mountd_ended || kill -KILL -- "-$mountd"
	wait "$mountd" 2>/dev/null
	rm -f /run/ksmbd.lock
	wait_until 20 rmmod ksmbd
}
