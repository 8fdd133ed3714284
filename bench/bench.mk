# make bench: cwrun against the peers that are found, see bench/README.md (BENCH_FLAGS: options of bench/run.py).
# make bench-kernels: builds bench/kernels/wasm again (clang, wasm-tools). What cannot be built or fetched here is left out.
BENCH_FLAGS ?=

bench: all bench-parts
	python3 bench/run.py --cwrun $(BUILD)/cwrun --built $(BUILD)/bench $(BENCH_FLAGS)

bench-parts: $(BUILD)/bench/calls
	@test -e $(BUILD)/bench/quickjs.wasm || tools/bench_quickjs.sh $(BUILD)/bench || echo "bench: no QuickJS"
	@tools/bench_module.sh $(BUILD)/bench || echo "bench: no big module"

$(BUILD)/bench/calls: bench/calls.c $(BUILD)/libcwrun.a
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -o $@ $< $(BUILD)/libcwrun.a -lm -lpthread $(LDFLAGS)

bench-kernels:
	tools/bench_kernels.sh

.PHONY: bench bench-parts bench-kernels
