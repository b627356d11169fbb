#!/bin/sh
# wp.sh - proves with Frama-C's WP what README.md lists: for every length, in the portable C of tokenauth.h

cd "$(dirname "$0")/../.." || exit 2
[ "$1" != --help ] || {
    cat << 'END'
sh tests/proofs/wp.sh            every function, then every planted bug: a few minutes on two cores
sh tests/proofs/wp.sh utf8 ^ta_  only the functions whose name one of these patterns is in
PLANTS=no                        without the planted bugs          JOBS=2   provers at once
Goals, what Frama-C said, and the annotated code: build/proofs/wp/
needs: frama-c-base why3 cvc4 (Debian), python3
END
    exit 0
}
for tool in frama-c why3 cvc4 ocamlopt python3; do
    command -v $tool > /dev/null && continue
    echo "FAILED $tool is missing: apt-get install frama-c-base why3 cvc4 python3"
    echo 'wp: 0 passed, 1 failed'
    exit 1
done
HOME=$PWD/build/proofs/wp           # why3 keeps there which provers it found; nobody else's is touched
WHY3CONFIG=$HOME/why3.conf
export HOME WHY3CONFIG
rm -rf "$HOME" && mkdir -p "$HOME"
why3 config detect > "$HOME/why3.log" 2>&1 || { cat "$HOME/why3.log"; echo 'wp: 0 passed, 1 failed'; exit 1; }
exec python3 tests/proofs/wp/wp.py "$@"
