#!/bin/sh
# server.sh - what `make server-check` does: builds the demo server with sanitizers and tries each path, each
# outcome of a refresh, each refusal, hostile and slow clients, a thousand connections, and a restart.
#
# POSIX sh, a C compiler, curl and wrk. From the environment: CC, SANITIZE ("no": never).
# Every server of this test listens on a port that the system chooses and is ended by its own number.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/server-test
rm -rf "$OUT" && mkdir -p "$OUT" || exit 2
passed=0; failed=0
LC_ALL=C; export LC_ALL
for tool in curl wrk; do
    command -v $tool > /dev/null || { echo "FAILED $tool is not installed"; echo 'server: 0 passed, 1 failed'; exit 1; }
done

good()  { passed=$((passed + 1)); }
bad()   { failed=$((failed + 1)); echo "FAILED $1"; }
check() { name=$1; shift; if "$@"; then good; else bad "$name"; fi; }

# ---- build: warnings are errors, sanitizers where the compiler has them ------------------------------

WARN='-std=c99 -D_POSIX_C_SOURCE=200809L -pedantic -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
    -Wcast-qual -Wundef -Wvla -Wmissing-prototypes -Werror'
SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
echo 'int main(void) { return 0; }' > "$OUT/probe.c"
FLAGS='-g -O1'
if [ "$SANITIZE" != no ] && $CC $SAN -o "$OUT/probe" "$OUT/probe.c" 2> /dev/null && "$OUT/probe"; then FLAGS="$FLAGS $SAN"; fi
ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1; UBSAN_OPTIONS=abort_on_error=1
export ASAN_OPTIONS UBSAN_OPTIONS

