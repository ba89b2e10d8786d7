#!/bin/sh
# Hands all C++ sources to clang-format with the given flags: `-i` lays them out, `--dry-run --Werror` checks them.
set -eu
cd "$(dirname "$(readlink -f "$0")")/../.."
# shellcheck disable=SC2038
find . \( -name '.?*' -o -name 'bazel-*' -o -path ./out \) -prune -o \( -name '*.cc' -o -name '*.h' \) -print |
  xargs clang-format "$@"
