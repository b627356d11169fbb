#!/bin/sh
# readme.sh - README's table of ratios, between its two marks, from tests/bench/results.tsv
#   readme.sh            writes it        readme.sh --check    says whether it is what the results give

cd "$(dirname "$0")/../.." || exit 2
new=build/bench/README.md
mkdir -p build/bench || exit 2
awk -f tests/bench/table.awk tests/bench/results.tsv > "$new.table" || exit 2
awk -v table="$new.table" '
    /^<!-- speed -->$/     { print; while ((getline line < table) > 0) print line; inside = 1 }
    /^<!-- end of speed/   { inside = 0 }
    !inside || /^<!-- end/ { print }' README.md | awk 'NR == 1 || !(/^<!-- speed -->$/ && last == $0) { print } { last = $0 }' > "$new"
if [ "$1" = --check ]; then cmp -s "$new" README.md; exit; fi
cmp -s "$new" README.md || cp "$new" README.md
