# SPDX-License-Identifier: GPL-2.0-only
# smbsign: SMB signing that ksmbd cannot be talked out of
#
# "make help" prints what stands behind ##: what a target is for, and how long it
# usually takes on two cores without KVM. What it downloads the first time comes on top.
#
# MO=DIR builds the module in DIR (from Linux 6.13 on). O= is not for modules: KDIR=
# names the kernel's build directory, wherever that was made.
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: all module clean install uninstall deb test-package doc demo check test test-matrix lint bench kunit fuzz
.PHONY: prove interop test-debug endure help

all: module ## what make alone does: the module | half a minute

module: ## smbsign.ko; KDIR=HEADERS of another kernel, MO=DIR for it | half a minute
	@[ -e "$(KDIR)/Makefile" ] || { echo "make: no kernel headers in $(KDIR);" \
		"for the kernel that runs: apt install linux-headers-$$(uname -r)" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
	@[ -z "$(MO)" ] || [ -e "$(MO)/smbsign.ko" ] || { echo "make: this kernel knows no MO=;" \
		"built in $(CURDIR)" >&2; exit 1; }

# Without kernel headers, too: what .gitignore names
clean: ## remove what was built | at once
	find . -name .git -prune -o \( -name '*.ko' -o -name '*.o' -o -name '*.o.d' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '*.cmd' -o -name '*.gcno' -o -name Module.symvers -o -name modules.order -o -name '.module-common*' \
		-o -name '*.pyc' -o -name '.checkpatch-camelcase.*' \) -exec rm -f {} +
	find . -name __pycache__ -empty -delete
	rm -rf kunit/frames.inc Documentation/html smbsign-dkms_*.deb

# Without the kernel's key nothing can be signed here, and the attempt is an "SSL error".
can_sign = $(wildcard $(KDIR)/certs/signing_key.*)
install: module ## the module, what loads it before ksmbd, man pages | half a minute
	@[ -n "$(DESTDIR)" ] || ! dpkg-query -W -f '$${Status}' smbsign-dkms 2>/dev/null | grep -q ' installed$$' || \
		{ echo "make: the package smbsign-dkms is installed, and has all this: apt purge it first" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) $(if $(can_sign),,CONFIG_MODULE_SIG_ALL=) modules_install
	scripts/package/stage $(DESTDIR)
	@$(if $(can_sign),,echo "make: installed unsigned; under Secure Boot see the administrator's guide")

uninstall: ## remove what make install has installed | at once
	@! dpkg-query -W -f '$${Status}' smbsign-dkms 2>/dev/null | grep -q ' installed$$' || \
		{ echo "make: it was the package that installed it: apt purge smbsign-dkms" >&2; exit 1; }
	scripts/package/stage --remove

deb: ## the Debian package, by which DKMS builds the module | seconds
	scripts/package/deb

doc: ## Documentation/html, by Sphinx | seconds
	scripts/doc

demo: ## the attack, on ksmbd alone and with smbsign; KERNEL=... | 3 minutes
	scripts/demo/run

check: lint kunit ## what to run before every commit | 2 minutes

lint: ## W=1, sparse, checkpatch, linters, documentation, package | a minute
	scripts/lint

kunit: ## the module's sources one by one, on user-mode Linux | half a minute
	scripts/kunit/run

fuzz: ## parsers, policy and window against oracles; SECONDS=60 | as told
	scripts/fuzz/run $(SECONDS)

prove: ## rules, parser and gate, for all inputs; MUTANTS=, SHORT=: as test | 11 minutes
	scripts/prove/run

test: ## what a change must pass; KERNEL=, TEST_ARGS=, ALONE=, SMOKE= | 50 minutes
	scripts/test

interop: ## real clients, smbtorture, alone and with smbsign; KERNEL= | 40 minutes
	INTEROP=only scripts/test

test-matrix: ## each of Debian's kernels; KERNEL=, SMOKE=yes | 2.5 hours
	scripts/matrix $(KERNEL)

test-package: ## the package installed, booted, upgraded, purged | 3 hours
	scripts/package/test-install
	scripts/package/test

test-debug: ## suites on kernels that check themselves | 2.5 hours
	scripts/faults/debug

endure: ## load and unload, soak, scale; ROUNDS=, MINUTES=, MOST= | hours
	scripts/endure/run

bench: ## instructions with and without smbsign; KERNEL=... | an hour a kernel
	scripts/bench/run $(KERNEL)

help: ## this list | at once
	@awk -F ' ?(## | [|] )' '/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); \
		printf "make %-13s %-58s %s\n", $$1, $$2, $$3 }' Makefile