build() { # NAME flag or file...
    bin=$1; shift
    "$@" -o "$OUT/$bin" > "$OUT/log" 2>&1 && { good; return; }
    bad "build $bin"; head -n 30 "$OUT/log"; echo "server: $passed passed, $failed failed"; exit 1
}
build server $CC $WARN $FLAGS examples/server/*.c -pthread
build server-O2 $CC $WARN -O2 examples/server/*.c -pthread
build client $CC $WARN $FLAGS tests/server_client.c
build units  $CC $WARN $FLAGS tests/server_units.c examples/server/files.c

"$OUT/units" > "$OUT/units.out" || true
units=$(sed -n 's/^units: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$OUT/units.out")
if [ -n "$units" ]; then
    passed=$((passed + ${units% *})); failed=$((failed + ${units#* }))
    grep -v '^units: ' "$OUT/units.out"
else
    bad 'the unit tests printed no sum'; cat "$OUT/units.out"
fi

# ---- servers: one at a time, with a number each -------------------------------------------------------

S=0; pid=; MOST=                        # MOST: no file may grow beyond so many blocks
start() { # option...        sets URL, PORT, pid; its output is in $OUT/S.out, its log in $OUT/S.log
    S=$((S + 1))
    (
        [ -z "$MOST" ] || ulimit -f "$MOST"
        exec "$OUT/${SERVER:-server}" --port 0 --pbkdf2 1000 --log "$OUT/$S.log" "$@"
    ) > "$OUT/$S.out" 2> "$OUT/$S.err" &
    pid=$!
    tries=0
    until grep -q -s 'Ctrl-C' "$OUT/$S.out"; do
        tries=$((tries + 1))
        if [ $tries -gt 1200 ] || ! kill -0 $pid 2> /dev/null; then
            bad "server $S ($*) did not start"; cat "$OUT/$S.err"; echo "server: $passed passed, $failed failed"; exit 1
        fi
        sleep 0.1
    done
    URL=$(sed -n 's|^tokenauth demo server: \(http://.*\)/$|\1|p' "$OUT/$S.out")
    PORT=${URL##*:}
}
stop() { # the signal, then a clean end: status 0, nothing from the sanitizers, no leak
    kill -TERM $pid
    wait $pid
    rc=$?
    if [ $rc = 0 ] && [ ! -s "$OUT/$S.err" ]; then good; else bad "server $S ended with $rc"; head -n 40 "$OUT/$S.err"; fi
    pid=
}
stop_lossy() { # the same of a server whose log did not fit
    kill -TERM $pid
    wait $pid
    rc=$?
    if [ $rc = 1 ] && [ "$(grep -c '' "$OUT/$S.err")" = 1 ] && grep -q 'server: the log cannot be written' "$OUT/$S.err"
    then good; else bad "server $S ended with $rc"; head -n 40 "$OUT/$S.err"; fi
    pid=
}
trap '[ -z "$pid" ] || kill -KILL $pid' EXIT

# ---- requests ------------------------------------------------------------------------------------------

H=$OUT/head; B=$OUT/body; JAR=$OUT/jar
ask() { # METHOD PATH BODY curl-option...      sets code; the answer is in $H and $B
    method=$1; path=$2; data=$3; shift 3
    code=$(curl -s -m 60 -o "$B" -D "$H" -w '%{http_code}' -X "$method" -H "Content-Type:${TYPE- application/json}" \
        ${data:+--data-binary "$data"} "$@" "$URL$path")
}
want() { # NAME CODE [PATTERN...]     each pattern is in the answer
    what=$1
    [ "$code" = "$2" ] || { bad "$what: $code, not $2: $(head -c 300 "$B")"; return; }
    shift 2
    for pattern; do
        grep -q -e "$pattern" "$H" "$B" || { bad "$what: no \"$pattern\" in: $(cat "$H") $(head -c 300 "$B")"; return; }
    done
    good
}
wantno() { # NAME PATTERN         it is not in the answer
    if grep -q -i -e "$2" "$H" "$B"; then bad "$1: $2 is in $(cat "$H" "$B")"; else good; fi
}
field() { sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p' "$B"; }
login() { # USER PASSWORD curl-option...        sets A, R, SID
    user=$1; pass=$2; shift 2
    ask POST /login '{"username":"'"$user"'","password":"'"$pass"'"}' "$@"
    A=$(field accessToken); R=$(field refreshToken); SID=$(field sid)
}
alice() { login alice alice-likes-tea "$@"; }
admin() { login admin admin-sees-all "$@"; }
with() { ask "$1" "$2" "$3" -H "Authorization: Bearer $4"; }              # METHOD PATH BODY ACCESS
refresh() { ask POST /auth/refresh '{"refresh_token":"'"$1"'"}'; R=$(field refreshToken); }
logged() { # NAME PATTERN        the server's log has such a line; it writes line by line
    if grep -q -e "$2" "$OUT/$S.log"; then good; else bad "$1: not in the log: $2"; tail -n 3 "$OUT/$S.log"; fi
}

# ---- each path -----------------------------------------------------------------------------------------

paths() {
    ask GET /healthz '';                     want healthz 200 '{"status":"ok"}'
    ask GET / '';                            want page 200 'text/html' "default-src 'none'; script-src 'self'" nosniff DENY
    rm -f "$JAR"; alice -c "$JAR" -A 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    want login 200 '"accessToken":"eyJ' '"refreshToken":"E' '"roles":\["user"\]' '"expiresIn":900' \
        'Set-Cookie: __Host-refresh=E.*; Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict'
    A1=$A; SID1=$SID
    wantno 'no access token in a cookie' 'Set-Cookie: .*eyJ[a-z0-9_-]*\.'
    with GET /test_jwt '' "$A1";             want test_jwt 200 '"valid":true' '"sub":"alice"' "\"sid\":\"$SID1\""
    with GET /users '' "$A1";                want users 200 '"username":"bob"'
    wantno 'users: who is suspended' suspended
    alice -A curl/8; A2=$A; R2=$R; SID2=$SID
    with GET /sessions '' "$A1"
    want sessions 200 '"label":"Firefox on Linux"' '"label":"curl"' "\"id\":\"$SID1\".*\"current\":true" "$SID2"
    with DELETE "/sessions/$SID2" '' "$A1";  want 'end a session' 200 '{"ended":true}'
    with GET /test_jwt '' "$A2";             want 'its access token' 401
    refresh "$R2";                           want 'its refresh token' 401 '"client":"login"'
    with DELETE "/sessions/$SID2" '' "$A1";  want 'end it again' 404
    login bob bob-likes-coffee; BOB=$A
    with DELETE "/sessions/$SID1" '' "$BOB"; want "another user's session" 404
    with DELETE /sessions/nonsense '' "$BOB"; want 'no session at all' 404
    ask POST /auth/refresh '' -b "$JAR" -c "$JAR"
    want 'refresh by cookie' 201 '"accessToken":"eyJ' '"refreshToken"' Set-Cookie '"username":"alice"'
    ask POST /refresh_token '' -b "$JAR" -c "$JAR";       want 'refresh_token by cookie' 201 '"refreshToken"'
    ask POST /auth/refresh '' -b "$JAR" -c "$JAR" -H "Origin: $URL" -H 'Sec-Fetch-Site: same-origin'
    want 'refresh of a browser' 201 Set-Cookie; wantno 'a browser gets no token for its scripts' refreshToken
    alice; refresh "$R";                     want 'refresh by body' 201 '"refreshToken":"E'
    wantno 'a token in the body sets no cookie' Set-Cookie
    ask POST /refresh_token '{"refreshToken":"'"$R"'"}'; want 'the other spelling' 201; R=$(field refreshToken)
    ask POST /token '{"username":"alice","refreshToken":"'"$R"'"}'; want token 200 '"accessToken"'; R=$(field refreshToken)
    ask POST /token '{"username":"bob","refreshToken":"'"$R"'"}';   want "token, another's" 401 invalid_grant
    refresh "$R";                            want 'which did not spend it' 201
    A=$(field accessToken)
    ask POST /logout '{"refresh_token":"'"$R"'"}' -H "Authorization: Bearer $A"; want logout 200 '{"loggedOut":true}'
    logged 'logout is logged' '"event":"logout","user":"alice","sid":"'"$SID"
    with GET /test_jwt '' "$A";              want 'access after logout' 401
    refresh "$R";                            want 'refresh after logout' 401 '"client":"login"'
    wantno 'a refusal clears no cookie' Set-Cookie
    alice -H 'Cookie: __Host-refresh=garbage'; want 'login over a garbage cookie' 200
    alice; R1=$R; alice -H "Cookie: __Host-refresh=$R1"; want 'login over an old session' 200
    refresh "$R1";                           want 'which it replaces' 401
    ask POST /logout '' -b "$JAR" -c "$JAR"; want 'logout by cookie' 200 '__Host-refresh=; Path=/; Max-Age=0; Secure'
    check 'the jar is empty' [ "$(grep -c refresh "$JAR")" = 0 ]
    ask POST /auth/refresh '' -b "$JAR";     want 'refresh without any token' 401 invalid_grant 'WWW-Authenticate: Bearer'
    login bob bob-likes-coffee; RB=$R; alice; SIDA=$SID
    ask POST /logout '{"refresh_token":"'"$RB"'"}' -H "Authorization: Bearer $A"; want "logout of another's session" 200
    logged 'that is logged' '"event":"logout",.*another session'
    if grep -q '"event":"logout".*'"$SIDA" "$OUT/$S.log"; then bad 'a session that lives is logged as ended'; else good; fi
    alice; A1=$A; R1=$R; alice; A2=$A; R2=$R
    with POST /logout/all '' "$A2";          want 'logout all' 200 'Max-Age=0'
    with GET /test_jwt '' "$A1";             want 'the other device' 401
    refresh "$R1";                           want 'its refresh token' 401
    refresh "$R2";                           want 'and this one' 401
    with GET /test_jwt '' "$BOB";            want 'another user lives' 200
    logged 'login is logged' '"event":"login","user":"alice","sid":"'
    logged 'logout all is logged' '"event":"ended_all","user":"alice"'
}

administrators() {
    alice; A1=$A; R1=$R
    with POST /admin/suspend '{"username":"bob"}' "$A1"; want 'no admin' 403 insufficient_scope 'WWW-Authenticate: .*scope="admin"'
    with POST /token/reject '{"accessToken":"x"}' "$A1"; want 'no admin here' 403
    ask POST /admin/suspend '{"username":"bob"}';        want 'nobody at all' 401
    admin; ADM=$A
    with GET /users '' "$ADM";               want 'users for an admin' 200 '"suspended":false'
    with POST /admin/suspend '{"username":"alice","suspended":true}' "$ADM"; want suspend 200 '"suspended":true'
    with GET /test_jwt '' "$A1";             want 'access of a suspended user' 401
    refresh "$R1";                           want 'refresh of a suspended user' 401 '"client":"login"'
    logged 'why is in the log' '"event":"refresh_refused".*TA_ERR_SUSPENDED'
    alice;                                   want 'login of a suspended user' 403 access_denied
    login alice wrong-password;              want 'with a wrong password' 401 invalid_credentials
    with POST /admin/suspend '{"username":"alice","suspended":false}' "$ADM"; want unsuspend 200 '"suspended":false'
    refresh "$R1";                           want 'the session goes on' 201
    R1=$R; A1=$(field accessToken)
    mv "$OUT/data/users" "$OUT/data/users.kept" && mkdir "$OUT/data/users"
    with POST /admin/suspend '{"username":"alice"}' "$ADM"; want 'a change that cannot be kept' 503 Retry-After
    rmdir "$OUT/data/users" && mv "$OUT/data/users.kept" "$OUT/data/users"
    with GET /test_jwt '' "$A1";             want 'is not made' 200
    with POST /admin/suspend '{"username":"admin"}' "$ADM";  want 'oneself' 409
    with POST /admin/suspend '{"username":"carol"}' "$ADM";  want 'nobody' 404
    with POST /token/reject '{"accessToken":"'"$A1"'"}' "$ADM"; want 'reject an access token' 200 '{"rejected":true}'
    with GET /test_jwt '' "$A1";             want 'it is dead at once' 401
    logged 'by the deny-list' TA_ERR_DENIED
    refresh "$R1";                           want 'its session lives' 201
    R1=$R; A1=$(field accessToken)
    with GET /test_jwt '' "$A1";             want 'with a new one' 200
    with POST /token/reject '{"refreshToken":"'"$R1"'"}' "$ADM"; want 'reject a refresh token' 200
    with GET /test_jwt '' "$A1";             want 'the session is over' 401
    refresh "$R1";                           want 'for both' 401
    with POST /token/reject '{"refreshToken":"nonsense"}' "$ADM"; want 'reject nonsense' 400
    with POST /token/reject '{"accessToken":"nonsense"}' "$ADM";  want 'reject nonsense' 400
    with POST /token/reject '{"accessToken":"a","refreshToken":"b"}' "$ADM"; want 'reject two' 400
    with POST /token/reject '{}' "$ADM";     want 'reject none' 400
}

passwords() {
    alice; A1=$A; R1=$R; alice; A2=$A; R2=$R; login bob bob-likes-coffee; RB=$R
    change='"newPassword":"alice-likes-cocoa"'
    with POST /account/password '{"oldPassword":"wrong",'"$change"'}' "$A1"; want 'wrong old password' 401 invalid_credentials
    with POST /account/password '{"oldPassword":"alice-likes-tea","newPassword":"short"}' "$A1"; want 'short new one' 400
    with POST /account/password '{"oldPassword":"alice-likes-tea"}' "$A1";   want 'no new one' 400
    ask POST /account/password '{"oldPassword":"alice-likes-tea",'"$change"'}'; want 'no login' 401
    with POST /account/password '{"oldPassword":"alice-likes-tea",'"$change"',"refresh_token":"'"$R1"'"}' "$A1"
    want 'password change' 200 '"thisSession":"kept"'
    with GET /test_jwt '' "$A1";             want 'this session' 200
    refresh "$R1";                           want 'refreshes' 201; R1=$R
    with GET /test_jwt '' "$A2";             want 'the other device' 401
    refresh "$R2";                           want 'does not refresh' 401
    alice;                                   want 'the old password' 401
    login alice alice-likes-cocoa;           want 'the new password' 200; R2=$R
    # with somebody else's refresh token nothing of his may end
    with POST /account/password '{"oldPassword":"alice-likes-cocoa","newPassword":"alice-likes-tea","refresh_token":"'"$RB"'"}' "$A"
    want "with bob's token" 200 '"thisSession":"ended"'
    refresh "$RB";                           want 'bob lives' 201
    refresh "$R1";                           want 'her sessions do not' 401
    refresh "$R2";                           want 'none of them' 401
    alice;                                   want 'the first password again' 200
}

outcomes() { # this server has no window, so that nothing must be waited for
    alice; A1=$A; R0=$R; alice; RO=$R
    refresh "$R0";                           want 'rotation' 201; R1=$R
    check 'another token' [ "$R0" != "$R1" ]
    refresh "$R1";                           want 'again' 201; R2=$R
    refresh "$R0";                           want 'replay' 401 '"error":"invalid_grant"' '"client":"login"' 'error="invalid_token"'
    logged 'replay is logged' '"event":"replay","user":"alice"'
    refresh "$R2";                           want 'ends that session' 401
    with GET /test_jwt '' "$A1";             want 'access tokens too' 401
    refresh "$RO";                           want 'the other device lives' 201
    alice; R0=$R; KEY=AAECAwQFBgcICQoLDA0ODw
    ask POST /debug/drop '{"count":1}';      want 'drop one answer' 200 '"drop":1'
    ask POST /auth/refresh '{"refresh_token":"'"$R0"'","retryKey":"'$KEY'"}'; check 'lost: no answer at all' [ "$code" = 000 ]
    ask POST /auth/refresh '{"refresh_token":"'"$R0"'","retryKey":"'$KEY'"}'; want 'retry with the key' 201; R1=$(field refreshToken)
    ask POST /auth/refresh '{"refresh_token":"'"$R0"'"}' -H "Refresh-Retry-Key: $KEY"; want 'key in a header' 201
    check 'the same successor' [ "$R1" = "$(field refreshToken)" ]
    logged 'late retry is logged' '"event":"late_retry","user":"alice"'
    refresh "$R1";                           want 'and on' 201; R2=$R
    ask POST /auth/refresh '{"refresh_token":"'"$R1"'","retryKey":"'$KEY'"}'; want 'a key that was not given' 401
    refresh "$R2";                           want 'was a replay' 401
    alice
    for k in AAECAwQFBgcICQoLDA0OD AAECAwQFBgcICQoLDA0ODx AAECAwQFBgcICQoLDA0ODw== 'a b' AAECAwQFBgcICQoLDA0ODxA; do
        ask POST /auth/refresh '{"refresh_token":"'"$R"'","retryKey":"'"$k"'"}'; want "retry key $k" 400 'retry key'
    done
    refresh "$R";                            want 'none of them spent it' 201
    ask POST /debug/store '{"fail":3}';      want 'the store will fail' 200
    refresh "$R";                            want 'store failure' 503 '"client":"keep"' 'Retry-After: [1-9]' '"retryAfter":[1-9]'
    ask POST /debug/store '{"fail":1}'
    ask GET /healthz '';                     want 'healthz then' 503 Retry-After
    ask POST /debug/store '{"fail":1}'; alice; want 'login then' 503 Retry-After
    ask POST /debug/store '{"fail":0}'
    alice; ask POST /debug/store '{"fail":1}'; with GET /test_jwt '' "$A"; want 'access then' 503 Retry-After
    ask POST /debug/store '{"fail":9}'
    ask POST /logout '{"refresh_token":"'"$R"'"}'; want 'logout then' 503 '"client":"keep"'
    wantno 'nothing is cleared' Set-Cookie
    ask POST /debug/store '{"fail":0}'
    refresh "$R";                            want 'and now' 201
    ask POST /debug/store '{"fail":-1}';     want 'a negative count' 400
    rm -f "$JAR"; alice -c "$JAR"
    ask POST /debug/steal '' -b "$JAR";      want steal 200 "\"refreshToken\":\"$R\""
    ask POST /debug/steal '';                want 'nothing to steal' 404
    for t in '' x EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "${R}A" "$(printf %.100d 0)"; do
        refresh "$t";                        want "no token of ours: $t" 401 '"client":"login"'
    done
}

bound() { # a session bound to a browser by a fingerprint cookie
    rm -f "$JAR"
    ask POST /login '{"username":"alice","password":"alice-likes-tea","bind":true}' -c "$JAR"
    want 'login, bound' 200 'Set-Cookie: __Host-fingerprint=.*HttpOnly; SameSite=Strict'
    A=$(field accessToken); R=$(field refreshToken)
    ask GET /test_jwt '' -H "Authorization: Bearer $A" -b "$JAR"; want 'with its cookie' 200 '"fingerprint"'
    with GET /test_jwt '' "$A";              want 'a stolen access token' 401
    refresh "$R";                            want 'a stolen refresh token' 401
    logged 'binding is logged' '"event":"binding","user":"alice"'
    ask POST /auth/refresh '' -b "$JAR" -c "$JAR"; want 'the browser goes on' 201
    A=$(field accessToken)
    ask GET /test_jwt '' -H "Authorization: Bearer $A" -b "$JAR"; want 'bound as well' 200
    with GET /test_jwt '' "$A";              want 'and of no use alone' 401
    ask POST /debug/store '{"fail":1}'
    ask POST /login '{"username":"alice","password":"alice-likes-tea","bind":true}' -b "$JAR" -c "$JAR"
    want 'a bound login that fails' 503;     wantno 'gives no fingerprint' Set-Cookie
    ask POST /auth/refresh '' -b "$JAR" -c "$JAR"; want 'the session that was there goes on' 201
    ask POST /login '{"username":"alice","password":"alice-likes-tea"}' -b "$JAR" -c "$JAR"; want 'login over it' 200
    ask POST /auth/refresh '' -b "$JAR" -c "$JAR"; want 'an unbound session beside a fingerprint' 201
}

guess() { # NAME      at least five may be wrong; each wait is longer than the last, so a slow machine gets there too
    i=0; code=401
    while [ "$code" = 401 ] && [ $i -lt 12 ]; do login "$1" guess-$i; i=$((i + 1)); done
    check "$i guesses" [ $i -gt 5 ]
}
guesses() { # of a server that has seen no wrong password: two names may share a count
    guess bob;                               want 'one too many' 429 'Retry-After: [1-9]' slow_down
    logged 'failures are logged' '"event":"login_failed","user":"bob".*wrong password'
    sleep "$(($(sed -n 's/^Retry-After: \([0-9]*\).*/\1/p' "$H") + 1))"
    login bob bob-likes-coffee;              want 'after a moment' 200
    guess mallory;                           want 'one too many, of a name that is not there' 429 'Retry-After: [1-9]' slow_down
    wantno_log 'what was typed as name or password' -e mallory -e guess -e likes
}
wantno_log() { # NAME pattern...       not in the log
    what=$1; shift
    if grep -q "$@" "$OUT/$S.log"; then bad "$what is in the log"; else good; fi
}
no_secrets() { # refresh tokens have 50 characters, session ids 22, and a dot is in access tokens alone
    alice; A1=$A; refresh "$R"; R1=$R; login mallory guess; with GET /test_jwt '' "${A1}x"
    check 'an access token looks like one' [ "$(echo "$A1" | grep -c 'eyJ[^"]*\.')" = 1 ]
    check 'a refresh token looks like one' [ "$(echo "$R1" | grep -c '[A-Za-z0-9_-]\{49\}')" = 1 ]
    wantno_log 'a secret' -e mallory -e guess -e likes -e 'eyJ[^"]*\.' -e '[A-Za-z0-9_-]\{49\}'
}

# Times in milliseconds. A busy machine may be slow at any moment, so a comparison is made up to five times,
# with other names each time: too many wrong guesses of one are answered at once.
timed_login() { ms=$(curl -s -m 60 -o /dev/null -w '%{time_total}' -H 'Content-Type: application/json' \
    -d '{"username":"'"$1"'","password":"not this one"}' "$URL/login" | awk '{ printf "%d", $1 * 1000 }'); }
slow_passwords() { # a name that does not exist takes as long; and meanwhile others are served
    for pair in alice-nobody bob-noone admin-none alice-nil bob-null; do
        timed_login "${pair%-*}"; known=$ms
        timed_login "${pair#*-}"; unknown=$ms
        [ $((unknown * 2)) -le "$known" ] || break
    done
    check "$known ms for a user, $unknown ms for none" [ $((unknown * 2)) -gt "$known" ]
    check 'long enough to see it' [ "$known" -gt 50 ]
    for name in carol dave erin frank grace; do timed_login $name & done
    timed_login heidi & waiting=$!
    served=0
    while kill -0 $waiting 2> /dev/null; do ask GET /healthz ''; served=$((served + 1)); done
    check "$served others were served while six passwords were checked" [ "$served" -gt 8 ]
    hold 40 "$(printf 'POST /login HTTP/1.1\r\nHost: localhost:%s\r\nContent-Type: application/json\r\n%s\r\n\r\n%s' \
        "$PORT" 'Content-Length: 31' '{"username":"a","password":"b"}')" busy_twice
    check "$open of 40 logins wait, 32 may" [ "$open" -le 32 ]
}

# ---- bad input -----------------------------------------------------------------------------------------

bad_input() {
    alice
    for data in '{' '[]' '"a"' 'null' '{"a":1,"a":2}' '{"username":"alice",}' "$(printf '{"a":"\\377"}')" 'x'; do
        ask POST /login "$data";             want "body $data" 400 invalid_request
    done
    deep=$(printf '[%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34)
    ask POST /login "{\"a\":$deep";          want 'deep JSON' 400
    ask POST /login '';                      want 'no body' 400 'username is missing'
    ask POST /login '{"username":"alice"}';  want 'no password' 400 'password is missing'
    ask POST /login '{"username":7,"password":"x"}'; want 'a number' 400 'username is no string'
    ask POST /login '{"username":"a\u0000b","password":"x"}'; want 'U+0000' 400 'U+0000'
    ask POST /login '{"username":"alice","password":"'"$(printf %.129d 0)"'"}'; want 'a long password' 400 'too long'
    ask POST /login '{"username":"'"$(printf %.200d 0)"'","password":"x"}'; want 'a long name' 400 'too long'
    ask POST /login '{"username":"alice","password":"x","bind":1}'; want 'bind' 400
    ask POST /login "{\"a\":\"$(printf %.4090d 0)\"}"; want 'a long body' 413
    ask POST /auth/refresh '{"refresh_token":"a","refreshToken":"b"}'; want 'two tokens' 400
    ask POST /auth/refresh '{"refresh_token":5}'; want 'a number as token' 400
    ask POST /auth/refresh '' -H "Cookie: __Host-refresh=a; __Host-refresh=b"; want 'the cookie twice' 400
    for TYPE in '' ' text/plain' ' application/jsonp' ' application/x-www-form-urlencoded'; do
        ask POST /login '{}';                want "content type$TYPE" 415
    done
    TYPE=' Application/JSON; charset=utf-8'; ask POST /logout ''; want 'the type with a parameter' 401
    unset TYPE
    ask GET /nope '';                        want 'unknown path' 404 not_found
    ask GET /sessions/ '';                   want 'a path cut short' 404
    for p in /../server.c /..%2fserver.c /%2e%2e/server.c //etc/passwd /app.js/ /index.html '/app.js%00'; do
        code=$(curl -s --path-as-is -o "$B" -D "$H" -w '%{http_code}' "$URL$p"); want "path $p" 404
    done
    ask PUT /login '';                       want 'wrong method' 405 'Allow: POST'
    ask OPTIONS /login '' -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: POST'; want preflight 405
    wantno 'no CORS' access-control
    ask POST / '';                           want 'POST to the page' 405 'Allow: GET, HEAD'
    ask DELETE /sessions '';                 want 'DELETE of the list' 405 'Allow: GET, HEAD'
    ask GET "/healthz?$(printf %.1100d 0)" ''; want 'a long target' 414
    ask GET /healthz '' -H "X: $(printf %.9000d 0)"; want 'long headers' 431
    many=; i=0; while [ $i -lt 70 ]; do many="$many -H X$i:y"; i=$((i + 1)); done
    ask GET /healthz '' $many;               want 'many headers' 431
    for h in "Bearer $A x" 'Bearer' "Bearer ${A}x" 'Bearer a.b.c' "Bearer $(printf %.3000d 0)"; do
        ask GET /users '' -H "Authorization: $h"; want "Authorization: $h" 401 'error="invalid_token"'
    done
    ask GET /users '' -H 'Authorization: Basic YQ=='; want 'another scheme' 401 'WWW-Authenticate: Bearer realm="tokenauth demo".$'
    ask GET /users '';                       want 'no token' 401 'WWW-Authenticate: Bearer'
    # an evil label, name and User-Agent: data in the answer and in the log, never structure
    ask POST /login '{"username":"alice","password":"alice-likes-tea","label":"\"}]<script>\r\nX: y\u2028"}'
    want 'an evil label' 200; A=$(field accessToken)
    with GET /sessions '' "$A";              want 'comes back as data' 200 '\\"}\]<script>\\r\\nX: y'
    ask POST /login '{"username":"x\",\"event\":\"login\"\n{","password":"y"}' -A 'evil"agent'; want 'an evil name' 401
    if grep -v '^{"time":"[^"]*","event":"[a-z_]*"[^{]*}$' "$OUT/$S.log"; then bad 'a log line is out of form'; else good; fi
}

cross_site() {
    rm -f "$JAR"; alice -c "$JAR"
    for h in 'Origin: https://evil.example' 'Origin: null' "Origin: https://localhost:$PORT" "Origin: http://127.0.0.1:$PORT" \
             "Origin: $URL.evil.example" 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site'; do
        ask POST /auth/refresh '' -b "$JAR" -H "$h"; want "$h" 403 cross_site
        wantno 'nothing is given' accessToken
    done
    ask POST /auth/refresh '' -b "$JAR" -H "Origin: $URL"; want 'our own origin' 201
    for h in evil.example "evil.example:$PORT" "localhost:$((PORT + 1))" localhost "localhost:$PORT@evil.example"; do
        ask GET /healthz '' -H "Host: $h";   want "Host: $h" 421
    done
    for h in "127.0.0.1:$PORT" "[::1]:$PORT" "LocalHost:$PORT"; do ask GET /healthz '' -H "Host: $h"; want "Host: $h" 200; done
}

# ---- hostile and slow clients -----------------------------------------------------------------------------

raw() { # NAME WANTED ANSWERS TEXT [byte]         TEXT is printf's; HOST stands for a good Host line
    text=$(printf '%s' "$4" | sed "s/HOST/Host: localhost:$PORT\\\\r\\\\n/g")
    got=$(printf "$text" | "$OUT/client" "$PORT" send "$3" "${2##* }" $5)
    if [ "$got" = "$2" ]; then good; else bad "$1: $got, not $2"; fi
}
malformed() {
    G='GET /healthz HTTP/1.1\r\nHOST'
    L='POST /login HTTP/1.1\r\nHOSTContent-Type: application/json\r\n'
    raw 'one request'         '200 open'            1 "$G\r\n"
    raw 'byte by byte'        '200 open'            1 "$G\r\n" byte
    raw 'a body byte by byte' '400 open'            1 "${L}Content-Length: 2\r\n\r\n{}" byte
    raw 'pipelined'           '200 404 200 400 200 open' 5 "$G\r\nGET /x HTTP/1.1\r\nHOST\r\n$G\r\n${L}Content-Length: 2\r\n\r\n{}$G\r\n"
    raw 'pipelined login'     '401 200 open'        2 "${L}Content-Length: 31\r\n\r\n{\"username\":\"a\",\"password\":\"b\"}$G\r\n"
    raw 'empty line before'   '200 200 open'        2 "\r\n$G\r\n\r\n$G\r\n"
    raw 'close'               '200 closed'          2 "${G}Connection: close\r\n\r\n$G\r\n"
    raw 'HTTP/1.0'            '200 closed'          1 'GET /healthz HTTP/1.0\r\nHOST\r\n'
    raw 'HTTP/1.0, kept'      '200 open'            1 'GET /healthz HTTP/1.0\r\nHOSTConnection: keep-alive\r\n\r\n'
    raw 'HTTP/2'              '505 closed'          1 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
    raw 'bare line feeds'     '400 closed'          1 'GET /healthz HTTP/1.1\nHost: localhost\n\n'
    raw 'TLS'                 '400 closed'          1 '\026\003\001\002'
    raw 'a NUL'               '400 closed'          1 "${G}a: \\000\r\n\r\n"
    raw 'no Host'             '400 closed'          1 'GET /healthz HTTP/1.1\r\n\r\n'
    raw 'two Hosts'           '400 closed'          1 "${G}HOST\r\n"
    raw 'chunked'             '411 closed'          2 "${L}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    raw 'gzip'                '501 closed'          2 "${L}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n"
    raw 'smuggling: CL.TE'    '400 closed'          2 "${L}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
    raw 'smuggling: CL.CL'    '400 closed'          2 "${L}Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}$G\r\n"
    raw 'smuggling: a space'  '400 closed'          2 "${L}Content-Length : 2\r\n\r\n{}$G\r\n"
    raw 'a body that looks like a request' '400 200 open'        2 "${G}Content-Length: 5\r\n\r\nGET /$G\r\n"
    raw 'a huge length'       '413 closed'          1 "${L}Content-Length: 18446744073709551618\r\n\r\n{}"
    raw 'HEAD'                '200 200 open'        2 "HEAD / HTTP/1.1\r\nHOST\r\n$G\r\n"
    raw 'expects it no more'  '400 open'            1 "${L}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}"
    raw 'expects a wonder'    '417 closed'          1 "${L}Expect: wonder\r\n\r\n"
    raw 'an endless line'     '414 closed'          1 "GET /$(printf %.9000d 0)"
    raw 'endless headers'     '431 closed'          1 "${G}a: $(printf %.9000d 0)"
    ask GET /healthz '';      want 'after all that' 200
}

late() { # nothing but these may be late, so this server alone is impatient
    L='POST /login HTTP/1.1\r\nHOSTContent-Type: application/json\r\n'
    raw 'expects 100'         '100 408 closed'      2 "${L}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    raw 'half a request'      '408 closed'          1 'GET /healthz HT'
    raw 'half a body'         '408 closed'          1 "${L}Content-Length: 20\r\n\r\n{\"user"
}

hold() { # N TEXT COMMAND...     while N connections are held, each with TEXT sent; then $open of them are left
    n=$1; text=$2; shift 2
    rm -f "$OUT/go"; mkfifo "$OUT/go"; : > "$OUT/held"
    "$OUT/client" "$PORT" hold "$n" "$text" < "$OUT/go" > "$OUT/held" &
    holder=$!
    exec 9> "$OUT/go"
    until grep -q held "$OUT/held" || ! kill -0 $holder; do sleep 0.1; done
    "$@"
    exec 9>&-
    wait $holder
    open=$(tail -n 1 "$OUT/held")
}
busy_healthz() { ask GET /healthz ''; want "with $n held" "$1"; }
busy_twice() { busy_healthz 200; busy_healthz 200; } # then the loop has been around, and all that was sent is handled

# ---- many clients at once, and a restart ---------------------------------------------------------------------

crowd() { # 1,000 connections, while malformed clients do what they can
    "$OUT/client" "$PORT" flood 5 1 > "$OUT/flood1" &
    one=$!
    "$OUT/client" "$PORT" flood 5 2 > "$OUT/flood2" &
    two=$!
    wrk -t1 -c1000 -d4s "$URL/healthz" > "$OUT/wrk"
    wait $one $two
    requests=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' "$OUT/wrk")
    check "wrk: $requests requests" [ "${requests:-0}" -gt 500 ]
    if grep -q 'Non-2xx\|Socket errors: connect [1-9]' "$OUT/wrk"; then bad 'wrk saw errors'; cat "$OUT/wrk"; else good; fi
    for f in 1 2; do check "flood $f" [ "$(sed 's/ .*//' "$OUT/flood$f")" -gt 100 ]; done
    ask GET /healthz ''; want 'afterwards' 200
}

follow() { # N: a client that refreshes as fast as it can, until it is not answered; keeps its last token
    token=$(cat "$OUT/token$1")
    while [ -e "$OUT/on" ]; do
        answer=$(curl -s -m 60 -X POST -H 'Content-Type: application/json' -d '{"refresh_token":"'"$token"'"}' "$URL/auth/refresh")
        next=$(echo "$answer" | sed -n 's/.*"refreshToken":"\([^"]*\)".*/\1/p')
        [ -n "$next" ] || break
        token=$next
        echo "$token" > "$OUT/token$1"
        echo >> "$OUT/count$1"
    done
}
restart() { # in the middle of work; nobody may lose his session
    touch "$OUT/on"
    followers=
    for i in 1 2 3 4; do
        alice; echo "$R" > "$OUT/token$i"; : > "$OUT/count$i"
        follow $i & followers="$followers $!"
    done
    alice; DEAD=$R; OLD=$A; ask POST /logout '{"refresh_token":"'"$DEAD"'"}'
    alice; OLD=$A; REST=$R
    tries=0
    for i in 1 2 3 4; do
        until [ "$(wc -l < "$OUT/count$i")" -ge 3 ] || [ $tries -gt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
    done
    check 'all four are at work' [ $tries -le 600 ]
    stop
    rm "$OUT/on"
    wait $followers
    check 'the snapshot is there' [ -s "$OUT/data/sessions" ]
    start --window 0 --data "$OUT/data"
    check 'and is taken away' [ ! -e "$OUT/data/sessions" ]
    for i in 1 2 3 4; do refresh "$(cat "$OUT/token$i")"; want "client $i goes on" 201; done
    refresh "$DEAD"; want 'who has logged out stays out' 401
    with GET /test_jwt '' "$OLD"; want 'an access token from before the restart' 401
    refresh "$REST"; want 'is renewed' 201
    A=$(field accessToken); with GET /test_jwt '' "$A"; want 'once' 200
}

# ---- the README's transcripts -----------------------------------------------------------------------------------

# Each line "$ command" of a console block is run in one shell; what it prints must be what stands below it, with
# tokens, ids and times made alike on both sides.
mask() {
    sed -e 's/__Host-refresh=E[A-Za-z0-9_-]\{40,\}/__Host-refresh=E.../g' -e 's/"refreshToken":"E[^"]*"/"refreshToken":"E..."/g' \
        -e 's/eyJ[A-Za-z0-9_.-]*/eyJ.../g' -e 's/"\(sid\|id\|jti\)":"[^"]*"/"\1":"..."/g' \
        -e 's/\(:\)1[0-9]\{9\}/\1.../g' -e 's/"time":"[^"]*"/"time":"..."/'
}
transcripts() {
    awk '/^```console/ { on = 1; next } /^```/ { on = 0 } on' examples/server/README.md > "$OUT/expected"
    check 'there are transcripts' [ "$(grep -c '^\$ ' "$OUT/expected")" -gt 8 ]
    awk '/^\$ / { line = $0; gsub(/\047/, "\047\\\047\047", line); print "printf \"%s\\n\" \047" line "\047"; print substr($0, 3) }' \
        "$OUT/expected" | sed "s/localhost:8080/localhost:$PORT/g" > "$OUT/script"
    (cd "$OUT" && sh ./script) 2>&1 | tr -d '\r' | sed "s/localhost:$PORT/localhost:8080/g" | mask > "$OUT/got"
    mask < "$OUT/expected" > "$OUT/expected.masked"
    if diff "$OUT/expected.masked" "$OUT/got"; then good; else bad 'the README shows something else (<)'; fi
}

# ---- command line ---------------------------------------------------------------------------------------------

refused() { # STATUS PATTERN option...
    rc_wanted=$1; pattern=$2; shift 2
    "$OUT/server" "$@" > "$OUT/cli" 2>&1; rc=$?
    if [ $rc = "$rc_wanted" ] && grep -q -e "$pattern" "$OUT/cli"; then good; else bad "server $*: $rc: $(cat "$OUT/cli")"; fi
}
command_line() {
    refused 0 'usage: server' --help
    for o in $(sed -n 's/^    {"\(--[a-z0-9-]*\)", .*/\1/p' examples/server/server.c); do refused 0 "^  $o " --help; done
    refused 2 'no such option' --prot 80
    refused 2 'wants a value' --port
    refused 2 'from 0 to 65535' --port 65536
    refused 2 'from 0 to 65535' --port 80x
    refused 2 'a duration' --access 5parsec
    refused 2 'wants --origin' --address 0.0.0.0
    refused 2 'wants --seed-users' --address 0.0.0.0 --origin https://id.example
    refused 2 'no --debug there' --address 0.0.0.0 --origin https://id.example --seed-users x --debug
    refused 2 'wants --seed-users' --port "$PORT" --origin https://id.example
    refused 2 'no --debug there' --port "$PORT" --origin https://id.example --seed-users x --debug
    refused 2 'no --debug there' --port "$PORT" --origin http://localhost.example --seed-users x --debug
    for o in https://id.example/ https://ID.example https://id.example:443 http://id.example:80 https://id.example: \
             'https://id.example?x' https://a@id.example https:// https://:8443 ftp://id.example id.example; do
        refused 2 'no slash' --port "$PORT" --seed-users x --origin "$o"
    done
    for s in "journal:$OUT/j" "memory:$OUT/m"; do refused 2 'wants --data' --port "$PORT" --store "$s"; done
    refused 1 'no such store' --port 0 --pbkdf2 1 --store floppy
    refused 1 'out of range' --port 0 --pbkdf2 1 --window 6m
    refused 1 'cannot be read' --port 0 --seed-users "$OUT/none"
    refused 1 'the page is not there' --port 0 --pbkdf2 1 --window 6m --www "$OUT"
    printf 'carol carols-password\ncarol carols-password\n' > "$OUT/seed"
    refused 1 'line 2: that name is there already' --port 0 --pbkdf2 1 --seed-users "$OUT/seed"
    refused 1 'out of range' --port 0 --pbkdf2 1 --window 6m --data "$OUT/demo"
    refused 1 'password of a demo user' --port 0 --window 6m --data "$OUT/demo" --seed-users x --origin https://id.example
    mkdir "$OUT/lost" && printf %.32d 0 > "$OUT/lost/secret"
    refused 1 'users: is lost' --port 0 --pbkdf2 1 --window 6m --data "$OUT/lost"
    check 'and made by nobody' [ ! -e "$OUT/lost/users" ]
    ln -s users "$OUT/lost/users"
    refused 1 'users: cannot be looked for' --port 0 --pbkdf2 1 --window 6m --data "$OUT/lost"
    refused 1 'in use by another server' --port 0 --pbkdf2 1 --data "$OUT/data"
    refused 1 'Address already in use' --port "$PORT"
}
snapshots() { # what lies where a snapshot should be
    echo nonsense > "$OUT/junk"
    refused 1 'damaged or too old' --port 0 --pbkdf2 1 --data "$OUT/snap-data" --store "memory:$OUT/junk"
    check 'it is left alone' grep -q nonsense "$OUT/junk"
    printf 'carol carols-password admin\n' > "$OUT/seed"
    mkdir "$OUT/seed-data" && (umask 077; printf %.32d 0 > "$OUT/seed-data/secret")    # users are named: none are lost
    start --data "$OUT/seed-data" --store "memory:$OUT/snap" --seed-users "$OUT/seed" --http-cookie
    login carol carols-password; want 'a seeded user' 200 '"roles":\["user","admin"\]' 'Set-Cookie: refresh=.*Max-Age=1209600; HttpOnly; SameSite=Strict'
    wantno 'no Secure' 'Set-Cookie.*Secure'
    ask GET /debug ''; want 'no debug unless asked for' 404
    ask POST /debug/steal ''; want 'not at all' 404
    stop
    check 'a snapshot of its own' [ -s "$OUT/snap" ]
    check 'for its owner only' [ "$(ls -l "$OUT/snap" | cut -c1-10)" = -rw------- ]
}

closed_descriptors() { # nothing that is printed or logged may end in a pipe or a file of the server
    "$OUT/server" --port "$PORT" --pbkdf2 1000 <&- >&- 2>&- &
    pid=$!
    tries=0
    until ask GET /healthz ''; [ "$code" = 200 ] || [ $tries -gt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
    want 'without standard descriptors' 200
    login alice wrong-password; want 'which logs a line' 401
    ask GET /healthz ''; want 'and goes on' 200
    kill -TERM $pid; wait $pid; rc=$?; pid=
    check "it ended with $rc" [ $rc = 0 ]
}

full_log() { # it is said, and the server goes on
    if [ -c /dev/full ]; then
        start --log /dev/full
        login alice wrong; login alice wrong; want 'while the log is full' 401
        stop_lossy
    fi
    MOST=1; start; MOST=
    for name in a b c d e f g h i j k l; do login $name wrong; done
    ask GET /healthz ''; want 'while the log may not grow' 200
    stop_lossy
}

crash() { # kill -9: with a journal nobody loses his session
    start --window 0 --data "$OUT/crash" --store "journal:$OUT/journal"
    alice; R0=$R; refresh "$R0"; R1=$R
    alice; refresh "$R"; R2=$R
    alice; DEAD=$R; ask POST /logout '{"refresh_token":"'"$DEAD"'"}'
    kill -KILL $pid
    wait $pid 2> /dev/null
    start --window 0 --data "$OUT/crash" --store "journal:$OUT/journal"
    refresh "$R1"; want 'after a crash' 201
    refresh "$R2"; want 'nobody is logged out' 201
    refresh "$DEAD"; want 'or in again' 401
    refresh "$R0"; want 'a replay is still one' 401
    logged 'it is' '"event":"replay"'
    stop
    echo nonsense > "$OUT/junk"
    refused 1 'sessions: .*' --port 0 --pbkdf2 1 --data "$OUT/crash" --store "journal:$OUT/junk"
}

window() { # a lost answer within the window; that of the login must be over first
    alice; R0=$R
    sleep 13
    ask POST /debug/drop '{"count":1}'
    refresh "$R0"; check 'the answer is lost' [ "$code" = 000 ]
    refresh "$R0"; want 'the same token at once' 201; R1=$R
    refresh "$R0"; want 'and once more' 201
    check 'gets the same successor' [ "$R1" = "$R" ] && check 'which is a new one' [ "$R0" != "$R1" ]
    logged 'window is logged' '"event":"window","user":"alice"'
}
window_over() {
    alice; A1=$A; R0=$R
    sleep 3
    refresh "$R0"; R1=$R
    check 'another token, after the window of the login' [ "$R0" != "$R1" ]
    sleep 3
    with GET /test_jwt '' "$A1"; want 'expired' 401 'error="invalid_token"'
    refresh "$R1"; want 'after the window the successor goes on' 201
    refresh "$R0"; want 'and the old one is a replay' 401
    logged 'it is' '"event":"replay"'
}
over() { # NAME STATUS        what becomes of a session after a while
    alice; sleep 4
    refresh "$R"; want "$1" 401
    logged "$1 is in the log" "$2"
}
no_retry() {
    KEY=AAECAwQFBgcICQoLDA0ODw
    alice
    for code_wanted in 201 401; do
        ask POST /auth/refresh '{"refresh_token":"'"$R"'","retryKey":"'$KEY'"}'; want 'without --retry' $code_wanted
    done
    logged 'a retry is a replay' '"event":"replay"'
}
another_page() {
    ask GET / '';        want 'a page of its own' 200 'text/html' 'another page'
    ask GET /app.js '';  want 'and what it does not have' 404
}

# ---- all of it ---------------------------------------------------------------------------------------------------

start --window 0 --debug --data "$OUT/data"
paths; administrators; passwords; outcomes; bound; bad_input; cross_site
hold 200 'GET / HT' busy_healthz 200
malformed
no_secrets
command_line
restart
stop

start; guesses; stop
start --request-time 2s; late; stop

# what must not be over yet has many seconds left; what must be over has had one or two
start --window 12s --debug; window; stop
start --window 1s --access 2s; window_over; stop
start --idle 2s --access 1s; over 'unused for too long' TA_ERR_IDLE; stop
start --absolute 2s --access 1s; over 'after --absolute' TA_ERR_EXPIRED; stop
start --window 0 --retry 0; no_retry; stop
mkdir "$OUT/www"; echo 'another page' > "$OUT/www/index.html"
start --www "$OUT/www"; another_page; stop

start --stateless
alice; A1=$A; R1=$R
with DELETE "/sessions/$SID" '' "$A1"; want 'stateless: its own session' 200
with GET /test_jwt '' "$A1"; want 'the token that came along is denied' 401
alice; A1=$A
ask POST /logout '{"refresh_token":"'"$R"'"}' -H "Authorization: Bearer $A1"; want 'stateless: logout' 200
with GET /test_jwt '' "$A1"; want 'that token is denied too' 401
alice; A1=$A; alice
with POST /logout/all '' "$A"; want 'stateless: logout all' 200
with GET /test_jwt '' "$A"; want 'this one is denied' 401
with GET /test_jwt '' "$A1"; want 'the other one lives until it expires: what --stateless means' 200
stop

start --capacity 2 --connections 4 --max-sessions 2 --request-time 1m
alice; alice; R1=$R; alice; want 'a third device with room for two' 503 'Retry-After'
refresh "$R1"; want 'which ended nobody' 201
hold 4 '' busy_healthz 200
check 'the oldest idle connection made room' [ "$open" = 3 ]
hold 4 'GET / HT' busy_healthz 503
check 'busy ones do not' [ "$open" = 4 ]
stop

start --max-sessions 2 --capacity 100 --drop-refresh-responses 1 --window 0
alice; R1=$R; refresh "$R1"; check 'the first answer is lost' [ "$code" = 000 ]
alice; alice; R2=$R; alice; R3=$R; A3=$A
with GET /sessions '' "$A3"; check 'two devices are left' [ "$(grep -o '"id"' "$B" | wc -l)" = 2 ]
logged 'evicted is logged' '"event":"evicted","user":"alice"'
stop

echo 'carol carols-password' > "$OUT/seed"
start --origin https://id.example --seed-users "$OUT/seed" --window 0
ask GET / '' -H 'Host: id.example'; want 'behind a proxy' 200 'Strict-Transport-Security'
ask POST /login '{"username":"carol","password":"carols-password"}' -H 'Host: ID.example' -H 'Origin: https://id.example'; want 'its origin' 200
ask POST /login '{}' -H 'Host: id.example' -H 'Origin: http://id.example'; want 'nearly its origin' 403
alice; want 'no demo users for the world' 401
stop
start --origin http://localhost:9000 --debug; alice; want 'a proxy on this machine' 200; stop

start --window 0; transcripts; stop
snapshots
full_log
closed_descriptors
crash
start; crowd; stop
SERVER=server-O2
start; crowd; stop
start --pbkdf2 1000 --data "$OUT/mixed"; stop
start --pbkdf2 2000000 --data "$OUT/mixed"
login bob bob-likes-coffee
with POST /account/password '{"oldPassword":"bob-likes-coffee","newPassword":"bob-likes-cocoa"}' "$A"
want 'one password of many rounds, the others of few' 200
slow_passwords; stop

echo "server: $passed passed, $failed failed"
[ "$failed" = 0 ]
