# cwrun: one Makefile, no configure.
#
#   make            build/cwrun, build/libcwrun.a, build/libcwrun.so, build/libcwrun_wasm.a (the standard wasm.h)
#   make check      every test; closes with "N passed, N failed"
#   make asan       the same under AddressSanitizer and UBSan, in build-asan (switch dispatch)
#   make conformance SPEC=DIR   the specifications' scripts, where they are
#   make bench guests lint size install clean
#
# Variables: CC, BUILD (where things go), LAYERS (folders of src that make the library), CWFLAGS (further flags), PREFIX, DESTDIR,
# FUSION=unfused (no handlers of several operations: to compare with).

BUILD   ?= build
LAYERS  ?= base os core exec component wit wasi text api
PREFIX  ?= /usr/local
OPT     ?= -O2
FUZZ_CC ?= clang-19
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wpointer-arith -Wstrict-prototypes -Wvla
CPPFLAGS += -Iinclude -Isrc -I$(BUILD)/gen -D_GNU_SOURCE
BASEFLAGS = $(OPT) -g -fPIC -fno-asynchronous-unwind-tables -fvisibility=hidden -fno-strict-aliasing $(CPPFLAGS) $(CFLAGS) $(CWFLAGS)
ALLFLAGS  = -std=c11 $(WARN) $(BASEFLAGS) -fno-stack-protector -MMD -MP
LIBS      = -lm -lpthread
# Relocations in their short form, where the C library knows it (glibc 2.36): 80 kB less to read at every start.
PACKED   := $(shell printf '\043include <features.h>\n\043if !__GLIBC_PREREQ(2, 36)\n\043error\n\043endif\nint main(void) { return 0; }' | \
                $(CC) -xc - -Wl,-z,pack-relative-relocs -o /dev/null 2>/dev/null && echo -Wl,-z,pack-relative-relocs)

# `make V=1` shows whole commands.
ifndef V
quiet = @echo "  $(1) $(2)";
endif

