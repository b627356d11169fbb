#!/bin/sh
# cli.sh - what `make cli-check` does: builds examples/tokenauth.c and tries every command, option,
# spelling of a secret, error and exit status of it.
#
# POSIX sh and a C compiler. From the environment: CC, SANITIZE ("no": never), TOKENAUTH (a tool that
# is built already: the tests that need another build are left out).
# The tokens below were made by another implementation (Python: hmac, hashlib, base64), the two
# famous ones are from RFC 7515 A.1 and from the front page of jwt.io.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
OUT=build/cli
rm -rf "$OUT" && mkdir -p "$OUT" || exit 2
passed=0; failed=0; skipped=0

LC_ALL=C; export LC_ALL

# ---- build: warnings are errors, sanitizers where the compiler has them --------------------------

WARN='-std=c99 -pedantic -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wcast-qual -Wundef -Wvla -Werror'
SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
echo 'int main(void) { return 0; }' > "$OUT/probe.c"
has() { $CC "$@" "$OUT/probe.c" -o "$OUT/probe" > /dev/null 2>&1 && "$OUT/probe" > /dev/null 2>&1; }
has || { echo "FAILED $CC cannot build and run an empty program"; echo 'cli: 0 passed, 1 failed'; exit 1; }
FLAGS=-g
if has $WARN; then FLAGS="$FLAGS $WARN"; else FLAGS="$FLAGS -Wall -Werror"; fi
has $FLAGS || FLAGS=
if [ "$SANITIZE" != no ] && has $SAN; then FLAGS="$FLAGS $SAN"; fi
# a sanitizer's report must not look like exit status 1
ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1; UBSAN_OPTIONS=abort_on_error=1
export ASAN_OPTIONS UBSAN_OPTIONS

good()  { passed=$((passed + 1)); }
bad()   { failed=$((failed + 1)); echo "FAILED $1"; }
check() { name=$1; shift; if "$@"; then good; else bad "$name"; fi; }
skip()  { skipped=$((skipped + 1)); echo "skipped $1"; }

build() { # NAME flag or file...
    bin=$1; shift
    $CC $FLAGS -o "$OUT/$bin" "$@" > "$OUT/log" 2>&1 && good && return
    bad "build $bin"; head -n 30 "$OUT/log"; echo "cli: $passed passed, $failed failed"; exit 1
}

# isatty under the tests' command: CLI_TERMINALS=12 makes terminals of descriptors 1 and 2
cat > "$OUT/terminals.c" <<'END'
#include <stdlib.h>
#include <string.h>
int cli_isatty(int fd);
int cli_isatty(int fd)
{
    const char *list = getenv("CLI_TERMINALS");
    return list != NULL && strchr(list, '0' + fd) != NULL;
}
END
cat > "$OUT/noclock.c" <<'END'
#include <time.h>
time_t cli_time(time_t *t);
time_t cli_time(time_t *t) { if (t != NULL) *t = (time_t)-1; return (time_t)-1; }
END
# the tool, and then a look at what it leaves in memory: status 70 if anything
cat > "$OUT/forgets.c" <<'END'
#define main tool_main
#include "../../examples/tokenauth.c"
#undef main
int main(int argc, char **argv)
{
    static const char nothing[sizeof room];
    int rc = tool_main(argc, argv), i;
    for (i = 1; i < argc; i++) {
        if (strstr(argv[i], "LEAK") != NULL) return 70;
    }
    return memcmp(&room, nothing, sizeof room) == 0 ? rc : 70;
}
END
others=yes
if [ -n "$TOKENAUTH" ]; then T=$TOKENAUTH; others=
else
    build tokenauth examples/tokenauth.c
    build terminals -Disatty=cli_isatty examples/tokenauth.c "$OUT/terminals.c"
    build noclock   -Dtime=cli_time examples/tokenauth.c "$OUT/noclock.c"
    build forgets   "$OUT/forgets.c"
    build norandom  -DTOKENAUTH_NO_OS_RANDOM examples/tokenauth.c
    T=$OUT/tokenauth
fi
main=$T

# ---- try NAME STATUS OUT ERR argument...     standard input is $IN --------------------------------
#
# OUT and ERR: '' nothing at all; '*' anything; '*text*' holds it; else exactly these lines.
# No message may ever hold LEAK, which is in every secret here, nor its other spellings.

IN=/dev/null
unset NO_COLOR CLI_TERMINALS
TERM=xterm; export TERM
NL='
'

same() { # FILE WANT
    case $2 in
    '')  [ ! -s "$1" ] ;;
    '*') : ;;
    '*'*'*')
        inner=${2#\*}; inner=${inner%\*}
        case $(cat "$1") in *"$inner"*) : ;; *) false ;; esac ;;
    *)   printf '%s\n' "$2" | cmp -s - "$1" ;;
    esac
}

try() {
    name=$1; want=$2; out=$3; err=$4; shift 4
    "$T" "$@" < "$IN" > "$OUT/out" 2> "$OUT/err"
    rc=$?
    if [ "$rc" != "$want" ]; then bad "$name: exit status $rc, not $want"
    elif ! same "$OUT/out" "$out"; then bad "$name: standard output"
    elif ! same "$OUT/err" "$err"; then bad "$name: standard error"
    elif grep -q -e LEAK -e 4c45414b -e TEVBSy "$OUT/err"; then bad "$name: shows a secret"
    else good; return
    fi
    head -n 5 "$OUT/out" "$OUT/err"
}

status_and_output() { [ "$rc" = "$1" ] && [ "$(cat "$OUT/out")" = "$2" ]; }
put() { printf "$2" > "$OUT/$1"; }       # FILE format: a file of these bytes

# ---- facts -----------------------------------------------------------------------------------------

RAW=LEAK-0123456789abcdef-LEAK-01234
K=raw:$RAW
HEX=4c45414b2d303132333435363738396162636465662d4c45414b2d3031323334
B64=TEVBSy0wMTIzNDU2Nzg5YWJjZGVmLUxFQUstMDEyMzQ
OTHER=raw:LEAK-another-secret-of-32-bytes-

# {"sub":"alice","exp":1000900,"iat":1000000}
H=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9
PLAIN=$H.eyJzdWIiOiJhbGljZSIsImV4cCI6MTAwMDkwMCwiaWF0IjoxMDAwMDAwfQ.4aat4jEOwRIU4-umuOah0t2G6pcUSy3aVL9-4k4zv1I
CLAIMS='{"sub":"alice","exp":1000900,"iat":1000000}'
# {"alg":"HS256","typ":"at+jwt","kid":"k1"}
FULL=eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.eyJpc3MiOiJnYXRlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJhcGkiLCJleHAiOjEwMDM2MDAsIm5iZiI6MTAwMDAwMCwiaWF0IjoxMDAwMDAwLCJqdGkiOiI3In0.qckbk0cg-Cm3ezm8I-785u3EncVdIWWRDHPH-_bTTLI
FULL_CLAIMS='{"iss":"gate","sub":"alice","aud":"api","exp":1003600,"nbf":1000000,"iat":1000000,"jti":"7"}'
# payload: 00 ff 61 1b 5b 32 4a c2 9b c3 a9 0a
BYTES=eyJhbGciOiJIUzI1NiJ9.AP9hG1sySsKbw6kK.2vR5YbpAdOkcmlRTIAHcWLTgnQ3bexD2j27hry656hI
NONE=eyJhbGciOiJub25lIn0.eyJleHAiOjJ9.
RS256=eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjJ9.5ajfDJFYr9oWTaPQmr4XYeOhQaHlb43i5Xc4lnmpq0g
CRIT=eyJhbGciOiJIUzI1NiIsImNyaXQiOlsieCJdfQ.eyJleHAiOjJ9.OPedDQoepBP42zushrwRCeG-dZdgkAYio3CTBHckrM4
TWICE=$H.eyJhIjoxLCJhIjoyfQ.RnULHBkNUodFKZrhf0-7pU6Tz5Y77LjV91SBDZPU35o
ARRAY=$H.WzFd.Ez5L2gderpjv-rzRbymovZRVA2WbiPJhVKWlvQF6jmg
# {"exp":"soon","sub":5}      {"exp":1000900,"nbf":1000500}
KIND=$H.eyJleHAiOiJzb29uIiwic3ViIjo1fQ.KgCR5GcNImbs5owwq8NAImsljhlIQs8-JN5YYZdFgLU
BEGINS=$H.eyJleHAiOjEwMDA5MDAsIm5iZiI6MTAwMDUwMH0.qN7yYAnsro1EDlBrdskVRBZyQJUCSsPzoPg-nVm9EAg
# RFC 7515 A.1: line ends inside header and payload
RFC_KEY=base64url:AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow
RFC=eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
# jwt.io: a secret of 19 bytes, and no exp
IO=$H.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c
IO_CLAIMS='{"sub":"1234567890","name":"John Doe","iat":1516239022}'

TRY='Try: tokenauth'
AT='--now 1000000'

# What the library calls each status: its wording is its own affair.
for st in ERR_RANDOM ERR_ENCODING ERR_JSON ERR_DUPLICATE ERR_LIMIT ERR_FORMAT ERR_ALG ERR_CRIT \
    ERR_SIGNATURE ERR_CLAIM ERR_MISSING ERR_EXPIRED ERR_EARLY ERR_AGE ERR_ISSUER ERR_SUBJECT \
    ERR_AUDIENCE ERR_TYP; do
    eval "$st=\"TA_$st: \$(sed -n 's/^ *X(TA_$st, *-[0-9]*, \"\(.*\)\").*/\1/p' tokenauth.h)\""
