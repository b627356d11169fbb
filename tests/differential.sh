#!/bin/sh
# differential.sh - what `make differential` does: tokenauth.h and others over the same random input. See
# tests/differential/differential.mjs. From the environment: CC, CASES (100000), SEED.
# Needs node 20, npm, and the headers of SQLite and OpenSSL; the libraries of npm go into build/differential.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/differential
mkdir -p "$OUT" || exit 2
install() { npm ci --no-audit --no-fund --silent; }
sum() { echo "differential: $1 passed, $2 failed"; }

for tool in node npm; do
    command -v "$tool" > /dev/null || { echo "make differential needs $tool"; sum 0 1; exit 1; }
done
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || { echo 'make differential needs node 20 or later'; sum 0 1; exit 1; }
$CC -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -o "$OUT/peer" tests/differential/peer.c \
    -lsqlite3 -lcrypto || { echo 'it needs libsqlite3-dev and libssl-dev'; sum 0 1; exit 1; }
if ! cmp -s tests/differential/package-lock.json "$OUT/package-lock.json" || [ ! -d "$OUT/node_modules" ]; then
    cp tests/differential/package.json tests/differential/package-lock.json "$OUT/" &&
    (cd "$OUT" && { install || { sleep 10; install; }; }) || { echo 'npm ci failed'; sum 0 1; exit 1; }
fi
cp tests/differential/differential.mjs "$OUT/"
node "$OUT/differential.mjs" "$OUT/peer" "${CASES:-100000}" "${SEED:-20260101}"
