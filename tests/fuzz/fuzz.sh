#!/bin/sh
# Runs libFuzzer with the address and undefined-behaviour sanitizers on one of this folder's *_fuzz.cc:
#   tests/fuzz/fuzz.sh NAME RUNS [FLAG...]       tests/fuzz/fuzz.sh huffman 5000000 -max_len=600
# Begins with the inputs of corpus/NAME, if there are any, and of out/fuzz/NAME, where inputs that reach new code are
# kept; one that fails is written there too.
# Needs Debian's clang and libclang-rt-14-dev (`./run setup clang libclang-rt-14-dev`).
set -eu
[ $# -ge 2 ] || { echo "usage: $0 NAME RUNS [LIBFUZZER_FLAG...]" >&2; exit 2; }
cd "$(dirname "$(readlink -f "$0")")/../.."
name=$1
runs=$2
shift 2
corpus=$PWD/out/fuzz/$name
mkdir -p "$corpus"
seeds=$PWD/tests/fuzz/corpus/$name
[ -d "$seeds" ] || seeds=
exec bazel run --disk_cache="${XDG_CACHE_HOME:-$HOME/.cache}/espalier/bazel" --config=fuzz \
  "//tests/fuzz:${name}_fuzzer" -- -runs="$runs" -artifact_prefix="$corpus/" "$@" "$corpus" ${seeds:+"$seeds"}
