#!/bin/sh
# shape.sh - the header in every shape a user may give it: how it is included, which switches are
# set, which language and compiler read it, what names it leaves behind.
#
#   sh tests/shape.sh          everything, with $CC and with gcc and clang where they are installed
#   sh tests/shape.sh quick    what one compiler shows in a few seconds; part of `make test`
#
# One line per check; what cannot be tried here is skipped by name. POSIX sh; CC from the environment.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
S=tests/shape
OUT=build/shape
QUICK=
[ "$1" != quick ] || QUICK=1 OUT=build/shape-quick
mkdir -p "$OUT" || exit 2
rm -f "$OUT"/*.sum

# ---- checks ---------------------------------------------------------------------------------------

# Each compiler is one worker with a directory D of its own; it counts here and in its shell only.
begin() { D=$OUT/$1; rm -rf "$D"; mkdir -p "$D"; passed=0; failed=0; skipped=0; }
end()   { echo "$passed $failed $skipped" > "$D.sum"; }

pass() { passed=$((passed + 1)); [ -n "$QUICK" ] || echo "ok      $1"; }
fail() { failed=$((failed + 1)); echo "FAILED  $1"; [ ! -s "$D/log" ] || head -n 15 "$D/log" | sed 's/^/        /'; }
skip() { skipped=$((skipped + 1)); echo "skipped $1: $2"; }

# check NAME command...     the command succeeds
check() {
    what=$1; shift
    if "$@" > "$D/log" 2>&1; then pass "$what"; else { echo "+ $*" >> "$D/log"; fail "$what"; } fi
}
# refused NAME TEXT command...     the command fails and says TEXT
refused() {
    what=$1; text=$2; shift 2
    if "$@" > "$D/log" 2>&1; then
        echo "+ $* went through" >> "$D/log"; fail "$what"
    elif grep -q -e "$text" "$D/log"; then pass "$what"
    else { echo "+ $* does not say $text" >> "$D/log"; fail "$what"; } fi
}

# run FLAGS -- FILES     builds the files into one program and runs it
run() {
    flags=
    while [ "$1" != -- ]; do flags="$flags $1"; shift; done
    shift
    rm -f "$D/prog"
    # shellcheck disable=SC2086   # words on purpose
    $cc $flags -o "$D/prog" "$@" || return 1
    "$D/prog" || { echo "the program answered $?"; return 1; }
}
# run2 COMPILER1 COMPILER2 FLAGS     impl.c by the first, uses.c by the second, linked by the second
run2() {
    one=$1; two=$2; shift 2
    $one "$@" -c -o "$D/impl.o" $S/impl.c && $two "$@" -c -o "$D/uses.o" $S/uses.c || return 1
    link=${two% -x *}
    rm -f "$D/prog"
    $link $m -o "$D/prog" "$D/impl.o" "$D/uses.o" && "$D/prog"
}
obj() { # FLAGS FILE   to an object, linked with nothing
    $cc "$@" -c -o "$D/x.o"
}
empty() { # a command prints nothing
    "$@" > "$D/found" 2>&1
    [ ! -s "$D/found" ] || { cat "$D/found"; return 1; }
}

has() { echo 'int main(void) { return 0; }' > "$D/probe.c"
        "$@" -o "$D/probe" "$D/probe.c" > /dev/null 2>&1 && "$D/probe" > /dev/null 2>&1; }

# wanted COMPILER FLAG...     those flags that it knows
wanted() {
    comp=$1; shift
    : > "$D/empty.c"
    for flag in "$@"; do
        $comp -Werror "$flag" -c -o "$D/empty.o" "$D/empty.c" > /dev/null 2>&1 && printf '%s ' "$flag"
    done
}

SWITCHES='VERIFY_ONLY NO_SIGN NO_WRITER NO_REFRESH NO_TABLE NO_DENY NO_WEB NO_STATUS_STR NO_INTRINSICS SMALL'

# ---- C: how it is included --------------------------------------------------------------------------

shapes_include() {
    check "$n included, then the implementation is asked for" run -std=c99 -- $S/include_then_define.c
    check "$n included three times"                     run -std=c99 -- $S/twice.c
    check "$n two files linked"                         run -std=c99 -- $S/impl.c $S/uses.c
    check "$n static in two files of one program"       run -std=c99 -- $S/static_a.c $S/static_b.c
    check "$n static, one file uses all of it"          run -std=c99 -DTOKENAUTH_STATIC -DUSES_IMPLEMENT -- $S/uses.c
    check "$n two files with a larger record"           run -std=c99 -DTOKENAUTH_RECORD_TEXT=100 -- $S/impl.c $S/uses.c
    for call in ta_record_pack ta_record_unpack ta_table_init ta_auth_init ta_session_list ta_session_get; do
        refused "$n a larger record in one file only is noticed by $call" $call \
            run -std=c99 -DCALL=$call -- $S/impl.c $S/mismatch.c
    done
    for call in ta_jwt_sign ta_json_begin ta_refresh ta_table_init ta_deny_init; do
        refused "$n a verifier that was included before has no $call" $call run -std=c99 -DCALL=$call -- $S/implied.c
    done
    check "$n TA_ASSERT given; input never sets it off" run -std=c99 -- $S/assert.c
    check "$n TA_ASSERT given as nothing"  run -std=c99 '-DTA_ASSERT(x)=((void)0)' -DUSES_IMPLEMENT -- $S/uses.c
    check "$n the hash's block function given"          run -std=c99 -- $S/compress.c
    check "$n with NDEBUG"                              run -std=c99 -DNDEBUG -DUSES_IMPLEMENT -- $S/uses.c
}

# ---- switches and limits ----------------------------------------------------------------------------

shapes_switches() {
    for s in $SWITCHES; do
        check "$n TOKENAUTH_$s alone" run -std=c99 $W -DTOKENAUTH_$s -DUSES_IMPLEMENT -- $S/uses.c
    done
    check "$n TOKENAUTH_NO_OS_RANDOM alone" run -std=c99 $W -DTOKENAUTH_NO_OS_RANDOM -DUSES_IMPLEMENT -- $S/uses.c
    while read -r s call; do
        refused "$n TOKENAUTH_$s takes $call away by name" "$call" \
            run -std=c99 "-DTOKENAUTH_$s" "-DCALL=$call" -- $S/impl.c $S/off.c
    done <<END
NO_SIGN ta_jwt_sign
NO_WRITER ta_json_begin
NO_REFRESH ta_refresh
NO_TABLE ta_table_init
NO_DENY ta_deny_init
NO_WEB ta_cookie_put
VERIFY_ONLY ta_login
END
    refused "$n TOKENAUTH_FLASH without TOKENAUTH_FLASH_WORD" 'go together' obj -std=c99 -DTOKENAUTH_FLASH= $S/impl.c
    refused "$n TOKENAUTH_FLASH_WORD without TOKENAUTH_FLASH" 'go together' \
        obj -std=c99 '-DTOKENAUTH_FLASH_WORD(p)=*(p)' $S/impl.c
    limits
}

limits() {
    while read -r name low high; do
        few=                            # an access token does not fit into 256 bytes
        [ "$name" != TA_MAX_TOKEN ] || few=-DTOKENAUTH_NO_REFRESH
        check "$n $name=$low works" run -std=c99 $few "-D$name=$low" -DUSES_IMPLEMENT -- $S/uses.c
        check "$n $name=$high works" run -std=c99 "-D$name=$high" -DUSES_IMPLEMENT -- $S/uses.c
        for v in "$((low - 1))" "$((high + 1))" 0 -1; do
            refused "$n $name=$v is refused by name" "$name" obj -std=c99 "-D$name=$v" $S/impl.c
        done
    done <<END
TA_MAX_TOKEN 256 65535
TA_MAX_DEPTH 4 64
TA_MAX_MEMBERS 16 255
TOKENAUTH_RECORD_TEXT 46 254
END
}

shapes_switches_more() {
    for s in $SWITCHES NO_OS_RANDOM; do
        check "$n static, TOKENAUTH_$s" \
            run -std=c99 $W -DTOKENAUTH_STATIC "-DTOKENAUTH_$s" -DUSES_IMPLEMENT -- $S/uses.c
        check "$n two files, TOKENAUTH_$s in the implementing one" \
            run_one_sided "-DTOKENAUTH_$s"
    done
    rest=$SWITCHES
    for s in $SWITCHES; do
        rest=${rest#"$s"}; rest=${rest# }
        for t in $rest; do
            check "$n TOKENAUTH_$s and TOKENAUTH_$t" \
                obj -std=c99 $W "-DTOKENAUTH_$s" "-DTOKENAUTH_$t" $S/impl.c
        done
    done
    check "$n the smallest: a lock" run -std=c99 $W -Os -DTOKENAUTH_VERIFY_ONLY -DTOKENAUTH_NO_WEB \
        -DTOKENAUTH_NO_STATUS_STR -DTOKENAUTH_NO_OS_RANDOM -DTA_MAX_TOKEN=256 -DTA_MAX_DEPTH=4 \
        -DTA_MAX_MEMBERS=16 -DUSES_IMPLEMENT -- $S/uses.c
    check "$n own store only" run -std=c99 $W -DTOKENAUTH_NO_TABLE -DTOKENAUTH_NO_DENY \
        -DTOKENAUTH_NO_WEB -DTOKENAUTH_NO_OS_RANDOM -DUSES_IMPLEMENT -- $S/uses.c
}
run_one_sided() { # [one]: the switch is for the implementing file; the others need not know it
    $cc -std=c99 "$1" -c -o "$D/impl.o" $S/impl.c && $cc -std=c99 -c -o "$D/only.o" $S/include_only.c &&
    $cc -std=c99 "$1" -c -o "$D/uses.o" $S/uses.c &&
    $cc -o "$D/prog" "$D/impl.o" "$D/only.o" "$D/uses.o" && "$D/prog"
}

# ---- no C library, no names of others -----------------------------------------------------------------

shapes_freestanding() {
    inc=$($cc -print-file-name=include 2>/dev/null)
    if [ ! -f "$inc/stddef.h" ]; then skip "$n freestanding" "its own headers were not found"; return; fi
    free="-std=c99 -O2 -ffreestanding -nostdinc -isystem $inc -fno-stack-protector -U_FORTIFY_SOURCE"
    free="$free -DTOKENAUTH_NO_OS_RANDOM"
    [ "$inc" = "${inc%gcc*}" ] || [ ! -d "$inc-fixed" ] || free="$free -isystem $inc-fixed"
    check "$n freestanding, with four functions of one's own" run_free
    if ! command -v nm > /dev/null; then skip "$n freestanding needs four functions only" 'no nm'; return; fi
    check "$n freestanding needs memcpy, memset, memcmp, strlen only" only_four "$D/free.o"
    check "$n hosted, without the system's random numbers, needs no more" hosted_four -DTOKENAUTH_NO_OS_RANDOM
    check "$n hosted, with them, needs that call besides" hosted_four '' '-e getrandom -e getentropy'
}
run_free() { # all in one relocatable, then a hosted main around it: uses.c has the main
    $cc $free -c -o "$D/free.o" $S/impl.c && $cc $free -c -o "$D/four.o" -fno-builtin $S/free/four.c &&
    $cc $free -I$S/free -c -o "$D/uses.o" $S/uses.c && $cc -nostdlib -r -o "$D/all.o" "$D/free.o" "$D/four.o" "$D/uses.o" &&
    $cc -o "$D/prog" "$D/all.o" && "$D/prog"
}
only_four() { empty sh -c "nm -u '$1' | sed 's/.* //' | grep -v -x -e memcpy -e memset -e memcmp -e strlen $2"; }
hosted_four() { # FLAGS ALSO. A compiler that knows the C library writes bcmp for memcmp, memmove for a loop; Arm's Linux
    # is asked what the processor can
    $cc -std=c99 -O2 -fno-stack-protector -U_FORTIFY_SOURCE $1 -c -o "$D/h.o" $S/impl.c &&
    only_four "$D/h.o" "-e bcmp -e memmove -e _GLOBAL_OFFSET_TABLE_ -e getauxval $2"
}

shapes_names() {
    if command -v nm > /dev/null; then
        check "$n external names are ta_"           nm_names '-O2' external '^ta_'
        check "$n external names are ta_, larger record" nm_names '-O2 -DTOKENAUTH_RECORD_TEXT=60' external '^ta_'
        check "$n local names are ta_ or tai_"      nm_names '-O0 -DTOKENAUTH_NO_INTRINSICS' all '^tai\{0,1\}_'
        check "$n static leaves no external name"   nm_names '-O2 -DTOKENAUTH_STATIC' external '^$'
    else
        skip "$n names of the object" 'no nm'
    fi
    check "$n macros after an include are ours"  macro_names
    check "$n macros after the implementation are ours" macro_names -DTOKENAUTH_IMPLEMENTATION -DTOKENAUTH_NO_OS_RANDOM -DTOKENAUTH_NO_INTRINSICS
    check "$n each macro the file itself defines is ours" \
        pipe_empty "$cc -std=c99 -E -dD $S/impl.c" macros.awk
    check "$n each name at file scope is ours" pipe_empty "$cc -std=c99 -E $S/impl.c" names.awk
    check "$n each declared name is ours"      pipe_empty "$cc -std=c99 -E $S/include_only.c" names.awk
}
nm_names() { # FLAGS external|all PATTERN
    $cc -std=c99 $1 -c -o "$D/nm.o" $S/impl.c || return 1
    if [ "$2" = external ]; then only='[A-TV-Z]'; else only='[A-TV-Za-tv-z]'; fi
    # what has a dot was named by the compiler: "table.3" is a table inside a function
    nm "$D/nm.o" | sed -n "s/^[0-9a-f]*  *$only //p" | grep -v '\.' > "$D/names"
    [ "$3" = '^$' ] || [ "$(wc -l < "$D/names")" -gt 20 ] || { echo 'hardly a name was seen'; return 1; }
    empty grep -v "$3" "$D/names"
}
macro_names() {
    printf '#include <stddef.h>\n#include <stdint.h>\n#include <stdbool.h>\n#include <string.h>\n' > "$D/std.c"
    { cat "$D/std.c"; echo '#include "../../../tokenauth.h"'; } > "$D/ours.c"
    $cc -std=c99 "$@" -E -dM "$D/std.c" | sed 's/^#define \([A-Za-z0-9_]*\).*/\1/' | sort -u > "$D/before" &&
    $cc -std=c99 "$@" -E -dM "$D/ours.c" | sed 's/^#define \([A-Za-z0-9_]*\).*/\1/' | sort -u > "$D/after" || return 1
    comm -13 "$D/before" "$D/after" > "$D/names"
    [ "$(wc -l < "$D/names")" -gt 20 ] || { echo 'hardly a macro was seen'; return 1; }
    empty grep -v -e '^TA_' -e '^TAI_' -e '^TOKENAUTH_' "$D/names"
}
pipe_empty() { # COMMAND AWKFILE
    $1 > "$D/text" || return 1
    empty awk -f "$S/$2" "$D/text"
}

