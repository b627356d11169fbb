#!/bin/sh
# run.sh - what `make test` does: each tests/test_*.c is built and run, the demo's output is compared,
# the quick shape checks and the README's snippets are compiled. One line each, the sum at the end.
#
# POSIX sh and a C compiler; nothing is fetched. From the environment: CC, JOBS, SANITIZE (empty: when
# the compiler has them, "no": never), SWITCH ("-DTOKENAUTH_SMALL"), WERROR, VECTORS, SEED.
# A test file that does not build, crashes, hangs or prints no sum counts as one failure.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
JOBS=${JOBS:-2}
case $JOBS in ''|*[!0-9]*|0) JOBS=2 ;; esac
OUT=build/test
mkdir -p "$OUT" || exit 2
rm -rf "$OUT"/claim && mkdir "$OUT"/claim || exit 2

# ---- flags: the warnings and the sanitizers that this compiler has ------------------------------

WARN='-std=c99 -pedantic -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wcast-qual -Wundef -Wvla'
SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'

echo 'int main(void) { return 0; }' > "$OUT/probe.c"
has() { $CC "$@" "$OUT/probe.c" -o "$OUT/probe" >/dev/null 2>&1 && "$OUT/probe" >/dev/null 2>&1; }

has || { echo "$CC cannot build and run an empty program"; echo '0 passed, 1 failed'; exit 1; }
FLAGS=-g
has -O1 -g1 && FLAGS="-O1 -g1"           # line numbers; the whole of -g costs a fifth more time
FLAGS="$FLAGS $SWITCH"
if has $WARN; then FLAGS="$FLAGS $WARN"; elif has -std=c99; then FLAGS="$FLAGS -std=c99"; fi
[ -z "$WERROR" ] || { has "$WERROR" && FLAGS="$FLAGS $WERROR"; }
if [ "$SANITIZE" = no ]; then echo 'sanitizers: not wanted'
elif has $SAN; then FLAGS="$FLAGS $SAN"
else echo "sanitizers: $CC has none here, built without"
fi
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export ASAN_OPTIONS

# a sanitizer puts the variables of all inlined tests side by side, and they are not small
ulimit -s 65536 2> /dev/null || :

LIMIT=
command -v timeout >/dev/null 2>&1 && LIMIT='timeout 120'

# ---- one step: its output in NAME.log, its sum in NAME.sum -------------------------------------

# The sum is the last line of the form "name: N passed, N failed[, N skipped]".
sum_line() { sed -n 's/^[A-Za-z0-9_. -]*: \([0-9]* passed, [0-9]* failed\)/\1/p' "$1" | tail -n 1; }

# $1 name  $2 exit status of what wrote NAME.log
judge() {
    log=$OUT/$1.log
    sum=$(sum_line "$log")
    case $sum in
    '')            bad="no sum was printed, exit status $2" ;;
    *' 0 failed'*) bad=; [ "$2" = 0 ] || bad="exit status $2 after its sum" ;;
    *)             bad=; [ "$2" != 0 ] || bad="exit status 0 in spite of failures"
    esac
    if [ -n "$bad" ]; then
        # the cases that had passed do not count: the file as a whole is one failure
        sum="0 passed, 1 failed"
        { echo "FAILED $1: $bad"; } >> "$log"
    fi
    echo "$sum" > "$OUT/$1.sum"
    case $sum in
    *' 0 failed'*) echo "$1: $sum" ;;
    *)  # the sum lines of the step itself are not repeated
        { echo "$1: $sum"; grep -v '^[A-Za-z0-9_. -]*: [0-9]* passed, ' "$log" | excerpt; } ;;
    esac
}
# the first lines and the last: a sanitizer's report begins with what is wrong, a long list ends with it
excerpt() {
    awk 'NR <= 20 { print; next } { last[NR % 20] = $0 }
         END { if (NR > 40) print "    ..."
               for (i = (NR > 40 ? NR - 19 : 21); i <= NR; i++) print last[i % 20] }'
}

up_to_date() { # $1 binary  $2 command that made it  $3.. sources
    bin=$1; made=$2; shift 2
    [ -x "$bin" ] && [ "$(cat "$bin.flags" 2>/dev/null)" = "$made" ] &&
    [ -z "$(find "$@" -newer "$bin" 2>/dev/null)" ]
}

