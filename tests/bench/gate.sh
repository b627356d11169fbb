#!/bin/sh
# gate.sh - make gate: no call may take more instructions than tests/bench/budgets.txt allows.
# Counted by callgrind, under which there are no SHA instructions: the default form is measured with what it
# runs there. The processor's choice of memcpy is switched off, so that all machines count alike.
#   gate.sh           compares        gate.sh --measure    prints a new budgets.txt: what it counts + 2 %

cd "$(dirname "$0")/../.." || exit 2
CC=${CC:-gcc}
out=build/gate
budgets=tests/bench/budgets.txt
calls=100
unset_features=-AVX2_Usable,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-BMI2,-SSSE3,-Fast_Unaligned_Copy
GLIBC_TUNABLES=glibc.cpu.hwcaps=$unset_features
export GLIBC_TUNABLES

give_up() { echo "FAILED $*"; echo 'gate: 0 passed, 1 failed'; exit 1; }

command -v valgrind > /dev/null || give_up 'valgrind is missing: apt-get install valgrind'
rm -rf "$out" && mkdir -p "$out" || exit 2

count() { # FORM SWITCHES...: lines "form operation instructions"
    form=$1; shift
    for c in form sessions tokens gate; do
        $CC -std=gnu99 -O2 "$@" -DCALLS=$calls -DFORM=gate_form -DFORM_NAME="\"$form\"" \
            -c "tests/bench/$c.c" -o "$out/$c.o" || return 1
    done
    $CC -o "$out/$form" "$out/form.o" "$out/sessions.o" "$out/tokens.o" "$out/gate.o" || return 1
    valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file="$out/$form.out" "$out/$form" >&2 ||
        return 1
    for f in "$out/$form".out.*; do
        awk -v form="$form" -v calls=$calls '/^desc: Trigger: Client Request: / { op = $NF }
                             /^(totals|summary): / { n = $2 }
                             END { if (op != "") print form, op, int(n / calls) }' "$f"
    done
}

{   count default &&
    count portable -DTOKENAUTH_NO_INTRINSICS &&
    count small -DTOKENAUTH_SMALL
} > "$out/counts" || give_up 'a program did not compile, or a call gave a wrong result'

compiler="gcc $($CC -dumpversion | cut -d. -f1)"
if [ "$1" = --measure ]; then
    echo "# instructions of one call, $compiler -O2 x86-64, counted by callgrind, and 2 % more"
    echo "# form operation budget; made by: sh tests/bench/gate.sh --measure"
    awk '{ printf "%s %s %d\n", $1, $2, $3 * 1.02 }' "$out/counts"
    exit 0
fi
case $($CC --version | sed 1q) in *clang*) compiler=clang ;; esac
[ "$(uname -m)" = x86_64 ] && grep -q "$compiler -O2 x86-64" "$budgets" || {
    cat "$out/counts"
    echo "skipped: $(wc -l < "$out/counts") the budgets are for another compiler or processor"
    echo 'gate: 0 passed, 0 failed'; exit 0; }

awk 'FNR == NR { if ($1 != "#") { budget[$1 " " $2] = $3; wanted++ } next }
     { key = $1 " " $2; seen++
       if (!(key in budget))       { bad++; note = "FAILED: has no budget" }
       else if ($3 > budget[key]) {
           bad++
           note = sprintf("FAILED: %.1f %% over; if it must be so: gate.sh --measure",
                          100 * $3 / budget[key] - 100)
       }
       else if ($3 * 1.05 < budget[key]) { good++; note = sprintf("may be lowered to %d", $3 * 1.02) }
       else                        { good++; note = "" }
       printf "%-9s %-10s %8d of %8d  %s\n", $1, $2, $3, budget[key], note }
     END {
           if (seen < wanted) { bad += wanted - seen; print "FAILED " wanted - seen " budgets not measured" }
           printf "gate: %d passed, %d failed\n", good, bad
           exit bad > 0 }' "$budgets" "$out/counts"
