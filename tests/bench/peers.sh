#!/bin/sh
# peers.sh - what make bench-peers does: installs all there is to compare with (apt when root; npm into
# build/bench), runs make bench and the packages of npm, then draws the pictures and writes README's table.

cd "$(dirname "$0")/../.." || exit 2
src=tests/bench
out=build/bench
mkdir -p "$out" || exit 2

packages='pkg-config g++ libssl-dev libmbedtls-dev libsodium-dev libjwt-dev librhonabwy-dev libcjose-dev
          libjose-dev libjansson-dev libcpp-jwt-dev libglib2.0-dev uthash-dev libhts-dev nodejs npm'

if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
    command -v node > /dev/null && packages=$(echo "$packages" | sed 's/ nodejs npm//')
    echo '  apt-get install: what is missing of the peers' >&2
    apt-get install -y -q --no-install-recommends $packages > "$out/apt.log" 2>&1 || {
        apt-get update -q >> "$out/apt.log" 2>&1
        apt-get install -y -q --no-install-recommends $packages >> "$out/apt.log" 2>&1 ||
            echo "not everything could be installed: $out/apt.log" >&2
    }
    # the two flavours of libjwt exclude each other as packages, not as libraries
    if [ ! -d "$out/gnutls" ]; then
        (cd "$out" && apt-get download -q libjwt-gnutls0 >> apt.log 2>&1 &&
            dpkg -x libjwt-gnutls0_*.deb gnutls)
    fi
else
    echo "not root, or no apt-get: compared with what is installed of:" $packages >&2
fi

sh $src/run.sh || exit 1
if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2> /dev/null; then
    QUICK=$QUICK sh tests/js/run.sh bench || exit 1
else
    echo 'node 20 or newer is not here: the packages of npm are left out'
fi

# ---- what README.md shows ---------------------------------------------------------------------------------

[ -z "$QUICK" ] || exit 0
cp "$out/results.tsv" $src/results.tsv
for plot in peers sessions; do awk -v plot=$plot -f $src/plot.awk $src/results.tsv > $src/$plot.svg; done
sh $src/readme.sh
