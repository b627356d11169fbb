#!/bin/sh
# run.sh - finds CBMC, or makes a Debian 13 system to run it in (Debian 12 has none), and starts prove.py.

cd "$(dirname "$0")/../../.." || exit 2
stop() { echo "FAILED $*"; echo 'cbmc: 0 passed, 1 failed'; exit 1; }

version=$(cbmc --version 2> /dev/null | cut -d. -f1)
[ "${version:-0}" -lt 6 ] || exec python3 tests/proofs/cbmc/prove.py

ROOT=${PROOFS_ROOT:-$PWD/build/proofs/trixie}
PATH=$PATH:/usr/sbin:/sbin

# Where the machine itself gets its packages from: "deb" lines, .sources files, mirror lists.
mirror() {
    . /etc/os-release
    from=$(apt-get update --print-uris 2> /dev/null |
        sed -n "s|^'\(.*\)/dists/$VERSION_CODENAME/InRelease'.*|\1|p" | head -n 1)
    case $from in
    mirror+file:*) sed -n '1s/[[:space:]].*//p; 1p' "${from#mirror+file:}" | head -n 1 ;;
    *)             echo "$from" ;;
    esac
}

fetch_root() { # $1 mirror
    rm -rf "$ROOT" "$ROOT.new"
    mkdir -p "$ROOT.new" || stop "$ROOT.new cannot be made"
    debootstrap --variant=minbase --include=cbmc,gcc,libc6-dev trixie "$ROOT.new" "$1" > "$ROOT.log" 2>&1
}

make_root() {
    [ "$(id -u)" = 0 ] || stop "there is no cbmc 6 here, and making a Debian 13 system in $ROOT takes root"
    command -v debootstrap > /dev/null || stop 'there is no cbmc 6 here, and no debootstrap to get one with'
    from=$(mirror)
    [ -n "$from" ] || stop 'apt names no mirror to take Debian 13 from'
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || export http_proxy="${http_proxy:-$proxy}"
    echo 'making a Debian 13 system with CBMC in it: about a minute'
    fetch_root "$from" ||                               # a mirror may have hiccups
        { sleep 5; fetch_root "$from"; } || { sleep 30; fetch_root "$from"; } ||
        stop "debootstrap: $(tail -n 1 "$ROOT.log"); see $ROOT.log"
    mv "$ROOT.new" "$ROOT"
}

has_cbmc() { chroot "$ROOT" cbmc --version > /dev/null 2>&1; }

mkdir -p "$(dirname "$ROOT")" || exit 2
(
    flock 9
    has_cbmc || make_root || exit 1
    has_cbmc || stop "the cbmc in $ROOT does not run"
) 9> "$ROOT.lock" || exit 1
PROOFS_ROOT=$ROOT exec python3 tests/proofs/cbmc/prove.py
