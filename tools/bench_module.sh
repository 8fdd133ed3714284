#!/bin/sh
# bench_module.sh DIR: fetches DIR/esbuild.wasm, 12 MB, 8.8 MB of it code, out of the npm package esbuild-wasm: a core module for the speed of
# validation.
set -eu
[ $# -eq 1 ] || { echo "usage: bench_module.sh DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ -e esbuild.wasm ] && exit 0
npm pack --silent esbuild-wasm@0.25.0 >/dev/null
tar xzf esbuild-wasm-0.25.0.tgz package/esbuild.wasm
mv package/esbuild.wasm .
rm -r package esbuild-wasm-0.25.0.tgz
