#!/bin/sh
# readme.sh - README's table of ratios, between its two marks, from tests/bench/results.tsv
#   readme.sh            writes it        readme.sh --check    says whether it is what the results give

cd "$(dirname "$0")/../.." || exit 2
out=build/bench
mkdir -p $out || exit 2
awk -f tests/bench/table.awk tests/bench/results.tsv > $out/table.md || exit 2
awk -v table=$out/table.md '
    /^<!-- speed -->$/        { print; while ((getline line < table) > 0) print line; skip = 1; next }
    /^<!-- end of speed -->$/ { skip = 0 }
    !skip' README.md > $out/README.md
cmp -s $out/README.md README.md && exit 0
if [ "$1" = --check ]; then echo 'README: its table is not what tests/bench/results.tsv gives'; exit 1; fi
cp $out/README.md README.md
