# SPDX-License-Identifier: GPL-2.0-only
# smbsign: SMB signing that ksmbd cannot be talked out of
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: all module clean install deb test-package doc demo test test-matrix lint bench kunit fuzz test-debug endure

all: module

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

install: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	scripts/package/stage $(DESTDIR)

deb:
	scripts/package/deb

test-package:
	scripts/package/test

doc:
	scripts/doc

demo:
	scripts/demo/run

test:
	scripts/test

test-matrix:
	scripts/matrix $(KERNEL)

lint:
	scripts/lint

bench:
	scripts/bench/run $(KERNEL)

kunit:
	scripts/kunit/run

fuzz:
	scripts/fuzz/run $(SECONDS)

test-debug:
	scripts/faults/debug

endure:
	scripts/endure/run