# ---- warnings, languages, compilers ----------------------------------------------------------------

COMMON='-pedantic-errors -Wall -Wextra -Werror -Wconversion -Wshadow -Wcast-qual -Wundef -Wvla'
FURTHER='-Wsign-conversion -Wcast-align -Wpointer-arith -Wwrite-strings -Wmissing-declarations -Wredundant-decls
    -Wformat=2 -Wlogical-op -Wduplicated-cond -Wfloat-equal -Wdouble-promotion -Wunused -Wuninitialized
    -Warray-bounds=2 -Wstringop-overflow=4 -Walloca -Wdate-time -Wimplicit-fallthrough -Wcast-align=strict
    -Wstrict-overflow=2 -Wstack-usage=8192 -Wframe-larger-than=8192'
C_ONLY='-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wnested-externs -Wbad-function-cast
    -Wjump-misses-init -Wc++-compat'
CPP_ONLY='-Wold-style-cast -Wzero-as-null-pointer-constant -Wuseless-cast -Wextra-semi -Woverloaded-virtual'
EVERYTHING='-Weverything -Wno-padded -Wno-unsafe-buffer-usage -Wno-unused-macros -Wno-declaration-after-statement
    -Wno-unknown-warning-option -Wno-switch-default -Wno-switch-enum -Wno-pre-c11-compat'

