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
    function row(s,    n, cpu) {                # of the most sessions that it was measured with
        for (n = most; n >= 1000 && !((s, n) in rate); n /= 10) { }
        cpu = own[s, n] + server[s, n]
        printf "| %s | %d | %.0f | %.0f | %.0f |", s, n, bytes[s, n], 1048576 / bytes[s, n], rate[s, n]
        printf " %.1f µs | %.1f µs | %.0f |\n", own[s, n], server[s, n], 1000000 / cpu
    }
    function heads(    n) {
        printf "| µs of CPU per refresh with so many sessions |"
        for (n = 1000; n <= most; n *= 10) printf " %d |", n
        printf "\n|---|"
        for (n = 1000; n <= most; n *= 10) printf "--:|"
        print ""
    }
    $1 == "size" {
        bytes[$2, $3] = $4
        if (!($2 in seen)) { seen[$2] = 1; store[++stores] = $2 }
        if ($3 > most) most = $3
    }
    $1 == "scale" { rate[$2, $3] = $4; own[$2, $3] = $6; server[$2, $3] = $7 }
    END {
        print "| store | sessions | bytes each | per MB | refreshes a second, one caller |" \
              " CPU of the caller | of the server | refreshes a second and core |"
        print "|---|--:|--:|--:|--:|--:|--:|--:|"
        for (i = 1; i <= stores; i++) row(store[i])
        print ""
        heads()
        for (i = 1; i <= stores; i++) {
            printf "| %s |", store[i]
            for (n = 1000; n <= most; n *= 10) {
                if ((store[i], n) in own) printf " %.1f |", own[store[i], n] + server[store[i], n]
                else printf " - |"
            }
            print ""
        }
    }' "$FIGURES"
}

plot() { # log-log: sessions to the right, microseconds of CPU per refresh upwards
    awk '
    function x(n) { return 90 + (log(n) / log(10) - 3) * 150 }
    function y(v) { return 330 - (log(v) / log(10)) * 85 }
    function text(x, y, how, what) { printf "<text x=\"%d\" y=\"%d\" %s>%s</text>\n", x, y, how, what }
    function rule(d) { printf "<path d=\"%s\" stroke=\"#ddd\"/>\n", d }
    $1 == "scale" {
        if (!($2 in line)) order[++k] = $2
        line[$2] = line[$2] " " x($3) "," y($6 + $7)
        end[$2] = y($6 + $7); last[$2] = x($3)
    }
    END {
        split("#555 #06c #080 #a50 #c00 #808", colour, " ")
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"400\"" \
              " font-family=\"sans-serif\" font-size=\"13\">"
        print "<rect width=\"720\" height=\"400\" fill=\"white\"/>"
        for (e = 0; e <= 3; e++) {
            rule("M90 " y(10^e) " H560")
            text(82, y(10^e) + 4, "text-anchor=\"end\"", 10^e)
        }
        for (e = 3; e <= 6; e++) {
            rule("M" x(10^e) " 330 V60")
            text(x(10^e), 350, "text-anchor=\"middle\"", 10^e)
        }
        text(90, 30, "", "CPU per refresh in µs, caller and server together, by the number of sessions")
        for (i = 1; i <= k; i++) {
            s = order[i]
            printf "<polyline points=\"%s\" fill=\"none\" stroke-width=\"2\" stroke=\"%s\"/>\n",
                line[s], colour[i]
            text(last[s] + 8, end[s] + 4, "fill=\"" colour[i] "\"", s)
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
