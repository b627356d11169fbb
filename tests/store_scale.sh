#!/bin/sh
# store_scale.sh - what `make stores-scale` does: measures every store in one run and writes the tables of
# examples/stores/README.md and its plot, examples/stores/scale.svg.
#
# MOST=100000 the most sessions (1000, 10000 ... up to it); FIGURES=file takes lines measured before.
# Files and servers live in memory (/dev/shm), so that what is measured is the store, not this disk; the
# disk comes in by the line of its own: what one fsync takes.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/stores
README=examples/stores/README.md
mkdir -p "$OUT"
if [ -z "$FIGURES" ]; then
    FIGURES=$OUT/scale.txt
    set --
    for s in journal sqlite postgres redis; do
        set -- "$@" "-DTA_$(echo $s | tr a-z A-Z)_FILE=\"$PWD/examples/stores/$s.h\""
    done
    $CC -std=c99 -O2 -I. -I/usr/include/postgresql "$@" -o "$OUT/scale" tests/store_tests.c \
        tests/store_conformance.c -lsqlite3 -lhiredis -lpq -lpthread || exit 1
    STORES_DIR=/dev/shm "$OUT/scale" --scale="${MOST:-100000}" memory journal sqlite postgres redis cluster \
        > "$FIGURES" || { tail -n 5 "$FIGURES"; exit 1; }
fi

table() { # the two tables, from "size STORE N BYTES" and "scale STORE N PER_S US OWN SERVER"
    awk '
    $1 == "size"  { bytes[$2, $3] = $4; if (!($2 in seen)) { seen[$2] = 1; store[++stores] = $2 } if ($3 > most) most = $3 }
    $1 == "scale" { rate[$2, $3] = $4; us[$2, $3] = $5; own[$2, $3] = $6; server[$2, $3] = $7 }
    END {
        print "| store | bytes a session | sessions per MB | refreshes a second, one caller | its CPU | the server\047s CPU | a second and core |"
        print "|---|--:|--:|--:|--:|--:|--:|"
        for (i = 1; i <= stores; i++) {
            s = store[i]; n = most
            while (n >= 1000 && !((s, n) in rate)) n /= 10
            cpu = own[s, n] + server[s, n]
            printf "| %s | %.0f | %.0f | %.0f | %.1f µs | %.1f µs | %.0f |\n", s, bytes[s, n], 1048576 / bytes[s, n],
                rate[s, n], own[s, n], server[s, n], 1000000 / cpu
        }
        print ""
        printf "| µs per refresh with so many sessions |"
        for (n = 1000; n <= most; n *= 10) printf " %d |", n
        printf "\n|---|"
        for (n = 1000; n <= most; n *= 10) printf "--:|"
        print ""
        for (i = 1; i <= stores; i++) {
            printf "| %s |", store[i]
            for (n = 1000; n <= most; n *= 10) printf " %s |", (store[i], n) in us ? sprintf("%.0f", us[store[i], n]) : "-"
            print ""
        }
    }' "$FIGURES"
}

plot() { # log-log: sessions to the right, microseconds of CPU per refresh upwards
    awk '
    function x(n) { return 90 + (log(n) / log(10) - 3) * 150 }
    function y(v) { return 330 - (log(v) / log(10)) * 85 }
    $1 == "scale" { c = $6 + $7; if (!($2 in line)) order[++k] = $2; line[$2] = line[$2] " " x($3) "," y(c); end[$2] = y(c); last[$2] = x($3) }
    END {
        split("#555 #06c #080 #a50 #c00 #808", colour, " ")
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"400\" font-family=\"sans-serif\" font-size=\"13\">"
        print "<rect width=\"720\" height=\"400\" fill=\"white\"/>"
        for (e = 0; e <= 3; e++) printf "<path d=\"M90 %d H560\" stroke=\"#ddd\"/><text x=\"82\" y=\"%d\" text-anchor=\"end\">%d</text>\n", y(10^e), y(10^e) + 4, 10^e
        for (e = 3; e <= 6; e++) printf "<path d=\"M%d 330 V60\" stroke=\"#ddd\"/><text x=\"%d\" y=\"350\" text-anchor=\"middle\">%d</text>\n", x(10^e), x(10^e), 10^e
        print "<text x=\"90\" y=\"30\">CPU per refresh in µs, caller and server together, by the number of sessions</text>"
        for (i = 1; i <= k; i++) {
            s = order[i]
            printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", line[s], colour[i]
            printf "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", last[s] + 8, end[s] + 4, colour[i], s
        }
        print "</svg>"
    }' "$FIGURES"
}

table > "$OUT/tables.md"
plot > examples/stores/scale.svg
awk -v tables="$OUT/tables.md" '
    /^<!-- figures/ { print; while ((getline line < tables) > 0) print line; skip = 1; next }
    /^<!-- end/     { skip = 0 }
    !skip           { print }' "$README" > "$OUT/README.new" && cp "$OUT/README.new" "$README"
cat "$OUT/tables.md"
