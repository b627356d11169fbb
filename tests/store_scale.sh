#!/bin/sh
# store_scale.sh - what `make stores-scale` does: measures every store in one run and writes the tables of
# examples/stores/README.md and its plot, examples/stores/scale.svg.
#
# MOST=100000    the most sessions (1000, 10000 ... up to it); a million takes about half an hour
# QUICK=1        writes nothing: a run of seconds, then whether README has the tables that this script makes,
#                and in them what is the same on every machine. That is what CI runs.
# FIGURES=file   makes the tables of lines measured before
#
# Measured twice: with files and servers in memory (/dev/shm), which is the cost of the code, and with a
# thousand sessions on the disk under build/, where fsync comes in.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/stores
README=examples/stores/README.md
ALL='memory journal sqlite postgres redis cluster'
mkdir -p "$OUT"

measure() { # MOST DIRECTORY
    # shellcheck disable=SC2086
    STORES_DIR=$2 "$OUT/scale" ${QUICK:+--quick} --scale="$1" $ALL
}

if [ -z "$FIGURES" ]; then
    FIGURES=$OUT/scale.txt
    set --
    for s in journal sqlite postgres redis; do
        set -- "$@" "-DTA_$(echo $s | tr a-z A-Z)_FILE=\"$PWD/examples/stores/$s.h\""
    done
    $CC -std=c99 -O2 -I. -I/usr/include/postgresql "$@" -o "$OUT/scale" tests/store_tests.c \
        tests/store_conformance.c -lsqlite3 -lhiredis -lpq -lpthread || exit 1
    [ -n "$QUICK" ] && MOST=1000
    MEMORY=/dev/shm
    [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 500000 ] || MEMORY=$PWD/$OUT
    [ "$MEMORY" = /dev/shm ] || [ -n "$QUICK" ] || { echo 'stores-scale: /dev/shm is too small'; exit 1; }
    { measure "${MOST:-100000}" "$MEMORY" && measure 1000 "$PWD/$OUT" | sed 's/^/disk /'; } > "$FIGURES"
    if [ "$(grep -c '^\(disk \)\{0,1\}stores: 6 passed, 0 failed' "$FIGURES")" != 2 ]; then
        tail -n 20 "$FIGURES"
        echo 'stores-scale: 0 passed, 1 failed'
        exit 1
    fi
fi

run_line() { # what and when; the rest of the page must not depend on it
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    sqlite=$(echo SQLITE_VERSION | $CC -E -include sqlite3.h - | tail -n 1 | tr -d '"')
    redis=$(redis-server --version | sed 's/ server v=\([^ ]*\).*/ \1/')
    echo "<sub>One run: $(date -u +%Y-%m-%d), $(nproc) cores of ${cpu:-$(uname -m)}, which other work used" \
         "too; SQLite $sqlite, $(pg_config --version), $redis. Compare columns, not machines.</sub>"
}

table() { # from the lines that store_scale.h tells of; those of the disk have "disk" before them
    awk -v cores="$(nproc)" '
    function most_of(s,    n) {                 # of the most sessions that it was measured with
        for (n = most; n >= 1000 && !((s, n) in rate); n /= 10) { }
        return n
    }
    function saturates(s) {                     # with many callers, on the disk
        if (syncs[s] + trips[s] == 0) return "CPU of the callers"
        if (disk_own[s] + disk_servers[s] < cores / 2) return "fsync"
        return disk_own[s] > disk_servers[s] ? "CPU of the callers" : "CPU of the servers"
    }
    function exact(s,    n) {
        n = most_of(s)
        printf "| %s | %.0f | %.0f |", s, bytes[s, n], 1048576 / bytes[s, n]
        printf " %d | %d | %d |\n", calls[s], trips[s], syncs[s]
    }
    function speed(s,    n, cpu) {
        n = most_of(s)
        cpu = own[s, n] + server[s, n]
        printf "| %s | %d | %.1f + %.1f | %.0f | %.0f | %.0f |", s, n, own[s, n], server[s, n],
            1000000 / cpu, rate[s, n], many[s]
        printf " %.0f | %.0f | %.1f + %.1f | %s |\n", disk_rate[s], disk_many[s], disk_own[s],
            disk_servers[s], saturates(s)
    }
    function growth(s,    n) {
        printf "| %s |", s
        for (n = 1000; n <= most; n *= 10) printf " %.1f |", own[s, n] + server[s, n]
        print ""
    }
    $1 == "disk" && $2 == "fsync" { fsync = $3 }
    $1 == "disk" && $2 == "scale" { disk_rate[$3] = $5 }
    $1 == "disk" && $2 == "load"  { disk_many[$3] = $6; disk_own[$3] = $7; disk_servers[$3] = $8 }
    $1 == "size" {
        bytes[$2, $3] = $4
        if (!($2 in seen)) { seen[$2] = 1; store[++stores] = $2 }
        if ($3 > most) most = $3
    }
    $1 == "scale" { rate[$2, $3] = $4; own[$2, $3] = $5; server[$2, $3] = $6 }
    $1 == "calls" { calls[$2] = $4; trips[$2] = $5; syncs[$2] = $6 }
    $1 == "load"  { many[$2] = $5; callers = $4 }
    END {
        print "| a refresh that rotates | bytes a session | sessions per MB | calls of the store |" \
              " round trips | fsyncs of the caller |"
        print "|---|--:|--:|--:|--:|--:|"
        for (i = 1; i <= stores; i++) exact(store[i])
        print ""
        print "| refreshes a second | sessions | µs of CPU, caller + server | per core | one caller |" \
              " " callers " callers | one, on a disk | " callers ", on a disk |" \
              " cores busy, callers + servers | saturates first |"
        print "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"
        for (i = 1; i <= stores; i++) speed(store[i])
        print ""
        printf "| µs of CPU per refresh with so many sessions |"
        for (n = 1000; n <= most; n *= 10) printf " %d |", n
        printf "\n|---|"
        for (n = 1000; n <= most; n *= 10) printf "--:|"
        print ""
        for (i = 1; i <= stores; i++) growth(store[i])
        printf "\nOn that disk one fsync took %.0f µs; its three columns are with 1000 sessions.\n", fsync
    }' "$FIGURES"
    run_line
}