shapes_warnings() {
    all="$COMMON $(wanted "$cc" $FURTHER $C_ONLY)"
    for o in -O0 -O1 -O2 -O3 -Os; do
        check "$n no warning and a good run at $o" run -std=c99 $all $o -DUSES_IMPLEMENT -- $S/uses.c
    done
    check "$n no warning where it is only included" obj -std=c99 -O2 $all $S/include_only.c
    check "$n no warning where it is static and hardly used" obj -std=c99 -O2 $all $S/static_b.c
    if has $cc -Weverything $EVERYTHING; then
        check "$n no warning with -Weverything" obj -std=c99 -O2 -Werror $EVERYTHING $S/impl.c
        check "$n no warning with -Weverything, included" obj -std=c99 -O2 -Werror $EVERYTHING $S/include_only.c
    fi
    if has $cc -fanalyzer; then
        check "$n nothing found by -fanalyzer" obj -std=c99 -O1 -fanalyzer -Werror $S/impl.c
    fi
}

shapes_standards() {
    for s in c99 c11 c17 c2x gnu99 gnu17; do
        if has $cc -std=$s; then
            check "$n -std=$s" run -std=$s $W -- $S/impl.c $S/uses.c
        else
            skip "$n -std=$s" 'not known to it'
        fi
    done
    for s in -funsigned-char -fsigned-char -fshort-enums -fno-builtin -flto; do
        if has $cc $s; then
            check "$n $s" run -std=c99 -O2 $s $W -DUSES_IMPLEMENT -- $S/uses.c
        else
            skip "$n $s" 'not known to it'
        fi
    done
    refused "$n a dropped answer warns" 'ta_jwt_verify\|unused' obj -std=c99 -Werror=unused-result $S/ignored.c
    refused "$n TA_LIT takes literals only" 'name\|expected' obj -std=c99 $S/lit.c
    if has $cc -m32; then
        m=-m32
        check "$n -m32" run -std=c99 -m32 -O2 $W -DUSES_IMPLEMENT -- $S/uses.c
        check "$n -m32, two files, a larger record" run -std=c99 -m32 -DTOKENAUTH_RECORD_TEXT=254 -- $S/impl.c $S/uses.c
        m=
    else
        skip "$n -m32" 'it cannot build 32-bit programs here'
    fi
    if has $cc -fsanitize=address,undefined; then
        check "$n with sanitizers" run -std=c99 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
            -DUSES_IMPLEMENT -- $S/uses.c
    else
        skip "$n with sanitizers" 'it has none here'
    fi
}

