#!/bin/sh
# run.sh NAME FILE... - what `make interop` and `make web-check` do: installs the packages that
# tests/NAME/package-lock.json fixes into build/NAME, then runs the test files. Nothing but that installation
# uses the network, and nothing is written outside build/.

cd "$(dirname "$0")/../.." || exit 2
name=$1; shift
out=build/$name

give_up() { echo "FAILED $*"; echo "$name: 0 passed, 1 failed"; exit 1; }

command -v node > /dev/null || give_up 'node is missing: apt-get install nodejs npm'
command -v npm  > /dev/null || give_up 'npm is missing: apt-get install npm'
if [ "$name" = web ]; then
    CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser)}
    [ -n "$CHROMIUM" ] || give_up 'chromium is missing: apt-get install chromium'
    export CHROMIUM
fi
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || give_up 'node 18 or newer is needed'

! grep -n '://' "tests/$name/package-lock.json" ||
    give_up "tests/$name/package-lock.json names a host: take out 'resolved' and 'funding'"
if ! cmp -s "tests/$name/package-lock.json" "$out/installed"; then
    mkdir -p "$out" && rm -f "$out/installed"
    cp "tests/$name/package.json" "tests/$name/package-lock.json" "$out" || exit 2
    (cd "$out" && npm ci --fetch-retries=5 --ignore-scripts --no-audit --no-fund --loglevel=error) > "$out/npm.log" 2>&1 ||
        { cat "$out/npm.log"; give_up "npm ci in $out"; }
    cp "tests/$name/package-lock.json" "$out/installed"
fi

NODE_PATH=$PWD/$out/node_modules OUT=$out exec node "tests/$name/$name.js" "$@"
