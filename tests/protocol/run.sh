#!/bin/sh
# run.sh - what `make protocol` does: all scenarios of protocol.c against tokenauth.h, then each bug of
# plants.txt in a copy of it, which must be found.
#
# From the environment: CC, JOBS, DEPTH (1 the short form, 2, 3), ONLY (text in scenario names; then no
# plants). Ends with "protocol: N passed, N failed".

cd "$(dirname "$0")/../.." || exit 2
CC=${CC:-cc}
JOBS=${JOBS:-2}
DEPTH=${DEPTH:-1}
export DEPTH ONLY
[ -n "$ONLY" ] || unset ONLY
OUT=build/protocol
HERE=tests/protocol
mkdir -p "$OUT" || exit 2
rm -rf "$OUT"/claim "$OUT"/*.verdict && mkdir "$OUT/claim" || exit 2
STD='-std=c99 -D_POSIX_C_SOURCE=200809L'
passed=0; failed=0

$CC $STD -O2 -Wall -Wextra -Werror -I. -o "$OUT/protocol" "$HERE/protocol.c" || {
    echo 'protocol: 0 passed, 1 failed'; exit 1; }
plants=$(grep -c '^= ' "$HERE/plants.txt")

# $1 number. Prints "ok" or why not into the verdict.
plant() {
    dir=$OUT/plant$1
    mkdir -p "$dir"
    entry=$(awk -v n="$1" '/^= /{k++} k == n && /^[=?D] /' "$HERE/plants.txt")
    name=$(echo "$entry" | sed -n 's/^= //p')
    only=$(echo "$entry" | sed -n 's/^? //p')
    option=$(echo "$entry" | sed -n 's/^D //p')
    if ! awk -v N="$1" -v PLANTS="$HERE/plants.txt" -f "$HERE/plant.awk" tokenauth.h \
             > "$dir/tokenauth.h" 2> "$dir/log"
    then echo "the list is stale: $(cat "$dir/log")"
    elif ! $CC $STD -O0 -w -I"$dir" ${option:+"$option"} -o "$dir/protocol" "$HERE/protocol.c" 2> "$dir/log"
    then echo "it does not compile: $(head -n 3 "$dir/log")"
    elif ONLY=$only STOP=1 DEPTH=9 timeout 300 "$dir/protocol" > "$dir/log"; then echo 'it was not found'
    elif ! grep -q '^FAILED' "$dir/log"; then echo "no verdict: $(tail -n 1 "$dir/log")"
    else echo ok; fi > "$OUT/$1.verdict"
    rm -f "$dir/protocol"
    echo "$name: $(cat "$OUT/$1.verdict") $(grep '^FAILED' "$dir/log" | sed 's/^FAILED//')" > "$OUT/$1.line"
}

worker() {
    n=1
    while [ "$n" -le "$plants" ]; do
        mkdir "$OUT/claim/$n" 2> /dev/null && plant "$n"
        n=$((n + 1))
    done
}

if [ -z "$ONLY" ]; then
    j=1
    while [ "$j" -lt "$JOBS" ]; do worker & j=$((j + 1)); done
fi
"$OUT/protocol" > "$OUT/log"
status=$?
cat "$OUT/log"
sum=$(sed -n 's/^scenarios: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$OUT/log")
if [ -z "$sum" ]; then failed=1; echo "FAILED no sum, exit status $status"
else passed=${sum% *}; failed=${sum#* }; fi
if [ -z "$ONLY" ]; then
    worker
    wait
    n=1
    while [ "$n" -le "$plants" ]; do
        if [ "$(cat "$OUT/$n.verdict" 2> /dev/null)" = ok ]; then passed=$((passed + 1))
        else failed=$((failed + 1)); echo "FAILED planted bug: $(cat "$OUT/$n.line")"; fi
        n=$((n + 1))
    done
    echo "planted bugs: $plants, each of them must be found"
fi
echo "protocol: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
