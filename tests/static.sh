#!/bin/sh
# static.sh - what `make static` does: gcc -fanalyzer, clang-tidy and cppcheck over tokenauth.h, findings as errors,
# and MISRA C:2012 against the table of deviations in tests/misra.md.
# From the environment: GCC, TIDY, CPPCHECK; WRITE=1 writes the counts of today into tests/misra.md.
# Each tool first has to find a planted bug: one that was not run looks like one that found nothing.

cd "$(dirname "$0")/.." || exit 2
GCC=${GCC:-gcc}
TIDY=${TIDY:-clang-tidy}
CPPCHECK=${CPPCHECK:-cppcheck}
OUT=build/static
TABLE=tests/misra.md
mkdir -p "$OUT" || exit 2
passed=0; failed=0

printf '#define TOKENAUTH_IMPLEMENTATION\n#include "../../tokenauth.h"\n' > "$OUT/unit.c"
cat > "$OUT/planted.c" <<'C'
#include <stdlib.h>
#include <string.h>
#define TWICE(x) 2 * x
int planted(const char *text);
int planted(const char *text)
{
    char *p = malloc(4), small[4];
    if (text == NULL) return *p + small[5];
    if (strcmp(text, "a")) { free(p); return p[0]; }
    return TWICE(1 + 2);
}
C

# What clang-tidy is asked, and not asked: two lengths side by side are the manner of this header; the
# arguments of the round macros are names; offsets are products of constants and counters below 64; narrowing is
# the matter of -Wconversion, which the tests have on and which sees casts.
CHECKS='-*,cert-*,bugprone-*,clang-analyzer-*,-bugprone-easily-swappable-parameters'
CHECKS="$CHECKS,-bugprone-macro-parentheses,-bugprone-implicit-widening-of-multiplication-result,-bugprone-narrowing-conversions"

# The one configuration that cppcheck sees: plain C on Linux, everything in it. variableScope: declarations
# stand at the top of a function here. ctunullpointer follows a NULL into calls that its length 0 keeps from it;
# the sanitizers see what is real of that. misra.py names rules by number only; their texts are not free.
CONFIG='-D__STDC_HOSTED__=1 -DTOKENAUTH_NO_INTRINSICS -D__linux__ -D__GNUC__=12'

analyzer()  { $GCC -std=c99 -O0 -fanalyzer -Wall -Wextra -c "$1" -o "$OUT/out.o" 2>&1; }
tidy()      { $TIDY --quiet -checks="$CHECKS" --header-filter=tokenauth "$1" -- -std=c99 2>&1 |
              grep -v -E '^[0-9]+ warnings? (and|generated)|^Suppressed|^Use -header'; }
cpp()       { $CPPCHECK --std=c99 -q --enable=warning,style,performance,portability --suppress=variableScope \
              --suppress=ctunullpointer \
              --suppress=missingIncludeSystem --suppress=toomanyconfigs $CONFIG "$1" 2>&1; }
misra()     { $CPPCHECK --addon=misra --std=c99 -q $CONFIG "$1" 2>&1 | grep -o 'misra-c2012-[0-9.]*' | sort | uniq -c; }

for tool in "$GCC" "$TIDY" "$CPPCHECK"; do
    command -v "$tool" > /dev/null || { echo "make static needs $tool"; echo 'static: 0 passed, 1 failed'; exit 1; }
done

for tool in analyzer tidy cpp misra; do
    { $tool "$OUT/planted.c" > "$OUT/$tool.planted"; $tool "$OUT/unit.c" > "$OUT/$tool.log"; } 2>&1 &
done
wait

# ---- no finding at all -----------------------------------------------------------------------------

good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED $*"; }

for tool in analyzer tidy cpp misra; do
    [ -s "$OUT/$tool.planted" ] && good || bad "$tool does not find the planted bug"
done
for tool in analyzer tidy cpp; do
    [ -s "$OUT/$tool.log" ] || { good; continue; }
    bad "$tool:"
    head -n 40 "$OUT/$tool.log"
done

# ---- MISRA: every rule that is not kept stands in the table, and is broken no oftener than it says -----

deviations() { sed -n 's/^| \([0-9]*\.[0-9]*\) *| *\([0-9]*\) *|.*/\1 \2/p' "$TABLE"; }
found() { sed 's/^ *\([0-9]*\) misra-c2012-\([0-9.]*\)/\2 \1/' "$OUT/misra.log"; }

if [ -n "$WRITE" ]; then
    found > "$OUT/found"
    awk 'NR == FNR { n[$1] = $2; next }
         /^\| [0-9]+\.[0-9]+ / { split($0, f, "|"); rule = f[2]; gsub(/ /, "", rule); if (!(rule in n)) next
                                 f[3] = sprintf(" %5d ", n[rule]); print "|" f[2] "|" f[3] "|" f[4] "|" f[5] "|"; next }
         { print }' "$OUT/found" "$TABLE" > "$OUT/misra.md" && cp "$OUT/misra.md" "$TABLE"
fi
found | while read -r rule n; do
    most=$(deviations | sed -n "s/^$rule //p")
    if [ -z "$most" ]; then echo "rule $rule is broken $n times and has no row in $TABLE"
    elif [ "$n" -gt "$most" ]; then echo "rule $rule is broken $n times, not $most: if that is meant, make static WRITE=1"
    fi
done > "$OUT/misra.bad"
deviations | while read -r rule most; do
    [ -n "$(found | sed -n "s/^$rule //p")" ] || echo "rule $rule is kept now: its row in $TABLE can go (WRITE=1)"
done >> "$OUT/misra.bad"
if [ -s "$OUT/misra.bad" ]; then bad 'misra:'; cat "$OUT/misra.bad"; else good; fi
echo "static: $passed passed, $failed failed"
[ "$failed" = 0 ]