plot() { # log-log: sessions to the right, microseconds of CPU per refresh upwards
    awk '
    function right(n) { return 90 + (log(n) / log(10) - 3) * 150 }
    function up(v) { return 330 - (log(v) / log(10)) * 85 }
    function text(x, y, how, what) { printf "<text x=\"%d\" y=\"%d\" %s>%s</text>\n", x, y, how, what }
    function lowest(    i, low) {               # whose name is not placed yet
        for (i = 1; i <= k; i++) {
            if (!(order[i] in at) && (low == "" || end[order[i]] > end[low])) low = order[i]
        }
        return low
    }
    function place(    s, room) {               # the names, from the lowest up, none over another
        for (room = 400; (s = lowest()) != ""; room = at[s] - 14) at[s] = end[s] < room ? end[s] : room
    }
    function rule(d) { printf "<path d=\"%s\" stroke=\"#ddd\"/>\n", d }
    $1 == "scale" {
        if (!($2 in line)) order[++k] = $2
        line[$2] = line[$2] " " right($3) "," up($5 + $6)
        end[$2] = up($5 + $6); last[$2] = right($3)
    }
    END {
        split("#555 #06c #080 #a50 #c00 #808", colour, " ")
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"400\"" \
              " font-family=\"sans-serif\" font-size=\"13\">"
        print "<rect width=\"720\" height=\"400\" fill=\"white\"/>"
        for (e = 0; e <= 3; e++) {
            rule("M90 " up(10^e) " H560")
            text(82, up(10^e) + 4, "text-anchor=\"end\"", 10^e)
        }
        for (e = 3; e <= 6; e++) {
            rule("M" right(10^e) " 330 V60")
            text(right(10^e), 350, "text-anchor=\"middle\"", 10^e)
        }
        text(90, 30, "", "CPU per refresh in µs, caller and server together, by the number of sessions")
        place()
        for (i = 1; i <= k; i++) {
            s = order[i]
            printf "<polyline points=\"%s\" fill=\"none\" stroke-width=\"2\" stroke=\"%s\"/>\n",
                line[s], colour[i]
            text(last[s] + 8, at[s] + 4, "fill=\"" colour[i] "\"", s)
        }
        print "</svg>"
    }' "$FIGURES"
}

# ---- the short form: is what README says what this script would say? ------------------------------------

passed=0; failed=0
check() { # NAME README-HAS SCRIPT-MAKES
    if [ -n "$3" ] && [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    printf 'FAILED %s:\nREADME has\n%s\nthe script makes\n%s\n' "$1" "$2" "$3"
}
figures() { sed -n '/^<!-- figures/,/^<!-- end/p' "$README"; }
headings() { grep '^| .* |.*[a-z] |$' | grep -v -F "$(printf '| %s |\n' $ALL)" | sed 's/\( [0-9]*0 |\)*$//'; }
names() { sed -n 's/^| \([a-z]*\) |.*/\1/p'; }
same_everywhere() { # what does not depend on the machine: calls, round trips, fsyncs; the array's bytes
    awk -F ' *[|] *' 'NF == 8 && $3 ~ /^[0-9]+$/ {
        print $2, $5, $6, $7, $2 == "memory" ? $3 " " $4 : "" }'
}

table > "$OUT/tables.md"
if [ -n "$QUICK" ]; then
    check 'the headings'         "$(figures | headings)" "$(headings < "$OUT/tables.md")"
    check 'the rows'             "$(figures | names)" "$(names < "$OUT/tables.md")"
    check 'calls, trips, fsyncs' "$(figures | same_everywhere)" "$(same_everywhere < "$OUT/tables.md")"
    check 'six stores in these'  6 "$(same_everywhere < "$OUT/tables.md" | wc -l | tr -d ' ')"
    check 'a session is 160 bytes of journal' 160.0 \
        "$(sed -n 's/^size journal 1000 //p' "$FIGURES")"
    check 'which run it was'     1 "$(figures | grep -c '^<sub>One run: 20[0-9-]*, ')"
    check 'a line for each store in the plot' "$(grep -c '<polyline' examples/stores/scale.svg)" \
        "$(plot | grep -c '<polyline')"
    cat "$OUT/tables.md"
    echo "stores-scale: $passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
fi
plot > examples/stores/scale.svg
awk -v tables="$OUT/tables.md" '
    /^<!-- figures/ { print; while ((getline line < tables) > 0) print line; skip = 1; next }
    /^<!-- end/     { skip = 0 }
    !skip           { print }' "$README" > "$OUT/README.new" && cp "$OUT/README.new" "$README"
cat "$OUT/tables.md"