done
check 'the texts are found in the header' test "$ERR_EXPIRED" != 'TA_ERR_EXPIRED: '

# ---- the tool as a whole ------------------------------------------------------------------------------

try 'no arguments: usage, status 2'      2 '' '*usage: tokenauth COMMAND*'
try '--help'                             0 '*usage: tokenauth COMMAND*' '' --help
try '-h'                                 0 '*usage: tokenauth COMMAND*' '' -h
try 'help'                               0 '*usage: tokenauth COMMAND*' '' help
VERSION=$(sed -n 's/^#define TA_VERSION_TEXT *"\(.*\)"/\1/p' tokenauth.h)
try '--version'                          0 "tokenauth $VERSION" '' --version
for c in keygen sign verify decode; do
    try "$c --help"                      0 "*usage: tokenauth $c*" '' $c --help
    try "$c -h"                          0 "*Exit status: 0 done*" '' $c -h
    try "help $c"                        0 '*Examples*' '' help $c
    try "$c --help lists itself"         0 '*  --help *' '' $c --help
    try "--help names $c"                0 "*  $c*" '' --help
    try "$c --help takes no value"       2 '' "tokenauth: --help: takes no value${NL}$TRY $c --help" $c --help=yes
    "$T" $c --help > "$OUT/help"
    check "$c --help fits 80 columns"    awk 'length > 80 { exit 1 }' "$OUT/help"
done
try 'help of nothing'                    2 '' "tokenauth: unknown command: keygen, sign, verify or decode${NL}$TRY --help" help nothing
try 'unknown command'                    2 '' "tokenauth: unknown command: keygen, sign, verify or decode${NL}$TRY --help" frobnicate
try 'unknown command, nearly verify'     2 '' "tokenauth: unknown command: did you mean verify?${NL}$TRY --help" verfy
try 'unknown command, longer'            2 '' "tokenauth: unknown command: did you mean sign?${NL}$TRY --help" signature
try 'unknown command is not repeated'    2 '' "tokenauth: unknown command: keygen, sign, verify or decode${NL}$TRY --help" $RAW
try 'a token is no command'              2 '' "tokenauth: unknown command: keygen, sign, verify or decode${NL}$TRY --help" $PLAIN
try 'option before the command'          2 '' "tokenauth: unknown option: the command comes first${NL}$TRY --help" --secret $K sign
try 'empty command'                      2 '' "*unknown command*" ''

# ---- options: the manual has each, and the parser knows what is wrong ------------------------------------

sed -n '/^\.Fl\|^\.It/s/\\-/-/gp; s/\\-/-/g' examples/tokenauth.1 > "$OUT/manual"
for c in keygen sign verify decode; do
    "$T" $c --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'
done | sort -u > "$OUT/options"
check 'options are found at all' test "$(wc -l < "$OUT/options")" -gt 20
while read -r o; do
    check "the manual has --$o" grep -q -e "Fl -$o\$" -e "Fl -$o " "$OUT/manual"
done < "$OUT/options"
for o in $(sed -n 's/Fl -\([a-z-]*\)/\
=\1\
/gp' "$OUT/manual" | sed -n 's/^=\([a-z].*[a-z]\)$/\1/p' | sort -u); do
    [ "$o" = version ] || [ "$o" = name ] || check "--$o of the manual exists" grep -q -x -e "$o" "$OUT/options"
done
if command -v groff > /dev/null && [ -z "$(echo '.Dd' | groff -mdoc -Tascii -z 2>&1)" ]; then
    groff -mdoc -Tascii -ww -z examples/tokenauth.1 > "$OUT/groff" 2>&1
    check 'groff has nothing to say about the manual' test ! -s "$OUT/groff"
else skip 'groff -mdoc'
fi
if command -v mandoc > /dev/null; then
    check 'mandoc has nothing to say about the manual' mandoc -T lint -W warning examples/tokenauth.1
else skip 'mandoc'
fi

try 'unknown option is named'            2 '' "tokenauth: verify: unknown option --frobnicate${NL}$TRY verify --help" verify --frobnicate
try 'unknown option, two letters swapped' 2 '' "tokenauth: verify: unknown option --secert: did you mean --secret?${NL}$TRY verify --help" verify --secert $K
try 'unknown option, longer name'        2 '' "tokenauth: sign: unknown option --issuer: did you mean --iss?${NL}$TRY sign --help" sign --issuer x
try 'unknown option, shorter name'       2 '' "tokenauth: verify: unknown option --max: did you mean --max-age?${NL}$TRY verify --help" verify --max 3
try 'unknown option, the nearest name'   2 '' "tokenauth: sign: unknown option --claim-jsn: did you mean --claim-json?${NL}$TRY sign --help" sign --claim-jsn a
try 'unknown option, one letter'         2 '' "tokenauth: sign: unknown option --t${NL}$TRY sign --help" sign --t 5m
try 'unknown option, one dash'           2 '' "tokenauth: verify: unknown option -secret: did you mean --secret?${NL}$TRY verify --help" verify -secret $K
try 'unknown option, its value unseen'   2 '' "tokenauth: verify: unknown option --sekret: did you mean --secret?${NL}$TRY verify --help" verify --sekret=$K
try 'unknown option with a secret in it' 2 '' "tokenauth: verify: unknown option --secretraw: did you mean --secret?${NL}$TRY verify --help" verify --secret$K
try 'unknown option, terminal orders'    2 '' "tokenauth: verify: unknown option --x${NL}$TRY verify --help" verify "$(printf -- '--x\033[2J')"
try 'option of another command'          2 '' "tokenauth: sign: unknown option --leeway: it belongs to tokenauth verify${NL}$TRY sign --help" sign --leeway 3
try 'short option'                       2 '' "*unknown option -s*" verify -s
try 'three dashes'                       2 '' "*unknown option ---secret*" verify ---secret $K
try 'option without value'               2 '' "tokenauth: --secret: needs a value${NL}$TRY verify --help" verify --secret
try 'option for a value'                 2 '' "tokenauth: --iss: needs a value (one that begins with -- is written --name=value)${NL}$TRY verify --help" verify --iss --secret $K
try 'flag with a value'                  2 '' "tokenauth: --mac-only: takes no value${NL}$TRY verify --help" verify --mac-only=yes
try 'option given twice'                 2 '' "tokenauth: --iss: given twice${NL}$TRY verify --help" verify --iss a --iss b
try 'flag given twice is fine'           0 "$CLAIMS" '' verify --allow-any-typ --allow-any-typ --secret $K $AT $PLAIN
try '--name=value'                       0 "$CLAIMS" '' verify --secret=$K --now=1000000 $PLAIN
try 'options after the token'            0 "$CLAIMS" '' verify $PLAIN --secret $K $AT
try '-- ends options'                    0 "$CLAIMS" '' verify --secret $K $AT -- $PLAIN
try '-- before a word with a dash'       1 '' '*TA_ERR_FORMAT*' verify --secret $K -- --now
try '-- is a value by ='                 0 '*"iss": "--"*' '' decode "$("$T" sign --secret $K --iss=--)"
try 'two tokens'                         2 '' "tokenauth: verify: takes one token, and there are two words${NL}$TRY verify --help" verify --secret $K $PLAIN $PLAIN
try 'two tokens for decode'              2 '' '*takes one token*' decode $PLAIN -
many=$(i=0; while [ $i -lt 257 ]; do printf ' --require x'; i=$((i + 1)); done)
try 'more options than there is room'    2 '' '*--require: too many options*' verify $many

# ---- keygen ------------------------------------------------------------------------------------------------

"$T" keygen > "$OUT/key"; "$T" keygen > "$OUT/key2"
check 'keygen prints one line'           test "$(wc -l < "$OUT/key")" -eq 1
check 'keygen prints 43 characters'      grep -q -x 'base64url:[A-Za-z0-9_-]\{43\}' "$OUT/key"
check 'keygen prints another each time'  test "$(cat "$OUT/key")" != "$(cat "$OUT/key2")"
try 'keygen takes no word'               2 '' "tokenauth: keygen: takes options only, no other word${NL}$TRY keygen --help" keygen 64
try 'keygen takes no option of others'   2 '' '*unknown option --now*' keygen --now 5
"$T" sign --secret @"$OUT/key" --claim a=b --no-exp --no-iat > "$OUT/tok"
try 'a fresh key signs and verifies'     0 '{"a":"b"}' '' verify --secret @"$OUT/key" --allow-no-exp "$(cat "$OUT/tok")"
try 'another fresh key does not'         1 '' "$ERR_SIGNATURE" verify --secret @"$OUT/key2" --allow-no-exp "$(cat "$OUT/tok")"
if [ -n "$others" ]; then
    T=$OUT/norandom
    try 'keygen without a random source' 1 '' "tokenauth: $ERR_RANDOM" keygen
    T=$main
fi

# ---- secrets: every spelling, every way in -------------------------------------------------------------------

