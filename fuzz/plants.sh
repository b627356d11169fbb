#!/bin/sh
# plants.sh - what `make fuzz-plants` does: is the harness able to fail? Each bug of plants.h is built in, and
# replaying the corpus must end in a broken promise; without one it must pass. And the corpus is the one
# that make_corpus.c writes, but for what a campaign has found.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/fuzz
mkdir -p "$OUT" || exit 2
passed=0; failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED $1"; }

$CC -O1 -c -DFORM=fuzz_plain -DTOKENAUTH_NO_INTRINSICS fuzz/forms.c -o "$OUT/p.plain.o" || exit 1
$CC -O1 -c -DFORM=fuzz_small -DTOKENAUTH_SMALL fuzz/forms.c -o "$OUT/p.small.o" || exit 1

replay() { # $1 the plant
    $CC -O0 -DFUZZ_PLANT="$1" fuzz/replay.c "$OUT/p.plain.o" "$OUT/p.small.o" -o "$OUT/replay-$1" &&
    "$OUT/replay-$1" fuzz/corpus/*/* > "$OUT/replay-$1.log" 2>&1
}
replay 0 && good || bad "the corpus without a plant: $(tail -n 1 "$OUT/replay-0.log")"
n=1
last=$(sed -n 's/^#define FUZZ_PLANTS \([0-9]*\)$/\1/p' fuzz/plants.h)
while [ "$n" -le "$last" ]; do
    if replay "$n"; then bad "plant $n is not noticed"
    elif grep -q 'broken promise' "$OUT/replay-$n.log"; then good
    else bad "plant $n ends in something else: $(tail -n 1 "$OUT/replay-$n.log")"
    fi
    n=$((n + 1))
done

rm -rf "$OUT/made"; mkdir "$OUT/made"
$CC -O0 fuzz/make_corpus.c -o "$OUT/make_corpus" && "$OUT/make_corpus" "$OUT/made"
diff -r "$OUT/made" fuzz/corpus | grep -v '^Only in fuzz/corpus/[a-z0-9_]*: found-' > "$OUT/made.diff"
if [ -s "$OUT/made.diff" ]; then
    head -n 5 "$OUT/made.diff"
    bad 'the corpus is not what make_corpus writes'
else good
fi
echo "fuzz_plants: $passed passed, $failed failed"
[ "$failed" = 0 ]
