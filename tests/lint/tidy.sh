#!/bin/sh
# Runs clang-tidy on the given sources, paths from the root: `tests/lint/tidy.sh core/plan.cc` after a build.
set -eu
# A Bazel test starts where the generated headers stand; by hand they are in bazel-bin.
if [ -n "${TEST_WORKSPACE:-}" ]; then generated=$PWD; else generated=bazel-bin; fi
cd "$(dirname "$(readlink -f "$0")")/../.."
printf '%s\n' "$@" |
  xargs -P 2 -I FILE clang-tidy --quiet FILE -- -std=c++17 -march=x86-64-v3 -fopenmp -I. -isystem"$generated" \
    -DHWY_DISABLE_PCLMUL_AES
