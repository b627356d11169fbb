#!/bin/sh
# replay.sh [FLAG...] - what `make fuzz-replay` does, and `make test` with its flags: each fuzz target over its
# committed inputs, without a fuzzer, by any C compiler. From the environment: CC, LIMIT ("timeout 120").

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/fuzz
mkdir -p "$OUT" || exit 2
[ $# -gt 0 ] || set -- -O1
{ $CC "$@" -c -DFORM=fuzz_plain -DTOKENAUTH_NO_INTRINSICS -o "$OUT/r.plain.o" fuzz/forms.c &&
  $CC "$@" -c -DFORM=fuzz_small -DTOKENAUTH_SMALL -o "$OUT/r.small.o" fuzz/forms.c &&
  $CC "$@" -o "$OUT/replay" fuzz/replay.c "$OUT/r.plain.o" "$OUT/r.small.o"; } || exit 1
exec $LIMIT "$OUT/replay" fuzz/corpus/*/*
