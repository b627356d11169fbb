#!/bin/sh
# readme.sh - the tables of ratios in README.md and tests/bench/README.md, each between its two marks, from
# tests/bench/results.tsv
#   readme.sh            writes them       readme.sh --check    says whether they are what the results give

cd "$(dirname "$0")/../.." || exit 2
out=build/bench
mkdir -p $out || exit 2

# renew FILE MARK PROGRAM: what stands in FILE between <!-- MARK --> and <!-- end of MARK -->
renew() {
    awk -f "tests/bench/$3" tests/bench/results.tsv > $out/table.md || exit 2
    awk -v table=$out/table.md -v mark="$2" '
        $0 == "<!-- " mark " -->"        { print; while ((getline line < table) > 0) print line; skip = 1; next }
        $0 == "<!-- end of " mark " -->" { skip = 0 }
        !skip' "$1" > $out/renewed.md
    cmp -s $out/renewed.md "$1" && return
    if [ "$check" = --check ]; then echo "$1: its table is not what tests/bench/results.tsv gives"; exit 1; fi
    cp $out/renewed.md "$1"
}

check=$1
renew README.md speed table.awk
renew tests/bench/README.md steps steps.awk