verifies() { try "$1" 0 "$CLAIMS" '' verify $AT --secret "$2" $PLAIN; }
refuses()  { try "$1" 2 '' "tokenauth: --secret: $3" verify $AT --secret "$2" $PLAIN; }
MUST='it must begin with base64url:, base64:, hex: or raw:'
CANON='not canonical: base64url: has no = at its end, base64: is padded, hex: is of even length'
SPACE='there is white space in it'
PUBLIC='it is the text of a public key: whoever has that could sign'
short() { echo "$1 bytes; HS256 needs 32 or more (RFC 7518 3.2). tokenauth keygen makes them, --allow-short-key takes less"; }

verifies 'raw:' $K
verifies 'hex:' hex:$HEX
verifies 'hex: in capitals' hex:$(echo $HEX | tr a-f A-F)
verifies 'base64url:' base64url:$B64
verifies 'base64:' base64:$B64=
put k "$K\n";           verifies '@file, one newline at its end' @"$OUT/k"
put k "$K";             verifies '@file, no newline' @"$OUT/k"
put k "$K\r\n";         verifies '@file, CR LF' @"$OUT/k"
put k "hex:$HEX\n";     verifies '@file, hex' @"$OUT/k"
put k "base64:$B64=\n"; verifies '@file, base64' @"$OUT/k"
CLI_KEY=base64url:$B64; export CLI_KEY; verifies 'env:NAME' env:CLI_KEY
put k "$K\n"; IN=$OUT/k; verifies '@- is standard input' @-; IN=/dev/null
try 'a bare secret works and warns'      0 "$CLAIMS" 'tokenauth: warning: --secret: taken as raw text, and seen by others on the command line; better @FILE or env:NAME' verify $AT --secret $RAW $PLAIN
put k "raw:LEAK\00056789-0123456789-0123456789\n"
"$T" sign --secret @"$OUT/k" $AT --sub a > "$OUT/tok"
try 'a NUL in a raw: file counts'        0 '*"sub":"a"*' '' verify $AT --secret @"$OUT/k" "$(cat "$OUT/tok")"
put k2 "raw:LEAK\00056789-0123456789-012345678X\n"
try 'and so does what follows it'        1 '' "$ERR_SIGNATURE" verify $AT --secret @"$OUT/k2" "$(cat "$OUT/tok")"

refuses 'empty secret' '' 'it is empty'
refuses 'raw: of nothing' raw: 'it is empty'
refuses 'hex: of nothing' hex: 'it is empty'
refuses 'base64: of nothing' base64: 'it is empty'
refuses 'base64url: of nothing' base64url: 'it is empty'
refuses '31 bytes' raw:LEAK-0123456789abcdef-LEAK-0123 "$(short 31)"
refuses '31 bytes of hex' hex:${HEX%??} "$(short 31)"
refuses '30 bytes of base64url' base64url:${B64%???} "$(short 30)"
refuses '31 bytes of base64' base64:TEVBSy0wMTIzNDU2Nzg5YWJjZGVmLUxFQUstMDEyMw== "$(short 31)"
refuses 'base64url: with padding' base64url:$B64= "$CANON"
refuses 'base64: without padding' base64:$B64 "$CANON"
refuses 'hex: of odd length' hex:${HEX%?} "$CANON"
refuses 'hex: of other letters' hex:${HEX%?}g "$CANON"
refuses 'hex: with a space' "hex:$HEX " "$SPACE"
refuses 'a newline at its end' "base64url:$B64$NL" "$SPACE"
refuses '257 bytes of hex' hex:$(printf '%0514d' 0) 'it spells more than 256 bytes'
refuses '4097 bytes of text' raw:$(printf '%04093d' 0) 'longer than 4096 bytes'
"$T" sign --secret raw:$(printf '%04092d' 0) --sub a > "$OUT/tok"
try '4096 bytes of text'                 0 '*"sub":"a"*' '' verify --secret raw:$(printf '%04092d' 0) "$(cat "$OUT/tok")"
refuses 'HEX:' HEX:$HEX 'base64url:, base64:, hex:, raw: and env: are written in small letters'
refuses 'Env:' Env:CLI_KEY 'base64url:, base64:, hex:, raw: and env: are written in small letters'
refuses 'text of a public key' "raw:-----BEGIN PUBLIC KEY----- LEAK LEAK LEAK" "$PUBLIC"
refuses 'text of an SSH key' "raw:ssh-ed25519 LEAKLEAKLEAKLEAKLEAKLEAKLEAK" "$PUBLIC"
refuses 'env: of a name that is not there' env:LEAK_NO_SUCH_NAME 'the environment has no variable of that name'
refuses 'env: of the value instead of the name' "env:$RAW" 'the environment has no variable of that name'
CLI_KEY=$RAW;    refuses 'env: of a bare secret' env:CLI_KEY "$MUST"
CLI_KEY=;        refuses 'env: of nothing' env:CLI_KEY "$MUST"
CLI_KEY=env:HOME; refuses 'env: does not lead on' env:CLI_KEY "$MUST"
CLI_KEY=@"$OUT/k"; refuses 'env: does not lead to a file' env:CLI_KEY "$MUST"
refuses '@file that is not there' @LEAK-no-such-file 'the file behind @ cannot be read: No such file or directory'
refuses '@file that is a directory' @. 'the file behind @ cannot be read: Is a directory'
refuses '@ and no name' @ 'the file behind @ cannot be read: No such file or directory'
put k '';            refuses '@file, empty' @"$OUT/k" 'the file is empty'
put k '\n';          refuses '@file, a newline alone' @"$OUT/k" 'the file is empty'
put k "$K\n\n";      refuses '@file, two newlines' @"$OUT/k" 'the file ends with more than one newline: one at most'
put k "$K\r\n\r\n";  refuses '@file, two CR LF' @"$OUT/k" 'the file ends with more than one newline: one at most'
put k "$RAW\n";      refuses '@file, a bare secret' @"$OUT/k" "$MUST"
put k "hex:$HEX \n"; refuses '@file, a space before the newline' @"$OUT/k" "$SPACE"
put k " $K\n";       refuses '@file, a space before all' @"$OUT/k" "$MUST"
put k 'ssh-rsa LEAKLEAKLEAKLEAKLEAKLEAKLEAKLEAK\n'; refuses '@file, an SSH key' @"$OUT/k" "$PUBLIC"
{ echo '-----BEGIN PUBLIC KEY-----'; echo LEAKLEAKLEAK; echo '-----END PUBLIC KEY-----'; } > "$OUT/k"
refuses '@file, a PEM file' @"$OUT/k" "$PUBLIC"
printf 'raw:%04092d\n' 0 > "$OUT/k"; "$T" sign --secret @"$OUT/k" --sub a > "$OUT/tok"
try '@file of 4096 bytes'                0 '*"sub":"a"*' '' verify --secret @"$OUT/k" "$(cat "$OUT/tok")"
printf 'raw:%04093d\n' 0 > "$OUT/k"; refuses '@file of 4097 bytes' @"$OUT/k" 'the file is longer than 4096 bytes'
printf 'raw:%09000d' 0 > "$OUT/k";   refuses '@file of 9000 bytes' @"$OUT/k" 'the file is longer than 4096 bytes'

try 'no secret'                          2 '' "tokenauth: --secret: is needed${NL}$TRY verify --help" verify $PLAIN
try 'no secret to sign with'             2 '' "tokenauth: --secret: is needed${NL}$TRY sign --help" sign
try 'several secrets, the last is it'    0 "$CLAIMS" '' verify $AT --secret $OTHER --secret ${OTHER}2 --secret ${OTHER}3 --secret $K $PLAIN
try 'several secrets, the first is it'   0 "$CLAIMS" '' verify $AT --secret $K --secret $OTHER $PLAIN
try 'several secrets, none is it'        1 '' "$ERR_SIGNATURE" verify $AT --secret ${OTHER}2 --secret $OTHER $PLAIN
try 'five secrets'                       2 '' 'tokenauth: --secret: four at most' verify --secret $K --secret $K --secret $K --secret $K --secret $K $PLAIN
try 'the second secret is bad'           2 '' "tokenauth: --secret number 2: $(short 4)" verify --secret $K --secret raw:LEAK $PLAIN
try 'sign takes one secret'              2 '' 'tokenauth: --secret: sign takes one' sign --secret $K --secret $OTHER

# ---- --allow-short-key ------------------------------------------------------------------------------------------

IO_KEY=your-256-bit-secret
IO_HEX=796f75722d3235362d6269742d736563726574
IO_B64=eW91ci0yNTYtYml0LXNlY3JldA
for k in raw:$IO_KEY hex:$IO_HEX hex:$(echo $IO_HEX | tr a-f A-F) base64url:$IO_B64 base64:$IO_B64==; do
    try "short secret as ${k%%:*}:"      0 "$IO_CLAIMS" '' verify --allow-short-key --allow-no-exp --secret $k $IO
