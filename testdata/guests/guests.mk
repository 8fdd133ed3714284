# make guests: builds testdata/guests/*.wasm again from their sources (clang, wasm-tools).
guests:
	tools/guests_build.sh

.PHONY: guests
