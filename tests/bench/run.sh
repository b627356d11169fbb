#!/bin/sh
# run.sh - what make bench does: builds the forms, whatever peers are installed, and runs them all.
#   SIZES='1000 100000 1000000 8000000'  numbers of sessions      SECONDS=4  for each part
#   QUICK=1  a run of seconds, to see that everything works       NPM=1      the packages of npm, too

cd "$(dirname "$0")/../.." || exit 2
CC=${CC:-cc}
CXX=${CXX:-c++}
src=tests/bench
out=build/bench
flags='-std=gnu99 -O2 -Wall -Wextra'
results=$out/results.tsv
seconds=${SECONDS_EACH:-4}
[ -z "$QUICK" ] || { seconds=0.2; SIZES=${SIZES:-1000}; export QUICK; }
[ -n "$QUICK" ] || unset QUICK
export SIZES

give_up() { echo "FAILED $*"; echo 'bench: 0 passed, 1 failed'; exit 1; }

rm -rf "$out/peers" && mkdir -p "$out/peers" || exit 2
echo '  building' >&2

form() { # NAME SWITCH
    $CC $flags $2 -DFORM="bench_form_$1" -DFORM_NAME="\"$1\"" -c $src/form.c -o "$out/form_$1.o"
}

# compile FILE OUTPUT FLAGS...: quietly; whether it works decides whether the peer is there
compile() {
    file=$1; object=$2; shift 2
    case $file in
    *.cc) $CXX -std=c++14 -O2 "$file" -o "$object" "$@" ;;
    *)    $CC -std=gnu99 -O2 "$file" -o "$object" "$@" ;;
    esac > "$out/peers/log" 2>&1
}
package() { pkg-config --cflags --libs "$1" 2> /dev/null; }

# peer SOURCE NAME FLAGS...: a shared object
peers=
peer() {
    source=$src/peers/$1; name=$2; shift 2
    if compile "$source" "$out/peers/$name.so" -shared -fPIC "$@"; then
        peers="$peers $out/peers/$name.so"
    else absent="$absent $name"; fi
}

# map NAME FLAGS...: a table, linked in
maps=
map_libs=
map() {
    name=$1; shift
    if compile "$src/peers/map_$name.c" "$out/peers/map_$name.o" -c "$@"; then
        maps="$maps $name"
        map_libs="$map_libs $*"
    else absent="$absent $name"; fi
}

absent=
form default '' && form portable -DTOKENAUTH_NO_INTRINSICS && form small -DTOKENAUTH_SMALL ||
    give_up 'tokenauth.h does not compile'
$CC $flags -DCOUNT -DTOKENAUTH_NO_INTRINSICS -c $src/sessions.c -o "$out/sessions_counted.o" ||
    give_up 'sessions.c, counting'
for c in main measure tokens sessions table; do
    $CC $flags -c "$src/$c.c" -o "$out/$c.o" || give_up "$c.c does not compile"
done

peer hmac_openssl.c   openssl   -lcrypto
peer hmac_mbedtls.c   mbedtls   -lmbedcrypto
peer hmac_libsodium.c libsodium -lsodium
peer libjwt.c         libjwt    -ljwt
peer rhonabwy.c       rhonabwy  -lrhonabwy
peer cjose.c          cjose     -lcjose -ljansson
peer jose.c           jose      -ljose -ljansson
peer cpp_jwt.cc       cpp-jwt   -lcrypto
gnutls=$out/gnutls/usr/lib/$(uname -m)-linux-gnu/libjwt-gnutls.so.0
if [ -e "$gnutls" ]; then
    peer libjwt.c libjwt-gnutls '-DPEER_NAME="libjwt, GnuTLS"' "$gnutls" "-Wl,-rpath,$PWD/${gnutls%/*}"
else absent="$absent libjwt-gnutls"; fi
map glib $(package glib-2.0)
map uthash
map khash

{   echo '#include "../../tests/bench/maps.h"'
    for m in $maps; do echo "extern const bench_map bench_map_$m;"; done
    echo 'const bench_map *const bench_maps[] = {'
    for m in $maps; do echo "    &bench_map_$m,"; done
    echo '    NULL'
    echo '};'
} > "$out/maps.c"
$CC $flags -c "$out/maps.c" -o "$out/maps.o" &&
$CC -rdynamic -o "$out/bench" "$out"/form_*.o "$out/sessions.o" "$out/sessions_counted.o" "$out/main.o" \
    "$out/measure.o" "$out/tokens.o" "$out/table.o" "$out/maps.o" \
    $(for m in $maps; do echo "$out/peers/map_$m.o"; done) \
    $map_libs -ldl || give_up 'the benchmark does not link'

[ -z "$absent" ] || echo "not installed, so not measured:$absent (make bench-peers installs them)"
{   echo "# cpu: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2> /dev/null | sed 1q)"
    echo "# compiler: $($CC --version | sed "s/^cc (/gcc (/; 1q"), -O2"
    echo "# date: $(date -u +%Y-%m-%d)"
    echo "# group	name	median ns	best ns	ratio	compared with	goal	allocations"
} > "$results"
"$out/bench" tokens > "$out/tokens.tsv" || give_up "the tokens are not made"
"$out/bench" "$results" "$seconds" $peers
