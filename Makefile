# SPDX-License-Identifier: Apache-2.0
#
# make                   build/relpbox: x86-64, musl, static
# make ARCH=aarch64      build/aarch64/relpbox, cross-built
# make unit [T=frame]    unit tests under ASan and UBSan; unit-aarch64: by qemu-user
# make san               build/san/relpbox: the whole program with ASan and UBSan
# make tools             build/tools: what the end-to-end tests use beside it
# make fuzz F=frame [SECONDS=30]    one libFuzzer harness; fuzz-replay: all corpora;
#                        fuzz-record: anew what both sides of TLS say in theirs
# make clang layers lint            clang's warnings; who may include whom; scripts, man pages, documents
# make bench             relpbox and rsyslog side by side; ciphers: build/ARCH/ciphers, what
#                        TLS computes, timed by itself
# make check check-long demo man size install clean
#
# Nothing is written outside build/. The dependencies' sources come by
# scripts/deps into DEPS, which several work trees may share. V=1 shows commands.

ARCH ?= x86-64
DEPS ?= build/deps
PREFIX ?= /usr/local
DESTDIR ?=
WERROR ?= -Werror
SECONDS ?= 30
VERSION := $(shell cat VERSION)
Q := $(if $(V),,@)

PROGRAM := $(if $(filter x86-64,$(ARCH)),build/relpbox,build/$(ARCH)/relpbox)
all: $(PROGRAM)

# --- what there is -------------------------------------------------------------

