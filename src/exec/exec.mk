# The interpreter's handlers: made by tools/gen_handlers.c, which is built and run first.

HANDLER_PARTS := 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19
HANDLER_OBJS  := $(HANDLER_PARTS:%=$(BUILD)/gen/handlers_%.o)
OBJS          += $(HANDLER_OBJS)
HOSTCC        ?= cc
FUSION        ?= fused
GEN           := $(BUILD)/gen/handlers.def

$(BUILD)/gen/gen_handlers: tools/gen_handlers.c src/exec/ops.def src/exec/vector_ops.def src/exec/atomic_ops.def src/exec/gc_ops.def src/exec/fuse.def
	@mkdir -p $(@D)
	$(HOSTCC) -std=c11 -O1 -Wall -Wextra -o $@ $<

$(GEN): $(BUILD)/gen/gen_handlers src/exec/exec.mk
	$< $(@D) $(words $(HANDLER_PARTS)) $(FUSION)

$(HANDLER_PARTS:%=$(BUILD)/gen/handlers_%.c): $(GEN) ;

$(HANDLER_OBJS): $(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call quiet,CC,$<)$(CC) $(ALLFLAGS) -foptimize-sibling-calls -fcf-protection=none -fomit-frame-pointer -c -o $@ $<

$(BUILD)/obj/exec/ops.o $(BUILD)/obj/exec/interp.o: $(GEN)

-include $(HANDLER_OBJS:.o=.d)

# Handlers must end in jumps, or the C stack grows with every instruction.
check-tailcalls: $(HANDLER_OBJS)
	@tools/check_tailcalls.sh $(HANDLER_OBJS)

check: check-tailcalls

.PHONY: check-tailcalls
