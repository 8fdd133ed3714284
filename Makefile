# cwrun: one Makefile, no configure. `make` builds the command and both libraries, `make check` runs every test.
# Variables: CC, BUILD (where things go), CWFLAGS (further flags), DISPATCH (musttail, sibling, switch; picked by itself).

BUILD   ?= build
LAYERS  ?= base os core exec component wit wasi api
OPT     ?= -O2
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wpointer-arith -Wstrict-prototypes -Wvla
CPPFLAGS += -Iinclude -Isrc -I$(BUILD)/gen -D_GNU_SOURCE
ALLFLAGS = -std=c11 $(OPT) -g -fPIC -fvisibility=hidden -fno-stack-protector -fno-strict-aliasing $(WARN) $(CPPFLAGS) $(CFLAGS) $(CWFLAGS) -MMD -MP

SRCS     := $(foreach l,$(LAYERS),$(wildcard src/$(l)/*.c))
OBJS     := $(SRCS:src/%.c=$(BUILD)/obj/%.o)
CLI_SRCS := $(wildcard src/cli/*.c)
CLI_OBJS := $(CLI_SRCS:src/%.c=$(BUILD)/obj/%.o)

all: $(BUILD)/cwrun $(BUILD)/libcwrun.a $(BUILD)/libcwrun.so

$(BUILD)/libcwrun.a: $(OBJS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/cwrun: $(CLI_OBJS) $(BUILD)/libcwrun.a
	$(CC) $(OPT) -g $(CFLAGS) $(CWFLAGS) -o $@ $(CLI_OBJS) $(BUILD)/libcwrun.a -lm -lpthread $(LDFLAGS)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -c -o $@ $<

clean:
	rm -rf $(BUILD)

.PHONY: all clean
-include $(OBJS:.o=.d) $(CLI_OBJS:.o=.d)