shapes_cplusplus() {
    case $cc in
    *clang*) cxx=$(echo "$cc" | sed 's/clang/clang++/') ;;
    *gcc*)   cxx=$(echo "$cc" | sed 's/gcc/g++/') ;;
    *)       cxx=c++ ;;
    esac
    if ! echo 'int main() { return 0; }' > "$D/p.cpp" || ! $cxx -o "$D/p" "$D/p.cpp" > /dev/null 2>&1; then
        skip "$n C++" "$cxx does not build programs here"
        return
    fi
    c_cc=$cc; cc="$cxx -x c++"; c_n=$n; n="$cxx:"
    all="$COMMON $(wanted "$cc" $FURTHER)"
    user="$all $(wanted "$cc" $CPP_ONLY)"
    for s in c++11 c++14 c++17 c++20 c++2b; do
        if ! has $cc -std=$s; then skip "$n -std=$s" 'not known to it'; continue; fi
        check "$n -std=$s, one file" run -std=$s -O2 $all -DUSES_IMPLEMENT -- $S/uses.c
        check "$n -std=$s, two files" run -std=$s -- $S/impl.c $S/uses.c
        check "$n -std=$s, static" run -std=$s $all -DTOKENAUTH_STATIC -DUSES_IMPLEMENT -- $S/uses.c
        check "$n -std=$s, C++ around an implementation in C" run2 "$c_cc" "$cxx -x c++ -std=$s"
        check "$n -std=$s, included, no warning of a C++ user's" obj -std=$s $user $S/include_only.c
    done
    check "$n C around an implementation in C++" run2 "$cc -std=c++11" "$c_cc"
    for s in $SWITCHES NO_OS_RANDOM; do
        check "$n TOKENAUTH_$s alone" run -std=c++11 $all "-DTOKENAUTH_$s" -DUSES_IMPLEMENT -- $S/uses.c
    done
    refused "$n a dropped answer warns in C++17" 'nodiscard\|unused' obj -std=c++17 -Werror=unused-result $S/ignored.c
    if has $cc -Weverything; then
        check "$n no warning with -Weverything, included" \
            obj -std=c++11 -Werror $EVERYTHING -Wno-c++98-compat -Wno-c++98-compat-pedantic $S/include_only.c
    fi
    cc=$c_cc; n=$c_n
}