LIB := $(patsubst %.c,%.o,$(sort $(wildcard lib/*/*.c relp/*.c)))
CMD := $(patsubst %.c,%.o,$(sort $(wildcard cmd/*.c)))
YAML := yaml/api.o yaml/reader.o yaml/scanner.o yaml/parser.o
# Mbed TLS by its files, of which lib/tls/mbedtls_config.h leaves some empty.
MBEDTLS := $(patsubst %,mbedtls/%.o,aes aesce aesni asn1parse asn1write base64 bignum bignum_core \
	block_cipher chacha20 chachapoly constant_time ecdh ecdsa ecp \
	ecp_curves gcm hkdf md mps_reader mps_trace oid pem pk pk_ecc pk_wrap \
	pkparse platform platform_util poly1305 psa_crypto psa_crypto_aead psa_crypto_cipher \
	psa_crypto_client psa_crypto_driver_wrappers_no_static psa_crypto_ecp psa_crypto_hash \
	psa_crypto_mac psa_crypto_rsa psa_crypto_slot_management psa_crypto_storage psa_util rsa \
	rsa_alt_helpers sha1 sha256 sha512 ssl_ciphersuites ssl_client ssl_msg ssl_tls \
	ssl_tls12_client ssl_tls12_server ssl_tls13_client ssl_tls13_generic ssl_tls13_keys \
	ssl_tls13_server threading x509 x509_crt)
UNIT := $(sort $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c)))
FUZZ := $(sort $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
TOOLS := $(sort $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c)))
UNIT_RUN := $(if $(T),$(addprefix test_,$(T)),$(UNIT))

# --- how it is compiled --------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wundef -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wconversion -Wno-sign-conversion \
	-Wno-enum-enum-conversion # counters of two modules share a table
OURS = -std=c11 -D_GNU_SOURCE -Ilib -I. $(WARN) $(WERROR) -MMD -MP \
	-isystem $(DEPS)/src/libyaml/include -isystem $(DEPS)/src/cmocka/include \
	-isystem $(DEPS)/src/mbedtls/include -DMBEDTLS_CONFIG_FILE='"tls/mbedtls_config.h"' \
	-D_UINTPTR_T_DEFINED
YAMLS = -I$(DEPS)/src/libyaml/include -DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2 \
	-DYAML_VERSION_PATCH=5 -DYAML_VERSION_STRING='"0.2.5"' -Os -w
# All of it by size, but what works on every byte, and on every handshake.
MBEDTLS_FAST := aes aesni aesce gcm block_cipher chacha20 poly1305 chachapoly bignum_core ecp_curves
# It compares empty names, of no bytes at no address, which C2y allows and sanitizers do not.
MBEDTLSS = -fno-sanitize=nonnull-attribute -Ilib -I$(DEPS)/src/mbedtls/include -DMBEDTLS_CONFIG_FILE='"tls/mbedtls_config.h"' \
	$(if $(filter $(1),$(MBEDTLS_FAST)),-O2,-Os) $(if $(filter x86-64,$(2)),$(AES_x86-64_$(1))) -w
# AES by intrinsics, a third faster than Mbed TLS's assembler. They are called where the processor
# has them alone, so that all else may not be compiled for it; one that has them has SSSE3.
AES_x86-64_aes := -maes -mpclmul
AES_x86-64_gcm := -maes -mpclmul
AES_x86-64_aesni := -maes -mpclmul -mssse3
CMOCKAS = -Itests/cmocka -I$(DEPS)/src/cmocka/include -DHAVE_CONFIG_H -D_UINTPTR_T_DEFINED -w

HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero
# C without exceptions: nobody unwinds, and the tables are a tenth of the program
SMALL := -fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections
# What a record does not pass, or passes in a few steps, is compiled by size as well.
SMALL_DIRS := cmd lib/conf lib/forward lib/gardener lib/io lib/sink lib/tls lib/validate
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# gcc that sees musl and the kernel's headers, and nothing of glibc. $(1): architecture
cross = $(subst x86-64,x86_64,$(1))-linux-gnu-
musl_gcc = $(call cross,$(1))gcc -nostdinc -isystem $(DEPS)/musl-$(1)/include \
	-isystem $$$$($(call cross,$(1))gcc -print-file-name=include) -idirafter $(DEPS)/musl-$(1)/linux \
	-O2 -g -ffile-prefix-map=$(CURDIR)=. $(SMALL) $(HARDEN)

# A variant: everything compiled in one way under build/NAME/obj, and lib.a of
# it, which holds lib, relp, libyaml and Mbed TLS. $(1): NAME; $(2): the compiler with its
# flags; $(3): the stamp in DEPS that it needs
define variant
$(1)_LIB := $$(addprefix build/$(1)/obj/,$(LIB) $(YAML) $(MBEDTLS))
$(1)_CMD := $$(addprefix build/$(1)/obj/,$(CMD))

build/$(1)/lib.a: $$($(1)_LIB) build/sources
	$$(Q)rm -f $$@ && ar rcs $$@ $$($(1)_LIB)

build/$(1)/obj/%.o: %.c Makefile $(DEPS)/$(3)
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(OURS) -c $$< -o $$@
build/$(1)/obj/yaml/%.o: Makefile $(DEPS)/$(3) $(DEPS)/src/stamp
	@mkdir -p $$(@D)
	$$(Q)$(2) $(YAMLS) -c $(DEPS)/src/libyaml/src/$$*.c -o $$@
build/$(1)/obj/mbedtls/%.o: Makefile lib/tls/mbedtls_config.h lib/tls/psa_config.h $(DEPS)/$(3) $(DEPS)/src/stamp
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(call MBEDTLSS,$$*,$(if $(filter aarch64 x86-64,$(1)),$(1),$$(HOST))) $$(MBEDTLS_MORE) -c $(DEPS)/src/mbedtls/library/$$*.c -o $$@
build/$(1)/obj/cmocka.o: Makefile tests/cmocka/config.h $(DEPS)/$(3) $(DEPS)/src/stamp
	@mkdir -p $$(@D)
	$$(Q)$(2) $(CMOCKAS) -c $(DEPS)/src/cmocka/src/cmocka.c -o $$@

build/$(1)/obj/%.o: OURS += $(if $(filter x86-64 aarch64,$(1)),$$(if $$(filter $(SMALL_DIRS),$$(*D)),-Os))
build/$(1)/obj/cmd/main.o: OURS += -DRELPBOX_VERSION='"$(VERSION)"'
build/$(1)/obj/cmd/main.o: VERSION
-include $$(wildcard build/$(1)/obj/*/*.d build/$(1)/obj/*/*/*.d)
endef

$(eval $(call variant,x86-64,$(call musl_gcc,x86-64),musl-x86-64/stamp))
$(eval $(call variant,aarch64,$(call musl_gcc,aarch64),musl-aarch64/stamp))
$(eval $(call variant,san,gcc -O1 -g $(SANITIZE),src/stamp))
$(eval $(call variant,clang,clang -O0,src/stamp))
$(eval $(call variant,fuzz,clang -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link,src/stamp))

# A fuzzer looks at parsers: in arithmetic there is nothing to find for it but time.
$(patsubst %,build/fuzz/obj/mbedtls/%.o,$(MBEDTLS_FAST) bignum ecp ecdh ecdsa rsa sha1 sha256 sha512): \
	MBEDTLS_MORE := -O2 -fno-sanitize=all

# Rewritten only when a file came or went, so that no archive keeps a stale member.
build/sources: FORCE
	@mkdir -p build
	@echo '$(LIB)' | cmp -s - $@ || echo '$(LIB)' >$@

# The script is quick when all is there, and leaves its stamps alone then.
$(DEPS)/src/stamp: FORCE
	@DEPS=$(DEPS) scripts/deps src
$(DEPS)/%/stamp: $(DEPS)/src/stamp FORCE
	@DEPS=$(DEPS) scripts/deps $*

# --- the program ---------------------------------------------------------------

# $(1): architecture; $(2): where the program goes
define program
build/$(1)/relpbox.debug: build/$(1)/lib.a $$($(1)_CMD) build/sources scripts/link-static
	@echo "LINK  $(2)"
	$$(Q)scripts/link-static $(DEPS)/musl-$(1) $(call cross,$(1)) $$@ $$($(1)_CMD) $$<
$(2): build/$(1)/relpbox.debug
	$$(Q)$(call cross,$(1))strip -o $$@ $$<

build/$(1)/ciphers: build/$(1)/obj/bench/ciphers.o build/$(1)/lib.a
	$$(Q)scripts/link-static $(DEPS)/musl-$(1) $(call cross,$(1)) $$@ $$^

build/$(1)/unit/%: build/$(1)/obj/tests/unit/%.o build/$(1)/obj/cmocka.o build/$(1)/lib.a
	@mkdir -p $$(@D)
	$$(Q)scripts/link-static $(DEPS)/musl-$(1) $(call cross,$(1)) $$@ $$^
endef
$(eval $(call program,x86-64,build/relpbox))
$(eval $(call program,aarch64,build/aarch64/relpbox))

san: build/san/relpbox
build/san/relpbox: $(san_CMD) build/san/lib.a build/sources
	@echo "LINK  $@"
	$(Q)gcc $(SANITIZE) -pthread -o $@ $(filter %.o %.a,$^)

size: $(PROGRAM)
	@echo "$(PROGRAM): $$(stat -c %s $(PROGRAM)) bytes"

# What the pages and the completion say of options, the program says: the one that runs here.
HOST := $(if $(filter aarch64,$(shell uname -m)),aarch64,x86-64)
HOST_PROGRAM := $(if $(filter x86-64,$(HOST)),build/relpbox,build/$(HOST)/relpbox)
MAN := $(patsubst man/%.in,build/man/%,$(sort $(wildcard man/*.in)))
COMPLETION := build/completion/relpbox

man: $(MAN)
build/man/%: man/%.in $(HOST_PROGRAM) scripts/man
	@mkdir -p $(@D)
	$(Q)scripts/man $(HOST_PROGRAM) $< >$@
$(COMPLETION): $(HOST_PROGRAM)
	@mkdir -p $(@D)
	$(Q)$< completion bash >$@

SHARE = $(DESTDIR)$(PREFIX)/share
install: $(PROGRAM) $(MAN) $(COMPLETION)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/relpbox
	install -D -m 644 -t $(SHARE)/doc/relpbox LICENSE CHANGELOG.md docs/*.md
	install -D -m 644 -t $(SHARE)/doc/relpbox/examples deploy/*
	install -D -m 644 -t $(SHARE)/man/man1 $(MAN)
	install -D -m 644 -t $(SHARE)/bash-completion/completions $(COMPLETION)
	for name in relp-send relp-recv; do \
		ln -sf relpbox $(SHARE)/bash-completion/completions/$$name; done

# --- tests ---------------------------------------------------------------------

unit: $(addprefix build/san/unit/,$(UNIT_RUN)) pki
	@scripts/run-unit $(filter-out pki,$^)
build/san/unit/%: build/san/obj/tests/unit/%.o build/san/obj/cmocka.o build/san/lib.a
	@mkdir -p $(@D)
	$(Q)gcc $(SANITIZE) -pthread -o $@ $^

# Certificates for the unit tests: none is checked in that ends.
export RELPBOX_PKI := $(CURDIR)/build/pki
pki:
	@mkdir -p build
	@tests/tools/pki.py build/pki

# Small programs that the end-to-end tests talk to.
tools: $(addprefix build/tools/,$(TOOLS)) build/tools/crowd-plain
build/tools/%: build/san/obj/tests/tools/%.o build/san/lib.a
	@mkdir -p $(@D)
	$(Q)gcc $(SANITIZE) -pthread -o $@ $^
# Without sanitizers, under which a handshake takes ten times as long.
build/tools/crowd-plain: build/$(HOST)/obj/tests/tools/crowd.o build/$(HOST)/lib.a
	@mkdir -p $(@D)
	$(Q)scripts/link-static $(DEPS)/musl-$(HOST) $(call cross,$(HOST)) $@ $^

unit-aarch64: $(addprefix build/aarch64/unit/,$(UNIT_RUN)) pki
	@scripts/run-unit $(if $(filter aarch64,$(shell uname -m)),,--via qemu-aarch64) $(filter-out pki,$^)

fuzz-replay: $(addprefix replay-,$(FUZZ)) fuzz-recorded
	@echo "$(words $(FUZZ)) corpora replayed"
replay-%: build/san/fuzz/%
	@scripts/replay $< testdata/fuzz/$(patsubst fuzz_%,%,$*)
build/san/fuzz/%: build/san/obj/tests/fuzz/%.o build/san/obj/tests/fuzz/replay.o build/san/lib.a
	@mkdir -p $(@D)
	$(Q)gcc $(SANITIZE) -pthread -o $@ $^

# What both sides of TLS say: when lib/tls offers something else, that of before leads nowhere any more.
fuzz-record: build/san/fuzz/fuzz_tls_client build/san/fuzz/fuzz_tls_server
	for side in client server; do TLS_RECORD=testdata/fuzz/tls_$$side \
		build/san/fuzz/fuzz_tls_$$side testdata/fuzz/tls_$$side/live-*; done

# Each still is a whole handshake with what follows it, and no live one is without.
fuzz-recorded: build/san/fuzz/fuzz_tls_client build/san/fuzz/fuzz_tls_server
	@scripts/recorded $^

# What it finds stays in build/fuzz: worth a look, and then a place in testdata/fuzz.
fuzz: build/fuzz/fuzz_$(F)
	@mkdir -p build/fuzz/corpus/$(F) testdata/fuzz/$(F)
	$< -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		$(addprefix -dict=,$(wildcard tests/fuzz/$(F).dict)) \
		-artifact_prefix=build/fuzz/$(F)- build/fuzz/corpus/$(F) testdata/fuzz/$(F)
build/fuzz/fuzz_%: build/fuzz/obj/tests/fuzz/fuzz_%.o build/fuzz/lib.a
	$(Q)clang $(SANITIZE) -fsanitize=fuzzer -pthread -o $@ $^

clang: $(addprefix build/clang/obj/,$(LIB) $(CMD) $(UNIT:%=tests/unit/%.o) $(FUZZ:%=tests/fuzz/%.o) \
	$(TOOLS:%=tests/tools/%.o))

layers:
	@scripts/layers

lint: $(MAN) $(COMPLETION)
	shellcheck $$(grep -lsE '^#!.*[/ ](ba)?sh$$' scripts/* .ci/* bench/* tests/e2e/* tests/tools/*)
	bash -n $(COMPLETION)
	scripts/lint-man $(MAN)
	scripts/lint-docs

check demo:
	@scripts/$@
check-long:
	@scripts/check --long
bench: all ciphers
	@bench/run
ciphers: build/$(HOST)/ciphers

clean:
	rm -rf $(filter-out build/deps,$(wildcard build/*))

.PHONY: all san size man install unit pki tools unit-aarch64 fuzz-replay fuzz-record fuzz-recorded fuzz clang layers lint check \
	check-long demo bench ciphers clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
.SUFFIXES:
