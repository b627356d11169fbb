#!/bin/sh
# readme.sh - README.md's snippets are compiled, and its first program is run.
#
#   ```c            a whole program: compiled without a warning and run
#   ```c snippet    the two lines to include: compiled
#   ```c server     pieces of one file, in order: compiled, and a day of that server is played
#   ```c fragment   statements: each compiled inside a function that declares the names they use
#
# POSIX sh; CC from the environment.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/readme
rm -rf "$OUT" && mkdir -p "$OUT" || exit 2
passed=0; failed=0

echo 'int main(void) { return 0; }' > "$OUT/probe.c"
FLAGS=
for f in -std=c99 -Wall -Wextra -Werror; do
    $CC $FLAGS $f -o "$OUT/probe" "$OUT/probe.c" > /dev/null 2>&1 && FLAGS="$FLAGS $f"
done

check() { # NAME command...
    what=$1; shift
    if "$@" > "$OUT/log" 2>&1; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "FAILED $what"; head -n 20 "$OUT/log"
    fi
}

# one file per block: NUMBER.KIND
awk -v out="$OUT" '
    /^```c( |$)/ { kind = $2 == "" ? "program" : $2; file = out "/" sprintf("%02d", ++n) "." kind; next }
    /^```/       { if (file != "") close(file); file = ""; next }
    file != ""   { print > file }
' README.md

program() { # FILE: build and run
    cp "$1" "$OUT/program.c"
    $CC $FLAGS -I. -o "$OUT/program" "$OUT/program.c" && "$OUT/program"
}
snippet() {
    cp "$1" "$OUT/snippet.c"
    $CC $FLAGS -I. -c -o "$OUT/snippet.o" "$OUT/snippet.c"
}
fragment() {
    {
        cat <<'END'
#include "tokenauth.h"
extern ta_auth auth;  extern ta_key list[2];  extern ta_pair pair;  extern ta_jwt jwt;
extern ta_json_writer w;  extern const char *token;  extern size_t len, more_len;  extern int64_t now;
extern uint8_t sixteen_random_bytes[16], old_secret[32];  extern char more[256], buf[1024];
extern ta_status st;
ta_status fragment(void);
ta_status fragment(void)
{
END
        sed 's/^/    /' "$1"
        grep -q 'bool *admin' "$1" && echo '    if (!admin || level == 0) return TA_ERR_ABSENT;'
        echo '    return st;'
        echo '}'
    } > "$OUT/fragment.c"
    $CC $FLAGS -I. -c -o "$OUT/fragment.o" "$OUT/fragment.c"
}

for b in "$OUT"/*.program;  do check "program $(basename "$b")" program "$b"; done
for b in "$OUT"/*.snippet;  do check "snippet $(basename "$b")" snippet "$b"; done
for b in "$OUT"/*.fragment; do check "fragment $(basename "$b")" fragment "$b"; done

# The server's pieces, and a main that logs in, is let in, refreshes, logs out.
{
    echo '#define TOKENAUTH_IMPLEMENTATION'
    cat "$OUT"/*.server
    cat <<'END'
#include <string.h>
int main(void)
{
    static const char secret[] = "a secret for the README only, no other";
    static const char key[] = "QUJDREVGR0hJSktMTU5PUA", other[] = "QUJDREVGR0hJSktMTU5PUQ";
    static char body[1400], set[1400], again[1400], header[1400], who[64];
    int64_t  now = 1767225600;
    uint32_t epoch;
    ta_pair  pair, next;

    if (start(secret, sizeof secret - 1) != TA_OK) return 1;
    if (ta_user_epoch(&auth, "alice", &epoch) != TA_OK) return 2;
    if (on_login("alice", &epoch, "Firefox on Linux", now, &pair) != TA_OK) return 3;
    snprintf(header, sizeof header, "Bearer %s", pair.access);
    if (on_request(header, strlen(header), now, who) != TA_OK || strcmp(who, "alice") != 0) return 4;
    if (on_request(header, strlen(header), now + 901, who) != TA_ERR_EXPIRED) return 5;
    memset(body, 'x', sizeof body);
    memcpy(body, "Bearer ", 7);
    if (on_request(body, sizeof body, now, who) != TA_ERR_LIMIT) return 15;
    if (on_refresh(pair.refresh, pair.refresh_len, now + 901, &next) != TA_OK) return 6;
    snprintf(header, sizeof header, "a=b; __Host-refresh=%s", next.refresh);
    if (refresh_handler(header, strlen(header), key, 22, now + 1802, body, set) != 200) return 7;
    if (strstr(body, "access_token") == NULL || strstr(set, "__Host-refresh=") != set) return 8;
    if (refresh_handler(header, strlen(header), key, 22, now + 1900, body, again) != 200) return 9;
    if (strncmp(set, again, 66) != 0) return 10;        /* name and value: the same token */
    if (refresh_handler(header, strlen(header), NULL, 0, now + 1901, body, set) != 400) return 11;
    if (refresh_handler(header, strlen(header), other, 22, now + 3603, body, set) != 401 || set[0] != '\0') return 12;
    if (on_logout(pair.refresh, pair.refresh_len, now + 3604) != TA_OK) return 13;
    return gate_opens(&access_key, body, 3, now) ? 14 : 0;
}
END
} > "$OUT/server.c"
server() { $CC $FLAGS -I. -o "$OUT/server" "$OUT/server.c" && "$OUT/server" || { echo "answered $?"; return 1; }; }
check "the server's pieces" server

# A first program that is not found, or snippets that vanish, must not look like success.
[ "$passed" -ge 7 ] || [ "$failed" -gt 0 ] || { echo "only $passed snippets were found"; failed=1; }
echo "readme: $passed passed, $failed failed"
[ "$failed" = 0 ]
