# make bench: cwrun against the peers that are found (see bench/README.md). make bench-kernels: builds the kernels again (clang, wasm-tools).
BENCH_FLAGS ?=

bench: all
	python3 bench/run.py --cwrun $(BUILD)/cwrun $(BENCH_FLAGS)

bench-kernels:
	tools/bench_kernels.sh

.PHONY: bench bench-kernels