SRCS     := $(sort $(foreach l,$(LAYERS),$(wildcard src/$(l)/*.c)))
OBJS     := $(SRCS:src/%.c=$(BUILD)/obj/%.o)
CLI_SRCS := $(wildcard src/cli/*.c)
CLI_OBJS := $(CLI_SRCS:src/%.c=$(BUILD)/obj/%.o)
VERSION  := 0.1.0

# The standard wasm.h interface: a client of the public headers, in an archive of its own.
WASM_SRCS := $(wildcard src/wasm_h/*.c)
WASM_OBJS := $(WASM_SRCS:src/%.c=$(BUILD)/obj/%.o)

all: $(BUILD)/cwrun $(BUILD)/libcwrun.a $(BUILD)/libcwrun.so $(BUILD)/libcwrun_wasm.a

-include src/exec/exec.mk

$(BUILD)/libcwrun.a: $(OBJS)
	@rm -f $@
	$(call quiet,AR,$@)$(AR) rcs $@ $^

$(BUILD)/libcwrun_wasm.a: $(WASM_OBJS)
	@rm -f $@
	$(call quiet,AR,$@)$(AR) rcs $@ $^

$(BUILD)/libcwrun.so: $(OBJS) src/api/libcwrun.map
	$(call quiet,LD,$@)$(CC) -shared $(CFLAGS) $(CWFLAGS) $(PACKED) -Wl,-soname,libcwrun.so.0 -Wl,--version-script=src/api/libcwrun.map -o $@ $(OBJS) $(LIBS) $(LDFLAGS)

$(BUILD)/cwrun: $(CLI_OBJS) $(BUILD)/libcwrun.a
	$(call quiet,LD,$@)$(CC) $(OPT) -g $(CFLAGS) $(CWFLAGS) $(PACKED) -o $@ $(CLI_OBJS) $(BUILD)/libcwrun.a $(LIBS) $(LDFLAGS)

# What nobody waits for is built small: the command, WASI, WAVE, names of functions, and of the text format all but the
# parser of modules.
$(BUILD)/obj/text/%.o $(BUILD)/obj/cli/%.o $(BUILD)/obj/wasi/%.o $(BUILD)/obj/wit/%.o: OPT = -Os
$(BUILD)/obj/base/demangle%.o: OPT = -Os
$(addprefix $(BUILD)/obj/text/,lexer.o words.o parse.o body.o immediates.o fields.o bytes.o): OPT = -O2

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(ALLFLAGS) -c -o $@ $<

# ---- tests ----

UNIT_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c tests/api/test_*.c tests/oom/test_*.c tests/wasi/test_*.c tests/fuzz/test_*.c))
EXAMPLES   := $(patsubst examples/%.c,$(BUILD)/examples/%,$(wildcard examples/*.c))
DRIVERS    := $(patsubst tests/%.c,$(BUILD)/tests/%,tests/api/session.c $(wildcard tests/fuzz/fuzz_*.c))

$(BUILD)/tests/%: tests/%.c $(BUILD)/libcwrun.a $(BUILD)/libcwrun_wasm.a
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) -std=c11 $(WARN) -Wno-conversion $(BASEFLAGS) -Itests -MMD -MP -o $@ $< $(BUILD)/libcwrun_wasm.a $(BUILD)/libcwrun.a -lcmocka $(LIBS) $(LDFLAGS)

# wasm.h has no allocator hook: this test is in the place of malloc's family.
$(BUILD)/tests/oom/test_oom_wasm_h: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free

# Examples see the public headers alone, as an embedder does.
$(BUILD)/examples/%: examples/%.c $(BUILD)/libcwrun.a $(BUILD)/libcwrun_wasm.a
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) -std=c11 $(WARN) $(OPT) -g $(CFLAGS) $(CWFLAGS) -Iinclude -MMD -MP -o $@ $< $(BUILD)/libcwrun_wasm.a $(BUILD)/libcwrun.a $(LIBS) $(LDFLAGS)

tests: $(UNIT_TESTS) $(EXAMPLES) $(DRIVERS)

check: all tests
	@BUILD=$(BUILD) CC="$(CC)" tests/run.sh

asan:
	$(MAKE) BUILD=build-asan OPT="-O1" CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" CWFLAGS="-DCW_DISPATCH_SWITCH" check

tsan:
	$(MAKE) BUILD=build-tsan OPT="-O1" CFLAGS="-fsanitize=thread" CWFLAGS="-DCW_DISPATCH_SWITCH" build-tsan/tests/api/test_threads build-tsan/tests/api/test_shared build-tsan/tests/api/test_wasm_h
	build-tsan/tests/api/test_threads
	build-tsan/tests/api/test_shared
	build-tsan/tests/api/test_wasm_h

# Fuzz targets with libFuzzer and the sanitizers: build-fuzz/tests/fuzz/fuzz_run -max_total_time=3600 FOLDER tests/fuzz/corpus/run
fuzz:
	$(MAKE) BUILD=build-fuzz CC="$(FUZZ_CC)" OPT=-O1 CFLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" \
	    CWFLAGS="-DCW_DISPATCH_SWITCH -DFUZZING" LDFLAGS=-fsanitize=fuzzer $(patsubst tests/%.c,build-fuzz/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

conformance: all tests
	BUILD=$(BUILD) tests/conformance.sh $(SPEC)

lint: all
	BUILD=$(BUILD) tools/lint.sh

format:
	clang-format-19 -i $$(find src include examples tests tools bench -name '*.[ch]')

size: $(BUILD)/cwrun
	strip -o $(BUILD)/cwrun.stripped $(BUILD)/cwrun
	ls -l $(BUILD)/cwrun.stripped

-include bench/bench.mk testdata/guests/guests.mk

# ---- install ----

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/cwrun
	install -m 755 $(BUILD)/cwrun $(DESTDIR)$(PREFIX)/bin/cwrun
	install -m 644 $(BUILD)/libcwrun.a $(DESTDIR)$(PREFIX)/lib/libcwrun.a
	install -m 644 $(BUILD)/libcwrun_wasm.a $(DESTDIR)$(PREFIX)/lib/libcwrun_wasm.a
	install -m 755 $(BUILD)/libcwrun.so $(DESTDIR)$(PREFIX)/lib/libcwrun.so.$(VERSION)
	ln -sf libcwrun.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libcwrun.so.0
	ln -sf libcwrun.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libcwrun.so
	install -m 644 include/cwrun.h include/wasm.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 include/cwrun/*.h $(DESTDIR)$(PREFIX)/include/cwrun/
	sed 's|@prefix@|$(PREFIX)|; s|@version@|$(VERSION)|' src/api/cwrun.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/cwrun.pc
	sed 's|@prefix@|$(PREFIX)|; s|@version@|$(VERSION)|' src/wasm_h/cwrun_wasm.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/cwrun_wasm.pc

clean:
	rm -rf build build-*

.PHONY: all check tests asan tsan conformance lint format size install clean
-include $(OBJS:.o=.d) $(CLI_OBJS:.o=.d) $(WASM_OBJS:.o=.d) $(UNIT_TESTS:=.d) $(EXAMPLES:=.d) $(DRIVERS:=.d)