done
try 'short secret, bare'                 0 "$IO_CLAIMS" '*warning*' verify --allow-short-key --allow-no-exp --secret $IO_KEY $IO
try 'long secret in spite of it'         0 "$CLAIMS" '' verify --allow-short-key --secret hex:$HEX $AT $PLAIN
try 'sign with a short secret'           0 "$IO" '' sign --allow-short-key --secret raw:$IO_KEY --no-exp --json "$IO_CLAIMS"
try 'short secret not allowed'           2 '' "tokenauth: --secret: $(short 19)" verify --allow-no-exp --secret raw:$IO_KEY $IO
try 'short secret, empty'                2 '' 'tokenauth: --secret: it is empty' verify --allow-short-key --secret hex: $IO
try 'short secret, of a public key'      2 '' "tokenauth: --secret: $PUBLIC" verify --allow-short-key --secret 'raw:-----BEGIN LEAK' $IO
try 'short secret, + and / of base64'    1 '' "$ERR_SIGNATURE" verify --allow-short-key --secret base64:+/+/ $IO
"$T" sign --allow-short-key --secret base64:+/+/ --sub a > "$OUT/tok"
try 'short secret, - and _ of base64url' 0 '*"sub":"a"*' '' verify --allow-short-key --secret base64url:-_-_ "$(cat "$OUT/tok")"
try 'short secret, the same in hex'      0 '*"sub":"a"*' '' verify --allow-short-key --secret hex:fbffbf "$(cat "$OUT/tok")"

# ---- sign -----------------------------------------------------------------------------------------------------------

S="sign --secret $K --now 1000000"
payload() { # NAME CLAIMS sign's argument...: signs, and looks at the payload alone
    what=$1; claims=$2; shift 2
    if "$T" $S "$@" > "$OUT/tok" 2> "$OUT/err"; then
        printf '%s' "$claims" > "$OUT/want"
        "$T" verify --secret $K --mac-only - < "$OUT/tok" > "$OUT/got" 2>> "$OUT/err"
    fi
    if cmp -s "$OUT/want" "$OUT/got" && [ ! -s "$OUT/err" ]; then good
    else bad "$what"; cat "$OUT/got" "$OUT/err"; echo
    fi
    rm -f "$OUT/got"
}
no() { name=$1; why=$2; shift 2; try "$name" 2 '' "tokenauth: $why" $S "$@"; }

try 'sign: the same token as another implementation' 0 "$FULL" '' sign --secret $K --now 1000000 --kid k1 --typ at+jwt --iss gate --sub alice --aud api --jti 7 --ttl 1h --nbf 1000000
try 'sign: --json alone is signed as it stands' 0 "$PLAIN" '' sign --secret $K --no-exp --no-iat --json "$CLAIMS"
payload 'defaults: iat, and exp after 15 minutes' '{"exp":1000900,"iat":1000000}'
payload '--ttl 1'             '{"exp":1000001,"iat":1000000}' --ttl 1
payload '--ttl 90s'           '{"exp":1000090,"iat":1000000}' --ttl 90s
payload '--ttl 15m'           '{"exp":1000900,"iat":1000000}' --ttl 15m
payload '--ttl 12h'           '{"exp":1043200,"iat":1000000}' --ttl 12h
payload '--ttl 7d'            '{"exp":1604800,"iat":1000000}' --ttl 7d
payload '--ttl 2w'            '{"exp":2209600,"iat":1000000}' --ttl 2w
payload '--ttl=5m'            '{"exp":1000300,"iat":1000000}' --ttl=5m
payload '--exp T'             '{"exp":1000001,"iat":1000000}' --exp 1000001
payload '--exp +D'            '{"exp":1003600,"iat":1000000}' --exp +1h
payload '--exp -D'            '{"exp":999990}' --exp -10s --no-iat
payload '--nbf T'             '{"exp":1000900,"nbf":1000100,"iat":1000000}' --nbf 1000100
payload '--nbf -D'            '{"exp":1000900,"nbf":999700,"iat":1000000}' --nbf -5m
payload '--no-exp'            '{"iat":1000000}' --no-exp
payload '--no-iat'            '{"exp":1000900}' --no-iat
payload '--iss --sub --aud --jti' '{"iss":"a","sub":"b","aud":"c","exp":1000900,"iat":1000000,"jti":"d"}' --iss a --sub b --aud c --jti d
payload 'empty texts stand'   '{"iss":"","exp":1000900,"iat":1000000}' --iss ''
payload '--claim'             '{"exp":1000900,"iat":1000000,"a":"b"}' --claim a=b
payload '--claim, = in the text' '{"exp":1000900,"iat":1000000,"a":"b=c="}' --claim a=b=c=
payload '--claim, nothing'    '{"exp":1000900,"iat":1000000,"a":""}' --claim a=
payload '--claim, quoting'    '{"exp":1000900,"iat":1000000,"a\"b":"\\\n\u001b\""}' --claim "a\"b=\\$NL$(printf '\033')\""
payload '--claim, a dot in the name' '{"exp":1000900,"iat":1000000,"a.b[0]":"c"}' --claim 'a.b[0]=c'
payload '--claim, UTF-8'      "{\"exp\":1000900,\"iat\":1000000,\"$(printf '\303\251')\":\"$(printf '\360\237\230\200')\"}" --claim "$(printf '\303\251=\360\237\230\200')"
payload '--claim, a number stays text' '{"exp":1000900,"iat":1000000,"n":"5"}' --claim n=5
payload '--claim-json'        '{"exp":1000900,"iat":1000000,"n":5,"l":[1, 2],"o":{"x":null}}' --claim-json n=5 --claim-json 'l= [1, 2] ' --claim-json 'o={"x":null}'
payload '--claim-json aud'    '{"exp":1000900,"iat":1000000,"aud":["a","b"]}' --claim-json 'aud=["a","b"]'
payload '--claim-json exp'    '{"iat":1000000,"exp":2e6}' --claim-json exp=2e6
payload '--claim and --claim-json keep their order' '{"exp":1000900,"iat":1000000,"b":"1","a":2,"c":"3"}' --claim b=1 --claim-json a=2 --claim c=3
payload '--json'              '{"exp":1000900,"iat":1000000,"a": 1.50, "b":[ ]}' --json ' {"a": 1.50, "b":[ ]} '
payload '--json of nothing'   '{"exp":1000900,"iat":1000000}' --json '{ }'
payload '--json of nothing and --claim' '{"exp":1000900,"iat":1000000,"a":"b"}' --json '{}' --claim a=b
payload '--json, then --claim' '{"exp":1000900,"iat":1000000,"a":1,"b":"2"}' --claim b=2 --json '{"a":1}'
payload '--json has exp'      '{"iat":1000000,"exp":2000000}' --json '{"exp":2000000}'
payload '--json has iat'      '{"exp":1000900,"iat":5}' --json '{"iat":5}'
payload '--json has both'     '{"exp":9,"iat":5}' --json '{"exp":9,"iat":5}'
payload '--json and --ttl'    '{"sub":"b","exp":1000300,"iat":1000000,"a":1}' --json '{"a":1}' --ttl 5m --sub b
put j '{"a":1}\n\n'
payload '--json @FILE'        '{"exp":1000900,"iat":1000000,"a":1}' --json @"$OUT/j"
"$T" $S --json - < "$OUT/j" > "$OUT/tok"
try '--json -'                0 '{"exp":1000900,"iat":1000000,"a":1}' '' verify --secret $K $AT "$(cat "$OUT/tok")"
"$T" $S > "$OUT/tok"
try 'typ is JWT, and no kid'  0 "*{$NL  \"alg\": \"HS256\",$NL  \"typ\": \"JWT\"$NL}*" '' decode "$(cat "$OUT/tok")"
try 'now without --now is the clock' 0 '*{"exp":*' '' verify --secret $K --max-age 60s "$("$T" sign --secret $K)"
try '--now -1h: expired since 45 minutes' 1 '' "*$ERR_EXPIRED (exp 45 minutes ago,*" verify --secret $K "$("$T" sign --secret $K --now -1h)"
try '--now +1h: issued in the future' 1 '' "*$ERR_EARLY (iat in *" verify --secret $K --max-age 5m "$("$T" sign --secret $K --now +1h)"

no '--ttl and --exp'          '--ttl: not together with --exp: both say when the token ends' --ttl 5m --exp 5
no '--no-exp and --exp'       '--no-exp: not together with --exp' --no-exp --exp 5
no '--no-exp and --ttl'       '--no-exp: not together with --ttl' --no-exp --ttl 5
no '--ttl 0'                  '--ttl: must be longer than 0' --ttl 0
for d in '' -5 5x 5.5 05 5M ' 5' '5 ' m 1h30m 2147483648 3551w; do
    no "--ttl=$d"             '--ttl: not a duration such as 30s, 15m, 12h, 7d (2147483647 seconds at most)' --ttl="$d"
done
payload '--ttl 2147483647'    '{"exp":2148483647,"iat":1000000}' --ttl 2147483647
for o in exp nbf; do for t in '' 0 -1000000 5s tomorrow 0x10 5.5 -12d 9007199254740993 99999999999999999999 '"5"' + - +5y '[5]'; do
    no "--$o=$t"              "--$o: not a time: seconds since 1970, or +15m, -1h to count from now" --$o="$t"
done; done
for t in '' 0 tomorrow 1.5 '+' true; do
    try "--now=$t"            2 '' 'tokenauth: --now: not a time: seconds since 1970, or +15m, -1h to count from now' sign --secret $K --now="$t"