# ---- one compiler, all compilers ---------------------------------------------------------------------

compiler() { # everything with $1
    begin "$(echo "$1" | tr -c 'A-Za-z0-9\n' '_')"
    cc=$1; n="$1:"; m=
    W=$(wanted "$cc" $COMMON)
    W="$W -Werror"
    shapes_include; shapes_switches; shapes_switches_more; shapes_freestanding; shapes_names
    shapes_warnings; shapes_standards; shapes_cplusplus
    end
}

small_compiler() { # one that is no gcc and no clang
    begin "$1"
    cc=$1; n="$1:"; m=
    W=$(wanted "$cc" -Werror -Wall -Wextra -pedantic-errors)
    check "$n one file" run -std=c99 $W -DUSES_IMPLEMENT -- $S/uses.c
    check "$n two files" run -std=c99 $W -- $S/impl.c $S/uses.c
    end
}

quick() {
    begin quick
    cc=$CC; n="$CC:"; m=
    W=
    std=; has $cc -std=c99 && std=-std=c99
    check "$n included, then the implementation is asked for" run $std -- $S/include_then_define.c
    check "$n included three times"               run $std -- $S/twice.c
    check "$n two files linked"                   run $std -- $S/impl.c $S/uses.c
    check "$n static in two files of one program" run $std -- $S/static_a.c $S/static_b.c
    check "$n with NDEBUG"                        run $std -O2 -DNDEBUG -DUSES_IMPLEMENT -- $S/uses.c
    for s in VERIFY_ONLY NO_SIGN NO_REFRESH SMALL; do       # each of the others alone: the long run
        check "$n TOKENAUTH_$s alone"             run $std "-DTOKENAUTH_$s" -DUSES_IMPLEMENT -- $S/uses.c
    done
    check "$n most switches together"             run $std -DTOKENAUTH_NO_TABLE -DTOKENAUTH_NO_DENY \
        -DTOKENAUTH_NO_WEB -DTOKENAUTH_NO_STATUS_STR -DTOKENAUTH_NO_INTRINSICS -DTOKENAUTH_NO_OS_RANDOM \
        -DUSES_IMPLEMENT -- $S/uses.c
    check "$n macros after an include are ours"   macro_names
    check "$n each name at file scope is ours"    pipe_empty "$cc $std -E $S/impl.c" names.awk
    end
}

if [ -n "$QUICK" ]; then
    quick
else
    list=; seen=
    for c in "$CC" gcc clang; do
        v=$($c --version 2>/dev/null) || continue
        v=$(echo "$v" | sed -n '1s/^[^ ]* //p')
        case "$seen" in *"<$v>"*) continue ;; esac
        seen="$seen<$v>"
        list="$list $c"
    done
    # together, one process each; they print one after the other
    for c in $list; do
        compiler "$c" > "$OUT/$c.out" 2>&1 &
    done
    wait
    for c in $list; do cat "$OUT/$c.out"; done
    for c in tcc musl-gcc; do
        if command -v $c > /dev/null; then small_compiler $c
        else begin $c; skip "$c" 'not installed'; end
        fi
    done
    for c in gcc clang; do
        command -v $c > /dev/null || { begin $c; skip "$c" 'not installed'; end; }
    done
fi

passed=0; failed=0; skipped=0
for f in "$OUT"/*.sum; do
    read -r p f_ s < "$f"
    passed=$((passed + p)); failed=$((failed + f_)); skipped=$((skipped + s))
done
tail=
[ "$skipped" = 0 ] || tail=", $skipped skipped"
echo "shape: $passed passed, $failed failed$tail"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