# tests/test_NAME.c -> test_NAME; with @SWITCH behind it -> test_NAME-SWITCH
step_id() { id=$(basename "${1%@*}" .c); case $1 in *@*) id=$id-${1#*@} ;; esac; echo "$id"; }

build() { # $1 binary  $2 source, perhaps with @SWITCH
    how="$CC $FLAGS"
    case $2 in *@*) how="$how -D${2#*@}" ;; esac
    up_to_date "$1" "$how" "${2%@*}" tests/*.h tokenauth.h && return 0
    rm -f "$1"
    $how -o "$1" "${2%@*}" && echo "$how" > "$1.flags"
}

step_test() { # tests/test_NAME.c or tests/test_NAME.c@SWITCH
    name=$(step_id "$1")
    if build "$OUT/$name" "$1" > "$OUT/$name.log" 2>&1; then
        # a warning is shown, and fails the file under WERROR only: the next compiler has new ones
        [ ! -s "$OUT/$name.log" ] || cp "$OUT/$name.log" "$OUT/$name.warnings"
        $LIMIT "$OUT/$name" > "$OUT/$name.log" 2>&1
        judge "$name" $?
    else
        rc=$?
        judge "$name" "$rc (it did not build)"
    fi
}

step_demo() { # plain, as the README says it, and once more with the flags of the tests
    p=0; f=0; log=$OUT/demo.log
    : > "$log"
    for how in '-O2' "$FLAGS"; do
        if $CC $how -o "$OUT/demo" examples/demo.c >> "$log" 2>&1 &&
           $LIMIT "$OUT/demo" > "$OUT/demo.out" 2>> "$log" &&
           diff examples/demo.expected "$OUT/demo.out" >> "$log" 2>&1
        then p=$((p + 1)); else f=$((f + 1)); echo "FAILED demo built with $how" >> "$log"; fi
    done
    echo "demo: $p passed, $f failed" >> "$log"
    [ "$f" = 0 ]; judge demo $?
}

step_stack() { # the figures hold for optimised code without sanitizers
    { $CC -O2 -o "$OUT/stack" tests/stack.c && "$OUT/stack"; } > "$OUT/stack.log" 2>&1; judge stack $?
}

step_lessons() { CXX=none sh tests/examples.sh > "$OUT/lessons.log" 2>&1; judge lessons $?; }
step_fuzz()   { LIMIT=$LIMIT sh fuzz/replay.sh $FLAGS > "$OUT/fuzz.log" 2>&1; judge fuzz $?; }
step_shape()  { sh tests/shape.sh quick > "$OUT/shape.log" 2>&1; judge shape $?; }
step_readme() { sh tests/readme.sh > "$OUT/readme.log" 2>&1; judge readme $?; }

# ---- JOBS workers; a step belongs to the one whose mkdir succeeds ---------------------------------

export CC
STEPS=
for t in tests/test_*.c; do
    [ -f "$t" ] && STEPS="$STEPS $t"
done
[ -n "$STEPS" ] || { echo 'no tests/test_*.c here'; echo '0 passed, 1 failed'; exit 1; }
# the inner loops have a plain form and a small one, too, and one for each thing a processor may lack
for t in sha256 base64url; do
    for form in TOKENAUTH_NO_INTRINSICS TOKENAUTH_SMALL TAI_CPU_MASK=0 TAI_CPU_MASK=2 TAI_CPU_MASK=6; do
        STEPS="$STEPS tests/test_$t.c@$form"
    done
done
STEPS="shape lessons fuzz$STEPS demo readme stack"           # the longest of the rest first

worker() {
    for s in $STEPS; do
        id=$(step_id "$s")
        mkdir "$OUT/claim/$id" 2>/dev/null || continue
        rm -f "$OUT/$id.sum" "$OUT/$id.warnings"
        case $s in
        tests/*) step_test "$s" ;;
        *)       "step_$s" ;;
        esac
    done
}

n=1
while [ "$n" -lt "$JOBS" ]; do worker & n=$((n + 1)); done
worker
wait

# ---- the sum ---------------------------------------------------------------------------------------

passed=0; failed=0; skipped=0
for s in $STEPS; do
    id=$(step_id "$s")
    [ ! -s "$OUT/$id.warnings" ] || { echo "warnings of $id:"; head -n 20 "$OUT/$id.warnings"; }
    sum=$(cat "$OUT/$id.sum" 2>/dev/null)
    if [ -z "$sum" ]; then
        echo "FAILED $id: it left no result"
        sum='0 passed, 1 failed'
    fi
    sum=$(echo "$sum" | tr -cd '0-9 ')          # three numbers, the third only if some were skipped
    set -- $sum
    passed=$((passed + $1)); failed=$((failed + $2)); skipped=$((skipped + ${3:-0}))
done
if [ "$skipped" -gt 0 ]; then
    why=
    [ -n "$VECTORS" ] || why=' (VECTORS=dir runs the public test vectors)'
    echo "skipped: $skipped$why"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
