#!/bin/sh
# store_servers.sh - three demo servers on one store behave as one. Run by tests/stores.sh, which sets
# STORE (what --store takes) and DIR (a directory, removed afterwards). Needs build/server-stores, curl.

cd "$(dirname "$0")/.." || exit 2
passed=0; failed=0; pids=
check() { # NAME WANTED GOT
    if [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    echo "FAILED $1: $3, not $2"
}
trap 'for p in $pids; do kill -9 $p 2> /dev/null; done' EXIT

start() { # N        a server of its own directory; sets url_N
    build/server-stores --port 0 --pbkdf2 1000 --data "$DIR/$1" --store "$STORE" --log "$DIR/$1.log" \
        > "$DIR/$1.out" 2> "$DIR/$1.err" &
    eval "pid_$1=$!"
    pids="$pids $!"
    tries=0
    until grep -q -s 'Ctrl-C' "$DIR/$1.out"; do
        tries=$((tries + 1))
        if [ $tries -ge 600 ]; then
            echo "FAILED server $1 did not start"; cat "$DIR/$1.err"
            echo 'servers: 0 passed, 1 failed'; exit 1
        fi
        sleep 0.1
    done
    eval "url_$1=$(sed -n 's|^tokenauth demo server: \(http://.*\)/$|\1|p' "$DIR/$1.out")"
}
url() { eval "echo \$url_$1"; }
post() { # N PATH BODY [curl-option...]        prints the body and sets $DIR/code
    n=$1; path=$2; body=$3; shift 3
    curl -s -m 20 -o "$DIR/body" -w '%{http_code}' -H 'Content-Type: application/json' "$@" -d "$body" \
        "$(url "$n")$path" > "$DIR/code"
}
get() { # N PATH ACCESS
    curl -s -m 20 -o "$DIR/body" -w '%{http_code}' -H "Authorization: Bearer $3" "$(url "$1")$2" > "$DIR/code"
}
code() { cat "$DIR/code"; }
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$DIR/body"; }
login() { # N        sets A, R
    post "$1" /login '{"username":"alice","password":"alice-likes-tea"}'
    A=$(field accessToken); R=$(field refreshToken)
}
refresh() { post "$1" /auth/refresh '{"refresh_token":"'"$2"'"}'; }

start 1
for n in 2 3; do mkdir "$DIR/$n" && cp "$DIR/1/secret" "$DIR/1/users" "$DIR/$n/"; done
start 2; start 3

login 1;                        check 'login at one' 200 "$(code)"
get 2 /test_jwt "$A";           check 'its access token at another' 200 "$(code)"
refresh 2 "$R";                 check 'refresh at another' 201 "$(code)"
OLD=$R; R=$(field refreshToken)
get 3 /sessions "$A"
check 'the third lists the one session' 1 "$(grep -o '"id":' "$DIR/body" | wc -l | tr -d ' ')"

# one token at three servers at once, thirty times: all are answered, and all alike
i=0; asked=
while [ $i -lt 30 ]; do
    curl -s -m 20 -H 'Content-Type: application/json' -d '{"refresh_token":"'"$R"'"}' \
        "$(url $((i % 3 + 1)))/auth/refresh" > "$DIR/race$i" &
    asked="$asked $!"
    i=$((i + 1))
done
# shellcheck disable=SC2086
wait $asked
check 'thirty at once' 30 "$(cat "$DIR"/race* | grep -o '"refreshToken"' | wc -l | tr -d ' ')"
check 'with one successor' 1 \
    "$(cat "$DIR"/race* | grep -o '"refreshToken":"[^"]*"' | sort -u | wc -l | tr -d ' ')"
R=$(sed -n 's/.*"refreshToken":"\([^"]*\)".*/\1/p' "$DIR/race0")

# one is killed and comes back; nobody is logged out, and nobody who was logged out is back
eval "kill -9 \$pid_2; wait \$pid_2 2> /dev/null"
refresh 3 "$R";                 check 'refresh while one is dead' 201 "$(code)"
rm -f "$DIR/2.out"; start 2
refresh 2 "$(field refreshToken)"; check 'refresh at the one that came back' 201 "$(code)"
R=$(field refreshToken)
post 3 /logout '{"refresh_token":"'"$R"'"}'; check 'logout at the third' 200 "$(code)"
refresh 1 "$R";                 check 'is logout at the first' 401 "$(code)"
get 2 /test_jwt "$A";           check 'and ends the access token at the second' 401 "$(code)"

login 1; R1=$R; A1=$A
login 2; R2=$R
post 3 /logout/all '' -H "Authorization: Bearer $A1"; check 'logout everywhere' 200 "$(code)"
refresh 1 "$R2";                check 'ends the login of another server' 401 "$(code)"
refresh 2 "$R1";                check 'and its own' 401 "$(code)"
refresh 2 "$OLD";               check 'a token of long ago' 401 "$(code)"

for n in 1 2 3; do
    eval "kill -TERM \$pid_$n; wait \$pid_$n"
    check "server $n ends cleanly" 0 $?
done
pids=
echo "servers: $passed passed, $failed failed"
[ "$failed" = 0 ]
