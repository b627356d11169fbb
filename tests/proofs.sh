#!/bin/sh
# proofs.sh - what `make proofs` does: statements about tokenauth.h that hold for every input within a bound
# (CBMC, proofs/cbmc/) or for every input (Frama-C, proofs/wp.sh), each shown to fail when a bug is planted.

cd "$(dirname "$0")/.." || exit 2
[ "$1" != --help ] || {
    cat << 'END'
make proofs            every proof and every planted bug in the short form, a quarter of an hour on two cores
make proofs LONG=1     with the larger bounds of proofs/cbmc/proofs.ini: not tried to the end yet
make proofs PROOF=key  those whose name holds "key" (CBMC alone); PLANTS=no without the planted bugs of CBMC,
                       PLANTS=one with one for each proof
JOBS=2                 runs at once; each may take 10 GB, and LIMIT=300 seconds of processor time
PROOFS_ROOT=dir        where the Debian 13 system with CBMC in it is, or is made (default build/proofs/trixie;
                       not needed where cbmc 6 is installed; otherwise needs root and debootstrap)
END
    exit 0
}

passed=0; failed=0
half() { # $1 name  $2.. command; its last line is the half's sum
    name=$1; shift
    log=build/proofs/$name.log
    : > "$log"                                          # so that tail finds it
    "$@" >> "$log" 2>&1 < /dev/null &
    pid=$!
    tail -n +1 -f --pid="$pid" "$log"
    wait "$pid"; status=$?
    p=$(sed -n 's/^[a-z]*: \([0-9]*\) passed, [0-9]* failed.*/\1/p' "$log" | tail -n 1)
    f=$(sed -n 's/^[a-z]*: [0-9]* passed, \([0-9]*\) failed.*/\1/p' "$log" | tail -n 1)
    if [ -z "$p" ] || { [ "$status" != 0 ] && [ "$f" = 0 ]; }; then
        echo "FAILED $name ended with status $status and this sum: ${p:-none} passed, ${f:-none} failed"
        f=$((${f:-0} + 1))
    fi
    passed=$((passed + ${p:-0})); failed=$((failed + f))
}
mkdir -p build/proofs
half cbmc sh tests/proofs/cbmc/run.sh
[ -n "$PROOF" ] || [ ! -f tests/proofs/wp.sh ] || half wp sh tests/proofs/wp.sh
echo "proofs: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