done
payload '--exp 2^53'          '{"exp":9007199254740992,"iat":1000000}' --exp 9007199254740992
try '--now 2^53'              2 '' "tokenauth: --now: too late: the token's end would not fit" sign --secret $K --now 9007199254740992
no 'exp before iat'           'sign: exp must be later than iat and nbf (--now sets iat)' --exp 999999
no 'exp at iat'               'sign: exp must be later than iat and nbf (--now sets iat)' --exp 1000000
no 'exp before nbf'           'sign: exp must be later than iat and nbf (--now sets iat)' --nbf +1h
no 'exp as a text'            'sign: exp, nbf and iat must be numbers (--claim-json exp=...)' --claim exp=5
no 'iat null'                 'sign: exp, nbf and iat must be numbers (--claim-json exp=...)' --json '{"iat":null}'
no '--claim without ='        '--claim: NAME=TEXT is needed' --claim abc
no '--claim without name'     '--claim: NAME=TEXT is needed' --claim =abc
no '--claim-json without ='   '--claim-json: NAME=JSON is needed' --claim-json abc
no '--claim-json without name' '--claim-json: NAME=JSON is needed' --claim-json =5
for j in '' abc "'a'" '{' '[1,]' '{a:1}' '5 5' NaN 05; do
    no "--claim-json a=$j"    '--claim-json: the value is not strict JSON (for a text: --claim NAME=TEXT)' --claim-json "a=$j"
done
no '--claim-json, a name twice inside' '--claim-json: two members of one name in the value' --claim-json 'a={"x":1,"x":2}'
no '--claim-json, too deep'   '--claim-json: the value is too long, too deep or too wide' --claim-json "a=$(printf '%033d' 0 | tr 0 '[')"
no 'too deep as a whole'      'sign: the claims are too long, too deep or too many' --claim-json "a=$(printf '%032d' 0 | tr 0 '[')$(printf '%032d' 0 | tr 0 ']')"
no 'too many claims'          'sign: the claims are too long, too deep or too many' $(i=0; while [ $i -lt 130 ]; do printf ' --claim a%d=b' $i; i=$((i + 1)); done)
no '--claim not UTF-8'        '--claim: not UTF-8' --claim "$(printf 'a=\377')"
no '--claim name not UTF-8'   '--claim: not UTF-8' --claim "$(printf 'a\300\200=b')"
no '--iss not UTF-8'          'sign: a text is not UTF-8' --iss "$(printf 'a\377')"
for j in '' 5 '[]' '"a"' '{' 'null' '{"a":1}{' 'claims.json'; do
    no "--json=$j"            '--json: not a strict JSON object' --json="$j"
done
no '--json, a name twice'     '--json: two members of one name' --json '{"a":1,"\u0061":2}'
no '--json, file not there'   '--json: No such file or directory' --json @no-such-file
no '--json, directory'        '--json: Is a directory' --json @.
{ printf '{"a":"'; printf '%065530d' 0; printf '"}'; } > "$OUT/j"
no '--json, 65538 bytes'      '--json: longer than 65535 bytes, too deep or too wide' --json @"$OUT/j"
{ printf '{"a":"'; printf '%065527d' 0; printf '"}'; } > "$OUT/j"
no '--json, 65535 bytes: the token would be too long' 'sign: the claims are too long, too deep or too many' --json @"$OUT/j"
no 'together longer than there is room' 'sign: the claims are too long' --json @"$OUT/j" --claim a=$(printf '%060000d' 0) --claim b=$(printf '%060000d' 0)
no '--claim longer than JSON may be' 'sign: the claims are too long' --claim a=$(printf '%066000d' 0)
no '--iss longer than JSON may be' 'sign: the claims are too long, too deep or too many' --iss $(printf '%066000d' 0)
put j '{"a":\000 1}'
no '--json with a NUL'        '--json: not a strict JSON object' --json @"$OUT/j"
no '--claim twice'            'sign: the claim "a" is given twice' --claim a=b --claim a=c
no '--claim and --claim-json' 'sign: the claim "a" is given twice' --claim a=b --claim-json a=1
no '--json and --claim'       'sign: the claim "a" is given twice' --json '{"b":1,"a":2}' --claim a=b
no '--json and --claim, one in disguise' 'sign: the claim "a" is given twice' --json '{"\u0061":2}' --claim a=b
no '--json and --sub'         'sign: the claim "sub" is given twice' --json '{"b":1,"sub":"x"}' --sub y
no '--json and --ttl'         'sign: the claim "exp" is given twice' --json '{"exp":5}' --ttl 5m
no '--json and --exp'         'sign: the claim "exp" is given twice' --json '{"exp":5}' --exp 2000000
no '--claim and --nbf'        'sign: the claim "nbf" is given twice' --claim-json nbf=5 --nbf 6
for o in iss aud jti; do
    no "--claim and --$o"     "sign: the claim \"$o\" is given twice" --claim $o=5 --$o 6
done
no 'a name of orders is shown harmless' 'sign: the claim "\u009b\u001b" is given twice' --claim "$(printf '\302\233\033')=1" --claim "$(printf '\302\233\033')=2"
no '--kid of nothing'         '--kid: 1 to 64 printable ASCII characters, neither " nor \' --kid ''
no '--kid with a quote'       '--kid: 1 to 64 printable ASCII characters, neither " nor \' --kid 'a"b'
no '--kid of 65'              '--kid: 1 to 64 printable ASCII characters, neither " nor \' --kid $(printf '%065d' 0)
no '--typ of nothing'         '--typ: a media type such as at+jwt, of at most 30 characters' --typ ''
no '--typ with a space'       '--typ: a media type such as at+jwt, of at most 30 characters' --typ 'a b'
no '--typ of 31'              '--typ: a media type such as at+jwt, of at most 30 characters' --typ $(printf '%031d' 0)
try 'sign takes no word, and does not repeat it' 2 '' "tokenauth: sign: takes options only, no other word${NL}$TRY sign --help" sign --sub a $RAW
put k "$K\n"; IN=$OUT/k
try 'standard input for two'  2 '' 'tokenauth: --json: standard input can be read only once' sign --json - --secret @-
IN=/dev/null

# a long token: warned of, and still good
"$T" $S --claim a=$(printf '%03200d' 0) > "$OUT/tok" 2> "$OUT/err"
check 'a token over 4096 bytes is warned of' grep -q '^tokenauth: warning: the token: longer than 4096 bytes: programs with the default TA_MAX_TOKEN refuse it$' "$OUT/err"
IN=$OUT/tok; try 'a token over 4096 bytes' 0 '*"a":"000*' '*longer than 4096*' verify --secret $K $AT; IN=/dev/null
"$T" $S --claim a=$(printf '%048900d' 0) > "$OUT/tok" 2> "$OUT/err"
check 'a token of nearly 65535 bytes' test "$(wc -c < "$OUT/tok")" -gt 65300
IN=$OUT/tok; try 'a token of nearly 65535 bytes verifies' 0 '*"a":"000*' '*longer*' verify --secret $K $AT -; IN=/dev/null

# ---- verify -----------------------------------------------------------------------------------------------------------

V="verify --secret $K"
ok()  { name=$1; out=$2; shift 2; try "$name" 0 "$out" '' $V "$@"; }
ref() { name=$1; err=$2; shift 2; try "$name" 1 '' "$err" $V "$@"; }
FULL_OK="--now 1000000 --aud api --typ at+jwt"

