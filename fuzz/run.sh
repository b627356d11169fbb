#!/bin/sh
# run.sh - what `make fuzz` does: builds each fuzz/fuzz_*.c, runs it for TIME seconds, says how far it is.
# From the environment: TIME (60), TARGETS ("json jwt"; all), ENGINE (libfuzzer or afl), CC (clang),
# JOBS (2: targets built or run at once), SEED (0: another each time; n: with one compiler the same row of
# inputs each time, however far it gets, and from the committed corpus alone).
# What is found lies in build/fuzz/NAME-crash-...; build/fuzz/NAME.corpus grows from run to run.

cd "$(dirname "$0")/.." || exit 2
TIME=${TIME:-60}
ENGINE=${ENGINE:-libfuzzer}
JOBS=${JOBS:-2}
SEED=${SEED:-0}
CC=${CC:-clang}
[ "$CC" = cc ] && CC=clang                      # make's own default has no fuzzer
OUT=build/fuzz
SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
mkdir -p "$OUT" || exit 2

ALL=$(for f in fuzz/fuzz_*.c; do f=${f#fuzz/fuzz_}; echo "${f%.c}"; done)
TARGETS=${TARGETS:-$ALL}
case $TIME in ''|*[!0-9]*|0) echo "TIME=$TIME is no number of seconds"; exit 2 ;; esac
for t in $TARGETS; do
    [ -f "fuzz/fuzz_$t.c" ] || { echo "no target is called $t; there are:" $ALL; exit 2; }
done

# ---- the two engines -----------------------------------------------------------------------------

case $ENGINE in
libfuzzer)
    command -v "$CC" > /dev/null || { echo "make fuzz needs clang (CC=clang-19, say)"; exit 2; }
    LINK="-fsanitize=fuzzer" FORM="-fsanitize=fuzzer-no-link" ;;
afl)
    CC=afl-clang-fast
    command -v "$CC" > /dev/null || { echo 'ENGINE=afl needs AFL++ (apt install afl++)'; exit 2; }
    LINK="-fsanitize=fuzzer" FORM=
    AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1
    export AFL_SKIP_CPUFREQ AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES AFL_NO_UI AFL_QUIET AFL_NO_AFFINITY ;;
*)  echo "ENGINE is libfuzzer or afl, not $ENGINE"; exit 2 ;;
esac

build_forms() {
    $CC -g -O1 $SAN $FORM -c -DFORM=fuzz_plain -DTOKENAUTH_NO_INTRINSICS fuzz/forms.c -o "$OUT/plain.o" &&
    $CC -g -O1 $SAN $FORM -c -DFORM=fuzz_small -DTOKENAUTH_SMALL fuzz/forms.c -o "$OUT/small.o"
}
build_one() {
    $CC -g -O1 $SAN $LINK "fuzz/fuzz_$1.c" "$OUT/plain.o" "$OUT/small.o" -o "$OUT/$1" > "$OUT/$1.log" 2>&1
}

dict() { [ -f "fuzz/$1.dict" ] && echo "$2fuzz/$1.dict"; }

# What libFuzzer learns depends on where things lie in memory, too.
FIXED=
[ "$SEED" = 0 ] || ! setarch -R true 2> /dev/null || FIXED='setarch -R'

run_libfuzzer() {
    grown=$OUT/$1.corpus
    [ "$SEED" = 0 ] || { grown=$OUT/$1.seeded; rm -rf "$grown"; }
    mkdir -p "$grown"
    $FIXED "$OUT/$1" -reload=0 -max_total_time="$TIME" -timeout=20 -rss_limit_mb=2048 -seed="$SEED" \
        -print_final_stats=1 -artifact_prefix="$OUT/$1-" $(dict "$1" -dict=) "$grown" "fuzz/corpus/$1" > "$OUT/$1.log" 2>&1
}
# AFL++ ends with 0 whatever it found; what it found counts.
run_afl() {
    rm -rf "$OUT/$1.afl"
    ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 \
    afl-fuzz -V "$TIME" -m none -i "fuzz/corpus/$1" -o "$OUT/$1.afl" $(dict "$1" '-x ') -- "$OUT/$1" \
        > "$OUT/$1.log" 2>&1 || return 1
    found=$(find "$OUT/$1.afl/default/crashes" "$OUT/$1.afl/default/hangs" -name 'id*' | wc -l)
    sed -n 's/^execs_done *: */stat::number_of_executed_units: /p' "$OUT/$1.afl/default/fuzzer_stats" \
        >> "$OUT/$1.log"
    [ "$found" = 0 ] || { echo "ERROR: $found inputs in $OUT/$1.afl/default"; return 1; } >> "$OUT/$1.log"
}

runs_of() { sed -n 's/^stat::number_of_executed_units: *//p' "$OUT/$1.log"; }

# A line every ten seconds, so that a long run shows that it runs.
progress() {
    sleep 10
    while :; do
        [ "$ENGINE" = afl ] && last= || last=$(grep -a '^#' "$OUT/$1.log" | tail -n 1 | cut -c1-70)
        echo "    $1  $last"
        sleep 10
    done
}

one() {
    progress "$1" & p=$!
    "run_$ENGINE" "$1"; rc=$?
    kill "$p" 2> /dev/null; wait "$p" 2> /dev/null
    runs=$(runs_of "$1")
    if [ "$rc" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
        printf '%-12s %10d runs in %d s\n' "$1" "$runs" "$TIME"
        echo 1 > "$OUT/$1.ok"
    else
        echo "FAILED $1 after ${runs:-0} runs; what it read and said:"
        grep -a -E 'broken promise|ERROR|SUMMARY|Test unit written|error:' "$OUT/$1.log" | head -n 12
    fi
}

# ---- build, run, sum ---------------------------------------------------------------------------------

echo "$ENGINE: building" $TARGETS
build_forms || { echo 'fuzz: 0 passed, 1 failed'; exit 1; }
each() { # $1 what is done with each target, JOBS at once
    busy=0
    for t in $TARGETS; do
        "$1" "$t" &
        busy=$((busy + 1))
        [ "$busy" -lt "$JOBS" ] || { wait; busy=0; }
    done
    wait
}
for t in $TARGETS; do rm -f "$OUT/$t.ok" "$OUT/$t"; done
each build_one
each one
passed=0; failed=0
for t in $TARGETS; do
    if [ -f "$OUT/$t.ok" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
