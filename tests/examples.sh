#!/bin/sh
# examples.sh - each lesson examples/NN_*.c does what its opening comment says. It is built as C99 and, if
# there is a C++ compiler, as C++11, in both cases with warnings as errors; it is run; and what it prints
# is compared with the text under "Prints". The lesson must also name itself, give the right build line,
# and be in the course, examples/README.md.
#
# POSIX sh; nothing is fetched. From the environment: CC, CXX (none: no C++), CFLAGS (more flags, for both),
# SANITIZE=yes (with the address and undefined-behaviour sanitizers; a failure if there are none).

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
CXX=${CXX:-c++}
OUT=build/examples
rm -rf "$OUT" && mkdir -p "$OUT" || exit 2
passed=0; failed=0

WARN='-pedantic -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Wundef -Wvla -Werror'
SAN=
[ "$SANITIZE" != yes ] || SAN='-g -fsanitize=address,undefined -fno-sanitize-recover=all'

echo 'int main(void) { return 0; }' > "$OUT/probe.c"
has() { "$@" -o "$OUT/probe" "$OUT/probe.c" > /dev/null 2>&1 && "$OUT/probe" > /dev/null 2>&1; }

if ! has $CC; then
    echo "$CC cannot build and run an empty program"
    echo 'examples: 0 passed, 1 failed'
    exit 1
fi
C_FLAGS="-std=c99 -Wstrict-prototypes $WARN"
has $CC $C_FLAGS || { C_FLAGS=-std=c99; echo "warnings: $CC does not know them all, built without"; }
CXX_FLAGS="-std=c++11 -x c++ $WARN"
if [ "$CXX" = none ] || ! has $CXX -x c++; then CXX=; echo 'C++: no compiler, or not wanted'
elif ! has $CXX $CXX_FLAGS; then CXX_FLAGS='-std=c++11 -x c++'; echo "warnings: $CXX does not know them all"
fi
LIMIT=
command -v timeout > /dev/null 2>&1 && LIMIT='timeout 60'

good() { passed=$((passed + 1)); }
bad()  { failed=$((failed + 1)); echo "FAILED $1"; [ -z "$2" ] || head -n 20 "$2"; }

# What stands under "Prints", without its seven spaces: up to the first line that is neither indented like
# this nor empty. Fails if there is no such text.
prints() { # FILE
    awk '
        /\*\//                  { exit }
        inside && /^       /    { for (; blank > 0; blank--) print ""; print substr($0, 8); some = 1; next }
        inside && $0 == ""      { blank++; next }
        inside                  { exit }
        /^   Prints/            { inside = 1 }
        END                     { exit some ? 0 : 1 }
    ' "$1"
}

# The opening comment's own words: its name, its build line; and its line in the course.
line() { sed -n "$1p" "examples/$2.c" | grep -q "$3" || { echo "line $1 is not: $3"; return 1; }; }
frame() { # NAME NUMBER
    line 1 "$1" "^/\* $1\.c - ." &&
    line 2 "$1" '^   Learn: .' &&
    line 3 "$1" "^   Build: cc -std=c99 -I\.\. $1\.c -o $2 && \./$2\$" || return 1
    grep -q "($1\.c)" examples/README.md || { echo 'examples/README.md has no link to it'; return 1; }
}

lesson() { # WHAT NAME compiler and flags...
    what=$1; name=$2; shift 2
    rm -f "$OUT/$name"
    if ! "$@" $CFLAGS $SAN -I. -o "$OUT/$name" "examples/$name.c" > "$OUT/log" 2>&1; then
        bad "$name as $what: does not build" "$OUT/log"; return
    fi
    $LIMIT "$OUT/$name" > "$OUT/$name.out" 2>&1
    rc=$?
    if ! diff "$OUT/$name.expected" "$OUT/$name.out" > "$OUT/log" 2>&1; then
        bad "$name as $what: prints something else (< its comment, > what it printed)" "$OUT/log"
    elif [ "$rc" != 0 ]; then bad "$name as $what: exit status $rc"
    else good
    fi
}

for file in examples/[0-9]*.c; do
    [ -f "$file" ] || continue
    name=$(basename "$file" .c)
    if frame "$name" "${name%%_*}" > "$OUT/log" 2>&1; then good; else bad "$name" "$OUT/log"; fi
    if ! prints "$file" > "$OUT/$name.expected"; then
        bad "$name: nothing under \"Prints\" in its opening comment"
        continue
    fi
    lesson C99 "$name" $CC $C_FLAGS
    [ -z "$CXX" ] || lesson C++11 "$name" $CXX $CXX_FLAGS
done

# Lessons that are not found must not look like success.
[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || { echo 'no examples/NN_*.c here'; failed=1; }
echo "examples: $passed passed, $failed failed"
[ "$failed" = 0 ]