ok  'good'                       "$CLAIMS" $AT $PLAIN
ok  'the last good second'       "$CLAIMS" --now 1000899 $PLAIN
ref 'expired at exp'             "$ERR_EXPIRED (exp now, 1970-01-12T14:01:40Z)" --now 1000900 $PLAIN
ref 'expired a second ago'       "$ERR_EXPIRED (exp 1 second ago, 1970-01-12T14:01:40Z)" --now 1000901 $PLAIN
ref 'expired by the clock'       '*years ago, 1970-01-12T14:01:40Z)*' $PLAIN
ok  'leeway'                     "$CLAIMS" --now 1000929 --leeway 30s $PLAIN
ref 'leeway is over'             "$ERR_EXPIRED (exp 30 seconds ago, 1970-01-12T14:01:40Z)" --now 1000930 --leeway 30s $PLAIN
ok  'leeway 300'                 "$CLAIMS" --now 1001199 --leeway 300 $PLAIN
ok  'leeway 0'                   "$CLAIMS" --now 1000899 --leeway 0 $PLAIN
ref 'not yet'                    "$ERR_EARLY (nbf in 8 minutes, 1970-01-12T13:55:00Z)" $AT $BEGINS
ok  'begun'                      '{"exp":1000900,"nbf":1000500}' --now 1000500 $BEGINS
ok  'all rules at once'          "$FULL_CLAIMS" $FULL_OK --iss gate --sub alice --require jti --require nbf --max-age 1h --max-lifetime 1h --leeway 5s $FULL
ref 'another issuer'             "$ERR_ISSUER (iss \"gate\")" $FULL_OK --iss gat $FULL
ref 'no issuer'                  "$ERR_ISSUER (no iss)" $AT --iss gate $PLAIN
ref 'an empty issuer is asked for' "$ERR_ISSUER (iss \"gate\")" $FULL_OK --iss '' $FULL
ref 'another subject'            "$ERR_SUBJECT (sub \"alice\")" $AT --sub bob $PLAIN
ref 'another audience'           "$ERR_AUDIENCE (aud \"api\")" --now 1000000 --typ at+jwt --aud web $FULL
ref 'an audience, none asked for' "$ERR_AUDIENCE (aud \"api\")" --now 1000000 --typ at+jwt $FULL
ok  '--allow-any-audience'       "$FULL_CLAIMS" --now 1000000 --typ at+jwt --allow-any-audience $FULL
ref 'no audience, one asked for' "$ERR_AUDIENCE (no aud)" $AT --aud api $PLAIN
ref 'another typ'                "$ERR_TYP (typ \"at+jwt\")" --now 1000000 --aud api $FULL
ref 'another typ, one asked for' "$ERR_TYP (typ \"JWT\")" $AT --typ at+jwt $PLAIN
ok  '--allow-any-typ'            "$FULL_CLAIMS" --now 1000000 --aud api --allow-any-typ $FULL
ok  '--max-age'                  "$CLAIMS" --now 1000600 --max-age 10m $PLAIN
ref '--max-age is over'          "$ERR_AGE (iat 10 minutes ago, 1970-01-12T13:46:40Z)" --now 1000601 --max-age 10m $PLAIN
ref '--max-age, issued in the future' "$ERR_EARLY (iat in 10 seconds, 1970-01-12T13:46:40Z)" --now 999990 --max-age 10m $PLAIN
ref '--max-age without iat'      "$ERR_MISSING: iat" --now 1000600 --max-age 10m $BEGINS
ok  '--max-lifetime'             "$CLAIMS" $AT --max-lifetime 15m $PLAIN
ref '--max-lifetime is less'     "*$ERR_AGE (exp in 15 minutes,*" $AT --max-lifetime 899s $PLAIN
ok  '--require'                  "$CLAIMS" $AT --require sub --require iat $PLAIN
ref '--require, one is missing'  "$ERR_MISSING: jti" $AT --require sub --require jti $PLAIN
ref '--require, each is named'   "$ERR_MISSING: jti${NL}$ERR_MISSING: scope" $AT --require jti --require sub --require scope --require jti $PLAIN
ref '--require, a name of orders' "$ERR_MISSING: \\u001b[2J" $AT --require "$(printf '\033[2J')" $PLAIN
NOEXP=$("$T" sign --secret $K --no-exp --no-iat --claim-json 'a=null' --sub x)
ref 'no exp'                     "$ERR_MISSING: exp" $NOEXP
ok  '--allow-no-exp'             '{"sub":"x","a":null}' --allow-no-exp $NOEXP
ref '--require exp is said once' "$ERR_MISSING: exp" --require exp $NOEXP
ref '--allow-no-exp, but required' "$ERR_MISSING: exp" --require exp --allow-no-exp $NOEXP
ref '--require, null is missing' "$ERR_MISSING: a" --require a --allow-no-exp $NOEXP
ref 'a date that is a text'      "$ERR_CLAIM" $AT $KIND
ref 'every failed check has its line' "$ERR_EXPIRED (exp 2 hours ago, 1970-01-12T14:46:40Z)
$ERR_AGE (iat 3 hours ago, 1970-01-12T13:46:40Z)
$ERR_AGE (exp 2 hours ago, 1970-01-12T14:46:40Z)
$ERR_ISSUER (iss \"gate\")
$ERR_SUBJECT (sub \"alice\")
$ERR_AUDIENCE (aud \"api\")
$ERR_TYP (typ \"at+jwt\")
$ERR_MISSING: scope" --now 1010800 --iss x --sub x --aud x --typ x --max-age 1m --max-lifetime 1m --require scope $FULL
ref 'and the other failed checks'  "$ERR_SUBJECT (sub 5)$NL$ERR_CLAIM" --sub x $AT $KIND

try 'RFC 7515 A.1, line ends and all' 0 "$(printf '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}')" '' verify --secret $RFC_KEY --iss joe --now 1300819379 $RFC
try 'RFC 7515 A.1, in 2011'           1 '' "$ERR_EXPIRED (exp now, 2011-03-22T18:43:00Z)" verify --secret $RFC_KEY --now 1300819380 $RFC

FORM="$ERR_FORMAT"
ENC="$ERR_ENCODING"
ref 'the wrong secret'           "$ERR_SIGNATURE" --now 1 $RFC
ref 'one letter changed'         "$ERR_SIGNATURE" $AT ${PLAIN%I}Q
ref 'the last letter, spare bits set' "$ENC" $AT ${PLAIN%I}J
ref 'empty'                      "$FORM (nothing was given)" ''
ref 'one dot'                    "$FORM" abc.def
ref 'Bearer'                     "$ENC (give the token alone, without Bearer)" "Bearer $PLAIN"
ref 'Bearer, and no token'       "$FORM (give the token alone, without Bearer)" 'Bearer abc'
ref 'quotes'                     "$ENC (there are quotes around it)" "\"$PLAIN\""
ref 'white space before'         "$ENC ($SPACE)" $AT " $PLAIN"
ref 'white space behind'         "$ENC ($SPACE)" $AT "$PLAIN "
ref 'a newline as an argument'   "$ENC ($SPACE)" $AT "$PLAIN$NL"
ref 'padding'                    "$ENC" $AT $PLAIN=
ref 'alg none'                   "$ERR_ALG" $NONE
ref 'alg RS256'                  "$ERR_ALG" $RS256
ref 'crit'                       "$ERR_CRIT" $CRIT
ref 'a claim twice'              "$ERR_DUPLICATE" $TWICE
ref 'claims that are an array'   "$ERR_JSON" $ARRAY
ref 'claims that are no JSON'    "$ERR_JSON" $BYTES
ref 'longer than any token'      "$ERR_LIMIT" $(printf '%065536d' 0)
bad_rule() { name=$1; why=$2; shift 2; try "$name" 2 '' "tokenauth: $why" $V "$@" $PLAIN; }
bad_rule '--leeway 301'          '--leeway: 300s at most' --leeway 301
bad_rule '--leeway 6m'           '--leeway: 300s at most' --leeway=6m
bad_rule '--leeway -1'           '--leeway: not a duration such as 30s, 15m, 12h, 7d (2147483647 seconds at most)' --leeway -1
bad_rule '--max-age 0 is no rule' '--max-age: must be longer than 0' --max-age 0
bad_rule '--max-lifetime 0 is no rule' '--max-lifetime: must be longer than 0' --max-lifetime 0s
bad_rule '--require of nothing'  '--require: one name, without spaces' --require ''
bad_rule '--require of two'      '--require: one name, without spaces' --require 'a b'
bad_rule '--require too long'    '--require: the names are too long' --require $(printf '%066000d' 0)
bad_rule '--aud and --allow-any-audience' '--allow-any-audience: not together with --aud' --aud a --allow-any-audience
bad_rule '--typ and --allow-any-typ' '--allow-any-typ: not together with --typ' --typ a --allow-any-typ
bad_rule '--now 0'               '--now: not a time: seconds since 1970, or +15m, -1h to count from now' --now 0
bad_rule '--now of nothing'      '--now: not a time: seconds since 1970, or +15m, -1h to count from now' --now ''
if [ -n "$others" ]; then
    T=$OUT/noclock
    try 'no clock'               1 '' 'tokenauth: the clock: does not know the time; --now T sets it' $V $PLAIN
    try 'no clock, +D'           1 '' 'tokenauth: the clock: does not know the time; --now T sets it' decode --now +1h $PLAIN
    ok  'no clock, but --now'    "$CLAIMS" $AT $PLAIN
    try 'no clock for keygen'    0 '*base64url:*' '' keygen
    T=$main
fi

# ---- verify --mac-only ------------------------------------------------------------------------------------------------

printf '\000\377a\033[2J\302\233\303\251\n' > "$OUT/want"
"$T" $V --mac-only $BYTES > "$OUT/got" 2> "$OUT/err"
check '--mac-only: any bytes, unchanged' cmp -s "$OUT/want" "$OUT/got"
check '--mac-only: nothing to complain about' test ! -s "$OUT/err"
printf '%s' "$CLAIMS" > "$OUT/want"
"$T" $V --mac-only $PLAIN > "$OUT/got"
check '--mac-only: an old token, no newline added' cmp -s "$OUT/want" "$OUT/got"
ref '--mac-only, the wrong secret' "$ERR_SIGNATURE" --mac-only $RFC
ref '--mac-only, alg'            "$ERR_ALG" --mac-only $NONE
ref '--mac-only, crit'           "$ERR_CRIT" --mac-only $CRIT
ref '--mac-only, nothing'        "$FORM (nothing was given)" --mac-only ''
for o in iss sub aud typ leeway max-age max-lifetime require now; do
    v=5; case $o in leeway|max-age|max-lifetime) v=5s ;; esac
    bad_rule "--mac-only and --$o" "--$o: not together with --mac-only, which looks at no claim and no time" --mac-only --$o $v
done
for o in allow-no-exp allow-any-audience allow-any-typ; do
    bad_rule "--mac-only and --$o" "--$o: not together with --mac-only, which looks at no claim and no time" --mac-only --$o
done
try '--mac-only and --allow-short-key' 0 '*John Doe*' '' verify --mac-only --allow-short-key --secret raw:$IO_KEY $IO

# ---- standard input ---------------------------------------------------------------------------------------------------

stdin() { put in "$1"; IN=$OUT/in; shift; "$@"; IN=/dev/null; }     # BYTES what-to-do...
stdin "$PLAIN\n"       ok  'stdin, a newline at the end' "$CLAIMS" $AT -
stdin "$PLAIN\n"       ok  'stdin, without -' "$CLAIMS" $AT
stdin "$PLAIN"         ok  'stdin, no newline' "$CLAIMS" $AT -
stdin "$PLAIN\r\n"     ok  'stdin, CR LF' "$CLAIMS" $AT -
stdin "$PLAIN\n"       ok  'stdin, - before an option' "$CLAIMS" - $AT
stdin "$PLAIN\n"       ok  'stdin, - after --' "$CLAIMS" $AT -- -
stdin "$PLAIN\n\n"     ref 'stdin, two newlines' "$ENC ($SPACE)" $AT -
stdin " $PLAIN\n"      ref 'stdin, a space before' "$ENC ($SPACE)" $AT -
stdin "$PLAIN \n"      ref 'stdin, a space behind' "$ENC ($SPACE)" $AT -
stdin "$PLAIN\t"       ref 'stdin, a tab behind' "$ENC ($SPACE)" $AT -
stdin "\n$PLAIN"       ref 'stdin, a newline before' "$ENC ($SPACE)" $AT -
stdin "$PLAIN\r"       ref 'stdin, CR alone' "$ENC ($SPACE)" $AT -
stdin "$PLAIN\000"     ref 'stdin, a NUL behind' "$ENC" $AT -
stdin "\000$PLAIN"     ref 'stdin, a NUL before' "$ENC" $AT -
stdin "\000\000\000"   ref 'stdin, NULs alone' "$FORM" $AT -
stdin ''               ref 'stdin, empty' "$FORM (nothing was given)" $AT -
stdin '\n'             ref 'stdin, a newline alone' "$FORM (nothing was given)" $AT -
stdin '\377\376.\033[2J.\n' ref 'stdin, rubbish' "$ENC" $AT -
stdin "$K\n"           try 'stdin for token and secret' 2 '' 'tokenauth: the token: standard input can be read only once' verify --secret @- $AT -
stdin "$K\n"           try 'stdin for the secret, token beside it' 0 "$CLAIMS" '' verify --secret @- $AT $PLAIN
stdin "$PLAIN\n"       try 'stdin of decode' 0 '*NOT VERIFIED*' '' decode
printf '%065535d\n' 0 > "$OUT/in"; IN=$OUT/in
ref 'stdin, as long as a token may be' "*TA_ERR_FORMAT*" -
printf '%065536d' 0 > "$OUT/in";   ref 'stdin, a byte longer' "$ERR_LIMIT" -
printf '%0200000d' 0 > "$OUT/in";  ref 'stdin, much longer' "$ERR_LIMIT" -
try 'stdin, much longer, to decode' 1 '' "$ERR_LIMIT" decode
IN=/dev/null
if [ -r /dev/zero ]; then
    IN=/dev/zero; ref 'stdin without end' "$ERR_LIMIT" -; IN=/dev/null
    refuses '@file without end' @/dev/zero 'the file is longer than 4096 bytes'
fi
IN=.; try 'stdin is a directory' 2 '' 'tokenauth: the token: Is a directory' $V -; IN=/dev/null
"$T" $V - <&- > "$OUT/out" 2> "$OUT/err"; rc=$?
check 'stdin is closed: status 2, no output' status_and_output 2

# ---- decode -----------------------------------------------------------------------------------------------------------

try 'decode' 0 'NOT VERIFIED: anyone can have written this; signature and times were not checked

header
{
  "alg": "HS256",
  "typ": "JWT"
}

claims
{
  "sub": "alice",
  "exp": 1000900,
  "iat": 1000000
}

exp  expires in 15 minutes, 1970-01-12T14:01:40Z
iat  issued now, 1970-01-12T13:46:40Z' '' decode $AT $PLAIN
"$T" decode $PLAIN > "$OUT/out"
check 'the first line says that nothing was verified' test "$(head -n 1 "$OUT/out" | grep -c 'NOT VERIFIED')" = 1

decodes() { # NAME PART-OF-OUTPUT CLAIMS [option...]: whatever the claims are, verify not being asked
    what=$1; part=$2; printf '%s' "$3" > "$OUT/j"; shift 3
    tok=$("$T" sign --secret $K --no-exp --no-iat --json @"$OUT/j") || { bad "$what: not signed"; return; }
    try "$what" 0 "$part" '' decode "$@" $tok
}
decodes 'nested, and empty ones' "*claims
{
  \"a\": [
    1,
    {
      \"b\": []
    },
    [
      {}
    ]
  ],
  \"c\": {
    \"d\": null
  }
}*" '{"a":[1,{"b":[]},[{}]],"c":{"d":null}}'
decodes 'no claims'              "*claims
{}*" '{}'
decodes 'numbers as they stand'  '*"n": 1.50e+00,*'  '{"n":1.50e+00,"m":123456789012345678901234567890}'
decodes 'and long ones'          '*"m": 123456789012345678901234567890*' '{"n":1.50e+00,"m":123456789012345678901234567890}'
decodes 'strings as they stand'  '*"s": "\u0061\/\n"*' '{"s":"\u0061\/\n"}'
decodes 'UTF-8 as it stands'     "*$(printf '\303\251\360\237\230\200')*" "$(printf '{"s":"\303\251\360\237\230\200"}')"
deep=$(printf '%031d' 0 | tr 0 '[')1$(printf '%031d' 0 | tr 0 ']')
decodes 'as deep as it goes'     "*$NL$(printf '%64s' '')1$NL*" "{\"a\":$deep}"
decodes 'DEL and C1 are shown, not sent' '*"\u007f\u0080\u009b2J\u009f": "\u0085"*' "$(printf '{"\177\302\200\302\2332J\302\237":"\302\205"}')"
decodes 'directions are shown, not sent' '*"\u202e\u2066\u2069\u200f\u061c\ufeff\u2028"*' "$(printf '{"a":"\342\200\256\342\201\246\342\201\251\342\200\217\330\234\357\273\277\342\200\250"}')"
decodes 'their neighbours stay'  "*$(printf '\302\240\342\200\215\342\200\257')*" "$(printf '{"a":"\302\240\342\200\215\342\200\257"}')"
LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$OUT/out" && bad 'decode lets control characters through' || good

when() { decodes "in words: $3" "*$3*" "{\"$1\":$2}" --now 1000000000; }
when exp 1000000000  'exp  expired now, 2001-09-09T01:46:40Z'
when exp 1000000001  'exp  expires in 1 second, 2001-09-09T01:46:41Z'
when exp 999999999   'exp  expired 1 second ago, 2001-09-09T01:46:39Z'
when exp 1000000059  'exp  expires in 59 seconds,'
when exp 1000000060  'exp  expires in 1 minute,'
when exp 1000000119  'exp  expires in 119 seconds,'
when exp 1000000120  'exp  expires in 2 minutes,'
when exp 1000000900  'exp  expires in 15 minutes, 2001-09-09T02:01:40Z'
when exp 1000003600  'exp  expires in 1 hour,'
when exp 1000007199  'exp  expires in 119 minutes,'
when exp 1000007200  'exp  expires in 2 hours,'
when exp 1000086400  'exp  expires in 1 day,'
when exp 999740800   'exp  expired 3 days ago, 2001-09-06T01:46:40Z'
when exp 999740799   'exp  expired 3 days ago, 2001-09-06T01:46:39Z'
when exp 995000000   'exp  expired 57 days ago,'
when exp 994000000   'exp  expired 2 months ago,'
when exp 900000000   'exp  expired 3 years ago, 1998-07-09T16:00:00Z'
when exp 0           'exp  expired 31 years ago, 1970-01-01T00:00:00Z'
when exp 951782399   '2000-02-28T23:59:59Z'
when exp 951782400   '2000-02-29T00:00:00Z'
when exp 951868800   '2000-03-01T00:00:00Z'
when exp 978307199   '2000-12-31T23:59:59Z'
when exp 4107542400  '2100-03-01T00:00:00Z'
when exp 4107542399  '2100-02-28T23:59:59Z'
when exp 253402300799 '9999-12-31T23:59:59Z'
when exp 253402300800 'exp  expires after the year 9999'
when exp 9223372036854775807 'exp  expires after the year 9999'
when exp -1          'exp  expired before 1970'
when exp -9223372036854775808 'exp  expired before 1970'
when exp 1000000000.5 'exp  expires in 1 second,'
when exp 1e9         'exp  expired now, 2001-09-09T01:46:40Z'
when nbf 999999000   'nbf  began 16 minutes ago,'
when nbf 1000000300  'nbf  begins in 5 minutes,'
when iat 999999000   'iat  issued 16 minutes ago,'
when iat 1000000300  'iat  issued in 5 minutes,'
notimes() { # a time that is none gets no words
    "$T" decode "$2" > "$OUT/out" 2>&1
    check "$1" test "$(tail -n 1 "$OUT/out")" = '}'
}
notimes 'no words for exp as a text' $KIND
notimes 'no words where no times are' $NOEXP
try 'decode: alg none'           0 '*"alg": "none"*' '' decode $NONE
try 'decode: alg RS256'          0 '*"alg": "RS256"*' '' decode $RS256
try 'decode: crit'               0 '*"crit": [*' '' decode $CRIT
try 'decode: RFC 7515 A.1'       0 '*years ago, 2011-03-22T18:43:00Z*' '' decode $RFC
try 'decode: a claim twice'      1 '' "$ERR_DUPLICATE" decode $TWICE
try 'decode: an array'           1 '' "$ERR_JSON" decode $ARRAY
try 'decode: no JSON'            1 '' "$ERR_JSON" decode $BYTES
try 'decode: Bearer'             1 '' "$ENC (give the token alone, without Bearer)" decode "Bearer $PLAIN"
try 'decode: nothing'            1 '' "$FORM (nothing was given)" decode ''
try 'decode takes no secret'     2 '' '*unknown option --secret: it belongs to tokenauth sign*' decode --secret $K $PLAIN
try 'decode --now'               2 '' '*--now: not a time*' decode --now x $PLAIN

# ---- colours and terminals -----------------------------------------------------------------------------------------

esc=$(printf '\033')
coloured()   { check "$1" grep -q "$esc\[3" "$OUT/$2"; }
colourless() { if grep -q "$esc" "$OUT/$2"; then bad "$1"; else good; fi; }
"$T" decode $PLAIN > "$OUT/out";             colourless 'no colour into a file' out
"$T" $V $PLAIN > /dev/null 2> "$OUT/err";    colourless 'no colour of errors into a file' err
if [ -n "$others" ]; then
    T=$OUT/terminals
    CLI_TERMINALS=12; export CLI_TERMINALS
    "$T" decode $PLAIN > "$OUT/out";          coloured 'colour on a terminal' out
    "$T" $V $PLAIN 2> "$OUT/err";             coloured 'colour of refusals on a terminal' err
    "$T" $V --leeway 9h 2> "$OUT/err";        coloured 'colour of errors on a terminal' err
    "$T" verify --secret $RAW x 2> "$OUT/err"; coloured 'colour of warnings on a terminal' err
    "$T" $V $AT $PLAIN > "$OUT/out";          colourless 'claims are never coloured' out
    check 'claims on a terminal'              test "$(cat "$OUT/out")" = "$CLAIMS"
    "$T" keygen > "$OUT/out";                 colourless 'a secret is never coloured' out
    CLI_TERMINALS=1; "$T" $V $PLAIN 2> "$OUT/err"; colourless 'no colour of errors where only output is a terminal' err
    CLI_TERMINALS=2; "$T" decode $PLAIN > "$OUT/out"; colourless 'no colour where only errors are a terminal' out
    CLI_TERMINALS=12
    NO_COLOR=1; export NO_COLOR
    "$T" decode $PLAIN > "$OUT/out";          colourless 'NO_COLOR' out
    "$T" $V $PLAIN 2> "$OUT/err";             colourless 'NO_COLOR of errors' err
    NO_COLOR=;  "$T" decode $PLAIN > "$OUT/out"; coloured 'NO_COLOR is empty' out
    unset NO_COLOR
    TERM=dumb;  "$T" decode $PLAIN > "$OUT/out"; colourless 'TERM=dumb' out
    unset TERM; "$T" decode $PLAIN > "$OUT/out"; colourless 'no TERM' out
    CLI_TERMINALS=1
    try 'a payload of orders, on a terminal'  0 '\u0000\xffa\u001b[2J\u009b'"$(printf '\303\251')$NL" '' $V --mac-only $BYTES
    tok=$("$main" sign --secret $K $AT --json "$(printf '{"a":"\302\2332J\177"}')")
    try 'claims of orders, on a terminal'     0 '{"exp":1000900,"iat":1000000,"a":"\u009b2J\u007f"}' '' $V $AT $tok
    T=$main
    try 'claims of orders, into a pipe'       0 "$(printf '{"exp":1000900,"iat":1000000,"a":"\302\2332J\177"}')" '' $V $AT $tok
    T=$OUT/terminals
    tok=$("$main" sign --secret $K $AT --iss "$(printf '\302\2332J')")
    try 'a claim in a refusal is harmless'    1 '' "$ERR_ISSUER (iss \"\\u009b2J\")" $V $AT --iss x $tok
    tok=$("$main" sign --secret $K $AT --iss "$(printf '%0200d' 0)")
    try 'a claim in a refusal is cut'         1 '' "$ERR_ISSUER (iss \"$(printf '%0119d' 0)...)" $V $AT --iss x $tok
    CLI_TERMINALS=0; put in "$PLAIN\n"; IN=$OUT/in
    try 'reading from a terminal says so'     0 "$CLAIMS" 'tokenauth: reading a token from standard input' $V $AT
    IN=/dev/null; unset CLI_TERMINALS; T=$main
    TERM=xterm; export TERM
fi

# ---- output that cannot be written -------------------------------------------------------------------------------

lost() { # NAME argument...: with standard output closed, and full
    what=$1; shift
    "$T" "$@" < /dev/null >&- 2> "$OUT/err"; rc=$?
    check "$what, closed output: status 1"    test $rc -eq 1
    check "$what, closed output: why"         grep -q '^tokenauth: the output cannot be written: Bad file descriptor$' "$OUT/err"
    [ -w /dev/full ] || return
    "$T" "$@" < /dev/null > /dev/full 2> "$OUT/err"; rc=$?
    check "$what, full disk: status 1"        test $rc -eq 1
    check "$what, full disk: why"             grep -q '^tokenauth: the output cannot be written: No space left on device$' "$OUT/err"
}
put k "$K\n"
lost '--help' --help
lost '--version' --version
lost 'sign --help' sign --help
lost 'keygen' keygen
lost 'sign' sign --secret @"$OUT/k"
lost 'verify' verify --secret @"$OUT/k" $AT $PLAIN
lost 'verify --mac-only' $V --mac-only $PLAIN
lost 'decode' decode $PLAIN
"$T" sign --secret $K --claim a=$(printf '%030000d' 0) > /dev/full 2> "$OUT/err"; rc=$?
[ ! -w /dev/full ] || check 'more than a buffer onto a full disk' test $rc -eq 1
[ -w /dev/full ] || skip '/dev/full'
"$T" $V $PLAIN >&- 2> "$OUT/err"; rc=$?
check 'a refusal with closed output: status 1' test $rc -eq 1
check 'a refusal with closed output: no more than the refusal' test "$(wc -l < "$OUT/err")" -eq 1
"$T" $V --leeway 9h >&- 2> "$OUT/err"; rc=$?
check 'wrong usage with closed output: status 2' test $rc -eq 2
"$T" $V $PLAIN > "$OUT/out" 2>&-; rc=$?
check 'a refusal with closed errors: status 1, no output' status_and_output 1

# ---- what is left in memory --------------------------------------------------------------------------------------

if [ -n "$others" ]; then
    T=$OUT/forgets
    put k "$K\n"
    ok  'forgets: verify'           "$CLAIMS" --secret=$OTHER $AT $PLAIN
    ok  'forgets: verify, a file'   "$CLAIMS" --secret @"$OUT/k" $AT $PLAIN
    ref 'forgets: a refusal'        "$ERR_EXPIRED (exp now, 1970-01-12T14:01:40Z)" --now 1000900 $PLAIN
    ref 'forgets: no token'         "$FORM" a.b
    try 'forgets: sign'             0 '*eyJ*' '' $S --claim a=b --json '{"b":1}'
    try 'forgets: a bare secret'    0 '*eyJ*' '*warning*' sign --secret $RAW
    try 'forgets: the second secret is bad' 2 '' '*--secret number 2*' $V --secret hex:4c45 $PLAIN
    try 'forgets: a short secret'   0 '*eyJ*' '' sign --allow-short-key --secret hex:4c45414b
    no  'forgets: a bad kid'        '--kid: 1 to 64 printable ASCII characters, neither " nor \' --kid ''
    try 'forgets: decode'           0 '*alice*' '' decode $PLAIN
    T=$main
fi

# ---- what ps shows -----------------------------------------------------------------------------------------------

if [ -r /proc/self/cmdline ] && mkfifo "$OUT/fifo" 2> /dev/null; then
    waits() { # INPUT argument...     the tool waits for its input, and then gets it
        input=$1; shift
        "$T" "$@" < "$OUT/fifo" > "$OUT/out" 2> "$OUT/err" &
        pid=$!
        exec 9> "$OUT/fifo"
        i=0
        while [ $i -lt 60 ]; do         # at first it may still be the shell, or have its secrets
            tr '\000' ' ' < /proc/$pid/cmdline > "$OUT/ps"
            grep -q -e --now "$OUT/ps" && ! grep -q LEAK "$OUT/ps" && break
            i=$((i + 1)); sleep 1
        done
        echo "$input" >&9
        exec 9>&-
        wait $pid; rc=$?
        check "$1: the secret is gone from the command line" test "$(grep -c LEAK "$OUT/ps")" = 0
        check "$1: which still has the rest" grep -q -e '--secret.*--now 1000000' "$OUT/ps"
    }
    waits $PLAIN verify --secret "$K" --secret="$OTHER" $AT -
    check 'and the token is verified' status_and_output 0 "$CLAIMS"
    waits "$OTHER" verify --secret @- --secret "$K" $AT $PLAIN
    check 'by the secret beside the one in a file' status_and_output 0 "$CLAIMS"
    waits "$CLAIMS" sign --secret "$K" $AT --json -
    check 'and the claims are signed' status_and_output 0 $PLAIN
else skip '/proc'
fi

# ---- the sum -----------------------------------------------------------------------------------------------------

[ "$skipped" = 0 ] || echo "skipped: $skipped"
echo "cli: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
