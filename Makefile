# SPDX-License-Identifier: GPL-2.0-only
# smbsign: SMB signing that ksmbd cannot be talked out of
#
# "make help" prints what stands behind ##: what a target is for, and how long it
# usually takes on two cores without KVM. What it downloads the first time comes on top.
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: all module clean install deb test-package doc demo test test-matrix lint bench kunit fuzz prove test-debug endure help

all: module ## what make alone does: the module | half a minute

module: ## smbsign.ko for the kernel that runs, or for KDIR=HEADERS | half a minute
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean: ## remove what was built | at once
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

install: module ## the module, what loads it before ksmbd, man pages | half a minute
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	scripts/package/stage $(DESTDIR)

deb: ## the Debian package, by which DKMS builds the module | seconds
	scripts/package/deb

doc: ## Documentation/html, by Sphinx | seconds
	scripts/doc

demo: ## the attack, on ksmbd alone and with smbsign; KERNEL=... | 3 minutes
	scripts/demo/run

lint: ## W=1, sparse, checkpatch, linters, documentation, package | a minute
	scripts/lint

kunit: ## the module's sources one by one, on user-mode Linux | half a minute
	scripts/kunit/run

fuzz: ## parsers, policy and window against oracles; SECONDS=60 | as told
	scripts/fuzz/run $(SECONDS)

prove: ## the rules hold for all inputs; MUTANTS=yes: each proof can fail | a minute
	scripts/prove/run

test: ## what a change must pass; KERNEL=, TEST_ARGS=, ALONE=yes | 30 minutes
	scripts/test

test-matrix: ## demo and suites on all four kernels, or on KERNEL=... | 2 hours
	scripts/matrix $(KERNEL)

test-package: ## the package installed, booted, upgraded, purged | half an hour
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
