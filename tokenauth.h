/* tokenauth.h - v0.1.0 - issue, check, refresh and revoke HS256 tokens from one C file
   SPDX-License-Identifier: MIT OR Unlicense   (whole text at the very end)

   In ONE .c or .cpp file                     In all the others
       #define TOKENAUTH_IMPLEMENTATION           #include "tokenauth.h"
       #include "tokenauth.h"

   READ IN THIS ORDER
       ten lines: >>jwt ta_jwt_sign, ta_jwt_verify      a whole server: >>auth
       a lock or a sensor: >>jwt, with TOKENAUTH_VERIFY_ONLY
   FIND      >>config >>status >>bytes >>base64url >>sha256 >>hmac >>json >>key >>jwt
             >>store >>table >>deny >>auth >>web

   SIX RULES FOR EVERY CALL
    1. The result is a ta_status. TA_OK is 0. Write `== TA_OK`, never `if (ta_jwt_verify(...))`.
    2. Text from outside is (pointer, length) and needs no NUL. Text that you wrote yourself -
       a path, a name, a kid, an issuer - is a NUL-ended `const char *`. TA_LIT("x") makes the
       first kind from a literal.
    3. A pointer may be NULL only with length 0, or where its line says so.
    4. Arguments come in one order: whose key or store, the input, now, options, the output.
    5. Options: start from TA_ZERO; NULL means all zero. Zero never skips a check that the token
       itself asks for. Whatever you name adds a check; only `allow_...` removes one.
    6. On failure every output is zero: numbers 0, text "", views absent. What says why, and what to
       do, survives: ta_jwt.failed (+ failed_name), ta_pair.client and retry_after_s.

   MEMORY    no malloc, no globals but, on x86-64, one word that says what the processor can; you own
             each buffer. Views (ta_json, ta_jwt) point INTO your buffer: they end when you write to
             it, reuse it or leave its scope.
   STACK     bounded, nothing recurses. On x86-64 from -O1 to -O3, with a stack protector or AVX-512 too,
             at most, in bytes: SHA-256 700, a JSON check 1200, sign and verify 2200, ta_check 2700,
             ta_refresh 3000, ta_login 4300 (tests/stack.c measures it). TA_MAX_MEMBERS and TA_MAX_DEPTH
             shrink the JSON's part.
             Chips: README, "Sizes"; what a device has to decide: examples/README.md.
   THREADS   ta_key and ta_auth are read-only after their init: share them. A table takes lock
             hooks; a deny-list is yours to lock.
   LIBC      memcpy, memset, memcmp, strlen; with -ffreestanding bring your own four. Under a system also
             its random source (not with TOKENAUTH_NO_OS_RANDOM) and, on 64-bit Arm with Linux, getauxval,
             which knows the processor (not with TOKENAUTH_NO_INTRINSICS).
   SECURITY  the token never picks the algorithm (RFC 8725 3.1). Secrets under 32 bytes are refused
             (RFC 7518 3.2). MACs are compared without early exit; no claim is read before the MAC
             is good. The time is yours: a wrong clock accepts old tokens.
   NOT HERE  RS256, ES256, encryption (JWE), HTTP, a clock, password hashing.
   C++       the same text, C++11 and later. No example needs a compound literal.          */

/* What a switch implies (>>config). Outside the guard: the implementing file may have had this file before. */
#if defined(TOKENAUTH_VERIFY_ONLY) && !defined(TOKENAUTH_NO_WRITER)
#  define TOKENAUTH_NO_WRITER
#endif
#if defined(TOKENAUTH_NO_WRITER) && !defined(TOKENAUTH_NO_SIGN)
#  define TOKENAUTH_NO_SIGN
#endif
#if defined(TOKENAUTH_NO_SIGN) && !defined(TOKENAUTH_NO_REFRESH)
#  define TOKENAUTH_NO_REFRESH
#endif
#if defined(TOKENAUTH_NO_REFRESH) && !defined(TOKENAUTH_NO_TABLE)
#  define TOKENAUTH_NO_TABLE
#endif
#if defined(TOKENAUTH_NO_REFRESH) && !defined(TOKENAUTH_NO_DENY)
#  define TOKENAUTH_NO_DENY
#endif

#ifndef TOKENAUTH_H
#define TOKENAUTH_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/* ============================================================================
   >>config      what can be switched
   [one] only in the implementing file    [all] the same in every file
   ==========================================================================
   TOKENAUTH_STATIC       [all]  every function is static                 (default: external)
   TOKENAUTH_VERIFY_ONLY  [one]  = NO_SIGN + NO_WRITER + NO_REFRESH: what a lock needs
   TOKENAUTH_NO_SIGN      [one]  no ta_jwt_sign... (implies NO_REFRESH)
   TOKENAUTH_NO_WRITER    [one]  no ta_json_begin ... (implies NO_SIGN)
   TOKENAUTH_NO_REFRESH   [one]  no >>store >>table >>deny >>auth
   TOKENAUTH_NO_TABLE, TOKENAUTH_NO_DENY, TOKENAUTH_NO_WEB       [one]
   TOKENAUTH_NO_STATUS_STR [one] no texts for ta_status_str: it gives the names
   TOKENAUTH_NO_OS_RANDOM [one]  no system calls; ta_auth_config.random must then be set
   TOKENAUTH_SMALL        [one]  small code rather than fast code (on with -Os, -Oz, AVR; no value)
   TOKENAUTH_NO_INTRINSICS [one] plain C only; else x86-64 and ARMv8 use their own instructions where
                                 the processor has them, found out when the program runs
   TOKENAUTH_SHA256_COMPRESS(state, in, blocks) [one] a chip's hash engine: uint32_t state[8],
                                 const uint8_t *in at any address, one block of 64 bytes or more;
                                 FIPS 180-4 6.2.2. It cannot fail, and locks for itself if it must
   TOKENAUTH_FLASH, TOKENAUTH_FLASH_WORD(p) [one] how a table is put into flash, and a uint32_t at p
                                 read from there (PROGMEM on AVR, where it is done for you)
   TA_MAX_TOKEN           [one]  longest token read, in bytes             (4096; 256..65535)
   TA_MAX_DEPTH           [one]  deepest JSON nesting                     (32; 4..64)
   TA_MAX_MEMBERS         [one]  most members in one object               (128; 16..255)
   TOKENAUTH_RECORD_TEXT  [all]  bytes for subject and label of a session (46; 46..254)
   TA_ASSERT(x)           [one]  catches YOUR mistakes, never input       (nothing)

   The TA_MAX_... are not defined in the other files: size buffers there by a limit of your own.
   Only TOKENAUTH_RECORD_TEXT changes structs. Files that disagree about it do not link: what takes such
   a struct has another name then (a file with nothing but hooks in it is not noticed). What is switched
   off stays declared and fails at link time, by name (with TOKENAUTH_STATIC: when you compile, so there
   the [one] switches belong before each include).                                            */

#define TA_VERSION         100          /* major * 10000 + minor * 100 + patch */
#define TA_VERSION_TEXT    "0.1.0"

#if defined(__cplusplus) && __cplusplus >= 201703L
#  define TA_MUST_CHECK [[nodiscard]]
#elif defined(__GNUC__)
#  define TA_MUST_CHECK __attribute__((warn_unused_result))
#else
#  define TA_MUST_CHECK
#endif

#if defined(TOKENAUTH_STATIC) && defined(__GNUC__)
#  define TA_API static __attribute__((unused))
#elif defined(TOKENAUTH_STATIC)
#  define TA_API static
#else
#  define TA_API extern
#endif

#ifdef __cplusplus
extern "C" {                    /* a block, not a word in TA_API: only then may [[nodiscard]] come first */
#endif

/* TA_ZERO - the only right first value of an options struct, in C and in C++:
       ta_rules r = TA_ZERO;    r.issuer = "https://id.example";                               */
#ifdef __cplusplus
#  define TA_ZERO {}
#else
#  define TA_ZERO {0}
#endif

/* TA_LIT - two arguments, text and length, from a string literal (and from nothing else).     */
#define TA_LIT(s)          "" s "", (sizeof(s) - 1u)

/* Durations in seconds, 32 bits wide where int has 16.                                        */
#define TA_MINUTES(n)      ((n) * INT32_C(60))
#define TA_HOURS(n)        ((n) * INT32_C(3600))
#define TA_DAYS(n)         ((n) * INT32_C(86400))

#define TA_SHA256_SIZE     32
#define TA_ID_SIZE         16           /* a session's id in the store                          */
#define TA_SID_CAP         24           /* the same as text: 22 characters, NUL, one spare      */
#define TA_REFRESH_CAP     72           /* prefix of up to 20, 50 characters, NUL, one spare    */
#define TA_ACCESS_CAP      1024         /* access token in a ta_pair; a constant, not a switch  */
#ifndef TOKENAUTH_RECORD_TEXT           /* bytes for a session's subject and label together     */
#  define TOKENAUTH_RECORD_TEXT 46      /* [all]; 46..254, a plain number                       */
#endif
#if TOKENAUTH_RECORD_TEXT < 46 || TOKENAUTH_RECORD_TEXT > 254
#  error "TOKENAUTH_RECORD_TEXT must be 46..254"
#endif
#if TOKENAUTH_RECORD_TEXT != 46         /* another layout is another name: no mixed link        */
#  define TAI_NAME2(name, n) name##_text##n
#  define TAI_NAME(name, n)  TAI_NAME2(name, n)
#  define ta_record_pack   TAI_NAME(ta_record_pack, TOKENAUTH_RECORD_TEXT)
#  define ta_record_unpack TAI_NAME(ta_record_unpack, TOKENAUTH_RECORD_TEXT)
#  define ta_table_init    TAI_NAME(ta_table_init, TOKENAUTH_RECORD_TEXT)
#  define ta_auth_init     TAI_NAME(ta_auth_init, TOKENAUTH_RECORD_TEXT)
#  define ta_session_list  TAI_NAME(ta_session_list, TOKENAUTH_RECORD_TEXT)
#  define ta_session_get   TAI_NAME(ta_session_get, TOKENAUTH_RECORD_TEXT)
#endif
#define TA_KID_MAX         64           /* longest kid, in bytes                                */

/* Room that is always enough; n is a byte count. Each is a constant expression of type size_t. */
#define TA_BASE64URL_CAP(n) ((size_t)(n) / 3u * 4u + 4u)
#define TA_BYTES_CAP(n)     ((size_t)(n) / 4u * 3u + 3u)
#define TA_JWT_BUF(n)       TA_BYTES_CAP(n)   /* buf of ta_jwt_verify for a token of n bytes    */
#define TA_JWT_CAP(json)    (TA_BASE64URL_CAP(json) + 216u)  /* token around json bytes of claims:
                               any kid and typ, two dots, the MAC and the NUL are in the 216    */

/* ============================================================================
   >>status      one list makes the names, the numbers and the texts
   ==========================================================================
   -1..-9 your side · -10..-19 text and JSON · -20..-39 a JWT was refused ·
   -40..-59 a session was refused · -60..-69 the store.  Numbers never change meaning.          */

#define TA_STATUS_LIST(X) \
    X(TA_ERR_ARGUMENT,   -1, "argument: NULL, length or option that the contract forbids")     \
    X(TA_ERR_SPACE,      -2, "the output buffer is too small")                                 \
    X(TA_ERR_KEY,        -3, "key: none, empty, short, PEM text, or never initialised")        \
    X(TA_ERR_CLOCK,      -4, "now must be a positive number of seconds since 1970")            \
    X(TA_ERR_RANDOM,     -5, "the random source failed or there is none")                      \
    X(TA_ERR_ENCODING,  -10, "not canonical unpadded base64url")                               \
    X(TA_ERR_JSON,      -11, "not strict JSON")                                                \
    X(TA_ERR_DUPLICATE, -12, "two members of one name")                                        \
    X(TA_ERR_LIMIT,     -13, "longer, deeper or wider than the limits allow")                  \
    X(TA_ERR_ABSENT,    -14, "no such member or element, or the end of the walk")              \
    X(TA_ERR_KIND,      -15, "the JSON value is of another kind")                              \
    X(TA_ERR_RANGE,     -16, "the number has a fraction or does not fit")                      \
    X(TA_ERR_NUL,       -17, "the text holds U+0000")                                          \
    X(TA_ERR_FORMAT,    -20, "not of the form wanted: a JWT is three segments, two dots")      \
    X(TA_ERR_ALG,       -21, "the header's alg is not the string HS256")                       \
    X(TA_ERR_CRIT,      -22, "the header has crit")                                            \
    X(TA_ERR_KID,       -23, "no key of that kid")                                             \
    X(TA_ERR_SIGNATURE, -24, "no key makes this MAC")                                          \
    X(TA_ERR_CLAIM,     -25, "a registered claim is of the wrong kind or out of range")        \
    X(TA_ERR_MISSING,   -26, "a required claim is missing")                                    \
    X(TA_ERR_EXPIRED,   -27, "expired")                                                        \
    X(TA_ERR_EARLY,     -28, "not valid yet")                                                  \
    X(TA_ERR_AGE,       -29, "older, or made to live longer, than the rules allow")            \
    X(TA_ERR_ISSUER,    -30, "another issuer")                                                 \
    X(TA_ERR_SUBJECT,   -31, "another subject")                                                \
    X(TA_ERR_AUDIENCE,  -32, "for another audience, or for one and none was configured")       \
    X(TA_ERR_TYP,       -33, "another kind of token (header typ)")                             \
    X(TA_ERR_DENIED,    -34, "on the deny-list")                                               \
    X(TA_ERR_INVALID,     -40, "not one of our refresh tokens; nothing was looked up")         \
    X(TA_ERR_UNKNOWN_KEY, -41, "made with a refresh key that is not configured here")          \
    X(TA_ERR_ENDED,       -42, "no such session: logged out or swept away")                    \
    X(TA_ERR_REVOKED,     -43, "the session was revoked")                                      \
    X(TA_ERR_IDLE,        -44, "the session was unused for too long")                          \
    X(TA_ERR_LOGGED_OUT,  -45, "the user was logged out everywhere")                           \
    X(TA_ERR_USER_CHANGED,-46, "the user's credentials or record changed")                     \
    X(TA_ERR_SUSPENDED,   -47, "the user is suspended")                                        \
    X(TA_ERR_BINDING,     -48, "presented by another client")                                  \
    X(TA_ERR_REPLAY,      -49, "an old token came back; the session is revoked now")           \
    X(TA_ERR_AHEAD,       -50, "the store lost writes; the session is revoked now")            \
    X(TA_ERR_STORE,       -60, "the store failed; nothing was granted")                        \
    X(TA_ERR_BUSY,        -61, "others kept changing the record; nothing was granted")         \
    X(TA_ERR_CONFLICT,    -62, "not applied: the record is another, is there, or is gone")     \
    X(TA_ERR_NOT_FOUND,   -63, "no such record")                                               \
    X(TA_ERR_FULL,        -64, "no room for one more")                                         \
    X(TA_ERR_SNAPSHOT,    -65, "the snapshot is damaged, too old, or does not fit")            \
    X(TA_ERR_CONFIG,      -66, "a setting is missing or out of range")                         \
    X(TA_ERR_UNSUPPORTED, -67, "this store has no such call")

typedef enum ta_status {
    TA_OK = 0,
#define TAI_ENUM(name, number, text) name = number,
    TA_STATUS_LIST(TAI_ENUM)
#undef TAI_ENUM
    TAI_STATUS_END = 1          /* keeps the comma legal in C++11 -pedantic; never returned */
} ta_status;

/* ta_status_str - for logs: "expired". Never NULL, also for a number that is none of ours.
   Do not send it to the client: see ta_http_code.                                             */
TA_API const char *ta_status_str(ta_status st);

/* ta_status_name - "TA_ERR_EXPIRED".                                                          */
TA_API const char *ta_status_name(ta_status st);

/* ============================================================================
   >>bytes       compare and wipe
   ========================================================================== */

/* ta_equal - true when len bytes agree. The time depends on len alone. len 0: true.
   For MACs, tokens, one-time codes: memcmp tells an attacker how far he got.                  */
TA_API bool ta_equal(const void *a, const void *b, size_t len);

/* ta_wipe - set len bytes to 0; the compiler cannot leave it out. p may be NULL with len 0.
   Ends a ta_key, too: a wiped key refuses every call with TA_ERR_KEY.                         */
TA_API void ta_wipe(void *p, size_t len);

/* ============================================================================
   >>base64url   RFC 4648 section 5, unpadded; one spelling for each byte string
   ========================================================================== */

/* ta_base64url_encode - bytes to text, NUL-ended; the NUL needs room and is not counted.
   out_cap      TA_BASE64URL_CAP(in_len) is always enough; out may not overlap in
   After a failure out is "" (if it has room) and *out_len 0. Without branches or tables that
   depend on the bytes, so secrets may pass.
   TA_OK · TA_ERR_SPACE · TA_ERR_ARGUMENT a NULL                                                */
TA_MUST_CHECK TA_API ta_status ta_base64url_encode(const void *in, size_t in_len,
                                                   char *out, size_t out_cap, size_t *out_len);

/* ta_base64url_decode - text to bytes. out may be in itself (decode in place), not a part of it.
   out_cap      TA_BYTES_CAP(in_len) is always enough
   The one canonical spelling is accepted (RFC 4648 3.5), so decode then encode gives back the text.
   After a failure *out_len is 0 and nothing decoded is left in out. Without branches or tables
   that depend on the characters, so secrets may pass; whether all of it was valid is not secret.
   TA_OK, 0 characters are 0 bytes · TA_ERR_ENCODING foreign character (padding too), length 4n+1,
   spare bits not 0 · TA_ERR_SPACE out untouched · TA_ERR_ARGUMENT a NULL                       */
TA_MUST_CHECK TA_API ta_status ta_base64url_decode(const char *in, size_t in_len,
                                                   void *out, size_t out_cap, size_t *out_len);

/* ============================================================================
   >>sha256      FIPS 180-4        >>hmac      RFC 2104
   ========================================================================== */

typedef struct ta_sha256 {      /* copies with =; contents are ours */
    uint64_t total;             /* bytes so far */
    uint32_t state[8];
    uint8_t  block[64];
} ta_sha256;

/* init, any number of updates, final. Nothing can fail; in may be NULL with len 0. Up to 2^61 bytes. */
TA_API void ta_sha256_init  (ta_sha256 *c);
TA_API void ta_sha256_update(ta_sha256 *c, const void *in, size_t len);
/* ta_sha256_final - gives the digest and wipes c. To go on afterwards, copy c before.         */
TA_API void ta_sha256_final (ta_sha256 *c, uint8_t digest[TA_SHA256_SIZE]);
/* ta_sha256_once - the three calls above in one. (The type has taken the name ta_sha256.)     */
TA_API void ta_sha256_once  (const void *in, size_t len, uint8_t digest[TA_SHA256_SIZE]);

/* ta_hmac_sha256 - any key length, for lessons and other protocols. Tokens use ta_key.        */
TA_API void ta_hmac_sha256(const void *key, size_t key_len, const void *msg, size_t msg_len,
                           uint8_t mac[TA_SHA256_SIZE]);

/* ============================================================================
   >>json        strict RFC 8259, nothing is copied: a value is a view into your text
   ========================================================================== */

/* ta_json - one value, as a view. All zero: absent. Its kind is told by its first byte, so a view
   is two words. Hand text..len to another parser if you like, but NEVER compare it yourself: "a"
   can be spelled "\u0061". ta_json_equals knows.                                              */
typedef struct ta_json {
    const char *text;           /* raw, with quotes and escapes; not NUL-ended */
    size_t      len;
} ta_json;

typedef enum ta_kind {
    TA_ABSENT, TA_NULL, TA_BOOL, TA_NUMBER, TA_STRING, TA_ARRAY, TA_OBJECT
} ta_kind;

/* ta_json_check - is this exactly one strict JSON text (white space around it allowed)?
   No byte order mark, no comments, no NaN; UTF-8 as RFC 3629 has it, and \u escapes that pair up.
   Names must be unique at every level, compared after unescaping (RFC 8259 4 only asks for it).
   One pass, no recursion, linear in the text. The first fault from the left is named.
   TA_OK · TA_ERR_JSON · TA_ERR_DUPLICATE ·
   TA_ERR_LIMIT deeper than TA_MAX_DEPTH, an object of more than TA_MAX_MEMBERS members (or all
   objects open at one point together more than TA_MAX_MEMBERS + TA_MAX_DEPTH), over 65,535 bytes,
   escaped names made to collide ·
   TA_ERR_ARGUMENT a NULL                                                                       */
TA_MUST_CHECK TA_API ta_status ta_json_check(const char *json, size_t len);

/* ta_json_find - ta_json_check, then ta_json_at: for text that nobody has checked.
   As above, and TA_ERR_ABSENT; TA_ERR_ARGUMENT for a path that is none. out is absent after a
   failure.                                                                                    */
TA_MUST_CHECK TA_API ta_status ta_json_find(const char *json, size_t len, const char *path,
                                            ta_json *out);

/* ta_json_at - walk down from a checked value, such as ta_jwt.claims.

   path   "scope" · "realm_access.roles" · "roles[0]" · "a[\"key.with.dots\"].b" · "" is v itself.
          A bare name is any text without . [ ] and "; what stands in [""] is a JSON string
   Gives the value, or an absent one when any step is missing or of another kind. Absent flows on:
   every getter below answers TA_ERR_ABSENT (or false) for it, so one test at the end is enough.
       if (ta_json_has(ta_json_at(jwt.claims, "realm_access.roles"), TA_LIT("admin"))) ...
   Needs v from checked text to be right; is memory-safe on any bytes.                         */
TA_API ta_json ta_json_at(ta_json v, const char *path);

/* ta_json_kind - by the first byte. TA_ABSENT for an absent value, or bytes that begin none.  */
TA_API ta_kind ta_json_kind(ta_json v);

/* ta_json_string - unescape into out, always with a NUL after it (the NUL needs room).
   out_cap  v.len is always enough. After a failure out is "" (if it has room) and *out_len 0
   TA_OK · TA_ERR_ABSENT · TA_ERR_KIND · TA_ERR_SPACE · TA_ERR_JSON only for unchecked text ·
   TA_ERR_NUL  the text holds U+0000, so a C string would lie about where it ends               */
TA_MUST_CHECK TA_API ta_status ta_json_string(ta_json v, char *out, size_t out_cap,
                                              size_t *out_len);
/* ta_json_int - exact: 5, 5.0 and 5e0 are five; 5.1 and 1e19 are TA_ERR_RANGE. No floating point.
   TA_OK · TA_ERR_ABSENT · TA_ERR_KIND · TA_ERR_RANGE · TA_ERR_JSON only for unchecked text.
   *out is 0 after a failure                                                                   */
TA_MUST_CHECK TA_API ta_status ta_json_int (ta_json v, int64_t *out);
/* ta_json_bool - as above; *out is false after a failure.                                     */
TA_MUST_CHECK TA_API ta_status ta_json_bool(ta_json v, bool *out);

/* ta_json_equals - v is a string and, unescaped, is exactly this text. Absent: false.
   So build allow-lists with it; `!ta_json_equals(...)` lets the absent through.               */
TA_API bool ta_json_equals(ta_json v, const char *text, size_t len);

/* ta_json_has - v is an array with this string in it, or a string with this word in it (words are
   parted by single spaces, as in OAuth's scope). Not for aud: use ta_jwt_is_for.              */
TA_API bool ta_json_has(ta_json v, const char *text, size_t len);

/* ta_json_next - walk an object's members or an array's elements in order; linear as a whole.
       size_t at = 0;  ta_json name, value;
       while (ta_json_next(roles, &at, &name, &value) == TA_OK) ...
   name may be NULL, and is absent for an array. Both are absent after every other result.
   TA_OK one more · TA_ERR_ABSENT the end, or v is absent · TA_ERR_KIND neither object nor array */
TA_MUST_CHECK TA_API ta_status ta_json_next(ta_json v, size_t *at, ta_json *name, ta_json *value);

/* ta_json_writer - writes one value into your buffer. The first error sticks and later calls do
   nothing, so test ta_json_end only. `name` is NULL inside an array and at the top.
   What it wrote, ta_json_check accepts: ta_json_end asks it.                                  */
typedef struct ta_json_writer {
    char     *out;
    size_t    cap, len;
    ta_status st;
    uint32_t  is_array;         /* one bit per open level, TA_MAX_DEPTH of them at most */
    uint8_t   depth, some;
} ta_json_writer;

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_WRITER)
TA_API void ta_json_begin     (ta_json_writer *w, char *out, size_t cap);
TA_API void ta_json_put_object(ta_json_writer *w, const char *name);
TA_API void ta_json_put_array (ta_json_writer *w, const char *name);
TA_API void ta_json_put_close (ta_json_writer *w);
TA_API void ta_json_put_string(ta_json_writer *w, const char *name, const char *text, size_t len);
TA_API void ta_json_put_int   (ta_json_writer *w, const char *name, int64_t value);
TA_API void ta_json_put_bool  (ta_json_writer *w, const char *name, bool value);
TA_API void ta_json_put_null  (ta_json_writer *w, const char *name);
/* Whole numbers only, and no ready JSON. JavaScript rounds beyond +-2^53: write such ids as strings.   */
/* ta_json_end - *len bytes were written and a NUL after them; on failure *len is 0, out is "".
   TA_OK · TA_ERR_SPACE · TA_ERR_JSON text that is not UTF-8 · TA_ERR_DUPLICATE a name twice in one
   object · TA_ERR_LIMIT deeper or wider than the limits (never over 32 levels) ·
   TA_ERR_ARGUMENT a bracket left open, or one too many; a name missing or not wanted; nothing, or
   a second value at the top                                                                   */
TA_MUST_CHECK TA_API ta_status ta_json_end(ta_json_writer *w, size_t *len);
#endif

/* ============================================================================
   >>key         secrets become keys here, once
   ========================================================================== */

/* ta_random - the operating system's random source, for keys, retry keys and fingerprints.
   TA_OK · TA_ERR_RANDOM it failed, or there is none here (TOKENAUTH_NO_OS_RANDOM): out is zero   */
TA_MUST_CHECK TA_API ta_status ta_random(void *out, size_t len);

/* ta_key - the two states of HMAC, not the secret; worth as much as the secret all the same.
   An all-zero key (never initialised, init failed, wiped) is refused everywhere: TA_ERR_KEY.   */
typedef struct ta_key {
    uint32_t    inner[8], outer[8];
    const char *kid;            /* yours; must live as long as the key */
    uint32_t    ready;
} ta_key;

/* ta_key_init - from raw bytes, which you may wipe afterwards. kid may be NULL: then the token names
   no key; else 1..TA_KID_MAX printable ASCII characters, neither " nor \. A failure wipes *key.
   TA_OK · TA_ERR_KEY len < 32 (RFC 7518 3.2), no secret; text that holds PEM or begins as an SSH public
   key: who has that file must not be able to sign (RFC 8725 2.1) · TA_ERR_ARGUMENT the kid, key is NULL */
TA_MUST_CHECK TA_API ta_status ta_key_init(ta_key *key, const void *secret, size_t len,
                                           const char *kid);

/* ta_key_init_text - from configuration: "base64url:…" (no padding), "base64:…" (padded), "hex:…"
   (either case) or "raw:…" (the bytes as they stand). What it spells is then as above.
   TA_OK · TA_ERR_ENCODING no such prefix - no guess is made -, white space, the newline of a file ·
   TA_ERR_LIMIT over 256 bytes spelled (raw: any) · TA_ERR_KEY, TA_ERR_ARGUMENT as ta_key_init  */
TA_MUST_CHECK TA_API ta_status ta_key_init_text(ta_key *key, const char *text, size_t len,
                                                const char *kid);

/* ta_key_init_short - 1 byte or more. For interoperation and lessons; RFC 7518 3.2 says 32.    */
TA_MUST_CHECK TA_API ta_status ta_key_init_short(ta_key *key, const void *secret, size_t len,
                                                 const char *kid);

/* ta_key_derive - one master secret, several keys: HMAC(master, "tokenauth.h derive 1" 00 purpose).
   purpose is yours, "access" or "refresh" say; two purposes give two keys that tell nothing of each
   other or of the master. But the master is all of them: a server that is to have one key only gets a
   secret of its own.   As ta_key_init, and TA_ERR_ARGUMENT for a purpose of NULL or ""         */
TA_MUST_CHECK TA_API ta_status ta_key_derive(ta_key *key, const void *master, size_t len,
                                             const char *purpose, const char *kid);

/* ta_keys - signs with list[0]. Reads a token with the keys of its kid; a token or key without a kid:
   each in turn. A kid that is no text is that of no key here.
   To change a secret: {old,new} everywhere, then {new,old}, then {new}.
   TA_ERR_KEY from every call: list NULL, count 0 or over TA_MAX_KEYS, a key that is not ready. */
typedef struct ta_keys {
    const ta_key *list;
    size_t        count;        /* 1..TA_MAX_KEYS */
} ta_keys;
#define TA_MAX_KEYS 4

/* ta_keys_of - ta_keys_of(&key, 1): one key, or a list, as an argument in C and in C++.        */
TA_API ta_keys ta_keys_of(const ta_key *list, size_t count);

/* ============================================================================
   >>jwt         RFC 7519, 7515, 8725; HS256 and nothing else
   ========================================================================== */

/* ta_claims - what to sign. NULL or 0: left out.                                              */
typedef struct ta_claims {
    const char *issuer;         /* iss */
    const char *subject;        /* sub */
    const char *audience;       /* aud, one string; an array goes into more */
    const char *id;             /* jti */
    const char *session;        /* sid */
    const char *typ;            /* the HEADER's typ, at most 30 token characters; NULL: "JWT" */
    int64_t     issued_at;      /* iat, seconds since 1970, up to 2^53 like the next two */
    int64_t     not_before;     /* nbf */
    int64_t     expires_at;     /* exp; 0 is refused unless allow_no_exp */
    const char *more;           /* a JSON object; its members are added as they stand */
    size_t      more_len;
    bool        allow_no_exp;
} ta_claims;

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_SIGN)
/* ta_jwt_sign - never signs what ta_jwt_verify would call malformed.
   Header {"alg":"HS256","typ":…,"kid":…}; claims iss sub aud exp nbf iat jti sid, then more.
   cap     TA_JWT_CAP(bytes of claims as JSON) is always enough; out may not overlap the claims
   out     *out_len bytes and a NUL; "" and 0 after a failure
   TA_OK · TA_ERR_SPACE · TA_ERR_KEY · TA_ERR_MISSING no exp · TA_ERR_AGE exp not after iat, nbf, each
   rounded up · TA_ERR_JSON, _DUPLICATE, _CLAIM more is no JSON object, repeats a name, has an exp nbf iat
   that is no number; or text that is not UTF-8 · TA_ERR_LIMIT over TA_MAX_TOKEN, TA_MAX_MEMBERS,
   TA_MAX_DEPTH · TA_ERR_ARGUMENT a NULL, the typ, a time below 0 or over 2^53                   */
TA_MUST_CHECK TA_API ta_status ta_jwt_sign(const ta_key *key, const ta_claims *claims,
                                           char *out, size_t cap, size_t *out_len);

/* ta_jwt_sign_json - the payload is your own JSON object, byte for byte, typ is "JWT".
   As above; exp may be missing here: you wrote the claims, you left it out.                   */
TA_MUST_CHECK TA_API ta_status ta_jwt_sign_json(const ta_key *key, const char *json, size_t len,
                                                char *out, size_t cap, size_t *out_len);
#endif

/* ta_rules - what else a token must be. May be static const and shared; nothing is written to it. */
typedef struct ta_rules {
    const char *issuer;         /* iss is this;             NULL: any or none                */
    const char *subject;        /* sub is this;             NULL: any or none                */
    const char *audience;       /* aud is or holds this;    NULL: a token WITH aud is refused */
    const char *typ;            /* the header's typ is this, case and "application/" aside;
                                   NULL: none or "JWT" only, so a refresh or mail token is out */
    const char *required;       /* names with spaces between: "sub jti scope"; null is missing */
    int32_t     leeway_s;       /* clock skew, 0..300                                        */
    int32_t     max_age_s;      /* now - iat at most, and leeway_s more; 0: no limit         */
    int32_t     max_lifetime_s; /* exp - iat at most, each rounded up; 0: no limit           */
    bool        allow_no_exp;
    bool        allow_any_audience;
    bool        allow_any_typ;
} ta_rules;

/* Bits of ta_jwt.failed                                                                       */
#define TA_FAILED_EXP      0x0001u
#define TA_FAILED_NBF      0x0002u
#define TA_FAILED_IAT      0x0004u      /* in the future, and max_age_s was asked for */
#define TA_FAILED_AGE      0x0008u
#define TA_FAILED_LIFETIME 0x0010u
#define TA_FAILED_ISS      0x0020u
#define TA_FAILED_SUB      0x0040u
#define TA_FAILED_AUD      0x0080u
#define TA_FAILED_TYP      0x0100u
#define TA_FAILED_REQUIRED 0x0200u
#define TA_FAILED_KIND     0x0400u      /* a registered claim of the wrong kind or range */
#define TA_FAILED_DENIED   0x0800u
#define TA_FAILED_SESSION  0x1000u

/* ta_jwt - what was read. Views into buf; absent where the token has nothing.                 */
typedef struct ta_jwt {
    ta_json     header, claims; /* the two objects, checked */
    ta_json     iss, sub, aud, jti, sid, typ, kid;
    int64_t     exp, nbf, iat;  /* whole seconds, fractions rounded up; 0 when absent */
    const char *failed_name;    /* first missing name, inside rules->required; or "exp", or "iat" */
    uint16_t    failed_len;     /* its length; NULL and 0 when nothing is missing */
    uint16_t    failed;         /* 0, or after a GOOD MAC every check that failed */
} ta_jwt;

/* ta_jwt_verify - Form, alg and kid, MAC, then JSON, time and rules. Exact comparisons; now < exp.

   keys            ta_keys_of(&key, 1), or several
   token, len      the token alone, no "Bearer ", no NUL needed; at most TA_MAX_TOKEN bytes
   now             seconds since 1970, > 0. A clock that has never been set accepts old tokens
                   as fresh ones: compare it with your build date first
   rules           NULL: all zero
   buf, cap        TA_JWT_BUF(len) is always enough. buf may be the token itself: its text is
                   then overwritten, and no second buffer is needed. No other overlap. Wiped after
                   a failure, as far as it was written
   out             zero after failure, but for `failed`. failed == TA_FAILED_EXP: a good token of
                   ours that is only too old. 0 with an error: never look at the content, the MAC
                   or the form was wrong. Every failed check is in the mask; the result names the
                   first in the order of the bits

   TA_OK · TA_ERR_FORMAT, _ENCODING, _LIMIT, _JSON, _DUPLICATE · TA_ERR_ALG, _CRIT, _KID ·
   TA_ERR_SIGNATURE · TA_ERR_CLAIM, _MISSING, _EXPIRED, _EARLY, _AGE, _ISSUER, _SUBJECT,
   _AUDIENCE, _TYP · TA_ERR_SPACE, _KEY, _CLOCK now <= 0, _ARGUMENT a NULL, an overlap, a rule out
   of its range

   exp nbf iat count exactly, with fraction and exponent; a registered claim of the wrong kind that
   no rule names (an aud of true, say) is left alone, but exp nbf iat must be numbers.
   Source: RFC 7519 7.2, RFC 7515 5.2, RFC 8725 3.                                              */
TA_MUST_CHECK TA_API ta_status ta_jwt_verify(ta_keys keys, const char *token, size_t len,
                                             int64_t now, const ta_rules *rules,
                                             char *buf, size_t cap, ta_jwt *out);

/* ta_jwt_is_for - aud is this string, or an array that holds it. Exact; for a second audience
   after allow_any_audience.                                                                   */
TA_API bool ta_jwt_is_for(const ta_jwt *jwt, const char *audience);

/* ta_jws_verify - the MAC and the header only; the payload is any bytes, *payload_len of them at buf.
   cap: TA_BYTES_CAP(len) is always enough; buf as with ta_jwt_verify. There is no time in it: a
   token never grows old here.
   TA_OK · TA_ERR_FORMAT, _ENCODING, _LIMIT · TA_ERR_JSON, _DUPLICATE the header · TA_ERR_ALG, _CRIT,
   _KID, _SIGNATURE · TA_ERR_SPACE, _KEY, _ARGUMENT                                             */
TA_MUST_CHECK TA_API ta_status ta_jws_verify(ta_keys keys, const char *token, size_t len,
                                             void *buf, size_t cap, size_t *payload_len);

/* ta_jwt_decode_unverified - for debuggers. Anyone can have written what you get. Any alg, no key, no
   rules; form, base64url and JSON as strict as ever. buf, cap, out as with ta_jwt_verify.
   exp nbf iat are 0 when they are no numbers.
   TA_OK · TA_ERR_FORMAT, _ENCODING, _LIMIT, _JSON, _DUPLICATE · TA_ERR_SPACE, _ARGUMENT        */
TA_MUST_CHECK TA_API ta_status ta_jwt_decode_unverified(const char *token, size_t len,
                                                        char *buf, size_t cap, ta_jwt *out);

/* ============================================================================
   >>store       what keeps the sessions: single records, one compare-and-swap
   ========================================================================== */

/* ta_record - a session (kind 1) or a user's mark (kind 2), which has no subject, so that no list shows
   it. A store keeps it as bytes and reads id, ver and subject only. 128 bytes packed;
   TOKENAUTH_RECORD_TEXT [all] makes room for longer subjects.                                 */
typedef struct ta_record {
    uint8_t  kind, kid, state, flags;
    uint32_t ver;               /* raised by every write; the swap compares this; may wrap */
    uint32_t gen;               /* rotations so far; never wraps */
    uint32_t epoch;
    uint8_t  id[TA_ID_SIZE];
    int64_t  created, rotated_at, idle_until, ends_at;
    uint8_t  app[4];            /* yours, sealed: a scope, a level */
    uint8_t  client[8], retry[8], seal[8];
    uint8_t  sub_len, label_len;
    char     text[TOKENAUTH_RECORD_TEXT];   /* subject, label; not NUL-ended */
} ta_record;

#define TA_RECORD_SIZE (82 + TOKENAUTH_RECORD_TEXT)

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_REFRESH)
/* ta_record_pack - the same bytes on every machine. r is one that the library handed to your store. */
TA_API void ta_record_pack(const ta_record *r, uint8_t out[TA_RECORD_SIZE]);
/* ta_record_unpack - trusts no byte: format, length, ranges, UTF-8, unused bits. What it accepts
   packs into the same bytes again.   TA_OK · TA_ERR_STORE, and *out is zero                    */
TA_MUST_CHECK TA_API ta_status ta_record_unpack(const void *in, size_t len, ta_record *out);
#endif

/* ta_store - copies with =. get and cas must be there; list and sweep may be NULL: without list
   there is no cap and ta_session_list says TA_ERR_UNSUPPORTED. Any answer but those named counts as
   TA_ERR_STORE. Called from every thread that uses the ta_auth.                                */
typedef struct ta_store {
    void *ctx;
    /* TA_OK · TA_ERR_NOT_FOUND · TA_ERR_STORE.  Sees every cas that answered TA_OK before: the
       primary, no replica, no open snapshot. Bytes that do not unpack: TA_ERR_STORE.           */
    ta_status (*get)(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out);
    /* old NULL: insert if absent.  next NULL: delete.  Else replace.  Only if stored ver == old->ver.
       TA_OK applied and committed on its own · TA_ERR_CONFLICT, TA_ERR_FULL not applied ·
       TA_ERR_STORE anything may have happened, or still happen, but not after a later cas of the same
       id has answered.  May be dropped after `expires`, never before.
       ver alone is compared: a store that forgets what it acknowledged (a back-up put back, a replica
       that was behind) comes to the same ver again with other bytes. So put a back-up back while no
       caller runs; a call that began before it could write over what came after.              */
    ta_status (*cas)(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                     const ta_record *next, int64_t expires);
    /* ids of the subject's sessions above `after` (NULL: all), ascending, at most cap; fewer: the end */
    ta_status (*list)(void *ctx, const char *sub, size_t len, const uint8_t *after,
                      uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n);
    /* drops expired records, at most `most`; logins and refreshes call it. NULL: drop by `expires` yourself */
    ta_status (*sweep)(void *ctx, int64_t now, size_t most, size_t *done);
} ta_store;

/* ============================================================================
   >>table       the store in your own array
   ========================================================================== */

typedef struct ta_slot {        /* room for one session or mark; contents are ours */
    uint32_t word[6];           /* its share of index, chains and expiries */
    uint8_t  record[(TA_RECORD_SIZE + 3) / 4 * 4];
} ta_slot;

typedef struct ta_table {       /* copies with =: all that changes is inside slots */
    ta_slot  *slots;
    uint32_t  count;
    void     *lock_ctx;
    ta_status (*lock)(void *ctx);       /* NULL: one thread. A failure is TA_ERR_STORE. Held for */
    void      (*unlock)(void *ctx);     /* one store call or a save; never over a hook or random */
    uint64_t  seed;             /* see ta_table_init */
    uint32_t  mask;             /* ours */
} ta_table;

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_TABLE)
/* ta_table_init - static ta_slot slots[1000]; ta_table_init(&t, slots, 1000);
   An empty table; set lock hooks afterwards, before others see it. Each user who is logged out
   everywhere takes a slot for his mark, for absolute_s: plan one in sixteen for them, and some for
   logins that are about to end another session. Nothing live is ever evicted.
   Without a system's random source set t->seed to 8 bytes of your own before anything is stored, or who
   chooses names can make them meet.   TA_OK · TA_ERR_ARGUMENT a NULL, count 0 or over 2^30    */
TA_MUST_CHECK TA_API ta_status ta_table_init(ta_table *t, ta_slot *slots, size_t count);
/* ta_table_store - the table as a store; *t must outlive it. get and sweep are O(1), cas walks the
   sessions of one user besides.                                                                */
TA_API ta_store ta_table_store(ta_table *t);
#endif

typedef enum ta_load { TA_LOAD_REVOKE_ALL = 0, TA_LOAD_RESUME = 1 } ta_load;
#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_TABLE)
/* ta_table_save - all records, checksummed, in pieces as large as your buffer: *slot starts as 0 and
   is 0 again when done. Write the pieces one after the other; ta_table_load wants all of them.
   Write to a new place and switch over when done: pieces of two saves must not mix.
   Changes between two pieces may be in it or not; for one moment's picture, save in one piece.
   cap      TA_SNAPSHOT_CAP(count) is one piece for the whole table; TA_SNAPSHOT_CAP(1) the least
   TA_OK · TA_ERR_SPACE · TA_ERR_STORE the lock · TA_ERR_ARGUMENT.  *out_len 0 after a failure   */
TA_MUST_CHECK TA_API ta_status ta_table_save(const ta_table *t, size_t *slot,
                                             void *out, size_t cap, size_t *out_len);
#define TA_SNAPSHOT_CAP(count) ((size_t)(count) * TA_RECORD_SIZE + 52u)
/* ta_table_load - a snapshot into the table, whatever it held. It may have another count.
   TA_LOAD_REVOKE_ALL  sessions come back as revoked: everybody logs in again, once
   TA_LOAD_RESUME      as they were; what ended since the save is alive again, so set allow_ahead.
                       Refused when the last login, refresh or logout of all that it shows is more than
                       max_age_s ago or ahead: the time it was saved at is not in it
   Expired records are left out. Any other `how` counts as TA_LOAD_REVOKE_ALL.
   TA_OK · TA_ERR_SNAPSHOT cut, damaged, too old, does not fit: the table is empty ·
   TA_ERR_CLOCK now <= 0 · TA_ERR_STORE the lock · TA_ERR_ARGUMENT a NULL, max_age_s < 1 to resume */
TA_MUST_CHECK TA_API ta_status ta_table_load(ta_table *t, const void *in, size_t len, int64_t now,
                                             ta_load how, int32_t max_age_s);
#endif

/* ============================================================================
   >>deny        single access tokens, by jti, until they expire anyway
   ========================================================================== */

typedef struct ta_deny_slot { uint8_t id[TA_ID_SIZE]; int64_t until; } ta_deny_slot;
typedef struct ta_deny {
    ta_deny_slot *slots;        /* sorted by id */
    size_t        count, used;
    int64_t       before;
} ta_deny;

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_DENY)
/* ta_deny_init - an empty list in your array.   TA_OK · TA_ERR_ARGUMENT a NULL, count 0        */
TA_MUST_CHECK TA_API ta_status ta_deny_init  (ta_deny *d, ta_deny_slot *slots, size_t count);
/* ta_deny_add - refuse this token until its exp + 300 s, the largest leeway; without exp: for ever.
   Entries whose time is over make room first.
   TA_OK, also when it is there already · TA_ERR_ABSENT the token has no jti ·
   TA_ERR_FULL nothing is evicted: ta_deny_before(d, now + 1) is the way out, and everybody renews
   his access token · TA_ERR_CLOCK, _ARGUMENT                                                   */
TA_MUST_CHECK TA_API ta_status ta_deny_add   (ta_deny *d, const ta_jwt *jwt, int64_t now);
/* ta_deny_before - refuse all issued before this second. Never goes back.                     */
TA_API void                    ta_deny_before(ta_deny *d, int64_t iat);
/* ta_deny_has - true: refuse. True as well for a token without jti or iat: it cannot be looked up. */
TA_API bool                    ta_deny_has   (const ta_deny *d, const ta_jwt *jwt);
#endif

/* ============================================================================
   >>auth        login, check, refresh, logout
   ========================================================================== */

typedef struct ta_session {     /* what a device list shows */
    char    sid[TA_SID_CAP];    /* public: also the access token's sid; proves nothing */
    char    subject[TOKENAUTH_RECORD_TEXT + 1];
    char    label[TOKENAUTH_RECORD_TEXT + 1];
    uint8_t app[4];
    int64_t created, last_used, ends_at;
} ta_session;

/* ta_user - what your user table says at a refresh. Both stay readable until the call returns.  */
typedef struct ta_user {
    const void *salt;           /* bytes that change with the credentials: password hash, status */
    size_t      salt_len;
    const char *more;           /* JSON object: claims for the new access token; or NULL */
    size_t      more_len;
} ta_user;

typedef enum ta_event {
    TA_EVENT_LOGIN = 1,         /* a session began */
    TA_EVENT_WINDOW,            /* the token before the current one, within window_s: lost reply, two tabs */
    TA_EVENT_LATE_RETRY,        /* the same later, with the retry key */
    TA_EVENT_BINDING,           /* a good token from another client: stolen, most likely */
    TA_EVENT_REPLAY,            /* an old token came back: stolen, or its answer was lost too long ago.
                                   The session is revoked */
    TA_EVENT_AHEAD,             /* a token the store has forgotten. The session is revoked */
    TA_EVENT_ROLLBACK,          /* the same within allow_ahead: goes on. The store lost writes */
    TA_EVENT_EVICTED,           /* a login beyond max_sessions ended this one, and maybe others */
    TA_EVENT_ENDED_ALL          /* logged out everywhere; only subject is set */
} ta_event;

typedef struct ta_refresh_key { uint8_t id; ta_key key; } ta_refresh_key;   /* id 0..15, given */

#define TA_NONE (-1)            /* a duration that is switched off */

/* ta_auth_config - TA_ZERO, then fill in. keys, issuer, audience, store and refresh_keys must be set;
   a server that only checks leaves out refresh_keys, and the store unless it has check_sessions.
   All of it must outlive the ta_auth.                                                         */
typedef struct ta_auth_config {
    ta_keys               keys;             /* access tokens: the first signs */
    const ta_refresh_key *refresh_keys;     /* 1..4, distinct ids: the first mints */
    size_t                refresh_key_count;
    const char *issuer;
    const char *audience;
    const char *realm;          /* NULL: the issuer. Parts applications that share a key, so that one's
                                   tokens are nothing to another. Each needs a store of its own */
    const char *refresh_prefix; /* "acme_rt_" for secret scanners; NULL: none; at most 20 */
    ta_store    store;
    int32_t     access_s;       /* 0: 900        */
    int32_t     idle_s;         /* 0: 14 days    */
    int32_t     absolute_s;     /* 0: 90 days; the same on all servers of one store. Made less, it ends
                                   older sessions sooner; made more, it does not lengthen them */
    int32_t     window_s;       /* 0: 10; 1..300; TA_NONE */
    int32_t     retry_s;        /* 0: 1 day; TA_NONE */
    int32_t     leeway_s;       /* for ta_check; 0..300 */
    uint16_t    max_sessions;   /* 0: 16 per subject */
    bool        reject_over_cap;/* refuse the login instead of ending a session that lives */
    uint8_t     allow_ahead;    /* generations a token may be ahead of a store that lost writes */
    bool        check_sessions; /* ta_check reads session and mark too: logout works at once */
    int64_t     sessions_not_before;        /* older sessions are over; 0: none */
    ta_deny    *deny;           /* NULL: none */
    void       *ctx;            /* handed to the three below */
    /* random  fill out, or say anything but TA_OK.                    NULL: ta_random
       user    at each refresh: the user's salt now, claims for the new access token. TA_OK, or
               TA_ERR_SUSPENDED, for a user who is gone, too; whatever else you return comes back as it
               is, and so does what ta_http_code and client make of it. out starts as zero.
               NULL: sessions have no salt, refreshed tokens no further claims
       event   for the log; after everything else, under no lock.      NULL: none               */
    ta_status (*random)(void *ctx, void *out, size_t len);
    ta_status (*user)  (void *ctx, const ta_session *s, ta_user *out);
    void      (*event) (void *ctx, ta_event what, const ta_session *s);
} ta_auth_config;

typedef struct ta_auth {        /* never changes after init: threads share it, with a store that locks */
    ta_auth_config cfg;
    ta_key         refresh[TA_MAX_KEYS];
} ta_auth;

typedef struct ta_login_opts {
    const char *label;          /* "Firefox on Linux"; cut to fit at a character's edge */
    const void *salt;           /* what the password was checked against (its stored hash), if the user */
    size_t      salt_len;       /* hook gives one: a session without is never asked for it; or */
    const uint32_t *epoch;      /* what ta_user_epoch said BEFORE the password was checked */
    const void *client;         /* NULL or empty: not bound. Fingerprint cookie, device key */
    size_t      client_len;
    const char *more;           /* JSON object: claims for the access token */
    size_t      more_len;
    uint8_t     app[4];
    const char *replaces;       /* a refresh token this client held; that session is deleted */
    size_t      replaces_len;
} ta_login_opts;

typedef struct ta_refresh_opts {
    const void *client;         /* what the session was bound to at login */
    size_t      client_len;
    const void *retry_key;      /* 16 random bytes of the client's, the same with each retry; or NULL */
    const void *old_salt;       /* ta_logout_others, when the password was just changed: what the salt */
    size_t      old_salt_len;   /* was. The user hook says what it is now */
} ta_refresh_opts;

/* What the client does with its refresh cookie. Only a logout ever deletes one: a late failure must
   not delete the cookie of another tab's fresh login. So no call here gives CLEAR: it is yours to set.  */
typedef enum ta_client { TA_CLIENT_KEEP = 0, TA_CLIENT_SET, TA_CLIENT_LOGIN, TA_CLIENT_CLEAR } ta_client;

typedef struct ta_pair {
    char      access [TA_ACCESS_CAP];
    char      refresh[TA_REFRESH_CAP];
    char      sid    [TA_SID_CAP];
    uint16_t  access_len, refresh_len;
    int32_t   access_s;         /* seconds until the access token ends: expires_in */
    int32_t   refresh_s;        /* seconds until the refresh token ends: the cookie's Max-Age */
    int32_t   retry_after_s;
    ta_client client;           /* right after EVERY result, success or not */
} ta_pair;

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_REFRESH)
/* ta_auth_init - checks every setting, fills in the defaults, computes the refresh keys.
   TA_OK · TA_ERR_CONFIG issuer or audience missing; a store without get or cas; refresh_keys or
   check_sessions without a store; ids that repeat or exceed 15; a duration out of range; a prefix of
   other than letters, digits and _ . ~ -; no random source, or a deny-list, where that was switched
   off · TA_ERR_KEY · TA_ERR_ARGUMENT a NULL.
   After a failure *a is zero, and each call with it says TA_ERR_CONFIG.                        */
TA_MUST_CHECK TA_API ta_status ta_auth_init(ta_auth *a, const ta_auth_config *cfg);

/* What every call below may say: TA_ERR_ARGUMENT a NULL, a subject that is "", no UTF-8 or too long ·
   TA_ERR_CONFIG no ta_auth_init, or no store or refresh_keys for this call · TA_ERR_CLOCK now outside 1..2^53 ·
   TA_ERR_STORE. They may run in any number of threads and processes at once.                  */

/* ta_user_epoch - read it before you check a password, unless you give ta_login the salt: a login
   with the old password could otherwise overtake its change, and live.                        */
TA_MUST_CHECK TA_API ta_status ta_user_epoch(const ta_auth *a, const char *subject, uint32_t *out);

/* ta_login - you have checked the password; this opens a session.
   Drops sessions when the user has more than max_sessions: first those that are over (also of another
   salt, once unused for access_s), then those never refreshed for longer than access_s, then the least
   used. opts.replaces is deleted whoever's it is; one that is no token of ours is passed over.
   out        both tokens, and client = SET; wipe it when sent. Zero after a failure, client KEEP.
              opts.replaces may stand in it
   TA_OK · TA_ERR_FULL the store, before any session was dropped for it, or reject_over_cap ·
   TA_ERR_SPACE the access token exceeds TA_ACCESS_CAP · TA_ERR_JSON, _DUPLICATE, _CLAIM, _LIMIT, _AGE
   opts.more, or a token over TA_MAX_TOKEN · TA_ERR_RANDOM · TA_ERR_BUSY.
   No session is left behind by a failure, but for one the store could not take back. With an epoch
   that a logout of all has overtaken it is over at once: its refresh says LOGGED_OUT.          */
TA_MUST_CHECK TA_API ta_status ta_login  (const ta_auth *a, const char *subject, int64_t now,
                                          const ta_login_opts *opts, ta_pair *out);
/* ta_check - ta_jwt_verify with the issuer, audience and keys of a, typ "at+jwt" and a sub, as ta_login
   makes them; then deny-list and session. It knows no scopes: look at them afterwards.
   Arguments, results and `failed` as there; also TA_ERR_DENIED, and with check_sessions TA_ERR_ENDED,
   _REVOKED, _EXPIRED, _IDLE, _LOGGED_OUT, _STORE (TA_FAILED_SESSION). Without check_sessions nobody is
   asked: a logout then shows when the access token ends, after access_s at most.
   But a name twice in the token is TA_ERR_JSON here: TA_ERR_DUPLICATE is a fault of the server's to
   ta_http_code. Anybody may send a token that is longer than buf: refuse it first, or TA_ERR_SPACE
   becomes a 500, too.                                                                          */
TA_MUST_CHECK TA_API ta_status ta_check  (const ta_auth *a, const char *access, size_t len,
                                          int64_t now, char *buf, size_t cap, ta_jwt *out);
/* ta_refresh - a new pair for a refresh token, which may stand in *out. out->client says what to do
   with the cookie, after every result.
   TA_OK · TA_ERR_INVALID not ours: nothing was looked up · _UNKNOWN_KEY · _ENDED · _REVOKED ·
   _EXPIRED the session's absolute end · _IDLE · _LOGGED_OUT · _USER_CHANGED · _SUSPENDED (or what
   your user hook said) · _BINDING · _REPLAY an old token: the session is revoked now · _AHEAD ·
   _STORE · _BUSY · TA_ERR_SPACE, _JSON, _DUPLICATE, _CLAIM, _LIMIT, _AGE the claims of your hook: the
   server's fault, whatever ta_http_code says · _RANDOM · _ARGUMENT opts.old_salt is set, too. Nothing was
   granted, and but for REPLAY and AHEAD nothing changed (the session of generation 2^32 - 2 ends, as
   ENDED); after STORE it may have rotated unseen: the token is good for another try within window_s, or
   with its retry key.                                                                          */
TA_MUST_CHECK TA_API ta_status ta_refresh(const ta_auth *a, const char *refresh, size_t len,
                                          int64_t now, const ta_refresh_opts *opts, ta_pair *out);
/* ta_logout - any generation of the token will do. TA_OK also when the session is gone already;
   TA_ERR_INVALID, _UNKNOWN_KEY as above; TA_ERR_STORE, _BUSY: not logged out.                 */
TA_MUST_CHECK TA_API ta_status ta_logout       (const ta_auth *a, const char *refresh, size_t len,
                                                int64_t now);
/* ta_logout_others - all of the user's sessions but this one. Takes a token that ta_refresh would
   take now, and does not spend it. For a changed password: see old_salt.
   Two writes: who reads this very session meanwhile (refresh, check, get) may be told LOGGED_OUT, and
   while the password changes USER_CHANGED, or miss it in a list, though it lives: the next try works.
   After TA_ERR_STORE or _BUSY this session may be over with the others.
   Results as ta_refresh, but for those of tokens and claims; TA_ERR_FULL no room for the mark. */
TA_MUST_CHECK TA_API ta_status ta_logout_others(const ta_auth *a, const char *refresh, size_t len,
                                                int64_t now, const ta_refresh_opts *opts);
/* ta_logout_all - after TA_OK no refresh that starts later succeeds. TA_ERR_FULL no room for the
   mark; TA_ERR_RANDOM, _STORE, _BUSY: not logged out.                                         */
TA_MUST_CHECK TA_API ta_status ta_logout_all   (const ta_auth *a, const char *subject, int64_t now);

/* ta_session_list - live sessions of a subject, after the sid `after` ("" at first; it may stand in out,
   subject may not), up to cap (1 or more); *n fewer than cap: the end.
   TA_OK · TA_ERR_UNSUPPORTED the store has no list · TA_ERR_ARGUMENT an `after` that is no sid.
   After a failure *n is 0 and out zero.                                                       */
TA_MUST_CHECK TA_API ta_status ta_session_list(const ta_auth *a, const char *subject, int64_t now,
                                               const char *after, ta_session *out, size_t cap,
                                               size_t *n);
/* ta_session_get, ta_session_end - sid comes from outside, so name the subject it must belong to;
   another's session is TA_ERR_NOT_FOUND, like one that never was. subject NULL: any; for
   administrators. get says _REVOKED, _EXPIRED, _IDLE, _ENDED, _LOGGED_OUT for one that is over; sid may
   stand in out. end may say TA_ERR_BUSY: not ended.                                            */
TA_MUST_CHECK TA_API ta_status ta_session_get(const ta_auth *a, const char *subject,
                                              const char *sid, size_t sid_len, int64_t now,
                                              ta_session *out);
TA_MUST_CHECK TA_API ta_status ta_session_end(const ta_auth *a, const char *subject,
                                              const char *sid, size_t sid_len, int64_t now);
#endif

/* ============================================================================
   >>web         text in, text out; no sockets
   ========================================================================== */

typedef struct ta_cookie {
    const char *name;           /* "__Host-..." is checked against its own rules */
    const char *path;           /* NULL: "/" */
    bool        allow_cross_site;  /* SameSite=Lax; false: Strict */
    bool        allow_http;     /* no Secure */
    bool        allow_script;   /* no HttpOnly */
} ta_cookie;

#define TA_COOKIE_CAP 256       /* a Set-Cookie value with name and path of 120 characters together */
#define TA_FINGERPRINT_CAP 44   /* the fingerprint claim: 43 characters and the NUL */

#if !defined(TOKENAUTH_STATIC) || !defined(TOKENAUTH_NO_WEB)
/* ta_bearer - the value of an Authorization header (RFC 6750 2.1); the token is a view into it.
   TA_OK · TA_ERR_ABSENT no value, or another scheme than Bearer · TA_ERR_FORMAT Bearer, and then
   nothing, or not one token · TA_ERR_ARGUMENT a NULL                                           */
TA_MUST_CHECK TA_API ta_status ta_bearer(const char *header, size_t len,
                                         const char **token, size_t *token_len);

/* ta_cookie_get - from the value of a Cookie header (RFC 6265 4.2); the value is a view into it,
   without its quotes. Pieces that are no name=value are passed over.
   TA_OK · TA_ERR_ABSENT · TA_ERR_DUPLICATE the same name twice: one of them is somebody else's (answer
   400: ta_http_code takes it for a fault of yours) · TA_ERR_FORMAT characters that no cookie value may
   have · TA_ERR_ARGUMENT a NULL, the name                                                      */
TA_MUST_CHECK TA_API ta_status ta_cookie_get(const char *header, size_t len, const char *name,
                                             const char **value, size_t *value_len);

/* ta_cookie_put - the value of a Set-Cookie header for a pair, as pair->client asks: set or clear.
   TA_CLIENT_KEEP, TA_CLIENT_LOGIN: TA_OK and *out_len 0, so send no header.
   TA_OK · TA_ERR_SPACE · TA_ERR_ARGUMENT a NULL; set without a token; a name that is no token; a path
   without its slash or with a semicolon; __Host- with another path than "/"; __Host- or __Secure- with
   allow_http.   After a failure out is "" and *out_len 0.                                      */
TA_MUST_CHECK TA_API ta_status ta_cookie_put(const ta_cookie *c, const ta_pair *pair,
                                             char *out, size_t cap, size_t *out_len);

/* ta_cookie_set - the same for any value of cookie characters (a fingerprint, a retry key), to live
   max_age_s >= 0 seconds. TA_ERR_ARGUMENT for other values.                                   */
TA_MUST_CHECK TA_API ta_status ta_cookie_set(const ta_cookie *c, const char *value, size_t len,
                                             int32_t max_age_s, char *out, size_t cap,
                                             size_t *out_len);

/* ta_cookie_clear - the same, to delete the cookie: for logout, where there is no pair.        */
TA_MUST_CHECK TA_API ta_status ta_cookie_clear(const ta_cookie *c, char *out, size_t cap,
                                               size_t *out_len);

/* ta_http_code - 200, 400, 401, 403, 500 or 503: what a client may know.                       */
TA_API int ta_http_code(ta_status st);
/* ta_http_error - the word for the client: "", "invalid_request", "invalid_token" (RFC 6750 3.1),
   "invalid_grant" (RFC 6749 5.2), "temporarily_unavailable". Never tells why. An endpoint that refreshes
   sends "invalid_grant" with each 401, whatever word this gives; one that checks "invalid_token". */
TA_API const char *ta_http_error(ta_status st);
/* ta_www_authenticate - the header that a 400, 401 or 403 must carry (RFC 6750 3): Bearer, the realm
   unless it is NULL, and the error unless no token came: "invalid_token" for each 401, also where
   ta_http_error says "invalid_grant". *out_len 0 for other codes: no header.
   TA_OK · TA_ERR_SPACE · TA_ERR_ARGUMENT a NULL, a realm with " \ or unprintable characters    */
TA_MUST_CHECK TA_API ta_status ta_www_authenticate(ta_status st, const char *realm, char *out,
                                                   size_t cap, size_t *out_len);

/* Fingerprint: bind access tokens to a browser, so that one stolen by script is of no use.
   Put a random text (ta_random, ta_base64url_encode) into a hardened cookie, its
   ta_fingerprint_claim into the token as the claim "fingerprint", and check each request.     */
TA_API void ta_fingerprint_claim(const char *value, size_t len, char claim[TA_FINGERPRINT_CAP]);
/* ta_fingerprint_check - TA_OK · TA_ERR_BINDING another value, or none · TA_ERR_MISSING the token has
   no such claim                                                                               */
TA_MUST_CHECK TA_API ta_status ta_fingerprint_check(const ta_jwt *jwt, const char *value, size_t len);

/* ta_seconds - "15m", "12h", "30d", "1w", "900", "900s" into seconds. No sign, space or leading 0.
   TA_OK · TA_ERR_FORMAT · TA_ERR_RANGE over 2^31 - 1.  *out is 0 after a failure               */
TA_MUST_CHECK TA_API ta_status ta_seconds(const char *text, size_t len, int32_t *out);
/* ta_seconds_put - and back, in the largest unit that is exact: 900 is "15m". 12 bytes are enough.
   TA_OK · TA_ERR_SPACE · TA_ERR_ARGUMENT seconds < 0, a NULL                                   */
TA_MUST_CHECK TA_API ta_status ta_seconds_put(int32_t seconds, char *out, size_t cap,
                                              size_t *out_len);
#endif

#ifdef __cplusplus
}
#endif
#endif /* TOKENAUTH_H ends here; the code below has its own switch */


/* ============================================================================
   The implementation, bottom-up: each section uses only those above it
   ========================================================================== */
#if defined(TOKENAUTH_IMPLEMENTATION) && !defined(TAI_ONCE)
#define TAI_ONCE

#ifndef UINT8_MAX
#  error "tokenauth.h needs bytes of 8 bits"
#endif

#ifndef TA_MAX_TOKEN
#  define TA_MAX_TOKEN 4096
#endif
#if TA_MAX_TOKEN < 256 || TA_MAX_TOKEN > 65535
#  error "TA_MAX_TOKEN must be 256..65535"
#endif
#if SIZE_MAX <= 65535 && TA_MAX_TOKEN > 32767
#  error "TA_MAX_TOKEN must be 256..32767 where size_t has 16 bits: room for a token is computed in it"
#endif
#ifndef TA_MAX_DEPTH
#  define TA_MAX_DEPTH 32
#endif
#if TA_MAX_DEPTH < 4 || TA_MAX_DEPTH > 64
#  error "TA_MAX_DEPTH must be 4..64"
#endif
#ifndef TA_MAX_MEMBERS
#  define TA_MAX_MEMBERS 128
#endif
#if TA_MAX_MEMBERS < 16 || TA_MAX_MEMBERS > 255
#  error "TA_MAX_MEMBERS must be 16..255"
#endif
#ifndef TA_ASSERT
#  define TA_ASSERT(x) ((void)0)
#endif

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1
#  include <string.h>
#else                                   /* freestanding: there is no <string.h>, the four are yours */
#  ifdef __cplusplus
extern "C" {
#  endif
void  *memcpy(void *to, const void *from, size_t n);
void  *memset(void *to, int byte, size_t n);
int    memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);
#  ifdef __cplusplus
}
#  endif
#endif

#if defined(TOKENAUTH_SMALL) || defined(__OPTIMIZE_SIZE__) || defined(__AVR__)
#  define TAI_SMALL 1                   /* loops instead of unrolled code, arithmetic instead of tables */
#else
#  define TAI_SMALL 0
#endif

/* Tables in flash, where that is no memory like any other: on AVR they would be copied to RAM.     */
#if defined(__AVR__) && !defined(TOKENAUTH_FLASH) && !defined(TOKENAUTH_FLASH_WORD)
#  include <avr/pgmspace.h>
#  define TOKENAUTH_FLASH         PROGMEM
#  define TOKENAUTH_FLASH_WORD(p) pgm_read_dword(p)
#elif defined(TOKENAUTH_FLASH) != defined(TOKENAUTH_FLASH_WORD)
#  error "TOKENAUTH_FLASH and TOKENAUTH_FLASH_WORD(p) go together"
#elif !defined(TOKENAUTH_FLASH)
#  define TOKENAUTH_FLASH
#  define TOKENAUTH_FLASH_WORD(p) (*(p))
#endif

#if TAI_SMALL && defined(__GNUC__)      /* its code stands there once, its stack ends with it */
#  define TAI_APART __attribute__((noinline))
#else
#  define TAI_APART
#endif

/* Which processor's own instructions can be used; the rest of >>cpu asks whether this one has them.
   ARMv8: built in (1) where the compiler was told that each machine has them, as Apple's have; found
   at run time (2) on Linux, where the kernel says so for nothing. Older clangs know only the first.  */
#if defined(TOKENAUTH_NO_INTRINSICS) || TAI_SMALL || !defined(__STDC_HOSTED__) || __STDC_HOSTED__ != 1
#  define TAI_X86 0
#elif (defined(__x86_64__) && defined(__SSE2__) && defined(__GNUC__)) || defined(_M_X64)
#  define TAI_X86 1
#  include <immintrin.h>
#  if defined(__GNUC__)
#    include <cpuid.h>
#    define TAI_TARGET_SSE  __attribute__((target("sse4.1")))
#    define TAI_TARGET_SHA  __attribute__((target("sha,sse4.1")))
#    define TAI_TARGET_AVX2 __attribute__((target("avx2")))
#  else
#    include <intrin.h>
#    define TAI_TARGET_SSE
#    define TAI_TARGET_SHA
#    define TAI_TARGET_AVX2
#  endif
#elif defined(__aarch64__) && defined(__GNUC__) && !defined(TOKENAUTH_SHA256_COMPRESS) \
    && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#  define TAI_X86 0
#  if defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO)
#    define TAI_ARM 1
#    include <arm_neon.h>
#    define TAI_TARGET_SHA
#  elif defined(__linux__) && (defined(__clang__) ? __clang_major__ >= 16 : __GNUC__ >= 8)
#    define TAI_ARM 2
#    include <arm_neon.h>
#    include <sys/auxv.h>
#    define TAI_TARGET_SHA __attribute__((target("+crypto")))
#  endif
#else
#  define TAI_X86 0
#endif
#ifndef TAI_ARM
#  define TAI_ARM 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ============================================================================
   >>cpu         which forms of the inner loops this machine runs
   ========================================================================== */

#if TAI_X86
enum { TAI_CPU_ASKED = 1, TAI_CPU_SSE = 2, TAI_CPU_SHA = 4, TAI_CPU_AVX2 = 8 };
#  ifndef TAI_CPU_MASK
#    define TAI_CPU_MASK 15             /* the tests try the forms one by one with it */
#  endif

static void tai_cpuid(int leaf, unsigned r[4])          /* EAX EBX ECX EDX; zeros when there is none */
{
#  if defined(__GNUC__)
    r[0] = r[1] = r[2] = r[3] = 0;
    (void)__get_cpuid_count((unsigned)leaf, 0, &r[0], &r[1], &r[2], &r[3]);
#  else
    __cpuidex((int *)r, leaf, 0);
#  endif
}

static bool tai_cpu_saves_ymm(void)                     /* does the system keep the wide registers? */
{
#  if defined(__GNUC__)
    unsigned low, high;
    __asm__ volatile ("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6u) == 6u;
#  else
    return (_xgetbv(0) & 6u) == 6u;
#  endif
}

/* Intel SDM 2, CPUID: SSSE3, SSE4.1, OSXSAVE and AVX are bits of leaf 1 ECX, AVX2 and SHA of leaf 7 EBX. */
static int tai_cpu_ask(void)
{
    const unsigned sse = 1u << 9 | 1u << 19, avx = 1u << 27 | 1u << 28;
    unsigned one[4], seven[4];
    int has = TAI_CPU_ASKED;
    tai_cpuid(1, one);
    tai_cpuid(7, seven);
    if ((one[2] & sse) != sse) return has;
    has |= TAI_CPU_SSE;
    if ((seven[1] >> 29 & 1u) != 0) has |= TAI_CPU_SHA;
    if ((one[2] & avx) == avx && (seven[1] >> 5 & 1u) != 0 && tai_cpu_saves_ymm()) has |= TAI_CPU_AVX2;
    return has;
}

/* Asked once: in a virtual machine the question costs more than a token. The answer is kept in one
   word that only ever changes from 0 to the same value, read and written whole, so threads may race. */
static bool tai_cpu_has(int what)
{
#  if defined(__GNUC__)
    static int known;
    int k = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (k == 0) {
        k = tai_cpu_ask();
        __atomic_store_n(&known, k, __ATOMIC_RELAXED);
    }
#  else
    static volatile long known;         /* aligned: whole on x64 */
    long k = known;
    if (k == 0) known = k = tai_cpu_ask();
#  endif
    return (k & what & TAI_CPU_MASK) != 0;
}

#  ifndef TOKENAUTH_SHA256_COMPRESS
static bool tai_cpu_has_sha(void) { return tai_cpu_has(TAI_CPU_SHA); }
#  endif
#endif

#if TAI_ARM == 1
static bool tai_cpu_has_sha(void) { return true; }
#elif TAI_ARM == 2
static bool tai_cpu_has_sha(void) { return (getauxval(AT_HWCAP) >> 6 & 1u) != 0; }     /* HWCAP_SHA2 */
#endif

/* ============================================================================
   >>status      names and texts from the one list
   ========================================================================== */

#if TAI_SMALL                           /* texts one behind the other instead of a table of pointers */

static const int8_t tai_status_numbers[] = {
    0,
#define TAI_NUMBER(name, number, text) number,
    TA_STATUS_LIST(TAI_NUMBER)
#undef TAI_NUMBER
};

/* The text of a number, each ends with a NUL; the last is for what is no number of ours.         */
static const char *tai_status_text(ta_status st, const char *texts)
{
    size_t i;
    for (i = 0; i < sizeof tai_status_numbers && tai_status_numbers[i] != (int)st; i++)
        texts += strlen(texts) + 1;
    return texts;
}

const char *ta_status_name(ta_status st)
{
    return tai_status_text(st, "TA_OK\0"
#define TAI_TEXT(name, number, text) #name "\0"
        TA_STATUS_LIST(TAI_TEXT)
#undef TAI_TEXT
        "TA_ERR_?");
}

const char *ta_status_str(ta_status st)
{
#ifdef TOKENAUTH_NO_STATUS_STR
    return ta_status_name(st);
#else
    return tai_status_text(st, "ok\0"
#define TAI_TEXT(name, number, text) text "\0"
        TA_STATUS_LIST(TAI_TEXT)
#undef TAI_TEXT
        "not a ta_status");
#endif
}

#else

const char *ta_status_name(ta_status st)
{
    switch (st) {
    case TA_OK: return "TA_OK";
#define TAI_CASE(name, number, text) case name: return #name;
    TA_STATUS_LIST(TAI_CASE)
#undef TAI_CASE
    case TAI_STATUS_END: break;
    }
    return "TA_ERR_?";
}

const char *ta_status_str(ta_status st)
{
#ifdef TOKENAUTH_NO_STATUS_STR
    return ta_status_name(st);
#else
    switch (st) {
    case TA_OK: return "ok";
#define TAI_CASE(name, number, text) case name: return text;
    TA_STATUS_LIST(TAI_CASE)
#undef TAI_CASE
    case TAI_STATUS_END: break;
    }
    return "not a ta_status";
#endif
}

#endif

/* ============================================================================
   >>bytes       big-endian loads and stores, compare, wipe, masks
   ========================================================================== */

#define TAI_BLOCK 64                    /* bytes per compression */

static uint32_t tai_load32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static void tai_store32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void tai_store64(uint8_t *p, uint64_t v)
{
    tai_store32(p, (uint32_t)(v >> 32));
    tai_store32(p + 4, (uint32_t)v);
}

/* The same value, of which the compiler knows nothing: so it cannot see that a loop may end early. */
static uint32_t tai_hidden(uint32_t v)
{
#if defined(__GNUC__) && !(defined(__AVR__) && defined(__clang__))
    __asm__ ("" : "+r"(v));
    return v;
#else
    volatile uint32_t hidden = v;
    return hidden;
#endif
}

bool ta_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    uint32_t p, q, seen = 0;
    size_t i;
    TA_ASSERT(len == 0 || (a != NULL && b != NULL));
    for (i = 0; !TAI_SMALL && len - i >= 4; i += 4) {
        memcpy(&p, x + i, 4);
        memcpy(&q, y + i, 4);
        seen = tai_hidden(seen | (p ^ q));
    }
    for (; i < len; i++) seen = tai_hidden(seen | (uint32_t)(x[i] ^ y[i]));
    seen = (seen | seen >> 16) & 0xFFFFu;
    return (bool)((seen - 1u) >> 31);   /* seen is 0..65535: only 0 wraps to bit 31 */
}

/* memset. GCC would make "rep stos" of a middling length that it knows, which takes 30 cycles to start. */
static inline void tai_zero(void *p, size_t len)
{
#if TAI_X86 && defined(__GNUC__) && !defined(__clang__)
    if (len > TAI_BLOCK) __asm__ ("" : "+r"(len));
#endif
    memset(p, 0, len);
}

static inline void tai_wipe(void *p, size_t len)        /* inline: for a known length it is a few stores */
{
#if defined(__GNUC__)
    if (len > 0) tai_zero(p, len);
    __asm__ __volatile__("" : : "r"(p) : "memory");     /* somebody may look: the stores must happen */
#else
    {
        volatile uint8_t *byte = (volatile uint8_t *)p;
        while (len-- > 0) byte[len] = 0;
    }
#endif
}

void ta_wipe(void *p, size_t len)
{
    TA_ASSERT(len == 0 || p != NULL);
    tai_wipe(p, len);
}

#if TAI_X86

static size_t tai_first_bit(unsigned mask)      /* mask is not 0 */
{
#  if defined(__GNUC__)
    return (size_t)__builtin_ctz(mask);
#  else
    unsigned long at;
    _BitScanForward(&at, mask);
    return at;
#  endif
}

static __m128i tai_load16(const void *p) { return _mm_loadu_si128((const __m128i *)p); }

#elif !TAI_SMALL

/* Eight bytes in one word, and which of them: tests that say exactly whether some byte is meant.  */
#define TAI_EACH(c) ((uint64_t)(c) * UINT64_C(0x0101010101010101))

static inline uint64_t tai_load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint64_t tai_below(uint64_t v, unsigned least)   /* is one of them below `least`, 1..128? */
{
    return (v - TAI_EACH(least)) & ~v & TAI_EACH(0x80);
}
static inline uint64_t tai_among(uint64_t v, char c) { return tai_below(v ^ TAI_EACH((uint8_t)c), 1); }

#endif

/* How many bytes stand before the first c; n when there is none.                                */
static size_t tai_run_to(const void *bytes, size_t n, char c)
{
    const char *p = (const char *)bytes;
    size_t i = 0;
#if TAI_X86
    const __m128i all = _mm_set1_epi8(c);
    for (; n - i >= 16; i += 16) {
        unsigned hit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(tai_load16(p + i), all));
        if (hit != 0) return i + tai_first_bit(hit);
    }
    if (n >= 16) {                      /* the last 16, some of them once more */
        unsigned hit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(tai_load16(p + n - 16), all));
        return hit != 0 ? n - 16 + tai_first_bit(hit) : n;
    }
#elif !TAI_SMALL
    while (n - i >= 8 && tai_among(tai_load8(p + i), c) == 0) i += 8;
#endif
    while (i < n && p[i] != c) i++;
    return i;
}

/* All ones when lo <= c <= hi, else 0, without a branch. For values below 2^31.                */
static inline uint32_t tai_within(uint32_t c, uint32_t lo, uint32_t hi)
{
    return 0u - (((lo - 1u - c) & (c - hi - 1u)) >> 31);
}

/* ============================================================================
   >>base64url   and, for secrets in configuration, plain base64: they differ in two characters
   ========================================================================== */

typedef struct tai_alphabet { uint8_t c62, c63; } tai_alphabet;
static const tai_alphabet tai_base64url = {'-', '_'};

static size_t tai_base64_text_len(size_t bytes)
{
    return bytes / 3 * 4 + (bytes % 3 > 0 ? bytes % 3 + 1 : 0);
}
static size_t tai_base64_byte_len(size_t chars)
{
    return chars / 4 * 3 + (chars % 4 > 0 ? chars % 4 - 1 : 0);
}

/* The value 0..63 of a character, or more than 63 for a foreign one; no branch and no table, as both
   would tell an observer of the cache about a secret.                                          */
static inline uint32_t tai_base64_value(uint8_t c, tai_alphabet a)
{
    uint32_t plus_one = (tai_within(c, 'A', 'Z') & (uint32_t)(c - 'A' + 1))
                      | (tai_within(c, 'a', 'z') & (uint32_t)(c - 'a' + 27))
                      | (tai_within(c, '0', '9') & (uint32_t)(c - '0' + 53))
                      | (tai_within(c, a.c62, a.c62) & 63u)
                      | (tai_within(c, a.c63, a.c63) & 64u);
    return plus_one - 1u;
}

/* n characters, 1..4, as the upper bits of 24; what is foreign shows in *bad above bit 5.      */
static inline uint32_t tai_base64_group(const char *in, size_t n, tai_alphabet a, uint32_t *bad)
{
    uint32_t group = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        uint32_t v = tai_base64_value((uint8_t)in[i], a);
        *bad |= v;
        group |= (v & 63u) << (18u - 6u * i);
    }
    return group;
}

#if TAI_X86

static __m128i tai_where(__m128i mask, int amount)
{
    return _mm_and_si128(mask, _mm_set1_epi8((char)amount));
}

/* 16 characters of base64url into 12 bytes; *bad gets a bit for each that is not of the alphabet. What a
   character is shows in its halves: each half says with one bit per kind which kinds it cannot be.  */
TAI_TARGET_SSE static inline void tai_base64_decode16(__m128i c, uint8_t *out, __m128i *bad)
{
    const __m128i not_by_low = _mm_setr_epi8(0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
                                             0x21, 0x21, 0x23, 0x3B, 0x3B, 0x3A, 0x3B, 0x33);
    const __m128i by_high = _mm_setr_epi8(0x20, 0x20, 0x01, 0x02, 0x04, 0x08, 0x04, 0x10,
                                          0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20);
    const __m128i to_value = _mm_setr_epi8(0, 0, 17, 4, (char)-65, (char)-65, (char)-71, (char)-71,
                                           0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12,
                                        (char)-1, (char)-1, (char)-1, (char)-1);
    __m128i nibble = _mm_set1_epi8(15), low = _mm_and_si128(c, nibble);
    __m128i high = _mm_and_si128(_mm_srli_epi32(c, 4), nibble), v;
    int last;

    *bad = _mm_or_si128(*bad, _mm_and_si128(_mm_shuffle_epi8(not_by_low, low),
                                            _mm_shuffle_epi8(by_high, high)));
    v = _mm_add_epi8(c, _mm_shuffle_epi8(to_value, high));
    v = _mm_add_epi8(v, tai_where(_mm_cmpeq_epi8(c, _mm_set1_epi8('_')), 33));      /* 0..63 each */
    v = _mm_maddubs_epi16(v, _mm_set1_epi32(0x01400140));               /* pairs: 12 bits */
    v = _mm_madd_epi16(v, _mm_set1_epi32(0x00011000));                  /* fours: 24 bits */
    v = _mm_shuffle_epi8(v, order);
    _mm_storel_epi64((__m128i *)(void *)out, v);
    last = _mm_extract_epi32(v, 2);
    memcpy(out + 8, &last, sizeof last);
}

/* The same for 32 at a time, as far as there are 32; gives how many characters it took.          */
TAI_TARGET_AVX2 static size_t tai_base64_decode_wide(const char *in, size_t len, uint8_t *out, __m128i *bad)
{
    const __m256i not_by_low = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
                      0x21, 0x21, 0x23, 0x3B, 0x3B, 0x3A, 0x3B, 0x33));
    const __m256i by_high = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0x20, 0x20, 0x01, 0x02, 0x04, 0x08, 0x04, 0x10,
                      0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20));
    const __m256i to_value = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 17, 4, (char)-65, (char)-65, (char)-71, (char)-71, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, (char)-1, (char)-1, (char)-1, (char)-1));
    const __m256i nibble = _mm256_set1_epi8(15), joined = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    __m256i wrong = _mm256_setzero_si256();
    size_t i;

    for (i = 0; len - i >= 32; i += 32, out += 24) {
        __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(in + i)), v;
        __m256i low = _mm256_and_si256(c, nibble), high = _mm256_and_si256(_mm256_srli_epi32(c, 4), nibble);
        __m256i under = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('_'));
        wrong = _mm256_or_si256(wrong, _mm256_and_si256(_mm256_shuffle_epi8(not_by_low, low),
                                                        _mm256_shuffle_epi8(by_high, high)));
        v = _mm256_add_epi8(c, _mm256_shuffle_epi8(to_value, high));
        v = _mm256_add_epi8(v, _mm256_and_si256(under, _mm256_set1_epi8(33)));
        v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
        v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
        v = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(v, order), joined);
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
        _mm_storel_epi64((__m128i *)(void *)(out + 16), _mm256_extracti128_si256(v, 1));
    }
    *bad = _mm_or_si128(_mm256_castsi256_si128(wrong), _mm256_extracti128_si256(wrong, 1));
    return i;
}

/* At least 16 characters. Still no branch and no table in memory on what is decoded. The last of them are
   taken before anything is written: they overlap what goes before.                                 */
TAI_TARGET_SSE static bool tai_base64_decode_x86(const char *in, size_t len, uint8_t *out)
{
    char last[3 + 16] = "AAAAAAAAAAAAAAAAAA";           /* an A is zeros */
    uint8_t bytes[12] = {0}, spare;
    size_t i = 0, tail = len % 4, whole = len - tail;
    __m128i bad = _mm_setzero_si128(), end = tai_load16(in + whole - 16);
    unsigned good;

    memcpy(last, in + len - 3, 3);
    if (len >= 192 && tai_cpu_has(TAI_CPU_AVX2)) i = tai_base64_decode_wide(in, whole, out, &bad);
    for (; i + 16 < whole; i += 16) tai_base64_decode16(tai_load16(in + i), out + i / 4 * 3, &bad);
    out += whole / 4 * 3;
    tai_base64_decode16(end, out - 12, &bad);
    if (tail > 1) {
        tai_base64_decode16(tai_load16(last + 3 - tail), bytes, &bad);
        memcpy(out, bytes, tail - 1);
    }
    spare = bytes[tail > 1 ? tail - 1 : 0];
    tai_wipe(last, sizeof last);
    tai_wipe(bytes, sizeof bytes);
    good = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128()));
    return ((good ^ 0xFFFFu) | spare | (tail == 1)) == 0;
}

#endif

/* Canonical text into tai_base64_byte_len(len) bytes; false when it is not. Writing trails reading,
   so out may be in.                                                                            */
static bool tai_base64_decode(const char *in, size_t len, uint8_t *out, tai_alphabet a)
{
    size_t i = 0, whole = len / 4, tail = len % 4;
    uint32_t bad = tail == 1 ? 64u : 0u;

#if TAI_X86
    if (a.c62 == '-' && whole >= 4 && tai_cpu_has(TAI_CPU_SSE)) {
        return tai_base64_decode_x86(in, len, out);
    }
#endif
    for (; i < whole; i++) {
        uint32_t group = tai_base64_group(in + 4 * i, 4, a, &bad);
        out[3 * i]     = (uint8_t)(group >> 16);
        out[3 * i + 1] = (uint8_t)(group >> 8);
        out[3 * i + 2] = (uint8_t)group;
    }
    if (tail > 1) {
        uint32_t group = tai_base64_group(in + 4 * whole, tail, a, &bad);
        out[3 * whole] = (uint8_t)(group >> 16);
        if (tail == 3) out[3 * whole + 1] = (uint8_t)(group >> 8);
        bad |= (group & (tail == 2 ? 0xFFFFu : 0xFFu)) << 6;    /* the spare bits (RFC 4648 3.5) */
    }
    return bad < 64u;
}

#if TAI_SMALL

/* The same for a token's header, payload and MAC, whose text is no secret to who holds the token: so in a
   fraction of the code and of the time, branching on each character.                            */
static bool tai_segment_decode(const char *in, size_t len, uint8_t *out)
{
    uint32_t bits = 0;                                  /* what is read and not yet written: `held` of them */
    unsigned held = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        uint8_t c = (uint8_t)in[i];
        bits <<= 6;
        if      (c >= 'a' && c <= 'z') bits += c - 'a' + 26u;
        else if (c >= 'A' && c <= 'Z') bits += c - 'A' + 0u;
        else if (c >= '0' && c <= '9') bits += c - '0' + 52u;
        else if (c == '-')             bits += 62u;
        else if (c == '_')             bits += 63u;
        else return false;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        *out++ = (uint8_t)(bits >> held);
        bits &= (1u << held) - 1u;
    }
    return bits == 0 && held < 6;                       /* no spare bit, no lone character */
}

#elif TAI_X86

static bool tai_segment_decode(const char *in, size_t len, uint8_t *out)
{
    return tai_base64_decode(in, len, out, tai_base64url);
}

#else

#define TAI_8_BAD -1, -1, -1, -1, -1, -1, -1, -1
static const int8_t tai_base64url_values[256] = {
    TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, -1, -1, -1, -1, -1, 62, -1, -1,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
    -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    -1, -1, -1, -1, 63,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    51, -1, -1, -1, -1, -1,
    TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD,
    TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD, TAI_8_BAD
};
#undef TAI_8_BAD

/* The same for a token's header, payload and MAC, by table: they are no secret to who holds the token. What
   is foreign sets the topmost bit of its group.                                                  */
static bool tai_segment_decode(const char *in, size_t len, uint8_t *out)
{
    const uint8_t *p = (const uint8_t *)in;
    size_t i, whole = len / 4;
    uint32_t seen = 0;
    for (i = 0; i < whole; i++, p += 4, out += 3) {
        const int8_t *v = tai_base64url_values;
        uint32_t group = (uint32_t)v[p[0]] << 18 | (uint32_t)v[p[1]] << 12 | (uint32_t)v[p[2]] << 6
                       | (uint32_t)v[p[3]];
        seen |= group;
        out[0] = (uint8_t)(group >> 16);
        out[1] = (uint8_t)(group >> 8);
        out[2] = (uint8_t)group;
    }
    return seen >> 31 == 0 && tai_base64_decode((const char *)p, len % 4, out, tai_base64url);
}

#endif

static char tai_base64url_char(uint32_t v)      /* 0..63 */
{
    uint32_t c = v + 'A';                       /* each difference is above 2^24 only where v is past it */
    c += (25u - v) >> 8 & 6u;                   /* a-z begin 6 behind Z */
    c -= (51u - v) >> 8 & 75u;                  /* 0-9 */
    c -= (61u - v) >> 8 & 13u;                  /* -   */
    c += (62u - v) >> 8 & 49u;                  /* _   */
    return (char)(uint8_t)c;
}

/* n bytes, 1..3, into n + 1 characters; all are read before the first is written.              */
static void tai_base64url_put(const uint8_t *in, size_t n, char *out)
{
    uint32_t group = (uint32_t)in[0] << 16;
    size_t i;
    if (n > 1) group |= (uint32_t)in[1] << 8;
    if (n > 2) group |= (uint32_t)in[2];
    for (i = 0; i <= n; i++) {
        out[i] = tai_base64url_char(group >> (18u - 6u * i) & 63u);
    }
}

#if TAI_X86

/* 12 bytes, in the lower lanes of v, as 16 characters. Saturated at 51, a value below 26 gives 13, else
   which kind it is: 0 a-z, 1..10 a digit, 11 and 12 the two marks; each kind is one step away.      */
TAI_TARGET_SSE static inline void tai_base64url_encode12(__m128i v, char *out)
{
    const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const char digit = (char)('0' - 52), minus = (char)('-' - 62);
    const __m128i step = _mm_setr_epi8('a' - 26, digit, digit, digit, digit, digit, digit, digit, digit,
                                       digit, digit, minus, '_' - 63, 'A', 0, 0);
    __m128i high, low, kind;
    v = _mm_shuffle_epi8(v, order);
    high = _mm_mulhi_epu16(_mm_and_si128(v, _mm_set1_epi32(0x0FC0FC00)), _mm_set1_epi32(0x04000040));
    low  = _mm_mullo_epi16(_mm_and_si128(v, _mm_set1_epi32(0x003F03F0)), _mm_set1_epi32(0x01000010));
    v = _mm_or_si128(high, low);                        /* 0..63 each */
    kind = _mm_or_si128(_mm_subs_epu8(v, _mm_set1_epi8(51)),
                        tai_where(_mm_cmplt_epi8(v, _mm_set1_epi8(26)), 13));
    _mm_storeu_si128((__m128i *)(void *)out, _mm_add_epi8(v, _mm_shuffle_epi8(step, kind)));
}

TAI_TARGET_SSE static inline __m128i tai_load12(const uint8_t *p)
{
    int last;
    memcpy(&last, p + 8, sizeof last);
    return _mm_insert_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p), last, 2);
}

/* The last of `groups`, eight at a time while there are more than eight; gives how many are left.    */
TAI_TARGET_AVX2 static size_t tai_base64url_encode_wide(const uint8_t *in, size_t groups, char *out)
{
    const __m256i order = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
                                           5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    const char digit = (char)('0' - 52), minus = (char)('-' - 62);
    const __m256i step = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, digit, digit, digit, digit, digit, digit, digit, digit, digit, digit,
                      minus, '_' - 63, 'A', 0, 0));
    for (; groups > 8; groups -= 8) {
        const uint8_t *p = in + 3 * (groups - 8);
        __m256i v = _mm256_inserti128_si256(_mm256_castsi128_si256(tai_load16(p)), tai_load16(p + 8), 1);
        __m256i high, low, kind;
        v = _mm256_shuffle_epi8(v, order);
        high = _mm256_mulhi_epu16(_mm256_and_si256(v, _mm256_set1_epi32(0x0FC0FC00)),
                                  _mm256_set1_epi32(0x04000040));
        low  = _mm256_mullo_epi16(_mm256_and_si256(v, _mm256_set1_epi32(0x003F03F0)),
                                  _mm256_set1_epi32(0x01000010));
        v = _mm256_or_si256(high, low);
        kind = _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), v), _mm256_set1_epi8(13));
        kind = _mm256_or_si256(_mm256_subs_epu8(v, _mm256_set1_epi8(51)), kind);
        v = _mm256_add_epi8(v, _mm256_shuffle_epi8(step, kind));
        _mm256_storeu_si256((__m256i *)(void *)(out + 4 * (groups - 8)), v);
    }
    return groups;
}

/* `groups` of three bytes, at least 4, from the end to the front; the first 12 bytes are taken before
   anything is written, as what goes before overlaps them.                                        */
TAI_TARGET_SSE static void tai_base64url_encode_x86(const uint8_t *in, size_t groups, char *out)
{
    __m128i first = tai_load12(in);
    if (groups >= 48 && tai_cpu_has(TAI_CPU_AVX2)) groups = tai_base64url_encode_wide(in, groups, out);
    for (; groups > 4; groups -= groups < 8 ? groups - 4 : 4) {
        tai_base64url_encode12(tai_load12(in + 3 * (groups - 4)), out + 4 * (groups - 4));
    }
    tai_base64url_encode12(first, out);
}

#endif

/* tai_base64_text_len(len) characters, no NUL. From the end to the front, so out may be in: the text
   of a group never reaches into the bytes of those before it.                                  */
static void tai_base64url_encode(const uint8_t *in, size_t len, char *out)
{
    size_t i = len / 3;
    if (len % 3 > 0) tai_base64url_put(in + 3 * i, len % 3, out + 4 * i);
#if TAI_X86
    if (i >= 4 && tai_cpu_has(TAI_CPU_SSE)) {
        tai_base64url_encode_x86(in, i, out);
        return;
    }
#endif
    while (i-- > 0) tai_base64url_put(in + 3 * i, 3, out + 4 * i);
}

#if TAI_SMALL && defined(TOKENAUTH_NO_SIGN)             /* nobody writes segments */
#elif TAI_SMALL || TAI_X86

static void tai_segment_encode(const uint8_t *in, size_t len, char *out)
{
    tai_base64url_encode(in, len, out);
}

#else

/* The same for a token's segments, by table: what they say is no secret to who gets the token.    */
static void tai_segment_encode(const uint8_t *in, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t i = len / 3;
    if (len % 3 > 0) tai_base64url_put(in + 3 * i, len % 3, out + 4 * i);
    while (i-- > 0) {
        const uint8_t *p = in + 3 * i;
        unsigned a = p[0], b = p[1], c = p[2];
        out[4 * i]     = digits[a >> 2];
        out[4 * i + 1] = digits[(a << 4 | b >> 4) & 63];
        out[4 * i + 2] = digits[(b << 2 | c >> 6) & 63];
        out[4 * i + 3] = digits[c & 63];
    }
}

#endif

ta_status ta_base64url_encode(const void *in, size_t in_len, char *out, size_t out_cap,
                              size_t *out_len)
{
    if (out_len != NULL) *out_len = 0;
    if (out != NULL && out_cap > 0) out[0] = '\0';
    if (out == NULL || out_len == NULL || (in == NULL && in_len > 0)) return TA_ERR_ARGUMENT;
    if (in_len > SIZE_MAX / 4 * 3 - 4 || tai_base64_text_len(in_len) >= out_cap) return TA_ERR_SPACE;
    tai_base64url_encode((const uint8_t *)in, in_len, out);
    *out_len = tai_base64_text_len(in_len);
    out[*out_len] = '\0';
    return TA_OK;
}

ta_status ta_base64url_decode(const char *in, size_t in_len, void *out, size_t out_cap,
                              size_t *out_len)
{
    size_t n = tai_base64_byte_len(in_len);
    if (out_len != NULL) *out_len = 0;
    if (out_len == NULL || (in == NULL && in_len > 0) || (out == NULL && n > 0)) return TA_ERR_ARGUMENT;
    if (n > out_cap) return TA_ERR_SPACE;
    if (!tai_base64_decode(in, in_len, (uint8_t *)out, tai_base64url)) {
        ta_wipe(out, n);
        return TA_ERR_ENCODING;
    }
    *out_len = n;
    return TA_OK;
}

/* ============================================================================
   >>sha256      FIPS 180-4
   ========================================================================== */

static const uint32_t tai_sha256_start[8] TOKENAUTH_FLASH = {
    0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u
};

static void tai_sha256_begin(uint32_t state[8])
{
    unsigned t;
    for (t = 0; t < 8; t++) state[t] = TOKENAUTH_FLASH_WORD(&tai_sha256_start[t]);
}

#ifndef TOKENAUTH_SHA256_COMPRESS

static const uint32_t tai_sha256_k[64] TOKENAUTH_FLASH = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u
};

static uint32_t tai_rotr(uint32_t x, unsigned n) { return x >> n | x << (32u - n); }

static uint32_t tai_big_sigma0(uint32_t a) { return tai_rotr(a, 2) ^ tai_rotr(a, 13) ^ tai_rotr(a, 22); }
static uint32_t tai_big_sigma1(uint32_t e) { return tai_rotr(e, 6) ^ tai_rotr(e, 11) ^ tai_rotr(e, 25); }
static uint32_t tai_ch (uint32_t e, uint32_t f, uint32_t g) { return g ^ (e & (f ^ g)); }
static uint32_t tai_maj(uint32_t a, uint32_t b, uint32_t c) { return (a & b) | (c & (a | b)); }

/* Word t of the message schedule (FIPS 180-4 6.2.2), in a ring of the last 16.                 */
static inline uint32_t tai_sha256_word(uint32_t w[16], unsigned t)
{
    uint32_t x = w[(t + 1) & 15], y = w[(t + 14) & 15];
    return w[t & 15] += (tai_rotr(x, 7) ^ tai_rotr(x, 18) ^ x >> 3)
                      + (tai_rotr(y, 17) ^ tai_rotr(y, 19) ^ y >> 10) + w[(t + 9) & 15];
}

#if TAI_SMALL

TAI_APART static void tai_sha256_rounds(uint32_t s[8], uint32_t w[16])
{
    unsigned t;
    for (t = 0; t < 64; t++) {
        uint32_t t1 = s[7] + tai_big_sigma1(s[4]) + tai_ch(s[4], s[5], s[6]) + TOKENAUTH_FLASH_WORD(&tai_sha256_k[t])
                    + (t < 16 ? w[t] : tai_sha256_word(w, t));
        uint32_t t2 = tai_big_sigma0(s[0]) + tai_maj(s[0], s[1], s[2]);
        s[7] = s[6];  s[6] = s[5];  s[5] = s[4];  s[4] = s[3] + t1;
        s[3] = s[2];  s[2] = s[1];  s[1] = s[0];  s[0] = t1 + t2;
    }
}

#else

/* One round, in which the letters stay where they are and their roles move on.                  */
#define TAI_ROUND(a, b, c, d, e, f, g, h, t, word) \
    h += tai_big_sigma1(e) + tai_ch(e, f, g) + TOKENAUTH_FLASH_WORD(&tai_sha256_k[t]) + (word); \
    d += h; \
    h += tai_big_sigma0(a) + tai_maj(a, b, c)

#define TAI_ROUNDS8(t, word) \
    TAI_ROUND(a, b, c, d, e, f, g, h, t,     word(t));     TAI_ROUND(h, a, b, c, d, e, f, g, t + 1, word(t + 1)); \
    TAI_ROUND(g, h, a, b, c, d, e, f, t + 2, word(t + 2)); TAI_ROUND(f, g, h, a, b, c, d, e, t + 3, word(t + 3)); \
    TAI_ROUND(e, f, g, h, a, b, c, d, t + 4, word(t + 4)); TAI_ROUND(d, e, f, g, h, a, b, c, t + 5, word(t + 5)); \
    TAI_ROUND(c, d, e, f, g, h, a, b, t + 6, word(t + 6)); TAI_ROUND(b, c, d, e, f, g, h, a, t + 7, word(t + 7))

#define TAI_WORD_GIVEN(t) w[t]
#define TAI_WORD_NEXT(t)  tai_sha256_word(w, t)

static void tai_sha256_rounds(uint32_t s[8], uint32_t w[16])
{
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    TAI_ROUNDS8(0u, TAI_WORD_GIVEN);   TAI_ROUNDS8(8u, TAI_WORD_GIVEN);
    TAI_ROUNDS8(16u, TAI_WORD_NEXT);   TAI_ROUNDS8(24u, TAI_WORD_NEXT);
    TAI_ROUNDS8(32u, TAI_WORD_NEXT);   TAI_ROUNDS8(40u, TAI_WORD_NEXT);
    TAI_ROUNDS8(48u, TAI_WORD_NEXT);   TAI_ROUNDS8(56u, TAI_WORD_NEXT);
    s[0] = a;  s[1] = b;  s[2] = c;  s[3] = d;  s[4] = e;  s[5] = f;  s[6] = g;  s[7] = h;
}

#undef TAI_ROUND
#undef TAI_ROUNDS8
#undef TAI_WORD_GIVEN
#undef TAI_WORD_NEXT

#endif

static void tai_sha256_plain(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    uint32_t w[16], s[8];
    unsigned t;
    for (; blocks > 0; blocks--, in += TAI_BLOCK) {
        for (t = 0; t < 16; t++) w[t] = tai_load32(in + 4 * t);
        memcpy(s, state, sizeof s);
        tai_sha256_rounds(s, w);
        for (t = 0; t < 8; t++) state[t] += s[t];
    }
    ta_wipe(w, sizeof w);
    ta_wipe(s, sizeof s);
}

#if TAI_X86

/* Four rounds; m0 holds their words of the schedule.                                            */
#define TAI_NI_ROUNDS(m0, t) \
    k  = _mm_add_epi32(m0, _mm_loadu_si128((const __m128i *)(const void *)&tai_sha256_k[t])); \
    gh = _mm_sha256rnds2_epu32(gh, ef, k); \
    ef = _mm_sha256rnds2_epu32(ef, gh, _mm_shuffle_epi32(k, 0x0E))

/* The same, and m0 becomes the words of sixteen rounds on.                                       */
#define TAI_NI_ROUNDS_NEXT(m0, m1, m2, m3, t) \
    TAI_NI_ROUNDS(m0, t); \
    m0 = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4)), m3)

#define TAI_NI_LOAD(i) \
    _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(in + 16 * (i))), big_endian)

/* The x86 SHA instructions keep the state as two registers, ABEF and CDGH (Intel SDM, SHA256RNDS2). */
TAI_TARGET_SHA static void tai_sha256_cpu(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xB1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1B);
    __m128i ef = _mm_alignr_epi8(low, high, 8), gh = _mm_blend_epi16(high, low, 0xF0), k;

    for (; blocks > 0; blocks--, in += TAI_BLOCK) {
        __m128i ef0 = ef, gh0 = gh;
        __m128i m0 = TAI_NI_LOAD(0), m1 = TAI_NI_LOAD(1), m2 = TAI_NI_LOAD(2), m3 = TAI_NI_LOAD(3);
        TAI_NI_ROUNDS_NEXT(m0, m1, m2, m3, 0);   TAI_NI_ROUNDS_NEXT(m1, m2, m3, m0, 4);
        TAI_NI_ROUNDS_NEXT(m2, m3, m0, m1, 8);   TAI_NI_ROUNDS_NEXT(m3, m0, m1, m2, 12);
        TAI_NI_ROUNDS_NEXT(m0, m1, m2, m3, 16);  TAI_NI_ROUNDS_NEXT(m1, m2, m3, m0, 20);
        TAI_NI_ROUNDS_NEXT(m2, m3, m0, m1, 24);  TAI_NI_ROUNDS_NEXT(m3, m0, m1, m2, 28);
        TAI_NI_ROUNDS_NEXT(m0, m1, m2, m3, 32);  TAI_NI_ROUNDS_NEXT(m1, m2, m3, m0, 36);
        TAI_NI_ROUNDS_NEXT(m2, m3, m0, m1, 40);  TAI_NI_ROUNDS_NEXT(m3, m0, m1, m2, 44);
        TAI_NI_ROUNDS(m0, 48);  TAI_NI_ROUNDS(m1, 52);  TAI_NI_ROUNDS(m2, 56);  TAI_NI_ROUNDS(m3, 60);
        ef = _mm_add_epi32(ef, ef0);
        gh = _mm_add_epi32(gh, gh0);
    }
    low  = _mm_shuffle_epi32(ef, 0x1B);
    high = _mm_shuffle_epi32(gh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(low, high, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

#undef TAI_NI_ROUNDS
#undef TAI_NI_ROUNDS_NEXT
#undef TAI_NI_LOAD

#elif TAI_ARM

/* Four rounds; m0 holds their words of the schedule.                                            */
#define TAI_ARM_ROUNDS(m0, t) \
    k = vaddq_u32(m0, vld1q_u32(&tai_sha256_k[t])); \
    before = abcd; \
    abcd = vsha256hq_u32(abcd, efgh, k); \
    efgh = vsha256h2q_u32(efgh, before, k)

/* The same, and m0 becomes the words of sixteen rounds on.                                       */
#define TAI_ARM_ROUNDS_NEXT(m0, m1, m2, m3, t) \
    TAI_ARM_ROUNDS(m0, t); \
    m0 = vsha256su1q_u32(vsha256su0q_u32(m0, m1), m2, m3)

#define TAI_ARM_LOAD(i) vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(in + 16 * (i))))

TAI_TARGET_SHA static void tai_sha256_cpu(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4), before, k;

    for (; blocks > 0; blocks--, in += TAI_BLOCK) {
        uint32x4_t abcd0 = abcd, efgh0 = efgh;
        uint32x4_t m0 = TAI_ARM_LOAD(0), m1 = TAI_ARM_LOAD(1), m2 = TAI_ARM_LOAD(2), m3 = TAI_ARM_LOAD(3);
        TAI_ARM_ROUNDS_NEXT(m0, m1, m2, m3, 0);   TAI_ARM_ROUNDS_NEXT(m1, m2, m3, m0, 4);
        TAI_ARM_ROUNDS_NEXT(m2, m3, m0, m1, 8);   TAI_ARM_ROUNDS_NEXT(m3, m0, m1, m2, 12);
        TAI_ARM_ROUNDS_NEXT(m0, m1, m2, m3, 16);  TAI_ARM_ROUNDS_NEXT(m1, m2, m3, m0, 20);
        TAI_ARM_ROUNDS_NEXT(m2, m3, m0, m1, 24);  TAI_ARM_ROUNDS_NEXT(m3, m0, m1, m2, 28);
        TAI_ARM_ROUNDS_NEXT(m0, m1, m2, m3, 32);  TAI_ARM_ROUNDS_NEXT(m1, m2, m3, m0, 36);
        TAI_ARM_ROUNDS_NEXT(m2, m3, m0, m1, 40);  TAI_ARM_ROUNDS_NEXT(m3, m0, m1, m2, 44);
        TAI_ARM_ROUNDS(m0, 48);  TAI_ARM_ROUNDS(m1, 52);  TAI_ARM_ROUNDS(m2, 56);  TAI_ARM_ROUNDS(m3, 60);
        abcd = vaddq_u32(abcd, abcd0);
        efgh = vaddq_u32(efgh, efgh0);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

#undef TAI_ARM_ROUNDS
#undef TAI_ARM_ROUNDS_NEXT
#undef TAI_ARM_LOAD

#endif
#endif /* TOKENAUTH_SHA256_COMPRESS */

/* The one entry to the compression: everything hashed passes here.                             */
static void tai_sha256_blocks(uint32_t state[8], const uint8_t *in, size_t blocks)
{
#if defined(TOKENAUTH_SHA256_COMPRESS)
    TOKENAUTH_SHA256_COMPRESS(state, in, blocks);
#else
#  if TAI_X86 || TAI_ARM
    if (tai_cpu_has_sha()) { tai_sha256_cpu(state, in, blocks);  return; }
#  endif
    tai_sha256_plain(state, in, blocks);
#endif
}

void ta_sha256_init(ta_sha256 *c)
{
    TA_ASSERT(c != NULL);
    tai_zero(c, sizeof *c);
    tai_sha256_begin(c->state);
}

void ta_sha256_update(ta_sha256 *c, const void *in, size_t len)
{
    const uint8_t *p = (const uint8_t *)in;
    size_t used = (size_t)(c->total % TAI_BLOCK), n;

    TA_ASSERT(len == 0 || in != NULL);
    if (len == 0) return;               /* in may be NULL then, and NULL + 0 is not C */
    c->total += len;
    if (used > 0 && len >= TAI_BLOCK - used) {          /* fill the block that was begun */
        n = TAI_BLOCK - used;
        memcpy(c->block + used, p, n);
        tai_sha256_blocks(c->state, c->block, 1);
        p += n;  len -= n;  used = 0;
    }
    if (len >= TAI_BLOCK) {                             /* whole blocks, where they lie: used is 0 */
        tai_sha256_blocks(c->state, p, len / TAI_BLOCK);
        p += len / TAI_BLOCK * TAI_BLOCK;  len %= TAI_BLOCK;
    }
    if (len > 0) memcpy(c->block + used, p, len);       /* used + len < TAI_BLOCK */
}

/* The last n < TAI_BLOCK bytes of a message of `total`, with the padding of 5.1.1: one block or two. */
static void tai_sha256_last(uint32_t state[8], const uint8_t *rest, size_t n, uint64_t total)
{
    uint8_t block[TAI_BLOCK] = {0};
    if (n > 0) memcpy(block, rest, n);
    block[n] = 0x80;
    if (n >= TAI_BLOCK - 8) {                           /* no room for the length: one block more */
        tai_sha256_blocks(state, block, 1);
        tai_zero(block, sizeof block);
    }
    tai_store64(block + TAI_BLOCK - 8, total << 3);
    tai_sha256_blocks(state, block, 1);
    tai_wipe(block, sizeof block);
}

#if TAI_X86
/* In wholes of 16 bytes: eight small stores would hold up the outer hash, which reads them so.     */
TAI_TARGET_SSE static void tai_sha256_digest_x86(const uint32_t state[8], uint8_t digest[TA_SHA256_SIZE])
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    _mm_storeu_si128((__m128i *)(void *)digest, _mm_shuffle_epi8(tai_load16(state), big_endian));
    _mm_storeu_si128((__m128i *)(void *)(digest + 16), _mm_shuffle_epi8(tai_load16(state + 4), big_endian));
}
#endif

static void tai_sha256_digest(const uint32_t state[8], uint8_t digest[TA_SHA256_SIZE])
{
    size_t i;
#if TAI_X86
    if (tai_cpu_has(TAI_CPU_SSE)) { tai_sha256_digest_x86(state, digest);  return; }
#endif
    for (i = 0; i < 8; i++) tai_store32(digest + 4 * i, state[i]);
}

void ta_sha256_final(ta_sha256 *c, uint8_t digest[TA_SHA256_SIZE])
{
    tai_sha256_last(c->state, c->block, (size_t)(c->total % TAI_BLOCK), c->total);
    tai_sha256_digest(c->state, digest);
    tai_wipe(c, sizeof *c);
}

/* The state after all of a text, where `before` bytes, whole blocks, have made the state so far.  */
static void tai_sha256_text(uint32_t state[8], size_t before, const void *in, size_t len)
{
    const uint8_t *p = (const uint8_t *)in;
    size_t rest = len % TAI_BLOCK;
    if (len > rest) {
        tai_sha256_blocks(state, p, len / TAI_BLOCK);
        p += len - rest;
    }
    tai_sha256_last(state, p, rest, (uint64_t)before + len);
}

void ta_sha256_once(const void *in, size_t len, uint8_t digest[TA_SHA256_SIZE])
{
    uint32_t state[8];
    TA_ASSERT(len == 0 || in != NULL);
    tai_sha256_begin(state);
    tai_sha256_text(state, 0, in, len);
    tai_sha256_digest(state, digest);
    tai_wipe(state, sizeof state);
}

/* ============================================================================
   >>hmac        RFC 2104; the two blocks of the key are compressed once, when it is made
   ========================================================================== */

static void tai_hmac_pad(uint32_t state[8], uint8_t block[TAI_BLOCK], uint8_t pad)
{
    size_t i;
    for (i = 0; i < TAI_BLOCK; i++) block[i] ^= pad;
    tai_sha256_begin(state);
    tai_sha256_blocks(state, block, 1);
}

static void tai_hmac_key(uint32_t inner[8], uint32_t outer[8], const void *key, size_t len)
{
    uint8_t block[TAI_BLOCK] = {0};
    if (len > TAI_BLOCK) ta_sha256_once(key, len, block);
    else if (len > 0)    memcpy(block, key, len);
    tai_hmac_pad(inner, block, 0x36);
    tai_hmac_pad(outer, block, 0x36 ^ 0x5c);         /* takes the first pad off again */
    ta_wipe(block, sizeof block);
}

static void tai_hmac_begin(ta_sha256 *c, const uint32_t inner[8])
{
    memcpy(c->state, inner, sizeof c->state);
    c->total = TAI_BLOCK;
}

#if TAI_SMALL

/* The inner digest waits in mac.                                                                 */
static void tai_hmac_outer(const uint32_t outer[8], uint32_t state[8], uint8_t mac[TA_SHA256_SIZE])
{
    tai_sha256_digest(state, mac);
    memcpy(state, outer, 8 * sizeof state[0]);
    tai_sha256_text(state, TAI_BLOCK, mac, TA_SHA256_SIZE);
    tai_sha256_digest(state, mac);
    tai_wipe(state, 8 * sizeof state[0]);
}

#else

/* The inner digest is less than a block, so the outer hash is one compression.                   */
static void tai_hmac_outer(const uint32_t outer[8], uint32_t state[8], uint8_t mac[TA_SHA256_SIZE])
{
    uint8_t block[TAI_BLOCK] = {0};
    tai_sha256_digest(state, block);
    block[TA_SHA256_SIZE] = 0x80;
    block[TAI_BLOCK - 2] = (TAI_BLOCK + TA_SHA256_SIZE) * 8 >> 8;       /* 768 bits */
    memcpy(state, outer, 8 * sizeof state[0]);
    tai_sha256_blocks(state, block, 1);
    tai_sha256_digest(state, mac);
    tai_wipe(state, 8 * sizeof state[0]);
    tai_wipe(block, sizeof block);
}

#endif

static void tai_hmac_end(ta_sha256 *c, const uint32_t outer[8], uint8_t mac[TA_SHA256_SIZE])
{
    tai_sha256_last(c->state, c->block, (size_t)(c->total % TAI_BLOCK), c->total);
    tai_hmac_outer(outer, c->state, mac);
    tai_wipe(c, sizeof *c);
}

/* Of one piece of text: nothing of it is copied but its end.                                    */
static void tai_hmac(const uint32_t inner[8], const uint32_t outer[8], const void *msg, size_t len,
                     uint8_t mac[TA_SHA256_SIZE])
{
    uint32_t state[8];
    memcpy(state, inner, sizeof state);
    tai_sha256_text(state, TAI_BLOCK, msg, len);
    tai_hmac_outer(outer, state, mac);
}

void ta_hmac_sha256(const void *key, size_t key_len, const void *msg, size_t msg_len,
                    uint8_t mac[TA_SHA256_SIZE])
{
    uint32_t inner[8], outer[8];
    tai_hmac_key(inner, outer, key, key_len);
    tai_hmac(inner, outer, msg, msg_len, mac);
    ta_wipe(inner, sizeof inner);
    ta_wipe(outer, sizeof outer);
}

/* ============================================================================
   >>json        RFC 8259, one function per grammar rule, nothing recurses. A rule takes the text and a
                 place in it and gives the place behind what it took, or 0 where that does not stand
                 (positions in registers: a third of the time of positions behind pointers)
   ========================================================================== */

static inline bool tai_is_digit(char c) { return c >= '0' && c <= '9'; }

static inline size_t tai_space(const char *text, size_t len, size_t pos)
{
    while (pos < len && text[pos] <= ' '
           && (text[pos] == ' ' || text[pos] == '\t' || text[pos] == '\n' || text[pos] == '\r')) pos++;
    return pos;
}

/* Behind a comma or colon and the space around it; 0 where that mark does not stand.             */
static size_t tai_past(const char *text, size_t len, size_t pos, char mark)
{
    pos = tai_space(text, len, pos);
    return pos < len && text[pos] == mark ? tai_space(text, len, pos + 1) : 0;
}

/* ---- characters: RFC 3629, and the escapes of RFC 8259 section 7 --------------------------- */

/* Length of the UTF-8 sequence at text, 1..4, or 0. The second byte's range keeps out overlong
   forms, surrogates and what is beyond U+10FFFF (RFC 3629 section 4).                          */
static size_t tai_utf8(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    uint8_t lo = 0x80, hi = 0xBF;
    size_t n, i;

    if (p[0] < 0x80) return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
    n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (n > len) return 0;
    if (p[0] == 0xE0) lo = 0xA0;
    if (p[0] == 0xED) hi = 0x9F;
    if (p[0] == 0xF0) lo = 0x90;
    if (p[0] == 0xF4) hi = 0x8F;
    if (p[1] < lo || p[1] > hi) return 0;
    for (i = 2; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF) return 0;
    }
    return n;
}

static size_t tai_utf8_put(uint32_t c, uint8_t out[4])
{
    static const uint8_t lead[] = {0x00, 0xC0, 0xE0, 0xF0};
    size_t n = (size_t)1 + (c >= 0x80) + (c >= 0x800) + (c >= 0x10000), i;
    for (i = n - 1; i > 0; i--, c >>= 6) out[i] = (uint8_t)(0x80 | (c & 63));
    out[0] = (uint8_t)(lead[n - 1] | c);
    return n;
}

/* A view that loses characters at its front: how strings are read.                              */
static void tai_pass(ta_json *rest, size_t n)
{
    rest->text += n;
    rest->len  -= n;
}

/* Four hex digits off the front; more than 16 bits when they are not there.                     */
static uint32_t tai_hex4(ta_json *rest)
{
    uint32_t v = 0, digit;
    size_t i;
    if (rest->len < 4) return UINT32_MAX;
    for (i = 0; i < 4; i++) {
        uint8_t c = (uint8_t)rest->text[i];
        digit = (uint32_t)c - '0';
        if (digit > 9) {
            digit = ((uint32_t)c | 0x20u) - 'a';
            if (digit > 5) return UINT32_MAX;
            digit += 10;
        }
        v = v << 4 | digit;
    }
    tai_pass(rest, 4);
    return v;
}

/* What follows "\u": one unit of UTF-16, or two of a surrogate pair. Half a pair is refused: it is no
   character, and each reader would make something else of it.                                  */
static size_t tai_escape_u(ta_json *rest, uint8_t out[4])
{
    uint32_t c = tai_hex4(rest), low;
    if (c > 0xFFFF) return 0;
    if (c >= 0xD800 && c <= 0xDFFF) {
        if (c > 0xDBFF || rest->len < 2 || rest->text[0] != '\\' || rest->text[1] != 'u') return 0;
        tai_pass(rest, 2);
        low = tai_hex4(rest) - 0xDC00u;
        if (low > 0x3FF) return 0;
        c = 0x10000u + ((c - 0xD800u) << 10) + low;
    }
    return tai_utf8_put(c, out);
}

/* What follows a backslash.                                                                    */
static size_t tai_escape(ta_json *rest, uint8_t out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    size_t i;
    char c;
    if (rest->len == 0) return 0;
    c = rest->text[0];
    tai_pass(rest, 1);
    if (c == 'u') return tai_escape_u(rest, out);
    for (i = 0; i < sizeof from - 1; i++) {
        if (c == from[i]) { out[0] = (uint8_t)to[i];  return 1; }
    }
    return 0;
}

/* One character of a string, as it stands or escaped, off the front; its 1..4 bytes of UTF-8 go to out.
   0: not a character that may stand in a string (the closing quote, for one).
   This is the only reader of strings; the check, comparing and copying all stand on it.
   needs: rest->len > 0                                                                          */
static size_t tai_char(ta_json *rest, uint8_t out[4])
{
    size_t n;
    uint8_t c = (uint8_t)rest->text[0];
    if (c == '\\') { tai_pass(rest, 1);  return tai_escape(rest, out); }
    if (c < 0x20 || c == '"') return 0;
    n = tai_utf8(rest->text, rest->len);
    memcpy(out, rest->text, n);
    tai_pass(rest, n);
    return n;
}

static inline ta_json tai_view(const char *text, size_t from, size_t to)
{
    ta_json v;
    v.text = text + from;
    v.len  = to - from;
    return v;
}

/* ---- strings, numbers, literals ------------------------------------------------------------- */

#if TAI_X86
/* One bit for each of 16 bytes that is a control, a quote, a backslash or beyond ASCII.          */
static inline unsigned tai_marks(__m128i c)
{
    __m128i mark = _mm_or_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(c, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(mark, _mm_cmplt_epi8(c, _mm_set1_epi8(' '))));
}
static inline unsigned tai_not_plain(const char *text) { return tai_marks(tai_load16(text)); }
#elif !TAI_SMALL
static inline bool tai_all_plain(uint64_t v)
{
    return ((v & TAI_EACH(0x80)) | tai_below(v, ' ') | tai_among(v, '"') | tai_among(v, '\\')) == 0;
}
#endif

#if TAI_X86
/* From pos on, 32 bytes at a time while all are plain: the place where that ends.                */
TAI_TARGET_AVX2 static size_t tai_plain_wide(const char *text, size_t len, size_t pos)
{
    for (; len - pos >= 32; pos += 32) {
        __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(text + pos));
        __m256i mark = _mm256_or_si256(_mm256_cmpeq_epi8(c, _mm256_set1_epi8('"')),
                                       _mm256_cmpeq_epi8(c, _mm256_set1_epi8('\\')));
        mark = _mm256_or_si256(mark, _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), c));
        if (_mm256_movemask_epi8(mark) != 0) break;
    }
    return pos;
}

/* Fewer than 16 bytes are left: the last 16 are looked at together, also those before pos.        */
static inline size_t tai_plain_tail(const char *text, size_t len, size_t pos)
{
    unsigned hit = pos < len ? tai_not_plain(text + len - 16) >> (16 - (len - pos)) : 0;
    return hit != 0 ? pos + tai_first_bit(hit) : len;
}

static size_t tai_plain_long(const char *text, size_t len, size_t pos)
{
    if (len - pos >= 16) {
        unsigned hit = tai_not_plain(text + pos);
        if (hit != 0) return pos + tai_first_bit(hit);
        pos += 16;
    }
    if (len - pos >= 64 && tai_cpu_has(TAI_CPU_AVX2)) pos = tai_plain_wide(text, len, pos);
    for (; len - pos >= 16; pos += 16) {
        unsigned hit = tai_not_plain(text + pos);
        if (hit != 0) return pos + tai_first_bit(hit);
    }
    return tai_plain_tail(text, len, pos);
}
#endif

static inline size_t tai_plain_by_one(const char *text, size_t len, size_t pos)
{
    while (pos < len && (uint8_t)text[pos] >= 0x20 && (uint8_t)text[pos] < 0x80 && text[pos] != '"'
           && text[pos] != '\\') pos++;
    return pos;
}

#if TAI_X86
/* In a text of fewer than 16 bytes: from eight on, the first and the last eight are looked at together. */
static size_t tai_plain_short(const char *text, size_t len, size_t pos)
{
    if (len - pos >= 8) {
        __m128i c = _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)(text + pos)),
                                       _mm_loadl_epi64((const __m128i *)(const void *)(text + len - 8)));
        if (tai_marks(c) == 0) return len;
    }
    return tai_plain_by_one(text, len, pos);
}
#endif

/* The first place from pos on whose byte does not stand for itself: no ASCII, a control, quote or
   backslash. Most strings end within their first 16 bytes.                                      */
static inline size_t tai_plain_end(const char *text, size_t len, size_t pos)
{
#if TAI_X86
    if (len - pos >= 16) {
        unsigned hit = tai_not_plain(text + pos);
        return hit != 0 ? pos + tai_first_bit(hit) : tai_plain_long(text, len, pos + 16);
    }
    return len >= 16 ? tai_plain_tail(text, len, pos) : tai_plain_short(text, len, pos);
#else
#  if !TAI_SMALL
    while (len - pos >= 8 && tai_all_plain(tai_load8(text + pos))) pos += 8;
#  endif
    return tai_plain_by_one(text, len, pos);
#endif
}

/* *char quotation-mark: a string whose first characters were seen to be good                     */
static size_t tai_string_rest(const char *text, size_t len, size_t pos)
{
    uint8_t bytes[4];
    ta_json rest;
    for (;;) {
        pos = tai_plain_end(text, len, pos);
        if (pos >= len) return 0;
        if (text[pos] == '"') return pos + 1;
        rest = tai_view(text, pos, len);
        if (tai_char(&rest, bytes) == 0) return 0;
        pos = (size_t)(rest.text - text);
    }
}

/* string = quotation-mark *char quotation-mark */
static inline size_t tai_string(const char *text, size_t len, size_t pos)
{
    if (pos >= len || text[pos] != '"') return 0;
    pos = tai_plain_end(text, len, pos + 1);
    return pos < len && text[pos] == '"' ? pos + 1 : tai_string_rest(text, len, pos);
}

/* 1*DIGIT */
static size_t tai_digits(const char *text, size_t len, size_t pos)
{
    size_t start = pos;
#if TAI_X86
    if (len - pos >= 16) {              /* nearly all numbers are shorter than that */
        __m128i d = _mm_sub_epi8(tai_load16(text + pos), _mm_set1_epi8('0'));
        unsigned hit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d));
        if (hit != 0xFFFF) return (hit & 1u) != 0 ? pos + tai_first_bit(~hit) : 0;
    }
#endif
    while (pos < len && tai_is_digit(text[pos])) pos++;
    return pos > start ? pos : 0;
}

/* number = [ minus ] int [ frac ] [ exp ] */
static size_t tai_number(const char *text, size_t len, size_t pos)
{
    if (pos < len && text[pos] == '-') pos++;
    pos = pos < len && text[pos] == '0' ? pos + 1 : tai_digits(text, len, pos);
    if (pos == 0) return 0;
    if (pos < len && text[pos] == '.') {
        pos = tai_digits(text, len, pos + 1);
        if (pos == 0) return 0;
    }
    if (pos < len && (text[pos] == 'e' || text[pos] == 'E')) {
        pos++;
        if (pos < len && (text[pos] == '+' || text[pos] == '-')) pos++;
        pos = tai_digits(text, len, pos);
    }
    return pos;
}

static size_t tai_literal(const char *text, size_t len, size_t pos, const char *word)
{
    for (; *word != '\0'; word++, pos++) {
        if (pos >= len || text[pos] != *word) return 0;
    }
    return pos;
}

/* ---- comparing strings ------------------------------------------------------------------------ */

/* Without its quotes; needs: v begins with one.                                                */
static ta_json tai_inside(ta_json v)
{
    v.text++;
    v.len -= v.len > 1 ? 2 : 1;
    return v;
}

bool ta_json_equals(ta_json v, const char *text, size_t len)
{
    uint8_t bytes[4];
    size_t at = 0, n;
    TA_ASSERT(len == 0 || text != NULL);
    if (ta_json_kind(v) != TA_STRING) return false;
    v = tai_inside(v);
#if !TAI_SMALL
    if (v.len == len && tai_plain_end(v.text, len, 0) == len)
        return len == 0 || memcmp(v.text, text, len) == 0;
#endif
    while (v.len > 0) {
        n = tai_char(&v, bytes);
        if (n == 0 || n > len - at || memcmp(text + at, bytes, n) != 0) return false;
        at += n;
    }
    return at == len;
}

static bool tai_is_text(ta_json v, const char *text) { return ta_json_equals(v, text, strlen(text)); }

/* Two string values, each spelled in its own way.                                              */
static bool tai_strings_equal(ta_json a, ta_json b)
{
    uint8_t x[4], y[4];
    size_t n;
    a = tai_inside(a);
    b = tai_inside(b);
    while (a.len > 0 && b.len > 0) {
        n = tai_char(&a, x);
        if (n == 0 || tai_char(&b, y) != n || memcmp(x, y, n) != 0) return false;
    }
    return a.len == b.len;                              /* both 0: one is */
}

#if TAI_SMALL

/* Eight bits of all of a name's bytes, unescaped, only to skip most comparisons.               */
static uint8_t tai_name_hash(ta_json v)                 /* that was checked */
{
    uint8_t bytes[4];
    uint32_t hash = 0;
    size_t n, i;
    v = tai_inside(v);
    while (v.len > 0) {
        n = tai_char(&v, bytes);
        for (i = 0; i < n; i++) hash = (hash ^ bytes[i]) * 0x9E3779B1u;
    }
    return (uint8_t)(hash >> 24);
}

#else

/* What tells most names apart, from all of their bytes, unescaped.                               */
typedef struct tai_name {
    size_t   len;
    uint32_t mix;               /* of its words of four bytes */
    uint32_t last;              /* its last four bytes, big-endian: of up to four it is the whole name */
} tai_name;

static uint32_t tai_name_mix(uint32_t mix, uint32_t word)
{
    mix = (mix ^ word) * 0x9E3779B1u;
    return mix ^ mix >> 15;
}

static tai_name tai_escaped_name(ta_json v)             /* that was checked, escaped or not */
{
    uint8_t bytes[4];
    tai_name name = {0, 0, 0};
    size_t n, i;
    v = tai_inside(v);
    while (v.len > 0) {
        n = tai_char(&v, bytes);
        for (i = 0; i < n; i++) {
            name.last = name.last << 8 | bytes[i];
            if (++name.len % 4 == 0) name.mix = tai_name_mix(name.mix, name.last);
        }
    }
    return name;
}

static tai_name tai_plain_name(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    tai_name name = {0, 0, 0};
    name.len = len;
    for (; len >= 4; len -= 4, p += 4) name.mix = tai_name_mix(name.mix, tai_load32(p));
    if (name.len >= 4) name.last = tai_load32(p + len - 4);
    else if (len > 0) name.last = p[0];
    if (name.len == 2 || name.len == 3) name.last = name.last << 8 | p[1];
    if (name.len == 3) name.last = name.last << 8 | p[2];
    return name;
}

static tai_name tai_name_of(ta_json v, bool plain)
{
    return plain ? tai_plain_name(v.text + 1, v.len - 2) : tai_escaped_name(v);
}

/* Eight bits, only to skip most comparisons: a collision costs one more comparison of two names. */
static uint8_t tai_name_hash(tai_name n)
{
    return (uint8_t)(tai_name_mix(n.mix + (uint32_t)n.len, n.last) >> 24);
}

#endif

/* ---- the check: one pass over the text that also takes out the members somebody wants -------- */

#define TAI_NAMES    (TA_MAX_MEMBERS + TA_MAX_DEPTH)    /* names of all open objects together */
#define TAI_MAX_JSON 65535u                             /* offsets of names have 16 bits */

#if TAI_SMALL

typedef struct tai_want {       /* the name of a member of the outermost object: one to four bytes */
    char name[5];
} tai_want;

#define TAI_NAME4(a, b, c, d) {{a, b, c, d, '\0'}}
#define TAI_NAME3(a, b, c)    {{a, b, c, '\0', '\0'}}

#else

typedef struct tai_want {       /* the name of a member of the outermost object: at most four bytes */
    uint8_t  len;
    uint32_t name;
} tai_want;

#define TAI_NAME4(a, b, c, d) {4, (uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d)}
#define TAI_NAME3(a, b, c)    {3, (uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (c)}

#endif

typedef struct tai_scan {
    const char     *text;
    size_t          len;
#if !TAI_SMALL
    const tai_want *wants;
    ta_json        *values;             /* where those of the wanted members go */
    size_t          want_count, want_next;
    ta_json        *wanted;             /* the value being read now, or NULL */
#endif
    size_t          want_seen;          /* members that count here and stand elsewhere */
    ta_status       fault;              /* why a step gave 0 */
    unsigned        depth, names;
    uint32_t        patience;           /* characters that may still be compared one by one */
    bool            complete;           /* a value has ended: a comma or a bracket comes next */
    uint16_t        bracket[TA_MAX_DEPTH];      /* offset of the one that opened each level */
    uint8_t         members[TA_MAX_DEPTH];      /* how many of the last names are each level's */
#if !TAI_SMALL
    uint16_t        name_at[TAI_NAMES];         /* offset of each name's quote */
#endif
    uint8_t         name_hash[TAI_NAMES];
} tai_scan;

static size_t tai_scan_fault(tai_scan *s, ta_status why)
{
    s->fault = why;
    return 0;
}

static bool tai_scan_in_object(const tai_scan *s) { return s->text[s->bracket[s->depth - 1]] == '{'; }

static bool tai_scan_has_room(const tai_scan *s)
{
    size_t members = s->members[s->depth - 1] + (s->depth == 1 ? s->want_seen : 0);
    return members < TA_MAX_MEMBERS && s->names + s->want_seen < TAI_NAMES;
}

#if TAI_SMALL

static bool tai_is_plain(ta_json v) { return tai_plain_end(v.text, v.len, 1) == v.len - 1; }

/* Two names of one hash. Where one of them has escapes, who makes us compare much is up to something. */
static bool tai_scan_is(tai_scan *s, ta_json a, ta_json b)
{
    if (!tai_is_plain(a) || !tai_is_plain(b))
        s->patience -= s->patience < b.len ? s->patience : (uint32_t)b.len;
    return s->patience == 0 || tai_strings_equal(a, b);
}

/* Where a hash agrees, the object's members are walked over once more, up to that name: two bytes less for
   each name, and the work stays within TA_MAX_MEMBERS passes over the text.                     */
static bool tai_scan_is_new(tai_scan *s, ta_json name, uint8_t hash)
{
    size_t i = s->names - s->members[s->depth - 1], start = s->bracket[s->depth - 1], at = 0, next;
    ta_json object = tai_view(s->text, start, (size_t)(name.text - s->text)), other, value;
    while ((next = i + tai_run_to(s->name_hash + i, s->names - i, (char)hash)) < s->names) {
        while (i <= next && ta_json_next(object, &at, &other, &value) == TA_OK) i++;
        if (tai_scan_is(s, other, name)) return false;
    }
    return true;
}

/* A member's name and its colon.                                                                */
static size_t tai_scan_members(tai_scan *s, size_t pos)
{
    size_t end = tai_string(s->text, s->len, pos);
    ta_json name = tai_view(s->text, pos, end);
    uint8_t hash;
    if (end == 0) return 0;
    hash = tai_name_hash(name);
    if (!tai_scan_is_new(s, name, hash))
        return tai_scan_fault(s, s->patience > 0 ? TA_ERR_DUPLICATE : TA_ERR_LIMIT);
    if (!tai_scan_has_room(s)) return tai_scan_fault(s, TA_ERR_LIMIT);
    s->name_hash[s->names++] = hash;
    s->members[s->depth - 1]++;
    return tai_past(s->text, s->len, end, ':');
}

#else

/* Is name i, which was checked, this one? Where one of the two has escapes they are compared character
   by character, and who makes us do much of that is up to something.                             */
static bool tai_scan_is(tai_scan *s, unsigned i, ta_json name, bool plain)
{
    size_t at = s->name_at[i], end = tai_plain_end(s->text, s->len, at + 1);
    if (plain && s->text[end] == '"')
        return end + 1 - at == name.len && memcmp(s->text + at, name.text, name.len) == 0;
    s->patience -= s->patience < name.len ? s->patience : (uint32_t)name.len;
    return s->patience == 0
        || tai_strings_equal(tai_view(s->text, at, tai_string(s->text, s->len, at)), name);
}

/* Each name against those before it in the same object: at most TA_MAX_MEMBERS bytes are looked at,
   and the names themselves only where the hashes agree. So the work stays linear in the text.   */
static bool tai_scan_is_new(tai_scan *s, ta_json name, uint8_t hash, bool plain)
{
    unsigned i;
    for (i = s->names - s->members[s->depth - 1]; i < s->names; i++) {
        i += (unsigned)tai_run_to(s->name_hash + i, s->names - i, (char)hash);
        if (i < s->names && tai_scan_is(s, i, name, plain)) return false;
    }
    return true;
}

/* Which of the wanted members has this name, if any? They mostly come in the order in which we want
   them, so the search goes on where the last one was found.                                     */
static inline ta_json *tai_scan_want(tai_scan *s, tai_name name)
{
    size_t left = s->want_count, i = s->want_next, at;
    for (; left > 0; left--) {
        at = i++;
        if (i == s->want_count) i = 0;
        if (s->wants[at].name == name.last && s->wants[at].len == name.len) {
            s->want_next = i;
            return &s->values[at];
        }
    }
    return NULL;
}

/* A name, kept so that it is seen to be unique. A wanted one is kept by its value alone.        */
static size_t tai_scan_keep(tai_scan *s, ta_json text, bool plain)
{
    tai_name name = tai_name_of(text, plain);
    ta_json *want = s->depth == 1 && name.len <= 4 ? tai_scan_want(s, name) : NULL;
    uint8_t hash = want == NULL ? tai_name_hash(name) : 0;
    bool is_new = want != NULL ? want->text == NULL : tai_scan_is_new(s, text, hash, plain);

    if (!is_new) return tai_scan_fault(s, s->patience > 0 ? TA_ERR_DUPLICATE : TA_ERR_LIMIT);
    if (!tai_scan_has_room(s)) return tai_scan_fault(s, TA_ERR_LIMIT);
    if (want != NULL) {
        s->want_seen++;
        s->wanted = want;
    } else {
        s->name_at[s->names] = (uint16_t)(text.text - s->text);
        s->name_hash[s->names++] = hash;
        s->members[s->depth - 1]++;
    }
    return 1;
}

/* A member's name and its colon, up to the value.                                               */
static size_t tai_scan_name(tai_scan *s, size_t pos)
{
    const char *text = s->text;
    size_t len = s->len, start = pos;
    bool plain;
    if (pos >= len || text[pos] != '"') return 0;
    pos = tai_plain_end(text, len, pos + 1);
    plain = pos < len && text[pos] == '"';
    pos = plain ? pos + 1 : tai_string_rest(text, len, pos);
    if (pos == 0 || tai_scan_keep(s, tai_view(text, start, pos), plain) == 0) return 0;
    pos = tai_past(text, len, pos, ':');
    if (s->depth == 1 && s->wanted != NULL) s->wanted->text = text + pos;
    return pos;
}

/* The wanted value that was being read ends here.                                                */
static inline void tai_scan_take(tai_scan *s, size_t pos)
{
    if (s->depth != 1 || s->wanted == NULL) return;
    s->wanted->len = (size_t)(s->text + pos - s->wanted->text);
    s->wanted = NULL;
}

/* The wanted member whose name stands here as nearly everyone spells it: three letters, then the colon. */
static inline ta_json *tai_scan_usual_name(tai_scan *s, const char *text, size_t len)
{
    tai_name name = {3, 0, 0};
    ta_json *want;
    if (len < 6 || text[0] != '"' || text[4] != '"' || text[5] != ':') return NULL;
    name.last = tai_load32((const uint8_t *)text) & 0xFFFFFFu;
    want = tai_scan_want(s, name);
    return want != NULL && want->text == NULL && tai_scan_has_room(s) ? want : NULL;
}

/* From a name on, up to the next value that is neither string nor number, or to the last of all values, which
   is then complete. What stands oddly is left to the steps below.                                 */
static size_t tai_scan_members(tai_scan *s, size_t pos)
{
    const char *text = s->text;
    size_t len = s->len, start, end;
    bool outermost = s->depth == 1 && s->want_count > 0;
    ta_json *want;
    for (;;) {
        want  = outermost ? tai_scan_usual_name(s, text + pos, len - pos) : NULL;
        start = want != NULL ? tai_space(text, len, pos + 6) : tai_scan_name(s, pos);
        if (start == 0 || start >= len) return start;
        end = text[start] == '"' ? tai_string(text, len, start) : tai_number(text, len, start);
        if (end == 0 || end >= len || (text[end] != ',' && text[end] != '}'))
            return want != NULL ? tai_scan_name(s, pos) : start;
        if (want != NULL) {
            *want = tai_view(text, start, end);
            s->want_seen++;
        } else {
            tai_scan_take(s, end);
        }
        s->complete = text[end] == '}';
        if (s->complete) return end;
        pos = tai_space(text, len, end + 1);
    }
}

#endif

TAI_APART static bool tai_scan_closes(const tai_scan *s, size_t pos)     /* the bracket of this level? */
{
    return pos < s->len && s->text[pos] == (tai_scan_in_object(s) ? '}' : ']');
}

static size_t tai_scan_close(tai_scan *s, size_t pos)
{
    s->depth--;
    s->names -= s->members[s->depth];                   /* its names are forgotten */
    return pos + 1;
}

/* A bracket; an empty container is complete at once.                                            */
static size_t tai_scan_open(tai_scan *s, size_t pos)
{
    if (s->depth >= TA_MAX_DEPTH) return tai_scan_fault(s, TA_ERR_LIMIT);
    s->bracket[s->depth] = (uint16_t)pos;
    s->members[s->depth] = 0;
    s->depth++;
    pos = tai_space(s->text, s->len, pos + 1);
    s->complete = tai_scan_closes(s, pos);
    if (s->complete) return tai_scan_close(s, pos);
    return tai_scan_in_object(s) ? tai_scan_members(s, pos) : pos;
}

/* What may begin where a value must stand: a scalar, which is then complete, or a bracket.      */
static size_t tai_scan_value(tai_scan *s, size_t pos)
{
    s->complete = true;
    if (pos >= s->len) return 0;
    switch (s->text[pos]) {
    case '"': return tai_string(s->text, s->len, pos);
    case '{':
    case '[': return tai_scan_open(s, pos);
    case 't': return tai_literal(s->text, s->len, pos, "true");
    case 'f': return tai_literal(s->text, s->len, pos, "false");
    case 'n': return tai_literal(s->text, s->len, pos, "null");
    default:  return tai_number(s->text, s->len, pos);
    }
}

/* After a complete value inside a container: a comma and on to the next, or the bracket that
   completes the container too.                                                                  */
static size_t tai_scan_after(tai_scan *s, size_t pos)
{
#if !TAI_SMALL
    tai_scan_take(s, pos);
#endif
    pos = tai_space(s->text, s->len, pos);
    if (tai_scan_closes(s, pos)) return tai_scan_close(s, pos);
    pos = tai_past(s->text, s->len, pos, ',');
    s->complete = false;
    return pos != 0 && tai_scan_in_object(s) ? tai_scan_members(s, pos) : pos;
}

static ta_status tai_scan_text(tai_scan *s)
{
    size_t pos = tai_space(s->text, s->len, 0);
    s->complete = false;
    s->fault = TA_ERR_JSON;
    s->depth = 0;
    s->names = 0;
    s->patience = 8 * (uint32_t)s->len + 64;
    do {
        pos = s->complete ? tai_scan_after(s, pos) : tai_scan_value(s, pos);
    } while (pos != 0 && !(s->complete && s->depth == 0));
    if (pos == 0) return s->fault;
    return tai_space(s->text, s->len, pos) == s->len ? TA_OK : TA_ERR_JSON;
}

#if TAI_SMALL

/* The check of an object that will have `others` members beside its own, or of any other text.   */
TAI_APART static ta_status tai_scan_check(const char *json, size_t len, size_t others)
{
    tai_scan s;
    if (json == NULL && len > 0) return TA_ERR_ARGUMENT;
    if (len > TAI_MAX_JSON) return TA_ERR_LIMIT;
    s.text = json;  s.len = len;  s.want_seen = others;
    return tai_scan_text(&s);
}

ta_status ta_json_check(const char *json, size_t len) { return tai_scan_check(json, len, 0); }

/* The wanted members of an object that was checked. One walk more, but the check knows nothing of it. */
static ta_status tai_read_members(ta_json object, const tai_want *wants, size_t want_count, size_t others,
                                  ta_json *values)
{
    ta_json name, value;
    size_t at = 0, i;
    (void)others;
    tai_zero(values, want_count * sizeof *values);
    while (ta_json_next(object, &at, &name, &value) == TA_OK) {
        char first = name.len > 0 ? name.text[1] : '\0';        /* most names differ here already */
        for (i = 0; i < want_count; i++) {
            if ((first == wants[i].name[0] || first == '\\') && tai_is_text(name, wants[i].name))
                values[i] = value;
        }
    }
    return TA_OK;
}

#else

/* The check, and the wanted members of the outermost object; all are absent after a failure. That object
   will have `others` members beside these.                                                      */
static ta_status tai_json_scan(const char *json, size_t len, const tai_want *wants, size_t want_count,
                               size_t others, ta_json *values)
{
    tai_scan s;
    ta_status st;

    if (want_count > 0) tai_zero(values, want_count * sizeof *values);
    if (json == NULL && len > 0) return TA_ERR_ARGUMENT;
    if (len > TAI_MAX_JSON) return TA_ERR_LIMIT;
    s.text = json;  s.len = len;
    s.wants = wants;  s.values = values;  s.want_count = want_count;  s.want_next = 0;
    s.want_seen = others;  s.wanted = NULL;
    st = tai_scan_text(&s);
    if (st != TA_OK && want_count > 0) tai_zero(values, want_count * sizeof *values);
    return st;
}

ta_status ta_json_check(const char *json, size_t len)
{
    return tai_json_scan(json, len, NULL, 0, 0, NULL);
}

static ta_status tai_read_members(ta_json object, const tai_want *wants, size_t want_count, size_t others,
                                  ta_json *values)
{
    return tai_json_scan(object.text, object.len, wants, want_count, others, values);
}

#endif

/* ---- walking: on checked text right, on any bytes memory-safe ---------------------------------- */

ta_kind ta_json_kind(ta_json v)
{
    if (v.len == 0) return TA_ABSENT;
    switch (v.text[0]) {
    case 'n': return TA_NULL;
    case 't':
    case 'f': return TA_BOOL;
    case '"': return TA_STRING;
    case '[': return TA_ARRAY;
    case '{': return TA_OBJECT;
    default:  return v.text[0] == '-' || tai_is_digit(v.text[0]) ? TA_NUMBER : TA_ABSENT;
    }
}

static size_t tai_skip_string(const char *text, size_t len, size_t pos)
{
    for (pos++; pos < len && text[pos] != '"'; pos++) {
        if (text[pos] == '\\') pos++;
    }
    return pos < len ? pos + 1 : len;
}

/* The end of the value at pos. Moves on unless something stands there that begins none.        */
static size_t tai_skip(const char *text, size_t len, size_t pos)
{
    size_t depth = 0;
    while (pos < len) {
        char c = text[pos];
        if (depth == 0 && ((uint8_t)c <= ' ' || c == ',' || c == ':')) return pos;
        if ((c == '}' || c == ']') && depth-- == 0) return pos;
        if (c == '{' || c == '[') depth++;
        pos = c == '"' ? tai_skip_string(text, len, pos) : pos + 1;
    }
    return len;
}

ta_status ta_json_next(ta_json v, size_t *at, ta_json *name, ta_json *value)
{
    ta_kind kind = ta_json_kind(v);
    ta_json key = TA_ZERO;
    size_t pos, end;

    if (name != NULL) *name = key;
    if (value != NULL) *value = key;
    if (at == NULL || value == NULL) return TA_ERR_ARGUMENT;
    if (kind == TA_ABSENT) return TA_ERR_ABSENT;
    if (kind != TA_OBJECT && kind != TA_ARRAY) return TA_ERR_KIND;

    pos = *at == 0 ? tai_space(v.text, v.len, 1) : tai_past(v.text, v.len, *at, ',');
    if (pos == 0) return TA_ERR_ABSENT;
    if (kind == TA_OBJECT) {
        if (pos >= v.len || v.text[pos] != '"') return TA_ERR_ABSENT;
        end = tai_skip_string(v.text, v.len, pos);
        key = tai_view(v.text, pos, end);
        pos = tai_past(v.text, v.len, end, ':');
    }
    end = tai_skip(v.text, v.len, pos);
    if (end == pos || pos == 0) return TA_ERR_ABSENT;   /* the closing bracket, or no JSON at all */
    if (name != NULL) *name = key;
    *value = tai_view(v.text, pos, end);
    *at = end;
    return TA_OK;
}

/* ---- paths: [ name ] *( "." name / "[" index "]" / "[" string "]" ) ------------------------------ */

typedef struct tai_step {
    const char *bare;           /* a name as it stands, or NULL */
    size_t      bare_len;
    ta_json     quoted;         /* a name as a JSON string; absent for an index */
    size_t      index;
} tai_step;

static bool tai_path_index(const char *path, size_t len, size_t *pos, size_t *out)
{
    size_t start = *pos;
    *out = 0;
    *pos = tai_digits(path, len, start);
    if (*pos == 0 || (path[start] == '0' && *pos - start > 1)) return false;
    for (; start < *pos; start++) {
        size_t digit = (size_t)(path[start] - '0');
        *out = *out > (SIZE_MAX - digit) / 10 ? SIZE_MAX : *out * 10 + digit;
    }
    return true;
}

static bool tai_path_bracket(const char *path, size_t len, size_t *pos, tai_step *step)
{
    size_t start = ++*pos;
    if (*pos < len && path[*pos] == '"') {
        *pos = tai_string(path, len, start);
        if (*pos == 0) return false;
        step->quoted = tai_view(path, start, *pos);
    } else if (!tai_path_index(path, len, pos, &step->index)) {
        return false;
    }
    return *pos < len && path[(*pos)++] == ']';
}

/* One step of a path, *pos behind it; false when the path is none.  needs: *pos < len          */
static bool tai_path_step(const char *path, size_t len, size_t *pos, tai_step *step)
{
    size_t start;
    tai_zero(step, sizeof *step);
    if (path[*pos] == '[') return tai_path_bracket(path, len, pos, step);
    if (*pos > 0 && path[(*pos)++] != '.') return false;
    start = *pos;
    while (*pos < len && path[*pos] != '.' && path[*pos] != '[' && path[*pos] != ']'
           && path[*pos] != '"') (*pos)++;
    step->bare = path + start;
    step->bare_len = *pos - start;
    return step->bare_len > 0;
}

static bool tai_step_names(const tai_step *step, ta_json name)
{
    return step->bare != NULL ? ta_json_equals(name, step->bare, step->bare_len)
                              : step->quoted.len > 0 && tai_strings_equal(name, step->quoted);
}

static ta_json tai_step_down(ta_json v, const tai_step *step)
{
    static const ta_json absent = TA_ZERO;
    bool by_index = step->bare == NULL && step->quoted.len == 0;
    size_t at = 0, i;
    ta_json name, value;

    if (ta_json_kind(v) != (by_index ? TA_ARRAY : TA_OBJECT)) return absent;
    for (i = 0; ta_json_next(v, &at, &name, &value) == TA_OK; i++) {
        if (by_index ? i == step->index : tai_step_names(step, name)) return value;
    }
    return absent;
}

ta_json ta_json_at(ta_json v, const char *path)
{
    size_t len = strlen(path), pos = 0;
    tai_step step;
    while (pos < len) {
        if (tai_path_step(path, len, &pos, &step)) {
            v = tai_step_down(v, &step);
        } else {
            tai_zero(&v, sizeof v);
            break;
        }
    }
    return v;
}

static bool tai_is_path(const char *path)
{
    size_t len = strlen(path), pos = 0;
    tai_step step;
    while (pos < len) {
        if (!tai_path_step(path, len, &pos, &step)) return false;
    }
    return true;
}

ta_status ta_json_find(const char *json, size_t len, const char *path, ta_json *out)
{
    ta_status st;
    size_t start;
    if (out != NULL) tai_zero(out, sizeof *out);
    if (out == NULL || path == NULL || !tai_is_path(path)) return TA_ERR_ARGUMENT;
    st = ta_json_check(json, len);
    if (st != TA_OK) return st;
    start = tai_space(json, len, 0);
    *out = ta_json_at(tai_view(json, start, tai_skip(json, len, start)), path);
    return out->len > 0 ? TA_OK : TA_ERR_ABSENT;
}

/* ---- values -------------------------------------------------------------------------------------- */

static ta_status tai_expect(ta_json v, ta_kind kind)
{
    ta_kind is = ta_json_kind(v);
    return is == kind ? TA_OK : is == TA_ABSENT ? TA_ERR_ABSENT : TA_ERR_KIND;
}

static ta_status tai_unescape(ta_json v, char *out, size_t out_cap, size_t *out_len)
{
    uint8_t bytes[4];
    size_t at = 0, n;
    v = tai_inside(v);
    while (v.len > 0) {
        n = tai_char(&v, bytes);
        if (n == 0) return TA_ERR_JSON;
        if (bytes[0] == 0) return TA_ERR_NUL;
        if (n >= out_cap - at) return TA_ERR_SPACE;     /* at < out_cap: there is always room for the NUL */
        memcpy(out + at, bytes, n);
        at += n;
    }
    out[at] = '\0';
    *out_len = at;
    return TA_OK;
}

ta_status ta_json_string(ta_json v, char *out, size_t out_cap, size_t *out_len)
{
    ta_status st = tai_expect(v, TA_STRING);
    if (out_len != NULL) *out_len = 0;
    if (out == NULL || out_len == NULL) return TA_ERR_ARGUMENT;
    if (st == TA_OK) st = out_cap > 0 ? tai_unescape(v, out, out_cap, out_len) : TA_ERR_SPACE;
    if (st != TA_OK && out_cap > 0) {
        ta_wipe(out, v.len < out_cap ? v.len : out_cap);
        out[0] = '\0';
    }
    return st;
}

ta_status ta_json_bool(ta_json v, bool *out)
{
    ta_status st = tai_expect(v, TA_BOOL);
    if (out == NULL) return TA_ERR_ARGUMENT;
    *out = st == TA_OK && v.text[0] == 't';
    return st;
}

/* The exponent behind 'e'; what is far beyond the digits of any text here is held there.         */
static int32_t tai_exponent(const char *text, size_t len, size_t pos)
{
    bool minus;
    int32_t e = 0;
    if (pos >= len) return 0;
    minus = text[pos] == '-';
    if (!tai_is_digit(text[pos])) pos++;
    for (; pos < len; pos++) {
        if (e < (int32_t)1 << 24) e = e * 10 + (text[pos] - '0');
    }
    return minus ? -e : e;
}

#if !TAI_SMALL
/* Nearly every number: digits only, and few enough of them.                                      */
static bool tai_short_int(ta_json v, int64_t *out)
{
    uint64_t sum = 0;
    size_t i;
    if (v.len > 18) return false;
    for (i = 0; i < v.len; i++) {
        unsigned digit = (unsigned)(uint8_t)v.text[i] - '0';
        if (digit > 9) return false;
        sum = sum * 10 + digit;
    }
    *out = (int64_t)sum;
    return true;
}
#endif

/* A number rounded up to whole ones, exactly, and whether a fraction was cut; false when it, or the whole
   one below it, is beyond 64 bits. No floating point: each digit's weight is known from the point's place.
   needs: a number as tai_number takes it, up to TAI_MAX_JSON characters                         */
static bool tai_ceil(ta_json v, int64_t *out, bool *fraction)
{
    bool minus = v.text[0] == '-', cut = false;
    size_t i = minus, end;
    int32_t left;                                       /* digits left of the point */
    uint64_t sum = 0;

#if !TAI_SMALL
    *fraction = false;
    if (tai_short_int(v, out)) return true;
#endif
    end = tai_digits(v.text, v.len, minus);
    left = (int32_t)(end - minus);
    if (end < v.len && v.text[end] == '.') end = tai_digits(v.text, v.len, end + 1);
    left += tai_exponent(v.text, v.len, end + 1);
    for (; i < end || (left > 0 && sum != 0); i++) {    /* behind the last digit at most 20 times */
        char c = i < end ? v.text[i] : '0';
        if (c == '.') continue;
        if (left-- <= 0) {
            cut = cut || c != '0';
        } else {
            if (sum >> 32 >= UINT32_C(0x19999999)) return false;        /* else 10 times it fits 64 bits */
            sum = sum * 10 + (uint64_t)(c - '0');
        }
    }
    sum += cut;                                         /* away from zero, whichever side that is */
    if (minus) sum = 0u - sum;
    if (sum != 0 && (sum >> 63 != 0) != minus) return false;
    *out = (int64_t)(sum + (cut && minus));
    *fraction = cut;
    return true;
}

ta_status ta_json_int(ta_json v, int64_t *out)
{
    ta_status st = tai_expect(v, TA_NUMBER);
    bool fraction;
    if (out == NULL) return TA_ERR_ARGUMENT;
    *out = 0;
    if (st != TA_OK) return st;
    if (v.len > TAI_MAX_JSON || tai_number(v.text, v.len, 0) != v.len) return TA_ERR_JSON;
    if (!tai_ceil(v, out, &fraction) || fraction) {
        *out = 0;
        return TA_ERR_RANGE;
    }
    return TA_OK;
}

/* A string of words parted by single spaces: is this text one of them?                         */
static bool tai_has_word(ta_json v, const char *text, size_t len)
{
    uint8_t bytes[4];
    size_t at = 0, n;
    bool same = true;                                   /* this word, as far as it goes */
    v = tai_inside(v);
    while (v.len > 0) {
        n = tai_char(&v, bytes);
        if (n == 0) return false;
        if (bytes[0] == ' ') {
            if (same && at == len && len > 0) return true;
            at = 0;
            same = true;
        } else {
            same = same && n <= len - at && memcmp(text + at, bytes, n) == 0;
            if (same) at += n;
        }
    }
    return same && at == len && len > 0;
}

bool ta_json_has(ta_json v, const char *text, size_t len)
{
    size_t at = 0;
    ta_json value;
    if (ta_json_kind(v) == TA_STRING) return tai_has_word(v, text, len);
    if (ta_json_kind(v) != TA_ARRAY) return false;
    while (ta_json_next(v, &at, NULL, &value) == TA_OK) {
        if (ta_json_equals(value, text, len)) return true;
    }
    return false;
}

/* ---- writing. A ta_json_writer is also our writer of plain text: tokens, cookies, headers ------ */

#if !defined(TOKENAUTH_NO_WRITER) || !defined(TOKENAUTH_NO_WEB)

static void tai_text_begin(ta_json_writer *w, char *out, size_t cap)
{
    tai_zero(w, sizeof *w);
    w->out = out;
    w->cap = cap;
    w->st = out == NULL ? TA_ERR_ARGUMENT : cap == 0 ? TA_ERR_SPACE : TA_OK;
    if (w->st == TA_OK) out[0] = '\0';
}

/* The bounded append that everything written goes through; a NUL always fits behind.           */
static inline void tai_put(ta_json_writer *w, const char *text, size_t len)
{
    if (w->st != TA_OK) return;
    if (len >= w->cap - w->len) { w->st = TA_ERR_SPACE;  return; }
    if (len > 0) memcpy(w->out + w->len, text, len);
    w->len += len;
}

static void tai_put_text(ta_json_writer *w, const char *text) { tai_put(w, text, strlen(text)); }

static void tai_put_number(ta_json_writer *w, int64_t value)
{
    char digits[20];                                    /* "-9223372036854775808" */
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    for (; rest >= 100; rest /= 100) {                  /* two at once: half the waiting for divisions */
        unsigned two = (unsigned)(rest % 100);
        digits[--at] = (char)('0' + (int)(two % 10));
        digits[--at] = (char)('0' + (int)(two / 10));
    }
    digits[--at] = (char)('0' + (int)(rest % 10));
    if (rest >= 10) digits[--at] = (char)('0' + (int)(rest / 10));
    if (value < 0) digits[--at] = '-';
    tai_put(w, digits + at, sizeof digits - at);
}

/* The result, a NUL behind it; after a failure nothing half-written is left.                     */
static ta_status tai_text_end(ta_json_writer *w, size_t *len)
{
    if (len == NULL) w->st = TA_ERR_ARGUMENT;
    if (w->st != TA_OK) {
        if (w->len > 0) ta_wipe(w->out, w->len);
        w->len = 0;
    }
    if (w->out != NULL && w->cap > 0) w->out[w->len] = '\0';
    if (len != NULL) *len = w->len;
    return w->st;
}

#endif

#ifndef TOKENAUTH_NO_WRITER

/* A character that may not stand in a string as it is (RFC 8259 section 7).                    */
static void tai_put_escape(ta_json_writer *w, uint8_t c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    char esc[6] = {'\\', 'u', '0', '0', '0', '0'};
    size_t i;
    for (i = 0; i < sizeof from - 1; i++) {
        if (c == (uint8_t)from[i]) {
            esc[1] = to[i];
            tai_put(w, esc, 2);
            return;
        }
    }
    esc[4] = hex[c >> 4];
    esc[5] = hex[c & 15];
    tai_put(w, esc, 6);
}

static void tai_put_quoted(ta_json_writer *w, const char *text, size_t len)
{
    size_t pos, n;
#if !TAI_SMALL
    size_t room = w->cap - w->len;                      /* nearly all: no escapes, and they fit */
    if (w->st == TA_OK && room > 2 && len < room - 2 && tai_plain_end(text, len, 0) == len) {
        char *at = w->out + w->len;
        at[0] = '"';
        if (len > 0) memcpy(at + 1, text, len);
        at[len + 1] = '"';
        w->len += len + 2;
        return;
    }
#endif
    tai_put(w, "\"", 1);
    for (pos = 0; pos < len && w->st == TA_OK; pos += n) {
        size_t plain = tai_plain_end(text, len, pos) - pos;
        n = plain > 0 ? plain : tai_utf8(text + pos, len - pos);
        if (n == 0) w->st = TA_ERR_JSON;
        else if (plain > 0 || n > 1) tai_put(w, text + pos, n);
        else tai_put_escape(w, (uint8_t)text[pos]);
    }
    tai_put(w, "\"", 1);
}

static bool tai_writer_in_array(const ta_json_writer *w)
{
    return w->depth == 0 || (w->is_array >> (w->depth - 1) & 1u) != 0;
}

/* What stands before each value: the comma, and the name where one must be.                    */
static void tai_put_before(ta_json_writer *w, const char *name)
{
    TA_ASSERT(w != NULL);
    if (w->st != TA_OK) return;
    if ((name == NULL) != tai_writer_in_array(w) || (w->depth == 0 && w->some)) {
        w->st = TA_ERR_ARGUMENT;
        return;
    }
    if (w->some) tai_put(w, ",", 1);
    w->some = 1;
    if (name != NULL) {
        tai_put_quoted(w, name, strlen(name));
        tai_put(w, ":", 1);
    }
}

#if TA_MAX_DEPTH < 32
#  define TAI_WRITER_DEPTH TA_MAX_DEPTH
#else
#  define TAI_WRITER_DEPTH 32
#endif

static void tai_put_open(ta_json_writer *w, const char *name, bool array)
{
    tai_put_before(w, name);
    if (w->st != TA_OK) return;
    if (w->depth >= TAI_WRITER_DEPTH) { w->st = TA_ERR_LIMIT;  return; }
    tai_put(w, array ? "[" : "{", 1);
    w->is_array &= ~((uint32_t)1 << w->depth);
    w->is_array |= (uint32_t)array << w->depth;
    w->depth++;
    w->some = 0;
}

void ta_json_begin(ta_json_writer *w, char *out, size_t cap) { tai_text_begin(w, out, cap); }

void ta_json_put_object(ta_json_writer *w, const char *name) { tai_put_open(w, name, false); }

void ta_json_put_array(ta_json_writer *w, const char *name) { tai_put_open(w, name, true); }

void ta_json_put_close(ta_json_writer *w)
{
    if (w->st != TA_OK) return;
    if (w->depth == 0) { w->st = TA_ERR_ARGUMENT;  return; }
    tai_put(w, tai_writer_in_array(w) ? "]" : "}", 1);
    w->depth--;
    w->some = 1;
}

void ta_json_put_string(ta_json_writer *w, const char *name, const char *text, size_t len)
{
    tai_put_before(w, name);
    if (text == NULL && len > 0 && w->st == TA_OK) w->st = TA_ERR_ARGUMENT;
    tai_put_quoted(w, text, len);
}

void ta_json_put_int(ta_json_writer *w, const char *name, int64_t value)
{
    tai_put_before(w, name);
    tai_put_number(w, value);
}

void ta_json_put_bool(ta_json_writer *w, const char *name, bool value)
{
    tai_put_before(w, name);
    tai_put_text(w, value ? "true" : "false");
}

void ta_json_put_null(ta_json_writer *w, const char *name)
{
    tai_put_before(w, name);
    tai_put_text(w, "null");
}

ta_status ta_json_end(ta_json_writer *w, size_t *len)
{
    if (len != NULL) *len = 0;
    if (w == NULL) return TA_ERR_ARGUMENT;
    if (w->st == TA_OK && (w->depth > 0 || !w->some)) w->st = TA_ERR_ARGUMENT;
    if (w->st == TA_OK) w->st = ta_json_check(w->out, w->len);
    return tai_text_end(w, len);
}

#endif /* TOKENAUTH_NO_WRITER */

/* ============================================================================
   >>random      the system's source; the one thing here that C does not have
   ========================================================================== */

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ == 1 && !defined(TOKENAUTH_NO_OS_RANDOM)
#  if defined(_WIN32)
#    define TAI_RANDOM_WINDOWS
#    if defined(_MSC_VER)
#      pragma comment(lib, "advapi32")
#    endif
unsigned char __stdcall SystemFunction036(void *out, unsigned long len);        /* RtlGenRandom */
#  elif defined(__linux__)
#    define TAI_RANDOM_GETRANDOM
#    include <sys/random.h>
#  elif defined(__APPLE__) || defined(__EMSCRIPTEN__)
#    define TAI_RANDOM_GETENTROPY
#    include <sys/random.h>
#  elif defined(__unix__) || defined(__wasi__)
#    define TAI_RANDOM_GETENTROPY
#    include <unistd.h>
#  endif
#endif

#if defined(TAI_RANDOM_WINDOWS) || defined(TAI_RANDOM_GETRANDOM) || defined(TAI_RANDOM_GETENTROPY)
#  define TAI_HAS_RANDOM 1
#else
#  define TAI_HAS_RANDOM 0
#endif

/* Up to 256 bytes, the most that getentropy gives at once. Both wait until the system has been
   seeded, and neither gives less than asked.                                                   */
static bool tai_random_some(void *out, size_t len)
{
#if defined(TAI_RANDOM_WINDOWS)
    return SystemFunction036(out, (unsigned long)len) != 0;
#elif defined(TAI_RANDOM_GETRANDOM)
    return getrandom(out, len, 0) == (ssize_t)len;
#elif defined(TAI_RANDOM_GETENTROPY)
    return getentropy(out, len) == 0;
#else
    (void)out;
    return len == 0;
#endif
}

ta_status ta_random(void *out, size_t len)
{
    uint8_t *p = (uint8_t *)out;
    size_t done = 0, n;
    if (out == NULL && len > 0) return TA_ERR_ARGUMENT;
    while (done < len) {
        n = len - done < 256 ? len - done : 256;
        if (!tai_random_some(p + done, n)) {
            ta_wipe(out, len);
            return TA_ERR_RANDOM;
        }
        done += n;
    }
    return TA_OK;
}

/* ============================================================================
   >>key
   ========================================================================== */

#define TAI_KEY_READY 0x746b6579u
#define TAI_MIN_KEY   32u               /* RFC 7518 3.2: as long as the hash */
#define TAI_MAX_SPELT 256u              /* bytes of a secret spelled in configuration */

static bool tai_is_kid(const char *kid)
{
    size_t n;
    for (n = 0; kid[n] != '\0'; n++) {
        if (n >= TA_KID_MAX || kid[n] < ' ' || kid[n] > '~' || kid[n] == '"' || kid[n] == '\\')
            return false;
    }
    return n > 0;
}

/* Public key text taken for a secret is how "RS256 becomes HS256" forgeries work (RFC 8725 2.1). Every
   place is compared in full: only yes or no is told about a real secret.                       */
static bool tai_is_public_key_text(const uint8_t *secret, size_t len)
{
    static const char pem[] = "-----BEGIN ", rfc4716[] = "---- BEGIN ";       /* of one length */
    static const char ssh[] = "ssh-", ecdsa[] = "ecdsa-sha2-", sk[] = "sk-";   /* sk-: of a security key */
    size_t n = sizeof pem - 1, i;
    unsigned found = 0;
    for (i = 0; len >= n && i <= len - n; i++) {
        found |= ta_equal(secret + i, pem, n);
        found |= ta_equal(secret + i, rfc4716, n);
    }
    for (i = 0; i < sizeof sk && i <= len; i += sizeof sk - 1) {
        unsigned front = 0;
        if (len - i >= sizeof ssh - 1)   front |= ta_equal(secret + i, ssh, sizeof ssh - 1);
        if (len - i >= sizeof ecdsa - 1) front |= ta_equal(secret + i, ecdsa, sizeof ecdsa - 1);
        front &= ta_equal(secret, sk, i);
        found |= front;
    }
    return found != 0;
}

static ta_status tai_key_set(ta_key *key, const void *secret, size_t len, size_t least, const char *kid)
{
    if (key == NULL) return TA_ERR_ARGUMENT;
    ta_wipe(key, sizeof *key);
    if (kid != NULL && !tai_is_kid(kid)) return TA_ERR_ARGUMENT;
    if (secret == NULL || len < least || tai_is_public_key_text((const uint8_t *)secret, len))
        return TA_ERR_KEY;
    tai_hmac_key(key->inner, key->outer, secret, len);
    key->kid = kid;
    key->ready = TAI_KEY_READY;
    return TA_OK;
}

ta_status ta_key_init(ta_key *key, const void *secret, size_t len, const char *kid)
{
    return tai_key_set(key, secret, len, TAI_MIN_KEY, kid);
}

ta_status ta_key_init_short(ta_key *key, const void *secret, size_t len, const char *kid)
{
    return tai_key_set(key, secret, len, 1, kid);
}

static bool tai_hex_decode(const char *in, size_t len, uint8_t *out)
{
    uint32_t bad = 0, byte = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        uint8_t c = (uint8_t)in[i];
        uint32_t plus_one = (tai_within(c, '0', '9') & (uint32_t)(c - '0' + 1))
                          | (tai_within(c, 'a', 'f') & (uint32_t)(c - 'a' + 11))
                          | (tai_within(c, 'A', 'F') & (uint32_t)(c - 'A' + 11));
        bad |= plus_one - 1u;
        byte = byte << 4 | ((plus_one - 1u) & 15u);
        if (i % 2 == 1) out[i / 2] = (uint8_t)byte;
    }
    return len % 2 == 0 && bad < 16u;
}

/* "name:" at the front of a text, taken off.                                                   */
static bool tai_take_prefix(const char **text, size_t *len, const char *prefix)
{
    size_t n = strlen(prefix);
    if (*len < n || memcmp(*text, prefix, n) != 0) return false;
    *text += n;
    *len -= n;
    return true;
}

static ta_status tai_secret_decode(const char *text, size_t len, uint8_t out[TAI_MAX_SPELT], size_t *n)
{
    static const tai_alphabet base64 = {'+', '/'};
    bool good, padded = false, hex = false;

    if (tai_take_prefix(&text, &len, "hex:")) hex = true;
    else if (tai_take_prefix(&text, &len, "base64:")) padded = true;
    else if (!tai_take_prefix(&text, &len, "base64url:")) return TA_ERR_ENCODING;

    if (padded && len % 4 != 0) return TA_ERR_ENCODING;
    if (padded && len > 0 && text[len - 1] == '=') len -= text[len - 2] == '=' ? 2 : 1;
    *n = hex ? len / 2 : tai_base64_byte_len(len);
    if (*n > TAI_MAX_SPELT) return TA_ERR_LIMIT;
    good = hex ? tai_hex_decode(text, len, out)
        : tai_base64_decode(text, len, out, padded ? base64 : tai_base64url);
    return good ? TA_OK : TA_ERR_ENCODING;
}

ta_status ta_key_init_text(ta_key *key, const char *text, size_t len, const char *kid)
{
    uint8_t secret[TAI_MAX_SPELT];
    size_t n = 0;
    ta_status st;

    if (key == NULL) return TA_ERR_ARGUMENT;
    ta_wipe(key, sizeof *key);
    if (text == NULL && len > 0) return TA_ERR_ARGUMENT;
    if (tai_take_prefix(&text, &len, "raw:")) return ta_key_init(key, text, len, kid);
    st = tai_secret_decode(text, len, secret, &n);
    if (st == TA_OK) st = ta_key_init(key, secret, n, kid);
    ta_wipe(secret, sizeof secret);
    return st;
}

ta_status ta_key_derive(ta_key *key, const void *master, size_t len, const char *purpose, const char *kid)
{
    static const char label[] = "tokenauth.h derive 1";         /* its NUL parts it from the purpose */
    ta_key    from;
    ta_sha256 c;
    uint8_t   secret[TA_SHA256_SIZE];
    ta_status st;

    if (key == NULL) return TA_ERR_ARGUMENT;
    ta_wipe(key, sizeof *key);
    if (purpose == NULL || purpose[0] == '\0') return TA_ERR_ARGUMENT;
    st = ta_key_init(&from, master, len, NULL);
    if (st != TA_OK) return st;
    tai_hmac_begin(&c, from.inner);
    ta_sha256_update(&c, label, sizeof label);
    ta_sha256_update(&c, purpose, strlen(purpose));
    tai_hmac_end(&c, from.outer, secret);
    st = ta_key_init(key, secret, sizeof secret, kid);
    ta_wipe(secret, sizeof secret);
    ta_wipe(&from, sizeof from);
    return st;
}

ta_keys ta_keys_of(const ta_key *list, size_t count)
{
    ta_keys keys;
    keys.list  = list;
    keys.count = count;
    return keys;
}

static bool tai_keys_ready(ta_keys keys)
{
    size_t i;
    if (keys.list == NULL || keys.count == 0 || keys.count > TA_MAX_KEYS) return false;
    for (i = 0; i < keys.count; i++) {
        if (keys.list[i].ready != TAI_KEY_READY) return false;
    }
    return true;
}

static void tai_key_mac(const ta_key *key, const void *text, size_t len, uint8_t mac[TA_SHA256_SIZE])
{
    tai_hmac(key->inner, key->outer, text, len, mac);
}

/* ============================================================================
   >>jwt         RFC 7515 5.2 and 7519 7.2, in this order: form, header, MAC, claims, rules
   ========================================================================== */

#define TAI_MAX_TIME    ((int64_t)1 << 53)      /* dates that every JSON reader takes exactly */
#define TAI_MAX_LEEWAY  300
#define TAI_MAC_CHARS   43                      /* 32 bytes of base64url */

typedef struct tai_parts { size_t head, body, mac; } tai_parts;        /* characters of each segment */

static ta_status tai_split(const char *token, size_t len, tai_parts *p)
{
    size_t dot[3], at = 0, i;
    if (len > TA_MAX_TOKEN) return TA_ERR_LIMIT;
    if (len == 0) return TA_ERR_FORMAT;
    for (i = 0; i < 3; i++) {                           /* the third would be one too many */
        dot[i] = at + tai_run_to(token + at, len - at, '.');
        if ((dot[i] < len) != (i < 2)) return TA_ERR_FORMAT;
        at = dot[i] + 1;
    }
    p->head = dot[0];
    p->body = dot[1] - dot[0] - 1;
    p->mac  = len - dot[1] - 1;
    return TA_OK;
}

/* Apart, or the very same place: what starts anywhere else inside would be overwritten unread. */
static bool tai_overlaps(const char *token, size_t len, const char *buf, size_t cap)
{
    uintptr_t t = (uintptr_t)token, b = (uintptr_t)buf;
    return t != b && (t < b ? b - t < len : t - b < cap);
}

/* Segments into bytes. The text's spaces go: a view's kind is its first byte. The small form checks the
   object here, where the least is on the stack, the other while it takes members out of it.      */
static ta_status tai_decode_object(const char *in, size_t len, char *out, ta_json *object)
{
    size_t n = tai_base64_byte_len(len), start;
    if (!tai_segment_decode(in, len, (uint8_t *)out)) return TA_ERR_ENCODING;
    start = tai_space(out, n, 0);
    while (n > start && tai_space(out, n, n - 1) == n) n--;
    *object = tai_view(out, start, n);
    if (ta_json_kind(*object) != TA_OBJECT) return TA_ERR_JSON;
#if TAI_SMALL
    return tai_scan_check(object->text, object->len, 0);
#else
    return TA_OK;
#endif
}

/* What the check of a header asks for; out->header was read.                                     */
TAI_APART static ta_status tai_header_members(ta_jwt *out, ta_json *alg, ta_json *crit)
{
    static const tai_want names[4] = {TAI_NAME3('a', 'l', 'g'), TAI_NAME3('t', 'y', 'p'),
                                      TAI_NAME3('k', 'i', 'd'), TAI_NAME4('c', 'r', 'i', 't')};
    ta_json got[4];
    ta_status st = tai_read_members(out->header, names, 4, 0, got);
    *alg = got[0];
    out->typ = got[1];
    out->kid = got[2];
    *crit = got[3];
    return st;
}

static inline ta_status tai_parse_header(const char *token, const tai_parts *p, char *buf, ta_jwt *out,
                                         ta_json *alg, ta_json *crit)
{
    ta_status st = tai_decode_object(token, p->head, buf, &out->header);
    return st == TA_OK ? tai_header_members(out, alg, crit) : st;
}

#if TAI_SMALL

static inline ta_status tai_read_header(const char *token, const tai_parts *p, char *buf, ta_jwt *out,
                                        ta_json *alg, ta_json *crit)
{
    return tai_parse_header(token, p, buf, out, alg, crit);
}

#else

/* The header that nearly every token has, spelled as nearly everyone spells it: nothing to parse.  */
static const char tai_common_header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

static bool tai_read_common_header(const char *token, const tai_parts *p, char *buf, ta_jwt *out,
                                   ta_json *alg, ta_json *crit)
{
    static const char json[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    const size_t n = sizeof tai_common_header - 1;
    if (p->head != n || memcmp(token, tai_common_header, n) != 0) return false;
    memcpy(buf, json, sizeof json - 1);
    tai_zero(crit, sizeof *crit);
    out->header = tai_view(buf, 0, sizeof json - 1);
    *alg        = tai_view(buf, 7, 14);
    out->typ    = tai_view(buf, 21, 26);
    return true;
}

static ta_status tai_read_header(const char *token, const tai_parts *p, char *buf, ta_jwt *out,
                                 ta_json *alg, ta_json *crit)
{
    if (tai_read_common_header(token, p, buf, out, alg, crit)) return TA_OK;
    return tai_parse_header(token, p, buf, out, alg, crit);
}

#endif

typedef struct tai_date {       /* exact to the second on both sides: fractions count */
    int64_t ceil;
    bool    there, bad;         /* a good one; or no number, or beyond 64 bits. Neither: absent */
    bool    fraction;           /* it lies in the second before ceil */
} tai_date;

typedef struct tai_dates { tai_date exp, nbf, iat; } tai_dates;

static void tai_read_date(ta_json v, tai_date *d)
{
    tai_zero(d, sizeof *d);
    if (v.len == 0) return;
    d->there = ta_json_kind(v) == TA_NUMBER && tai_ceil(v, &d->ceil, &d->fraction);
    d->bad   = !d->there;
}

static bool tai_dates_are_good(const tai_dates *d) { return !d->exp.bad && !d->nbf.bad && !d->iat.bad; }

/* The claims, checked, with the registered ones taken out; there are `others` beside them.        */
static ta_status tai_read_claims(ta_json claims, size_t others, ta_jwt *out, tai_dates *dates)
{
    static const tai_want names[8] = {
        TAI_NAME3('i', 's', 's'), TAI_NAME3('s', 'u', 'b'), TAI_NAME3('a', 'u', 'd'),
        TAI_NAME3('e', 'x', 'p'), TAI_NAME3('n', 'b', 'f'), TAI_NAME3('i', 'a', 't'),
        TAI_NAME3('j', 't', 'i'), TAI_NAME3('s', 'i', 'd')
    };
    ta_json got[8];
    ta_status st = tai_read_members(claims, names, 8, others, got);
    out->iss = got[0];
    out->sub = got[1];
    out->aud = got[2];
    out->jti = got[6];
    out->sid = got[7];
    tai_read_date(got[3], &dates->exp);
    tai_read_date(got[4], &dates->nbf);
    tai_read_date(got[5], &dates->iat);
    out->claims = claims;
    out->exp = dates->exp.ceil;
    out->nbf = dates->nbf.ceil;
    out->iat = dates->iat.ceil;
    return st;
}

/* ---- the MAC ---------------------------------------------------------------------------------- */

static bool tai_key_serves(const ta_key *key, ta_json kid)
{
    return kid.len == 0 || key->kid == NULL || ta_json_equals(kid, key->kid, strlen(key->kid));
}

/* The header's verdict, and which keys may have made the MAC: one bit each.                     */
static ta_status tai_check_header(ta_keys keys, ta_json alg, ta_json crit, ta_json kid,
                                  unsigned *candidates)
{
    size_t i;
    *candidates = 0;
    if (!ta_json_equals(alg, TA_LIT("HS256"))) return TA_ERR_ALG;
    if (crit.len > 0) return TA_ERR_CRIT;               /* RFC 7515 4.1.11: we know no extension */
    for (i = 0; i < keys.count; i++) {
        if (tai_key_serves(&keys.list[i], kid)) *candidates |= 1u << i;
    }
    return *candidates != 0 ? TA_OK : TA_ERR_KID;
}

static bool tai_is_base64url(const char *in, size_t len)
{
    uint8_t scratch[3];
    size_t i;
    for (i = 0; i < len; i += 4) {
        if (!tai_segment_decode(in + i, len - i < 4 ? len - i : 4, scratch)) return false;
    }
    return true;
}

static ta_status tai_read_mac(const char *in, size_t len, uint8_t mac[TA_SHA256_SIZE])
{
    if (len != TAI_MAC_CHARS) return tai_is_base64url(in, len) ? TA_ERR_SIGNATURE : TA_ERR_ENCODING;
    return tai_segment_decode(in, len, mac) ? TA_OK : TA_ERR_ENCODING;
}

#if TAI_SMALL

/* Which of the keys made the MAC: one bit each.                                                  */
TAI_APART static ta_status tai_find_makers(ta_keys keys, const char *token, const tai_parts *p,
                                           unsigned *makers)
{
    size_t signed_len = p->head + 1 + p->body, i;
    uint8_t mac[TA_SHA256_SIZE], good[TA_SHA256_SIZE];
    ta_status st = tai_read_mac(token + signed_len + 1, p->mac, mac);
    bool same;
    *makers = 0;
    for (i = 0; i < keys.count && st == TA_OK; i++) {
        tai_key_mac(&keys.list[i], token, signed_len, good);
        same = ta_equal(good, mac, sizeof good);
        *makers |= (unsigned)same << i;
    }
    ta_wipe(good, sizeof good);
    return st;
}

/* Header and MAC. The MAC is made first, though the header's faults are named first: in place, the header
   is decoded over its own text.                                                                  */
static ta_status tai_open(ta_keys keys, const char *token, const tai_parts *p, char *buf, ta_jwt *out)
{
    unsigned makers, candidates = 0;
    ta_json alg, crit;
    ta_status mac = tai_find_makers(keys, token, p, &makers);
    ta_status st = tai_read_header(token, p, buf, out, &alg, &crit);

    if (st == TA_OK) st = tai_check_header(keys, alg, crit, out->kid, &candidates);
    if (st == TA_OK) st = mac;
    return st == TA_OK && (makers & candidates) == 0 ? TA_ERR_SIGNATURE : st;
}

#else

static ta_status tai_check_mac(ta_keys keys, unsigned candidates, const char *text, size_t len,
                               const uint8_t mac[TA_SHA256_SIZE])
{
    uint8_t good[TA_SHA256_SIZE];
    ta_status st = TA_ERR_SIGNATURE;
    size_t i;
    for (i = 0; i < keys.count && st != TA_OK; i++) {
        if ((candidates >> i & 1u) == 0) continue;
        tai_key_mac(&keys.list[i], text, len, good);
        if (ta_equal(good, mac, sizeof good)) st = TA_OK;
    }
    tai_wipe(good, sizeof good);
    return st;
}

/* Header and MAC. In place, the header is decoded over its own text, written back for the MAC
   (canonical, so it is the same text), and decoded again for the views.                        */
static ta_status tai_open(ta_keys keys, const char *token, const tai_parts *p, char *buf, ta_jwt *out)
{
    size_t head = tai_base64_byte_len(p->head), signed_len = p->head + 1 + p->body;
    uint8_t mac[TA_SHA256_SIZE];
    unsigned candidates = 0;
    ta_json alg, crit;
    ta_status st = tai_read_header(token, p, buf, out, &alg, &crit);

    if (st == TA_OK) st = tai_check_header(keys, alg, crit, out->kid, &candidates);
    if (st == TA_OK) st = tai_read_mac(token + signed_len + 1, p->mac, mac);
    if (st != TA_OK) return st;
    if (buf == token) tai_segment_encode((const uint8_t *)buf, head, buf);
    st = tai_check_mac(keys, candidates, token, signed_len, mac);
    if (st == TA_OK && buf == token) (void)tai_segment_decode(token, p->head, (uint8_t *)buf);
    return st;
}

#endif

/* ---- the rules: each returns the bits that failed ------------------------------------------------ */

/* Seconds from one time to another, as 32 bits hold them: 0 when it is not after, UINT32_MAX at most. */
TAI_APART static uint32_t tai_span(int64_t from, int64_t to)
{
    uint64_t span = (uint64_t)to - (uint64_t)from;      /* does not wrap even between the ends of 64 bits */
    return to <= from ? 0 : span > UINT32_MAX ? UINT32_MAX : (uint32_t)span;
}

TAI_APART static unsigned tai_missing(ta_jwt *out, const char *name, size_t len)
{
    if (out->failed_name == NULL) {
        out->failed_name = name;
        out->failed_len  = (uint16_t)len;
    }
    return TA_FAILED_REQUIRED;
}

static unsigned tai_failed_names(ta_jwt *out, const char *names)
{
    unsigned failed = 0;
    size_t start, end = 0, at;
    ta_json name, value;
    for (;;) {
        for (start = end; names[start] == ' '; start++) { }
        for (end = start; names[end] != ' ' && names[end] != '\0'; end++) { }
        if (end == start) return failed;
        at = 0;
        do {
            if (ta_json_next(out->claims, &at, &name, &value) != TA_OK) break;
        } while (!ta_json_equals(name, names + start, end - start));
        if (value.len == 0 || ta_json_kind(value) == TA_NULL)
            failed |= tai_missing(out, names + start, end - start);
    }
}

static unsigned tai_failed_life(ta_jwt *out, const tai_dates *d, int64_t now, const ta_rules *r)
{
    unsigned failed = 0;
    if (d->exp.there && tai_span(now - r->leeway_s, d->exp.ceil) == 0) failed |= TA_FAILED_EXP;
    if (d->nbf.there && tai_span(now, d->nbf.ceil) > (uint32_t)r->leeway_s) failed |= TA_FAILED_NBF;
    if (!d->exp.there && !d->exp.bad && !r->allow_no_exp) failed |= tai_missing(out, TA_LIT("exp"));
    return failed;
}

/* What depends on iat: only where the rules ask (RFC 7519 4.1.6 makes it information).          */
static unsigned tai_failed_age(ta_jwt *out, const tai_dates *d, int64_t now, const ta_rules *r)
{
    unsigned failed = 0;
    const uint32_t leeway = (uint32_t)r->leeway_s, age = (uint32_t)r->max_age_s;
    const uint32_t life = (uint32_t)r->max_lifetime_s;
    if ((age | life) == 0 || d->iat.bad) return 0;
    if (!d->iat.there) return tai_missing(out, TA_LIT("iat"));
    if (age > 0) {
        if (tai_span(now, d->iat.ceil) > leeway) failed |= TA_FAILED_IAT;
        if (tai_span(d->iat.ceil - d->iat.fraction, now) > leeway + age) failed |= TA_FAILED_AGE;
    }
    if (life > 0 && !d->exp.bad) {                      /* without exp it lives for ever */
        if (!d->exp.there || tai_span(d->iat.ceil, d->exp.ceil) > life) failed |= TA_FAILED_LIFETIME;
    }
    return failed;
}

bool ta_jwt_is_for(const ta_jwt *jwt, const char *audience)
{
    size_t at = 0;
    ta_json one;
    if (jwt == NULL || audience == NULL) return false;
    if (tai_is_text(jwt->aud, audience)) return true;
    if (ta_json_kind(jwt->aud) != TA_ARRAY) return false;
    while (ta_json_next(jwt->aud, &at, NULL, &one) == TA_OK) {
        if (tai_is_text(one, audience)) return true;
    }
    return false;
}

static char tai_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Media types: v is prefix and then want, without regard to case (RFC 2045 5.1).               */
static bool tai_is_type(ta_json v, const char *prefix, const char *want)
{
    uint8_t bytes[4];
    size_t n;
    v = tai_inside(v);
    while (v.len > 0) {
        const char **expect = *prefix != '\0' ? &prefix : &want;
        n = tai_char(&v, bytes);
        if (n != 1 || **expect == '\0' || tai_lower((char)bytes[0]) != tai_lower(**expect)) return false;
        (*expect)++;
    }
    return *prefix == '\0' && *want == '\0';
}

static bool tai_typ_agrees(ta_json typ, const ta_rules *r)
{
    static const char media[] = "application/";         /* may be left out (RFC 7515 4.1.9) */
    const char *want = r->typ;
    size_t n = 0;
    if (want == NULL && (r->allow_any_typ || typ.len == 0)) return true;
#if !TAI_SMALL
    if (want == NULL && typ.len == 5 && memcmp(typ.text, "\"JWT\"", 5) == 0) return true;      /* nearly all */
#endif
    if (ta_json_kind(typ) != TA_STRING) return false;
    if (want == NULL) want = "JWT";
    while (media[n] != '\0' && tai_lower(want[n]) == media[n]) n++;
    if (media[n] == '\0') want += n;
    return tai_is_type(typ, "", want) || tai_is_type(typ, media, want);
}

TAI_APART static unsigned tai_failed_parties(const ta_jwt *jwt, const ta_rules *r)
{
    unsigned failed = 0;
    bool wrong_aud = r->audience != NULL ? !ta_jwt_is_for(jwt, r->audience)
                                         : jwt->aud.len > 0 && !r->allow_any_audience;
    if (r->issuer != NULL && !tai_is_text(jwt->iss, r->issuer)) failed |= TA_FAILED_ISS;
    if (r->subject != NULL && !tai_is_text(jwt->sub, r->subject)) failed |= TA_FAILED_SUB;
    if (wrong_aud) failed |= TA_FAILED_AUD;             /* RFC 7519 4.1.3: not for us, so not ours */
    if (!tai_typ_agrees(jwt->typ, r)) failed |= TA_FAILED_TYP;
    return failed;
}

/* The lowest bit names the result.                                                              */
static ta_status tai_failed_status(unsigned failed)
{
    static const ta_status of_bit[] = {
        TA_ERR_EXPIRED, TA_ERR_EARLY, TA_ERR_EARLY, TA_ERR_AGE, TA_ERR_AGE, TA_ERR_ISSUER,
        TA_ERR_SUBJECT, TA_ERR_AUDIENCE, TA_ERR_TYP, TA_ERR_MISSING, TA_ERR_CLAIM
    };
    size_t i;
    for (i = 0; i < sizeof of_bit / sizeof of_bit[0]; i++) {
        if ((failed >> i & 1u) != 0) return of_bit[i];
    }
    return TA_OK;
}

TAI_APART static ta_status tai_check_claims(ta_jwt *out, const tai_dates *d, int64_t now, const ta_rules *r)
{
    unsigned failed = tai_failed_parties(out, r);
    if (r->required != NULL) failed |= tai_failed_names(out, r->required);
    failed |= tai_failed_life(out, d, now, r);
    failed |= tai_failed_age(out, d, now, r);
    if (!tai_dates_are_good(d)) failed |= TA_FAILED_KIND;
    out->failed = (uint16_t)failed;
    return tai_failed_status(failed);
}

/* The payload of a token whose MAC was good. */
TAI_APART static ta_status tai_check_payload(const char *in, size_t len, char *buf, int64_t now,
                                             const ta_rules *r, ta_jwt *out)
{
    tai_dates dates;
    ta_json   claims;
    ta_status st = tai_decode_object(in, len, buf, &claims);
    if (st == TA_OK) st = tai_read_claims(claims, 0, out, &dates);
    return st == TA_OK ? tai_check_claims(out, &dates, now, r) : st;
}

/* ---- the calls -------------------------------------------------------------------------------------- */

/* What must be right before a byte of buf is written.                                           */
static ta_status tai_prepare(const char *token, size_t len, const char *buf, size_t cap, tai_parts *p)
{
    if ((token == NULL && len > 0) || (buf == NULL && cap > 0)) return TA_ERR_ARGUMENT;
    if (tai_overlaps(token, len, buf, cap)) return TA_ERR_ARGUMENT;
    return tai_split(token, len, p);
}

/* The one way a reading call ends without success.                                              */
static ta_status tai_refuse(ta_status st, ta_jwt *out, char *buf, size_t written)
{
    ta_jwt why = TA_ZERO;
    why.failed      = out->failed;
    why.failed_name = out->failed_name;
    why.failed_len  = out->failed_len;
    *out = why;
    ta_wipe(buf, written);
    return st;
}

static bool tai_rules_in_range(const ta_rules *r)
{
    return r->leeway_s >= 0 && r->leeway_s <= TAI_MAX_LEEWAY && r->max_age_s >= 0 && r->max_lifetime_s >= 0;
}

ta_status ta_jwt_verify(ta_keys keys, const char *token, size_t len, int64_t now,
                        const ta_rules *rules, char *buf, size_t cap, ta_jwt *out)
{
    static const ta_rules strictest = TA_ZERO;
    tai_parts p;
    size_t    head, body;
    ta_status st;

    if (out == NULL) return TA_ERR_ARGUMENT;
    tai_zero(out, sizeof *out);
    if (rules == NULL) rules = &strictest;
    if (!tai_keys_ready(keys)) return TA_ERR_KEY;
    if (now <= 0) return TA_ERR_CLOCK;
    if (!tai_rules_in_range(rules)) return TA_ERR_ARGUMENT;
    st = tai_prepare(token, len, buf, cap, &p);
    if (st != TA_OK) return st;
    head = tai_base64_byte_len(p.head);
    body = tai_base64_byte_len(p.body);
    if (head + body > cap) return TA_ERR_SPACE;

    st = tai_open(keys, token, &p, buf, out);
    if (st == TA_OK) st = tai_check_payload(token + p.head + 1, p.body, buf + head, now, rules, out);
    return st == TA_OK ? TA_OK : tai_refuse(st, out, buf, head + body);
}

ta_status ta_jws_verify(ta_keys keys, const char *token, size_t len, void *buf, size_t cap,
                        size_t *payload_len)
{
    char     *bytes = (char *)buf;
    tai_parts p;
    ta_jwt    jwt = TA_ZERO;
    size_t    head, body;
    ta_status st;

    if (payload_len == NULL) return TA_ERR_ARGUMENT;
    *payload_len = 0;
    if (!tai_keys_ready(keys)) return TA_ERR_KEY;
    st = tai_prepare(token, len, bytes, cap, &p);
    if (st != TA_OK) return st;
    head = tai_base64_byte_len(p.head);
    body = tai_base64_byte_len(p.body);
    if (head > cap || body > cap) return TA_ERR_SPACE;

    st = tai_open(keys, token, &p, bytes, &jwt);        /* the payload then takes the header's place */
    if (st == TA_OK && !tai_segment_decode(token + p.head + 1, p.body, (uint8_t *)bytes))
        st = TA_ERR_ENCODING;
    if (st != TA_OK) return tai_refuse(st, &jwt, bytes, head > body ? head : body);
    *payload_len = body;
    return TA_OK;
}

ta_status ta_jwt_decode_unverified(const char *token, size_t len, char *buf, size_t cap, ta_jwt *out)
{
    tai_parts p;
    tai_dates dates;
    ta_json   alg, crit, claims = TA_ZERO;
    size_t    head, body;
    ta_status st;

    if (out == NULL) return TA_ERR_ARGUMENT;
    tai_zero(out, sizeof *out);
    st = tai_prepare(token, len, buf, cap, &p);
    if (st != TA_OK) return st;
    head = tai_base64_byte_len(p.head);
    body = tai_base64_byte_len(p.body);
    if (head + body > cap) return TA_ERR_SPACE;
    if (!tai_is_base64url(token + p.head + 1 + p.body + 1, p.mac)) return TA_ERR_ENCODING;

    st = tai_read_header(token, &p, buf, out, &alg, &crit);
    if (st == TA_OK) st = tai_decode_object(token + p.head + 1, p.body, buf + head, &claims);
    if (st == TA_OK) st = tai_read_claims(claims, 0, out, &dates);
    return st == TA_OK ? TA_OK : tai_refuse(st, out, buf, head + body);
}

/* ---- signing: written once, encoded in place ------------------------------------------------------- */

#if !defined(TOKENAUTH_NO_SIGN) || !defined(TOKENAUTH_NO_WEB)

/* A letter, a digit, or one of these marks.                                                      */
static bool tai_is_of(char c, const char *marks)
{
    char letter = tai_lower(c);
    size_t m = 0;
    if ((letter >= 'a' && letter <= 'z') || tai_is_digit(c)) return true;
    while (marks[m] != '\0' && marks[m] != c) m++;
    return marks[m] != '\0';
}

/* token = 1*tchar (RFC 7230 3.2.6), and perhaps one character more that may stand in it.        */
static bool tai_is_token(const char *text, char also)
{
    size_t i;
    for (i = 0; text[i] != '\0'; i++) {
        if (text[i] != also && !tai_is_of(text[i], "!#$%&'*+-.^_`|~")) return false;
    }
    return i > 0;
}

#endif

#ifndef TOKENAUTH_NO_SIGN

#define TAI_MAX_TYP 30u

/* What was written since `start` becomes base64url, where it stands.                             */
static void tai_encode_written(ta_json_writer *w, size_t start)
{
    size_t bytes = w->len - start, chars = tai_base64_text_len(bytes);
    if (w->st != TA_OK) return;
    if (chars >= w->cap - start) { w->st = TA_ERR_SPACE;  return; }
    tai_segment_encode((const uint8_t *)w->out + start, bytes, w->out + start);
    w->len = start + chars;
}

static void tai_put_header(ta_json_writer *w, const ta_key *key, const char *typ)
{
#if !TAI_SMALL
    if (key->kid == NULL && strlen(typ) == 3 && memcmp(typ, "JWT", 3) == 0) {
        tai_put(w, tai_common_header, sizeof tai_common_header - 1);
        tai_put(w, ".", 1);
        return;
    }
#endif
    tai_put_text(w, "{\"alg\":\"HS256\",\"typ\":\"");
    tai_put_text(w, typ);                               /* neither typ nor kid needs an escape */
    if (key->kid != NULL) {
        tai_put_text(w, "\",\"kid\":\"");
        tai_put_text(w, key->kid);
    }
    tai_put_text(w, "\"}");
    tai_encode_written(w, 0);
    tai_put(w, ".", 1);
}

/* ,"iss":    or without the comma */
static inline void tai_put_name3(ta_json_writer *w, const char *name)
{
    if (w->some) tai_put(w, name, 7);
    else tai_put(w, name + 1, 6);
    w->some = 1;
}

static void tai_put_claim(ta_json_writer *w, const char *name, const char *text)
{
    if (text == NULL) return;
    tai_put_name3(w, name);
    tai_put_quoted(w, text, strlen(text));
}

static void tai_put_date(ta_json_writer *w, const char *name, int64_t time)
{
    if (time == 0) return;
    tai_put_name3(w, name);
    tai_put_number(w, time);
}

/* The members of an object, added to the one being written; its text only loses its brackets.
   needs: NULL, or an object that was checked.                                                   */
static void tai_put_members(ta_json_writer *w, const char *more, size_t len)
{
    size_t start;
    if (more == NULL) return;
    while (more[len - 1] != '}') len--;                 /* only white space comes behind it */
    start = tai_space(more, len, tai_space(more, len, 0) + 1);
    if (start == len - 1) return;
    if (w->some) tai_put(w, ",", 1);
    tai_put(w, more + start, len - 1 - start);
}

static void tai_put_claims(ta_json_writer *w, const ta_claims *c)
{
    tai_put(w, "{", 1);
    tai_put_claim(w, ",\"iss\":", c->issuer);
    tai_put_claim(w, ",\"sub\":", c->subject);
    tai_put_claim(w, ",\"aud\":", c->audience);
    tai_put_date (w, ",\"exp\":", c->expires_at);
    tai_put_date (w, ",\"nbf\":", c->not_before);
    tai_put_date (w, ",\"iat\":", c->issued_at);
    tai_put_claim(w, ",\"jti\":", c->id);
    tai_put_claim(w, ",\"sid\":", c->session);
    tai_put_members(w, c->more, c->more_len);
    tai_put(w, "}", 1);
}

/* Never sign what no verifier would take: one JSON object, dates that are numbers, a moment in which
   the token is good.                                                                            */
static ta_status tai_check_object(const char *json, size_t len, size_t others, ta_jwt *jwt, tai_dates *d)
{
    size_t start = tai_space(json, len, 0);
#if TAI_SMALL
    ta_status st = tai_scan_check(json, len, others);
    if (st == TA_OK) st = tai_read_claims(tai_view(json, start, len), others, jwt, d);
#else
    ta_status st = tai_read_claims(tai_view(json, start, len), others, jwt, d);
#endif
    if (st != TA_OK) return st;
    if (json[start] != '{') return TA_ERR_JSON;
    return tai_dates_are_good(d) ? TA_OK : TA_ERR_CLAIM;
}

static ta_status tai_check_life(const tai_dates *d)
{
    if (d->exp.there && d->nbf.there && d->exp.ceil <= d->nbf.ceil) return TA_ERR_AGE;
    if (d->exp.there && d->iat.there && d->exp.ceil <= d->iat.ceil) return TA_ERR_AGE;
    return TA_OK;
}

/* A date of the claims, unless `more` has it; false: both have it.                              */
static bool tai_merge_date(tai_date *d, int64_t time)
{
    if (time == 0) return true;
    if (d->there) return false;
    d->there = true;
    d->ceil = time;
    return true;
}

/* What the claims' own fields become is good by itself; `more` is checked as part of the same object. */
static ta_status tai_check_more(const ta_claims *c)
{
    ta_jwt    jwt;
    tai_dates d;
    size_t    others = (size_t)(c->issuer != NULL) + (c->subject != NULL) + (c->audience != NULL)
                     + (c->expires_at != 0) + (c->not_before != 0) + (c->issued_at != 0)
                     + (c->id != NULL) + (c->session != NULL);
    ta_status st = TA_OK;

    tai_zero(&jwt, sizeof jwt);
    tai_zero(&d, sizeof d);
    if (c->more != NULL) st = tai_check_object(c->more, c->more_len, others, &jwt, &d);
    if (st != TA_OK) return st;
    if ((c->issuer != NULL && jwt.iss.len > 0) || (c->subject != NULL && jwt.sub.len > 0)
        || (c->audience != NULL && jwt.aud.len > 0) || (c->id != NULL && jwt.jti.len > 0)
        || (c->session != NULL && jwt.sid.len > 0) || !tai_merge_date(&d.exp, c->expires_at)
        || !tai_merge_date(&d.nbf, c->not_before) || !tai_merge_date(&d.iat, c->issued_at))
        return TA_ERR_DUPLICATE;
    return tai_check_life(&d);
}

static void tai_put_mac(ta_json_writer *w, const ta_key *key)
{
    uint8_t mac[TA_SHA256_SIZE];
    if (w->st == TA_OK && w->cap - w->len <= 1 + TAI_MAC_CHARS) w->st = TA_ERR_SPACE;
    if (w->st != TA_OK) return;
    tai_key_mac(key, w->out, w->len, mac);
    w->out[w->len] = '.';
    tai_segment_encode(mac, sizeof mac, w->out + w->len + 1);
    w->len += 1 + TAI_MAC_CHARS;
}

/* The payload, which was checked, stands in w from `start`: encode, sign.                        */
static ta_status tai_finish_token(ta_json_writer *w, size_t start, const ta_key *key, size_t *out_len)
{
    tai_encode_written(w, start);
    if (w->st == TA_OK && w->len > TA_MAX_TOKEN - 1 - TAI_MAC_CHARS) w->st = TA_ERR_LIMIT;
    tai_put_mac(w, key);
    return tai_text_end(w, out_len);
}

static ta_status tai_check_signer(const ta_key *key, const void *input)
{
    if (key == NULL || input == NULL) return TA_ERR_ARGUMENT;
    return key->ready == TAI_KEY_READY ? TA_OK : TA_ERR_KEY;
}

static bool tai_is_time(int64_t t) { return t >= 0 && t <= TAI_MAX_TIME; }

static ta_status tai_check_to_sign(const ta_claims *c)
{
    if (!tai_is_time(c->issued_at) || !tai_is_time(c->not_before) || !tai_is_time(c->expires_at))
        return TA_ERR_ARGUMENT;
    if (c->typ != NULL && (strlen(c->typ) > TAI_MAX_TYP || !tai_is_token(c->typ, '/')))
        return TA_ERR_ARGUMENT;
    if (c->more == NULL && c->more_len > 0) return TA_ERR_ARGUMENT;
    return c->expires_at > 0 || c->allow_no_exp ? TA_OK : TA_ERR_MISSING;
}

ta_status ta_jwt_sign(const ta_key *key, const ta_claims *claims, char *out, size_t cap, size_t *out_len)
{
    ta_json_writer w;
    size_t start;

    tai_text_begin(&w, out, cap);
    if (w.st == TA_OK) w.st = tai_check_signer(key, claims);
    if (w.st == TA_OK) w.st = tai_check_to_sign(claims);
    if (w.st == TA_OK) w.st = tai_check_more(claims);
    if (w.st != TA_OK) return tai_text_end(&w, out_len);
    tai_put_header(&w, key, claims->typ != NULL ? claims->typ : "JWT");
    start = w.len;
    tai_put_claims(&w, claims);
    return tai_finish_token(&w, start, key, out_len);
}

ta_status ta_jwt_sign_json(const ta_key *key, const char *json, size_t len, char *out, size_t cap,
                           size_t *out_len)
{
    ta_json_writer w;
    ta_jwt    jwt;
    tai_dates d;
    size_t    start;

    tai_text_begin(&w, out, cap);
    if (w.st == TA_OK) w.st = tai_check_signer(key, json);
    if (w.st == TA_OK) w.st = tai_check_object(json, len, 0, &jwt, &d);
    if (w.st == TA_OK) w.st = tai_check_life(&d);
    if (w.st != TA_OK) return tai_text_end(&w, out_len);
    tai_put_header(&w, key, "JWT");
    start = w.len;
    tai_put(&w, json, len);
    return tai_finish_token(&w, start, key, out_len);
}

#endif /* TOKENAUTH_NO_SIGN */

#ifndef TOKENAUTH_NO_REFRESH

/* ============================================================================
   >>store       records as bytes; ids
   ========================================================================== */

#define TAI_SESSION     1               /* ta_record.kind */
#define TAI_MARK        2
#define TAI_LIVE        0               /* ta_record.state */
#define TAI_REVOKED     1
#define TAI_HAS_CLIENT  1u              /* ta_record.flags */
#define TAI_HAS_RETRY   2u
#define TAI_HAS_SALT    4u
#define TAI_FORMAT      1
#define TAI_DAY         86400

/* Where the packed fields stand: fixed places, all big-endian.                                   */
enum {
    TAI_AT_FORMAT = 0, TAI_AT_KIND = 1, TAI_AT_STATE = 2, TAI_AT_FLAGS = 3, TAI_AT_VER = 4, TAI_AT_GEN = 8,
    TAI_AT_EPOCH = 12, TAI_AT_ID = 16, TAI_AT_CREATED = 32, TAI_AT_ROTATED = 40, TAI_AT_IDLE = 44,
    TAI_AT_ENDS = 48, TAI_AT_APP = 52, TAI_AT_SUB_LEN = 80, TAI_AT_TEXT = 82
};

/* From app on (client, retry, seal, lengths, text) a record is bytes only, as they are packed: one copy. */
typedef char tai_record_ends_as_packed[offsetof(ta_record, text) - offsetof(ta_record, app)
                                       == TAI_AT_TEXT - TAI_AT_APP ? 1 : -1];

static uint64_t tai_load64(const uint8_t *p) { return (uint64_t)tai_load32(p) << 32 | tai_load32(p + 4); }

static bool tai_is_utf8(const char *text, size_t len)          /* and holds no NUL */
{
    size_t pos, n;
    for (pos = 0; pos < len; pos += n) {
        n = text[pos] != '\0' ? tai_utf8(text + pos, len - pos) : 0;
        if (n == 0) return false;
    }
    return true;
}

static bool tai_is_zero(const uint8_t *p, size_t n)         /* the first is, and each is like the next */
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static bool tai_is_offset(int64_t created, int64_t t)
{
    return t >= created && t - created <= (int64_t)UINT32_MAX;
}

/* Nothing in it that the library would not have written. A store is as little to be trusted as a
   client: its lengths are used as lengths.                                                      */
static bool tai_record_is_sound(const ta_record *r)
{
    size_t used = (size_t)r->sub_len + r->label_len;
    bool flags_agree = ((r->flags & TAI_HAS_CLIENT) != 0 || tai_is_zero(r->client, sizeof r->client))
                    && ((r->flags & TAI_HAS_RETRY) != 0 || tai_is_zero(r->retry, sizeof r->retry));
    if (r->created < 1 || r->created > TAI_MAX_TIME || r->kid > 15 || !flags_agree) return false;
    if (used > sizeof r->text || !tai_is_zero((const uint8_t *)r->text + used, sizeof r->text - used))
        return false;
    if (r->kind == TAI_MARK) {
        return used == 0 && r->kid == 0 && r->state == TAI_LIVE && r->flags == 0 && r->gen == 0
            && r->rotated_at == r->created && r->idle_until == r->created
            && tai_is_offset(r->created, r->ends_at)
            && tai_is_zero(r->app, sizeof r->app) && tai_is_zero(r->seal, sizeof r->seal);
    }
    return r->kind == TAI_SESSION && r->state <= TAI_REVOKED && r->flags <= 7 && r->sub_len > 0
        && r->gen != UINT32_MAX
        && tai_is_offset(r->created, r->rotated_at) && tai_is_offset(r->created, r->idle_until)
        && tai_is_offset(r->created, r->ends_at)
        && tai_is_utf8(r->text, r->sub_len) && tai_is_utf8(r->text + r->sub_len, r->label_len);
}

void ta_record_pack(const ta_record *r, uint8_t out[TA_RECORD_SIZE])
{
    size_t used = (size_t)r->sub_len + r->label_len;
    out[TAI_AT_FORMAT] = TAI_FORMAT;
    out[TAI_AT_KIND]   = (uint8_t)(r->kind << 4 | r->kid);
    out[TAI_AT_STATE]  = r->state;
    out[TAI_AT_FLAGS]  = r->flags;
    tai_store32(out + TAI_AT_VER, r->ver);
    tai_store32(out + TAI_AT_GEN, r->gen);
    tai_store32(out + TAI_AT_EPOCH, r->epoch);
    memcpy(out + TAI_AT_ID, r->id, sizeof r->id);
    tai_store64(out + TAI_AT_CREATED, (uint64_t)r->created);
    tai_store32(out + TAI_AT_ROTATED, tai_span(r->created, r->rotated_at));
    tai_store32(out + TAI_AT_IDLE, tai_span(r->created, r->idle_until));
    tai_store32(out + TAI_AT_ENDS, tai_span(r->created, r->ends_at));
    memcpy(out + TAI_AT_APP, (const uint8_t *)r + offsetof(ta_record, app), TAI_AT_TEXT - TAI_AT_APP);
    tai_zero(out + TAI_AT_TEXT, sizeof r->text);
    memcpy(out + TAI_AT_TEXT, r->text, used < sizeof r->text ? used : sizeof r->text);
}

ta_status ta_record_unpack(const void *in, size_t len, ta_record *out)
{
    const uint8_t *p = (const uint8_t *)in;
    uint64_t created;

    if (out == NULL) return TA_ERR_ARGUMENT;
    tai_zero(out, sizeof *out);
    if (p == NULL || len != TA_RECORD_SIZE || p[TAI_AT_FORMAT] != TAI_FORMAT) return TA_ERR_STORE;
    created = tai_load64(p + TAI_AT_CREATED);
    if (created > (uint64_t)TAI_MAX_TIME) return TA_ERR_STORE;          /* so that the sums below fit */
    out->kind  = p[TAI_AT_KIND] >> 4;
    out->kid   = p[TAI_AT_KIND] & 15;
    out->state = p[TAI_AT_STATE];
    out->flags = p[TAI_AT_FLAGS];
    out->ver   = tai_load32(p + TAI_AT_VER);
    out->gen   = tai_load32(p + TAI_AT_GEN);
    out->epoch = tai_load32(p + TAI_AT_EPOCH);
    memcpy(out->id, p + TAI_AT_ID, sizeof out->id);
    out->created    = (int64_t)created;
    out->rotated_at = out->created + tai_load32(p + TAI_AT_ROTATED);
    out->idle_until = out->created + tai_load32(p + TAI_AT_IDLE);
    out->ends_at    = out->created + tai_load32(p + TAI_AT_ENDS);
    memcpy((uint8_t *)out + offsetof(ta_record, app), p + TAI_AT_APP, TA_RECORD_SIZE - TAI_AT_APP);
    if (tai_record_is_sound(out)) return TA_OK;
    tai_zero(out, sizeof *out);
    return TA_ERR_STORE;
}

/* When a store may drop it: a day after it is of no use, so that clocks may differ.             */
static int64_t tai_record_expires(const ta_record *r)
{
    bool by_idle = r->kind == TAI_SESSION && r->idle_until < r->ends_at;
    return (by_idle ? r->idle_until : r->ends_at) + TAI_DAY;
}

/* SHA-256(label . bytes)[0..16]; the label goes without its NUL.                                */
static void tai_id_of(const char *label, const void *bytes, size_t len, uint8_t id[TA_ID_SIZE])
{
    uint8_t digest[TA_SHA256_SIZE];
    ta_sha256 c;
    ta_sha256_init(&c);
    ta_sha256_update(&c, label, strlen(label));
    ta_sha256_update(&c, bytes, len);
    ta_sha256_final(&c, digest);
    memcpy(id, digest, TA_ID_SIZE);
}

static void tai_user_id(const char *sub, size_t len, uint8_t id[TA_ID_SIZE])
{
    tai_id_of("tokenauth.h user 1", sub, len, id);
}

#ifndef TOKENAUTH_NO_TABLE

/* ============================================================================
   >>table       an index on ids, a chain per user, a list of free slots; all inside the slots

   The slots' memory holds, for n slots: 6n words, then n packed records.
       index   2n-1   open addressing: slot + 1 below t->mask, bits of the id's hash above; 0: empty
       heads   2n-1   first of each chain; chains hold the sessions of users of one hash, by id
       next    n      the next in the chain, or in the list of free slots; slot + 1, 0: the end
       expiry  n      seconds after created; TAI_NEVER
       control 2      first free slot + 1; where the next sweep begins
   Words are copied in and out, so neither alignment nor aliasing matters.  Both hashes are keyed with
   t->seed: who chooses names cannot choose where they land.
   ========================================================================== */

#define TAI_NEVER       UINT32_MAX
#define TAI_MAX_SLOTS   (SIZE_MAX / sizeof(ta_slot) < 0x40000000u ? SIZE_MAX / sizeof(ta_slot) : 0x40000000u)
#define TAI_MAX_PROBES  1024u           /* in a loaded snapshot; a good one needs a few */
#define TAI_LOOK        4u              /* slots looked at per record a sweep may drop */

static uint32_t tai_word(const ta_table *t, size_t i)
{
    uint32_t v;
    memcpy(&v, (const uint8_t *)t->slots + 4 * i, sizeof v);
    return v;
}

static void tai_set_word(const ta_table *t, size_t i, uint32_t v)
{
    memcpy((uint8_t *)t->slots + 4 * i, &v, sizeof v);
}

static size_t tai_buckets(const ta_table *t)               { return 2 * (size_t)t->count - 1; }
static size_t tai_head_at(const ta_table *t, size_t b)     { return tai_buckets(t) + b; }
static size_t tai_next_at(const ta_table *t, size_t slot)  { return 2 * tai_buckets(t) + slot; }
static size_t tai_expiry_at(const ta_table *t, size_t slot){ return 2 * tai_buckets(t) + t->count + slot; }
static size_t tai_free_at(const ta_table *t)               { return 6 * (size_t)t->count - 2; }
static size_t tai_cursor_at(const ta_table *t)             { return 6 * (size_t)t->count - 1; }

static uint8_t *tai_slot(const ta_table *t, size_t slot)   /* its packed record */
{
    return (uint8_t *)t->slots + 24 * (size_t)t->count + slot * sizeof t->slots->record;
}

static bool tai_slot_is_used(const ta_table *t, size_t slot) { return tai_slot(t, slot)[0] == TAI_FORMAT; }

static bool tai_slot_is_session(const ta_table *t, size_t slot)
{
    return tai_slot(t, slot)[TAI_AT_KIND] >> 4 == TAI_SESSION;
}

/* Sums of products with a secret seed: for any two ids, equal with a chance near 2^-32.         */
static uint32_t tai_hash(const ta_table *t, const uint8_t id[TA_ID_SIZE])
{
    uint64_t k = t->seed;
    uint64_t h = (k + tai_load32(id)) * ((k >> 32 | k << 32) + tai_load32(id + 4));
    k *= UINT64_C(0x9E3779B97F4A7C15);
    h += (k + tai_load32(id + 8)) * ((k >> 32 | k << 32) + tai_load32(id + 12));
    return (uint32_t)(h >> 32);
}

static size_t tai_spread(uint32_t hash, size_t buckets) { return (size_t)((uint64_t)hash * buckets >> 32); }

static size_t tai_bucket_of(const ta_table *t, const uint8_t user[TA_ID_SIZE])
{
    return tai_spread(tai_hash(t, user), tai_buckets(t));
}

/* ---- the index --------------------------------------------------------------------------------- */

static uint32_t tai_tag(const ta_table *t, uint32_t hash) { return hash * 0x9E3779B1u & ~t->mask; }

static size_t tai_entry_slot(const ta_table *t, size_t at) { return (tai_word(t, at) & t->mask) - 1; }

static size_t tai_after(const ta_table *t, size_t at) { return at + 1 < tai_buckets(t) ? at + 1 : 0; }

/* The place of an id in the index, or of the empty entry where it would go; `probes` says how far that
   is from home, at most all of it (a table of one slot has no empty entry).                     */
static bool tai_index_find(const ta_table *t, const uint8_t id[TA_ID_SIZE], size_t *at, size_t *probes)
{
    uint32_t hash = tai_hash(t, id), tag = tai_tag(t, hash), entry;
    *at = tai_spread(hash, tai_buckets(t));
    for (*probes = 0; *probes < tai_buckets(t); ++*probes) {
        entry = tai_word(t, *at);
        if (entry == 0) return false;
        if ((entry & ~t->mask) == tag
            && memcmp(tai_slot(t, (entry & t->mask) - 1) + TAI_AT_ID, id, TA_ID_SIZE) == 0) return true;
        *at = tai_after(t, *at);
    }
    return false;
}

/* Closes the gap: what follows moves up unless that would put it before its home.               */
static void tai_index_remove(const ta_table *t, size_t gap)
{
    size_t n = tai_buckets(t), at = gap, home;
    while ((at = tai_after(t, at)) != gap && tai_word(t, at) != 0) {
        home = tai_spread(tai_hash(t, tai_slot(t, tai_entry_slot(t, at)) + TAI_AT_ID), n);
        if ((at + n - home) % n >= (at + n - gap) % n) {
            tai_set_word(t, gap, tai_word(t, at));
            gap = at;
        }
    }
    tai_set_word(t, gap, 0);
}

/* ---- the chains --------------------------------------------------------------------------------- */

static size_t tai_bucket_of_slot(const ta_table *t, size_t slot)
{
    uint8_t user[TA_ID_SIZE];
    const uint8_t *r = tai_slot(t, slot);
    tai_user_id((const char *)r + TAI_AT_TEXT, r[TAI_AT_SUB_LEN], user);
    return tai_bucket_of(t, user);
}

/* The link (a word's place) that leads to the first session whose id is not below this one.     */
static size_t tai_chain_link(const ta_table *t, size_t bucket, const uint8_t *id)
{
    size_t link = tai_head_at(t, bucket);
    uint32_t next;
    while ((next = tai_word(t, link)) != 0
           && memcmp(tai_slot(t, next - 1) + TAI_AT_ID, id, TA_ID_SIZE) < 0) {
        link = tai_next_at(t, next - 1);
    }
    return link;
}

static void tai_chain_insert(const ta_table *t, size_t slot)
{
    size_t link = tai_chain_link(t, tai_bucket_of_slot(t, slot), tai_slot(t, slot) + TAI_AT_ID);
    tai_set_word(t, tai_next_at(t, slot), tai_word(t, link));
    tai_set_word(t, link, (uint32_t)slot + 1);
}

static void tai_chain_remove(const ta_table *t, size_t slot)
{
    size_t link = tai_chain_link(t, tai_bucket_of_slot(t, slot), tai_slot(t, slot) + TAI_AT_ID);
    tai_set_word(t, link, tai_word(t, tai_next_at(t, slot)));
}

/* ---- slots ------------------------------------------------------------------------------------------ */

static void tai_slot_free(const ta_table *t, size_t slot)
{
    ta_wipe(tai_slot(t, slot), TA_RECORD_SIZE);
    tai_set_word(t, tai_next_at(t, slot), tai_word(t, tai_free_at(t)));
    tai_set_word(t, tai_free_at(t), (uint32_t)slot + 1);
}

static void tai_slot_drop(const ta_table *t, size_t slot)
{
    size_t at, probes;
    (void)tai_index_find(t, tai_slot(t, slot) + TAI_AT_ID, &at, &probes);       /* it is there */
    tai_index_remove(t, at);
    if (tai_slot_is_session(t, slot)) tai_chain_remove(t, slot);
    tai_slot_free(t, slot);
}

static void tai_slot_write(const ta_table *t, size_t slot, const ta_record *r, int64_t expires)
{
    ta_record_pack(r, tai_slot(t, slot));
    tai_set_word(t, tai_expiry_at(t, slot), tai_span(r->created, expires));
}

static bool tai_slot_is_over(const ta_table *t, size_t slot, int64_t now)
{
    uint32_t after = tai_word(t, tai_expiry_at(t, slot));
    return after != TAI_NEVER && (int64_t)tai_load64(tai_slot(t, slot) + TAI_AT_CREATED) + after <= now;
}

/* In a full table a session that is over for good gives up its slot, for a record of the same user: one that
   was revoked for any, one that a mark ends for that mark.                                      */
static bool tai_make_room(const ta_table *t, const ta_record *in)
{
    uint8_t user[TA_ID_SIZE], other[TA_ID_SIZE];
    uint32_t next;
    if (in->kind == TAI_MARK) memcpy(user, in->id, sizeof user);
    else tai_user_id(in->text, in->sub_len, user);
    for (next = tai_word(t, tai_head_at(t, tai_bucket_of(t, user))); next != 0;
         next = tai_word(t, tai_next_at(t, next - 1))) {
        const uint8_t *r = tai_slot(t, next - 1);
        bool ended = in->kind == TAI_MARK && tai_load32(r + TAI_AT_EPOCH) != in->epoch;
        tai_user_id((const char *)r + TAI_AT_TEXT, r[TAI_AT_SUB_LEN], other);
        if ((ended || r[TAI_AT_STATE] == TAI_REVOKED) && memcmp(user, other, sizeof user) == 0) {
            tai_slot_drop(t, next - 1);
            return true;
        }
    }
    return false;
}

static ta_status tai_table_insert(const ta_table *t, const ta_record *r, int64_t expires, size_t max_probes)
{
    size_t at, probes;
    uint32_t slot;

    if (tai_index_find(t, r->id, &at, &probes) || probes > max_probes) return TA_ERR_CONFLICT;
    if (tai_word(t, tai_free_at(t)) == 0) {
        if (!tai_make_room(t, r)) return TA_ERR_FULL;
        (void)tai_index_find(t, r->id, &at, &probes);   /* not there; its place may have moved up */
    }
    slot = tai_word(t, tai_free_at(t));
    tai_set_word(t, tai_free_at(t), tai_word(t, tai_next_at(t, slot - 1)));
    tai_slot_write(t, slot - 1, r, expires);
    tai_set_word(t, at, slot | tai_tag(t, tai_hash(t, r->id)));
    if (r->kind == TAI_SESSION) tai_chain_insert(t, slot - 1);
    return TA_OK;
}

/* A record keeps its id, kind and subject for life: its place in index and chain hangs on them. */
static bool tai_slot_stays(const ta_table *t, size_t slot, const ta_record *r)
{
    const uint8_t *p = tai_slot(t, slot);
    return p[TAI_AT_KIND] >> 4 == r->kind && memcmp(p + TAI_AT_ID, r->id, TA_ID_SIZE) == 0
        && p[TAI_AT_SUB_LEN] == r->sub_len && memcmp(p + TAI_AT_TEXT, r->text, r->sub_len) == 0;
}

static ta_status tai_table_swap(const ta_table *t, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                                const ta_record *next, int64_t expires)
{
    size_t at, probes, slot;
    if (old == NULL && next == NULL) return TA_ERR_ARGUMENT;
    if (old == NULL) return tai_table_insert(t, next, expires, SIZE_MAX);
    if (!tai_index_find(t, id, &at, &probes)) return TA_ERR_CONFLICT;
    slot = tai_entry_slot(t, at);
    if (tai_load32(tai_slot(t, slot) + TAI_AT_VER) != old->ver) return TA_ERR_CONFLICT;
    if (next == NULL) {
        tai_slot_drop(t, slot);
        return TA_OK;
    }
    if (!tai_slot_stays(t, slot, next)) return TA_ERR_CONFLICT;
    tai_slot_write(t, slot, next, expires);
    return TA_OK;
}

/* ---- the store's four calls ------------------------------------------------------------------------ */

static bool tai_lock(const ta_table *t)         /* and was it ever initialised? */
{
    return t->slots != NULL && (t->lock == NULL || t->lock(t->lock_ctx) == TA_OK);
}

static void tai_unlock(const ta_table *t)
{
    if (t->unlock != NULL) t->unlock(t->lock_ctx);
}

static ta_status tai_table_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    const ta_table *t = (const ta_table *)ctx;
    size_t at, probes;
    ta_status st;
    if (!tai_lock(t)) {
        tai_zero(out, sizeof *out);
        return TA_ERR_STORE;
    }
    if (tai_index_find(t, id, &at, &probes)) {
        st = ta_record_unpack(tai_slot(t, tai_entry_slot(t, at)), TA_RECORD_SIZE, out);
    } else {
        tai_zero(out, sizeof *out);
        st = TA_ERR_NOT_FOUND;
    }
    tai_unlock(t);
    return st;
}

static ta_status tai_table_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                               const ta_record *next, int64_t expires)
{
    const ta_table *t = (const ta_table *)ctx;
    ta_status st;
    if (!tai_lock(t)) return TA_ERR_STORE;
    st = tai_table_swap(t, id, old, next, expires);
    tai_unlock(t);
    return st;
}

static ta_status tai_table_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                                uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    const ta_table *t = (const ta_table *)ctx;
    uint8_t user[TA_ID_SIZE];
    uint32_t next;

    *n = 0;
    tai_user_id(sub, len, user);
    if (!tai_lock(t)) return TA_ERR_STORE;
    for (next = tai_word(t, tai_head_at(t, tai_bucket_of(t, user))); next != 0 && *n < cap;
         next = tai_word(t, tai_next_at(t, next - 1))) {
        const uint8_t *r = tai_slot(t, next - 1);
        if (r[TAI_AT_SUB_LEN] != len || memcmp(r + TAI_AT_TEXT, sub, len) != 0) continue;
        if (after != NULL && memcmp(r + TAI_AT_ID, after, TA_ID_SIZE) <= 0) continue;
        memcpy(ids[(*n)++], r + TAI_AT_ID, TA_ID_SIZE);
    }
    tai_unlock(t);
    return TA_OK;
}

/* Goes round the slots, a few at each call, so that none is forgotten and no call is long.      */
static ta_status tai_table_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    const ta_table *t = (const ta_table *)ctx;
    size_t looks, slot;

    *done = 0;
    looks = most < t->count / TAI_LOOK ? most * TAI_LOOK : t->count;
    if (!tai_lock(t)) return TA_ERR_STORE;
    slot = tai_word(t, tai_cursor_at(t));
    for (; looks > 0 && *done < most; looks--) {
        if (tai_slot_is_used(t, slot) && tai_slot_is_over(t, slot, now)) {
            tai_slot_drop(t, slot);
            ++*done;
        }
        slot = slot + 1 < t->count ? slot + 1 : 0;
    }
    tai_set_word(t, tai_cursor_at(t), (uint32_t)slot);
    tai_unlock(t);
    return TA_OK;
}

ta_store ta_table_store(ta_table *t)
{
    ta_store s;
    s.ctx   = t;
    s.get   = tai_table_get;
    s.cas   = tai_table_cas;
    s.list  = tai_table_list;
    s.sweep = tai_table_sweep;
    return s;
}

static void tai_table_clear(const ta_table *t)
{
    size_t i;
    ta_wipe(t->slots, (size_t)t->count * sizeof *t->slots);
    for (i = t->count; i-- > 0; ) tai_slot_free(t, i);          /* slot 0 is the first to go */
}

ta_status ta_table_init(ta_table *t, ta_slot *slots, size_t count)
{
    static const ta_table none = TA_ZERO;
    if (t == NULL) return TA_ERR_ARGUMENT;
    *t = none;
    if (slots == NULL || count == 0 || count > TAI_MAX_SLOTS) return TA_ERR_ARGUMENT;
    t->slots = slots;
    t->count = (uint32_t)count;
    for (t->mask = 1; t->mask < count; t->mask = t->mask << 1 | 1) { }
    if (ta_random(&t->seed, sizeof t->seed) != TA_OK)   /* session ids are random in any case */
        t->seed = UINT64_C(0xD1B54A32D192ED03);
    tai_table_clear(t);
    return TA_OK;
}

/* ---- snapshots: pieces of magic[4] record size[2] 0[2] from[4] to[4] count[4] records SHA-256[32];
        each goes on from the slot where the last ended, and the last ends at 0 --------------------- */

#define TAI_PIECE_HEAD  20u
#define TAI_PIECE_OVER  (TAI_PIECE_HEAD + TA_SHA256_SIZE)

static const uint8_t tai_piece_magic[8] = {'T', 'A', 'S', '1', TA_RECORD_SIZE >> 8, TA_RECORD_SIZE & 255,
                                           0, 0};

/* As many records as fit, from slot `from`; gives the slot to go on from, or 0, and the bytes.   */
static size_t tai_piece_write(const ta_table *t, size_t from, uint8_t *out, size_t cap, size_t *len)
{
    size_t room = (cap - TAI_PIECE_OVER) / TA_RECORD_SIZE, count = 0, slot, to;
    uint8_t *p = out + TAI_PIECE_HEAD;

    for (slot = from; slot < t->count; slot++) {
        if (!tai_slot_is_used(t, slot)) continue;
        if (count == room) break;
        memcpy(p, tai_slot(t, slot), TA_RECORD_SIZE);
        p += TA_RECORD_SIZE;
        count++;
    }
    to = slot < t->count ? slot : 0;
    memcpy(out, tai_piece_magic, sizeof tai_piece_magic);
    tai_store32(out + 8, (uint32_t)from);
    tai_store32(out + 12, (uint32_t)to);
    tai_store32(out + 16, (uint32_t)count);
    ta_sha256_once(out, (size_t)(p - out), p);
    *len = (size_t)(p - out) + TA_SHA256_SIZE;
    return to;
}

ta_status ta_table_save(const ta_table *t, size_t *slot, void *out, size_t cap, size_t *out_len)
{
    if (out_len != NULL) *out_len = 0;
    if (t == NULL || t->slots == NULL || slot == NULL || *slot >= t->count || out == NULL
        || out_len == NULL) return TA_ERR_ARGUMENT;
    if (cap < TA_SNAPSHOT_CAP(1)) return TA_ERR_SPACE;
    if (!tai_lock(t)) return TA_ERR_STORE;
    *slot = tai_piece_write(t, *slot, (uint8_t *)out, cap, out_len);
    tai_unlock(t);
    return TA_OK;
}

/* The piece at in: its length, where it goes on to, its records; 0 when it is none.              */
static size_t tai_piece_read(const uint8_t *in, size_t len, uint32_t from, uint32_t *to, size_t *count)
{
    uint8_t digest[TA_SHA256_SIZE];
    size_t bytes;
    if (len < TAI_PIECE_OVER || memcmp(in, tai_piece_magic, sizeof tai_piece_magic) != 0) return 0;
    *to = tai_load32(in + 12);
    *count = (size_t)tai_load32(in + 16);
    if (tai_load32(in + 8) != from || *count > (len - TAI_PIECE_OVER) / TA_RECORD_SIZE) return 0;
    bytes = TAI_PIECE_HEAD + *count * TA_RECORD_SIZE;
    ta_sha256_once(in, bytes, digest);
    return memcmp(digest, in + bytes, sizeof digest) == 0 ? bytes + TA_SHA256_SIZE : 0;
}

/* One record into the table, unless its time is over; *newest follows the last change seen. What does not
   fit is refused: no session of the snapshot may take the slot of another.                        */
static bool tai_load_record(const ta_table *t, const uint8_t *packed, int64_t now, ta_load how,
                            int64_t *newest)
{
    ta_record r;
    if (ta_record_unpack(packed, TA_RECORD_SIZE, &r) != TA_OK) return false;
    if (r.rotated_at > *newest) *newest = r.rotated_at;
    if (tai_record_expires(&r) <= now) return true;
    if (how != TA_LOAD_RESUME && r.kind == TAI_SESSION) {
        r.state = TAI_REVOKED;
        r.ver++;
    }
    return tai_word(t, tai_free_at(t)) != 0
        && tai_table_insert(t, &r, tai_record_expires(&r), TAI_MAX_PROBES) == TA_OK;
}

static bool tai_load_pieces(const ta_table *t, const uint8_t *in, size_t len, int64_t now, ta_load how,
                            int64_t *newest)
{
    size_t pos = 0, bytes, count, i;
    uint32_t from = 0, to = 0;
    if (len == 0) return false;
    do {
        bytes = tai_piece_read(in + pos, len - pos, from, &to, &count);
        if (bytes == 0 || (to != 0 && to <= from)) return false;
        for (i = 0; i < count; i++) {
            if (!tai_load_record(t, in + pos + TAI_PIECE_HEAD + i * TA_RECORD_SIZE, now, how, newest))
                return false;
        }
        pos += bytes;
        from = to;
    } while (to != 0);
    return pos == len;
}

ta_status ta_table_load(ta_table *t, const void *in, size_t len, int64_t now, ta_load how,
                        int32_t max_age_s)
{
    int64_t newest = 0;
    bool good;

    if (t == NULL || t->slots == NULL || (in == NULL && len > 0)) return TA_ERR_ARGUMENT;
    if (how == TA_LOAD_RESUME && max_age_s < 1) return TA_ERR_ARGUMENT;
    if (now <= 0) return TA_ERR_CLOCK;
    if (!tai_lock(t)) return TA_ERR_STORE;
    tai_table_clear(t);
    good = tai_load_pieces(t, (const uint8_t *)in, len, now, how, &newest);
    if (how == TA_LOAD_RESUME && newest > 0 && (now - newest > max_age_s || newest - now > max_age_s))
        good = false;
    if (!good) tai_table_clear(t);
    tai_unlock(t);
    return good ? TA_OK : TA_ERR_SNAPSHOT;
}

#endif /* TOKENAUTH_NO_TABLE */

#ifdef TOKENAUTH_NO_DENY
#  define TAI_HAS_DENY 0
#else
#  define TAI_HAS_DENY 1

/* ============================================================================
   >>deny        a sorted array of hashes: found in log n steps, in memory of a known size
   ========================================================================== */

/* SHA-256(jti)[0..16] of the unescaped text; false when there is none.                           */
static bool tai_deny_id(const ta_jwt *jwt, uint8_t id[TA_ID_SIZE])
{
    uint8_t digest[TA_SHA256_SIZE], bytes[4];
    ta_sha256 c;
    ta_json jti = jwt->jti;

    if (ta_json_kind(jti) != TA_STRING) return false;
    jti = tai_inside(jti);
    ta_sha256_init(&c);
    while (jti.len > 0) {
        size_t n = tai_char(&jti, bytes);
        if (n == 0) return false;
        ta_sha256_update(&c, bytes, n);
    }
    ta_sha256_final(&c, digest);
    memcpy(id, digest, TA_ID_SIZE);
    return true;
}

/* Where the id is, or would have to be.                                                          */
static size_t tai_deny_place(const ta_deny *d, const uint8_t id[TA_ID_SIZE])
{
    size_t lo = 0, hi = d->used;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (memcmp(d->slots[mid].id, id, TA_ID_SIZE) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static bool tai_deny_holds(const ta_deny *d, size_t place, const uint8_t id[TA_ID_SIZE])
{
    return place < d->used && memcmp(d->slots[place].id, id, TA_ID_SIZE) == 0;
}

static void tai_deny_purge(ta_deny *d, int64_t now)
{
    size_t i, kept = 0;
    for (i = 0; i < d->used; i++) {
        if (d->slots[i].until > now) d->slots[kept++] = d->slots[i];
    }
    d->used = kept;
}

ta_status ta_deny_init(ta_deny *d, ta_deny_slot *slots, size_t count)
{
    if (d == NULL) return TA_ERR_ARGUMENT;
    tai_zero(d, sizeof *d);
    if (slots == NULL || count == 0) return TA_ERR_ARGUMENT;
    d->slots = slots;
    d->count = count;
    return TA_OK;
}

ta_status ta_deny_add(ta_deny *d, const ta_jwt *jwt, int64_t now)
{
    uint8_t id[TA_ID_SIZE];
    size_t place, i;
    int64_t until;

    if (d == NULL || d->slots == NULL || jwt == NULL) return TA_ERR_ARGUMENT;
    if (now <= 0) return TA_ERR_CLOCK;
    if (!tai_deny_id(jwt, id)) return TA_ERR_ABSENT;
    until = ta_json_at(jwt->claims, "exp").len > 0 && jwt->exp < INT64_MAX - TAI_MAX_LEEWAY
        ? jwt->exp + TAI_MAX_LEEWAY : INT64_MAX;
    tai_deny_purge(d, now);
    place = tai_deny_place(d, id);
    if (tai_deny_holds(d, place, id)) {
        if (until > d->slots[place].until) d->slots[place].until = until;
        return TA_OK;
    }
    if (d->used == d->count) return TA_ERR_FULL;
    for (i = d->used++; i > place; i--) d->slots[i] = d->slots[i - 1];
    memcpy(d->slots[place].id, id, TA_ID_SIZE);
    d->slots[place].until = until;
    return TA_OK;
}

void ta_deny_before(ta_deny *d, int64_t iat)
{
    if (d != NULL && iat > d->before) d->before = iat;
}

bool ta_deny_has(const ta_deny *d, const ta_jwt *jwt)
{
    uint8_t id[TA_ID_SIZE];
    tai_date iat;
    if (d == NULL || d->slots == NULL || jwt == NULL || !tai_deny_id(jwt, id)) return true;
    tai_read_date(ta_json_at(jwt->claims, "iat"), &iat);
    if (!iat.there || iat.ceil - iat.fraction < d->before) return true;
    return tai_deny_holds(d, tai_deny_place(d, id), id);
}

#endif /* TOKENAUTH_NO_DENY */

/* ============================================================================
   >>auth        the refresh protocol: what a token, a record and the clock say together
   ========================================================================== */

#define TAI_VERSION      1u
#define TAI_SECRET       16             /* random bytes of a session */
#define TAI_TAG          16
#define TAI_TOKEN_BYTES  (1 + TAI_SECRET + 4 + TAI_TAG)
#define TAI_TOKEN_CHARS  50u
#define TAI_SID_CHARS    22u
#define TAI_MAX_PREFIX   20u
#define TAI_LAST_GEN     0xFFFFFFFEu
#define TAI_ROUNDS       8              /* lost swaps before BUSY */
#define TAI_PAGE         16             /* ids asked of a store at once */
#define TAI_WAIT_BUSY    1              /* retry_after_s */
#define TAI_WAIT_STORE   2              /* three times that lies within the default window_s */

/* ---- the seam: only these four touch the store, and nothing it answers is believed unseen ------- */

/* A call's way to the store. One write whose fate is unknown is looked into, a second ends the call. */
typedef struct tai_access {
    const ta_auth *auth;
    int64_t        now;
    unsigned       unknown;
} tai_access;

static tai_access tai_access_for(const ta_auth *a, int64_t now)
{
    tai_access x;
    x.auth    = a;
    x.now     = now;
    x.unknown = 0;
    return x;
}

static ta_status tai_get(const ta_auth *a, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    ta_status st;
    tai_zero(out, sizeof *out);
    st = a->cfg.store.get(a->cfg.store.ctx, id, out);
    if (st == TA_OK && tai_record_is_sound(out) && memcmp(out->id, id, TA_ID_SIZE) == 0) return TA_OK;
    tai_zero(out, sizeof *out);
    return st == TA_ERR_NOT_FOUND ? TA_ERR_NOT_FOUND : TA_ERR_STORE;
}

static bool tai_same_record(const ta_record *a, const ta_record *b)
{
    uint8_t x[TA_RECORD_SIZE], y[TA_RECORD_SIZE];
    ta_record_pack(a, x);
    ta_record_pack(b, y);
    return memcmp(x, y, sizeof x) == 0;
}

/* After an unknown outcome: is what was written there? OK, CONFLICT (no: look again), or STORE.  */
static ta_status tai_resolve(tai_access *x, const uint8_t id[TA_ID_SIZE], const ta_record *next)
{
    ta_record now;
    ta_status st;
    if (x->unknown++ > 0) return TA_ERR_STORE;
    st = tai_get(x->auth, id, &now);
    if (st == TA_ERR_STORE) return TA_ERR_STORE;
    if (next == NULL) return st == TA_ERR_NOT_FOUND ? TA_OK : TA_ERR_CONFLICT;
    return st == TA_OK && tai_same_record(&now, next) ? TA_OK : TA_ERR_CONFLICT;
}

/* OK: applied. CONFLICT: not applied, look again. FULL: an insert, not applied. STORE: unknown.  */
static ta_status tai_swap(tai_access *x, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                          const ta_record *next)
{
    const ta_store *store = &x->auth->cfg.store;
    ta_status st = store->cas(store->ctx, id, old, next, next != NULL ? tai_record_expires(next) : 0);
    if (st == TA_OK || st == TA_ERR_CONFLICT || (st == TA_ERR_FULL && old == NULL)) return st;
    return tai_resolve(x, id, next);
}

static void tai_sweep(const tai_access *x, size_t most)
{
    const ta_store *store = &x->auth->cfg.store;
    size_t done;
    if (store->sweep != NULL) (void)store->sweep(store->ctx, x->now, most, &done);
}

static ta_status tai_insert(tai_access *x, const ta_record *r)
{
    ta_status st = tai_swap(x, r->id, NULL, r);
    if (st == TA_ERR_FULL) {
        tai_sweep(x, 64);
        st = tai_swap(x, r->id, NULL, r);
    }
    return st;
}

/* Deletes whatever session the id has by then. OK when it is gone.                               */
static ta_status tai_delete(tai_access *x, const uint8_t id[TA_ID_SIZE])
{
    ta_record r;
    ta_status st = TA_ERR_CONFLICT;
    int round;
    for (round = 0; round < TAI_ROUNDS && st == TA_ERR_CONFLICT; round++) {
        st = tai_get(x->auth, id, &r);
        if (st == TA_ERR_NOT_FOUND) return TA_OK;
        if (st == TA_OK) st = r.kind == TAI_SESSION ? tai_swap(x, id, &r, NULL) : TA_ERR_STORE;
    }
    return st == TA_ERR_CONFLICT ? TA_ERR_BUSY : st;
}

/* ---- refresh tokens -------------------------------------------------------------------------------- */

typedef struct tai_token {
    uint8_t  secret[TAI_SECRET];
    uint32_t gen;
    uint8_t  id[TA_ID_SIZE];
} tai_token;

static const ta_key *tai_refresh_key(const ta_auth *a, uint8_t kid)
{
    size_t i;
    for (i = 0; i < a->cfg.refresh_key_count; i++) {
        if (a->cfg.refresh_keys[i].id == kid) return &a->refresh[i];
    }
    return NULL;
}

/* tag = HMAC(k[kid], 'T' . version<<4|kid . secret . generation)[0..16]                          */
static void tai_token_tag(const ta_key *k, const uint8_t *token, uint8_t mac[TA_SHA256_SIZE])
{
    ta_sha256 c;
    tai_hmac_begin(&c, k->inner);
    ta_sha256_update(&c, "T", 1);
    ta_sha256_update(&c, token, TAI_TOKEN_BYTES - TAI_TAG);
    tai_hmac_end(&c, k->outer, mac);
}

static void tai_session_id(const uint8_t secret[TAI_SECRET], uint8_t id[TA_ID_SIZE])
{
    tai_id_of("tokenauth.h session 1", secret, TAI_SECRET, id);
}

/* Steps 1 to 3: the form, the key, the tag. Neither store nor random nor hook is asked yet.      */
static ta_status tai_token_open(const ta_auth *a, const char *text, size_t len,
                                uint8_t raw[TAI_TOKEN_BYTES])
{
    uint8_t tag[TA_SHA256_SIZE];
    const ta_key *k;
    bool good;
    if (len != TAI_TOKEN_CHARS || !tai_base64_decode(text, len, raw, tai_base64url)) return TA_ERR_INVALID;
    if (raw[0] >> 4 != TAI_VERSION) return TA_ERR_INVALID;
    k = tai_refresh_key(a, raw[0] & 15);
    if (k == NULL) return TA_ERR_UNKNOWN_KEY;
    tai_token_tag(k, raw, tag);
    good = ta_equal(tag, raw + TAI_TOKEN_BYTES - TAI_TAG, TAI_TAG);
    ta_wipe(tag, sizeof tag);
    return good ? TA_OK : TA_ERR_INVALID;
}

static ta_status tai_token_read(const ta_auth *a, const char *text, size_t len, tai_token *t)
{
    uint8_t raw[TAI_TOKEN_BYTES];
    const char *prefix = a->cfg.refresh_prefix;
    ta_status st;

    tai_zero(t, sizeof *t);
    if (text == NULL) return len > 0 ? TA_ERR_ARGUMENT : TA_ERR_INVALID;
    if (prefix != NULL && !tai_take_prefix(&text, &len, prefix)) return TA_ERR_INVALID;
    st = tai_token_open(a, text, len, raw);
    if (st == TA_OK) {
        memcpy(t->secret, raw + 1, TAI_SECRET);
        t->gen = tai_load32(raw + 1 + TAI_SECRET);
        tai_session_id(t->secret, t->id);
    }
    ta_wipe(raw, sizeof raw);
    return st;
}

/* Always under keys[0]. out has TA_REFRESH_CAP bytes: prefix, token and NUL are 71 at most.      */
static size_t tai_token_mint(const ta_auth *a, const uint8_t secret[TAI_SECRET], uint32_t gen, char *out)
{
    uint8_t raw[TAI_TOKEN_BYTES - TAI_TAG + TA_SHA256_SIZE];
    size_t prefix = a->cfg.refresh_prefix != NULL ? strlen(a->cfg.refresh_prefix) : 0;
    raw[0] = (uint8_t)(TAI_VERSION << 4 | a->cfg.refresh_keys[0].id);
    memcpy(raw + 1, secret, TAI_SECRET);
    tai_store32(raw + 1 + TAI_SECRET, gen);
    tai_token_tag(&a->refresh[0], raw, raw + TAI_TOKEN_BYTES - TAI_TAG);
    if (prefix > 0) memcpy(out, a->cfg.refresh_prefix, prefix);
    tai_base64url_encode(raw, TAI_TOKEN_BYTES, out + prefix);
    out[prefix + TAI_TOKEN_CHARS] = '\0';
    ta_wipe(raw, sizeof raw);
    return prefix + TAI_TOKEN_CHARS;
}

static void tai_sid_put(const uint8_t id[TA_ID_SIZE], char sid[TA_SID_CAP])
{
    memset(sid, 0, TA_SID_CAP);
    tai_base64url_encode(id, TA_ID_SIZE, sid);
}

static bool tai_sid_read(const char *sid, size_t len, uint8_t id[TA_ID_SIZE])
{
    return sid != NULL && len == TAI_SID_CHARS && tai_base64_decode(sid, len, id, tai_base64url);
}

/* ---- what a record is sealed with ------------------------------------------------------------------- */

/* HMAC(k, letter . id . bytes)[0..8]: 'C' for the client's bytes, 'R' for a retry key            */
static void tai_bind(const ta_key *k, const char *letter, const uint8_t id[TA_ID_SIZE], const void *bytes,
                     size_t len, uint8_t out[8])
{
    uint8_t mac[TA_SHA256_SIZE];
    ta_sha256 c;
    tai_hmac_begin(&c, k->inner);
    ta_sha256_update(&c, letter, 1);
    ta_sha256_update(&c, id, TA_ID_SIZE);
    ta_sha256_update(&c, bytes, len);
    tai_hmac_end(&c, k->outer, mac);
    memcpy(out, mac, 8);
    ta_wipe(mac, sizeof mac);
}

/* What must not change between login and refresh: whose it is, how long, for what, which client; and
   the salt, whose change is the point.                                                            */
static void tai_seal(const ta_key *k, const ta_record *r, const void *salt, size_t salt_len, uint8_t out[8])
{
    uint8_t fixed[1 + TA_ID_SIZE + 8 + 8 + 4 + 1 + 8 + 1], mac[TA_SHA256_SIZE];
    ta_sha256 c;
    fixed[0] = 'S';
    memcpy(fixed + 1, r->id, TA_ID_SIZE);
    tai_store64(fixed + 17, (uint64_t)r->created);
    tai_store64(fixed + 25, (uint64_t)r->ends_at);
    memcpy(fixed + 33, r->app, 4);
    fixed[37] = (uint8_t)(r->flags & (TAI_HAS_CLIENT | TAI_HAS_SALT));
    memcpy(fixed + 38, r->client, 8);
    fixed[46] = r->sub_len;
    tai_hmac_begin(&c, k->inner);
    ta_sha256_update(&c, fixed, sizeof fixed);
    ta_sha256_update(&c, r->text, r->sub_len);
    if ((r->flags & TAI_HAS_SALT) != 0) ta_sha256_update(&c, salt, salt_len);
    tai_hmac_end(&c, k->outer, mac);
    memcpy(out, mac, 8);
    ta_wipe(mac, sizeof mac);
}

/* ---- epochs: a user's mark, and whether a session is from before it ------------------------- */

/* The user's epoch, and his mark if there is one (kind 0 if not: the epoch is then 0).           */
static ta_status tai_mark_get(const ta_auth *a, const char *sub, size_t len, ta_record *mark,
                              uint32_t *epoch)
{
    uint8_t id[TA_ID_SIZE];
    ta_status st;
    tai_user_id(sub, len, id);
    st = tai_get(a, id, mark);
    *epoch = 0;
    if (st == TA_ERR_NOT_FOUND) return TA_OK;
    if (st == TA_OK && mark->kind != TAI_MARK) st = TA_ERR_STORE;
    if (st == TA_OK) *epoch = mark->epoch;
    return st;
}

static ta_status tai_draw(const ta_auth *a, void *out, size_t len)
{
    ta_status st = a->cfg.random != NULL ? a->cfg.random(a->cfg.ctx, out, len) : ta_random(out, len);
    if (st == TA_OK) return TA_OK;
    ta_wipe(out, len);
    return TA_ERR_RANDOM;
}

/* Random and never 0 (that is "no mark"): a counter, lost and raised again, would revive sessions. */
static ta_status tai_draw_epoch(const ta_auth *a, uint32_t old, uint32_t *out)
{
    uint8_t raw[4];
    ta_status st = tai_draw(a, raw, sizeof raw);
    *out = tai_load32(raw);
    while (*out == 0 || *out == old) ++*out;
    return st;
}

/* `ver` of a first mark is random too: one that was swept and made anew must not pass for the old.  */
static void tai_new_mark(const tai_access *x, const char *sub, size_t len, const ta_record *old,
                         uint32_t epoch, ta_record *next)
{
    int64_t ends = x->now + x->auth->cfg.absolute_s;
    tai_zero(next, sizeof *next);
    next->kind = TAI_MARK;
    next->ver = old->kind == 0 ? epoch : old->ver + 1;
    next->epoch = epoch;
    tai_user_id(sub, len, next->id);
    next->created = next->rotated_at = next->idle_until = x->now;
    next->ends_at = ends > old->ends_at ? ends : old->ends_at;
}

/* A mark must outlive each session of its epoch: were it forgotten, they would be over too. Where it was
   swept since the epoch was read, nobody has that epoch any more, and the session is one without a mark. */
static ta_status tai_mark_keep(tai_access *x, ta_record *session)
{
    ta_record mark, next;
    uint32_t epoch = 0;
    ta_status st = TA_ERR_CONFLICT;
    int round;
    for (round = 0; round < TAI_ROUNDS && st == TA_ERR_CONFLICT; round++) {
        st = tai_mark_get(x->auth, session->text, session->sub_len, &mark, &epoch);
        if (st == TA_OK && mark.kind == 0) session->epoch = 0;
        if (st != TA_OK || mark.kind == 0 || mark.ends_at >= session->ends_at) return st;
        tai_new_mark(x, session->text, session->sub_len, &mark, epoch, &next);
        next.ends_at = session->ends_at;
        st = tai_swap(x, mark.id, &mark, &next);
    }
    return st == TA_ERR_CONFLICT ? TA_ERR_BUSY : st;
}

/* A first mark, which ends nobody yet: in a full table a mark takes the slot of a session that it ends,
   and that might be the one that is to be carried over.                                            */
static ta_status tai_mark_plant(tai_access *x, const char *sub, size_t len, uint32_t ver, uint32_t seen,
                                ta_record *mark)
{
    ta_record first;
    ta_status st;
    tai_new_mark(x, sub, len, mark, ver, &first);
    first.epoch = seen;
    st = tai_insert(x, &first);
    if (st == TA_OK) *mark = first;
    return st;
}

/* A new epoch into the user's mark: all his sessions are over. *before is the epoch they have. Where
   one of them is to be carried over, `expected` is its epoch: a logout that came between ended it too. */
static ta_status tai_mark_raise(tai_access *x, const char *sub, size_t len, const uint32_t *expected,
                                uint32_t *before, uint32_t *epoch)
{
    ta_record mark, next;
    uint32_t seen;
    ta_status st = TA_ERR_CONFLICT;
    int round;
    *before = *epoch = 0;
    for (round = 0; round < TAI_ROUNDS && st == TA_ERR_CONFLICT; round++) {
        st = tai_mark_get(x->auth, sub, len, &mark, &seen);
        if (st == TA_OK && round > 0 && seen == *epoch) return TA_OK;   /* our own write, come late */
        if (st == TA_OK && expected != NULL && seen != *expected) st = TA_ERR_LOGGED_OUT;
        if (st == TA_OK && round == 0) st = tai_draw_epoch(x->auth, seen, epoch);
        if (st != TA_OK) return st;
        *before = seen;
        if (mark.kind == 0 && expected != NULL) st = tai_mark_plant(x, sub, len, *epoch, seen, &mark);
        if (st != TA_OK) continue;
        tai_new_mark(x, sub, len, &mark, *epoch, &next);
        st = mark.kind == 0 ? tai_insert(x, &next) : tai_swap(x, next.id, &mark, &next);
    }
    return st == TA_ERR_CONFLICT ? TA_ERR_BUSY : st;
}

/* When a session is over at the latest: as its login had it, or sooner where absolute_s is less by now. */
TAI_APART static int64_t tai_session_ends(const ta_auth *a, const ta_record *r)
{
    int64_t now_allowed = r->created + a->cfg.absolute_s;
    return now_allowed < r->ends_at ? now_allowed : r->ends_at;
}

/* Step 6: a session that is over by itself.                                                      */
static ta_status tai_session_state(const ta_auth *a, const ta_record *r, int64_t now)
{
    if (r->state != TAI_LIVE) return TA_ERR_REVOKED;
    if (tai_session_ends(a, r) <= now) return TA_ERR_EXPIRED;
    if (r->idle_until <= now) return TA_ERR_IDLE;
    return r->created < a->cfg.sessions_not_before ? TA_ERR_ENDED : TA_OK;
}

/* Steps 6 and 7.                                                                                 */
static ta_status tai_session_lives(const ta_auth *a, const ta_record *r, int64_t now)
{
    ta_record mark;
    uint32_t epoch = 0;
    ta_status st = tai_session_state(a, r, now);
    if (st == TA_OK) st = tai_mark_get(a, r->text, r->sub_len, &mark, &epoch);
    return st == TA_OK && epoch != r->epoch ? TA_ERR_LOGGED_OUT : st;
}

/* ---- what the caller gets ------------------------------------------------------------------- */

static void tai_describe(const ta_auth *a, const ta_record *r, ta_session *out)
{
    tai_zero(out, sizeof *out);
    tai_sid_put(r->id, out->sid);
    memcpy(out->subject, r->text, r->sub_len);
    memcpy(out->label, r->text + r->sub_len, r->label_len);
    memcpy(out->app, r->app, sizeof out->app);
    out->created   = r->created;
    out->last_used = r->rotated_at;
    out->ends_at   = tai_session_ends(a, r);
}

static void tai_tell(const ta_auth *a, ta_event what, const ta_record *r)
{
    ta_session s;
    if (a->cfg.event == NULL) return;
    tai_describe(a, r, &s);
    a->cfg.event(a->cfg.ctx, what, &s);
}

static ta_client tai_client_for(ta_status st)
{
    switch (st) {
    case TA_OK: return TA_CLIENT_SET;
    case TA_ERR_INVALID: case TA_ERR_ENDED: case TA_ERR_REVOKED: case TA_ERR_EXPIRED: case TA_ERR_IDLE:
    case TA_ERR_LOGGED_OUT: case TA_ERR_USER_CHANGED: case TA_ERR_SUSPENDED: case TA_ERR_BINDING:
    case TA_ERR_REPLAY: case TA_ERR_AHEAD: return TA_CLIENT_LOGIN;
    default: return TA_CLIENT_KEEP;
    }
}

/* Every way out of login and refresh: a pair that says what to do, and nothing else on failure.  */
static ta_status tai_answer(ta_status st, ta_client client, ta_pair *out)
{
    if (st != TA_OK) ta_wipe(out, sizeof *out);
    out->client = client;
    out->retry_after_s = st == TA_ERR_BUSY ? TAI_WAIT_BUSY : st == TA_ERR_STORE ? TAI_WAIT_STORE : 0;
    return st;
}

static ta_status tai_access_token(const ta_auth *a, const ta_record *r, const char *more, size_t more_len,
                                  int64_t now, ta_pair *out)
{
    char subject[TOKENAUTH_RECORD_TEXT + 1] = {0}, jti[TAI_SID_CHARS + 1] = {0};
    uint8_t random[16];
    ta_claims c = TA_ZERO;
    size_t len = 0;
    int64_t ends = tai_session_ends(a, r);
    ta_status st = tai_draw(a, random, sizeof random);
    if (st != TA_OK) return st;
    tai_base64url_encode(random, sizeof random, jti);
    memcpy(subject, r->text, r->sub_len);
    c.issuer     = a->cfg.issuer;
    c.subject    = subject;
    c.audience   = a->cfg.audience;
    c.id         = jti;
    c.session    = out->sid;
    c.typ        = "at+jwt";
    c.issued_at  = now;
    c.expires_at = ends - now < a->cfg.access_s ? ends : now + a->cfg.access_s;
    c.more       = more;
    c.more_len   = more_len;
    st = ta_jwt_sign(a->cfg.keys.list, &c, out->access, sizeof out->access, &len);
    out->access_len = (uint16_t)len;
    out->access_s   = (int32_t)(c.expires_at - now);
    return st;
}

/* Both tokens for a record as it is, or is about to be. The one that was read may have stood in *out. */
static ta_status tai_pair_build(const ta_auth *a, const ta_record *r, const uint8_t secret[TAI_SECRET],
                                const char *more, size_t more_len, int64_t now, ta_pair *out)
{
    int64_t ends = tai_session_ends(a, r), left = (r->idle_until < ends ? r->idle_until : ends) - now;
    tai_zero(out, sizeof *out);
    tai_sid_put(r->id, out->sid);
    out->refresh_len = (uint16_t)tai_token_mint(a, secret, r->gen, out->refresh);
    out->refresh_s   = left < INT32_MAX ? (int32_t)left : INT32_MAX;
    return tai_access_token(a, r, more, more_len, now, out);
}

/* ---- one refresh ---------------------------------------------------------------------------- */

typedef struct tai_visit {      /* a token came; what is known of it so far */
    tai_access x;
    const ta_refresh_opts *opts;
    tai_token  token;
    ta_record  rec;
    ta_user    user;
    bool       asked;           /* the user hook has been called */
    bool       again;           /* somebody else was faster: read anew */
    ta_event   event;           /* 0: none */
    ta_event   doubt;           /* REPLAY or AHEAD, for which a write may have revoked the session */
} tai_visit;

static ta_status tai_ask_user(tai_visit *v)
{
    const ta_auth_config *cfg = &v->x.auth->cfg;
    ta_session s;
    ta_status st;
    if (v->asked || cfg->user == NULL) return TA_OK;
    v->asked = true;
    tai_describe(v->x.auth, &v->rec, &s);
    st = cfg->user(cfg->ctx, &s, &v->user);
    if (st != TA_OK) return st;
    if ((v->user.salt == NULL && v->user.salt_len > 0) || (v->user.more == NULL && v->user.more_len > 0))
        return TA_ERR_ARGUMENT;
    return TA_OK;
}

/* Step 8. A record made with a salt refuses its absence; the subject is sealed either way. Where the
   password was just changed, the seal may be of before, or of now if this is a repeated call.     */
static ta_status tai_check_seal(tai_visit *v, const ta_key *k)
{
    uint8_t seal[8];
    if ((v->rec.flags & TAI_HAS_SALT) != 0 && v->user.salt_len == 0) return TA_ERR_USER_CHANGED;
    tai_seal(k, &v->rec, v->user.salt, v->user.salt_len, seal);
    if (ta_equal(seal, v->rec.seal, sizeof seal)) return TA_OK;
    if (v->opts->old_salt_len == 0) return TA_ERR_USER_CHANGED;
    tai_seal(k, &v->rec, v->opts->old_salt, v->opts->old_salt_len, seal);
    return ta_equal(seal, v->rec.seal, sizeof seal) ? TA_OK : TA_ERR_USER_CHANGED;
}

/* Step 9.                                                                                        */
static ta_status tai_check_client(tai_visit *v, const ta_key *k)
{
    uint8_t client[8];
    if ((v->rec.flags & TAI_HAS_CLIENT) == 0) return TA_OK;
    tai_bind(k, "C", v->rec.id, v->opts->client, v->opts->client_len, client);
    if (ta_equal(client, v->rec.client, sizeof client)) return TA_OK;
    v->event = TA_EVENT_BINDING;
    return TA_ERR_BINDING;
}

/* Between the look at the record and that at the mark the session may have been taken over into a new epoch
   (ta_logout_others). Then the record has been written since, and all is looked at again.         */
static ta_status tai_look_again(tai_visit *v)
{
    ta_record now;
    ta_status st = tai_get(v->x.auth, v->token.id, &now);
    v->again = st == TA_OK && now.ver != v->rec.ver;
    return st == TA_ERR_STORE ? TA_ERR_STORE : TA_ERR_LOGGED_OUT;
}

static ta_status tai_revoked_for(ta_event why)
{
    return why == TA_EVENT_REPLAY ? TA_ERR_REPLAY : TA_ERR_AHEAD;
}

/* Revoked: by others, or by a write of our own that came late.                                    */
static ta_status tai_was_revoked(tai_visit *v)
{
    if (v->doubt == 0) return TA_ERR_REVOKED;
    v->event = v->doubt;
    return tai_revoked_for(v->doubt);
}

/* Steps 4 to 9: may this session be refreshed at all? Nothing falls through, nothing is changed.  */
static ta_status tai_admit(tai_visit *v)
{
    const ta_auth *a = v->x.auth;
    const ta_key *k;
    ta_status st = tai_get(a, v->token.id, &v->rec);
    if (st == TA_ERR_NOT_FOUND) return TA_ERR_ENDED;
    if (st != TA_OK || v->rec.kind != TAI_SESSION) return TA_ERR_STORE;
    k = tai_refresh_key(a, v->rec.kid);
    if (k == NULL) return TA_ERR_UNKNOWN_KEY;
    st = tai_session_lives(a, &v->rec, v->x.now);
    if (st == TA_ERR_REVOKED) return tai_was_revoked(v);
    if (st == TA_ERR_LOGGED_OUT) return tai_look_again(v);      /* the mark's word; the hook's is final */
    if (st == TA_OK) st = tai_ask_user(v);
    if (st == TA_OK) st = tai_check_seal(v, k);
    return st == TA_OK ? tai_check_client(v, k) : st;
}

static bool tai_is_retry(const tai_visit *v)
{
    uint8_t retry[8];
    const ta_record *r = &v->rec;
    int32_t retry_s = v->x.auth->cfg.retry_s;
    if ((r->flags & TAI_HAS_RETRY) == 0 || v->opts->retry_key == NULL) return false;
    if (retry_s == 0 || v->x.now >= r->rotated_at + retry_s) return false;
    tai_bind(tai_refresh_key(v->x.auth, r->kid), "R", r->id, v->opts->retry_key, 16, retry);
    return ta_equal(retry, r->retry, sizeof retry);
}

typedef enum tai_verdict { TAI_HAND_OUT, TAI_ROTATE, TAI_REVOKE } tai_verdict;

/* Steps 10 to 14. `young` looks both ways: a clock set back shuts the window, it does not open it. */
static tai_verdict tai_judge(tai_visit *v)
{
    const ta_auth_config *cfg = &v->x.auth->cfg;
    int64_t behind = (int64_t)v->rec.gen - (int64_t)v->token.gen;
    int64_t age = v->x.now - v->rec.rotated_at;
    bool young = age < cfg->window_s && -age < cfg->window_s;

    if (behind == 0) return young ? TAI_HAND_OUT : TAI_ROTATE;
    if (behind == 1 && (young || tai_is_retry(v))) {
        v->event = young ? TA_EVENT_WINDOW : TA_EVENT_LATE_RETRY;
        return TAI_HAND_OUT;
    }
    if (behind < 0 && -behind <= (int64_t)cfg->allow_ahead) {
        v->event = TA_EVENT_ROLLBACK;
        return TAI_ROTATE;
    }
    v->event = behind > 0 ? TA_EVENT_REPLAY : TA_EVENT_AHEAD;
    return TAI_REVOKE;
}

/* The record after a rotation, under keys[0].  needs: token.gen < TAI_LAST_GEN                   */
static void tai_rotate(const tai_visit *v, ta_record *next)
{
    const ta_auth *a = v->x.auth;
    const ta_key *k = &a->refresh[0];
    int64_t now = v->x.now;

    *next = v->rec;
    next->kid = a->cfg.refresh_keys[0].id;
    next->gen = v->token.gen + 1;
    next->ver++;
    next->rotated_at = now > next->created ? now : next->created;
    next->idle_until = now + a->cfg.idle_s < next->ends_at ? now + a->cfg.idle_s : next->ends_at;
    if (next->idle_until < next->created) next->idle_until = next->created;
    next->flags &= (uint8_t)~TAI_HAS_RETRY;
    tai_zero(next->retry, sizeof next->retry);
    if (v->opts->retry_key != NULL) {
        next->flags |= TAI_HAS_RETRY;
        tai_bind(k, "R", next->id, v->opts->retry_key, 16, next->retry);
    }
    if (next->kid == v->rec.kid) return;                /* under the same key both say what they said */
    if ((next->flags & TAI_HAS_CLIENT) != 0)
        tai_bind(k, "C", next->id, v->opts->client, v->opts->client_len, next->client);
    tai_seal(k, next, v->user.salt, v->user.salt_len, next->seal);
}

/* A write of this visit; a lost swap asks for another round and is no verdict.                    */
static ta_status tai_commit(tai_visit *v, const ta_record *next, ta_status then)
{
    ta_status st = tai_swap(&v->x, v->rec.id, &v->rec, next);
    if (st == TA_OK) return then;
    v->event = (ta_event)0;
    v->again = st == TA_ERR_CONFLICT;
    return st == TA_ERR_CONFLICT ? TA_ERR_BUSY : TA_ERR_STORE;
}

static ta_status tai_revoke(tai_visit *v)
{
    ta_record next = v->rec;
    ta_event why = v->event;
    ta_status st;
    next.state = TAI_REVOKED;
    next.ver++;
    st = tai_commit(v, &next, tai_revoked_for(why));
    if (v->x.unknown > 0) v->doubt = why;
    return st;
}

/* Both tokens. What was noticed on the way is no event if nothing can be handed out.              */
static ta_status tai_pair_for(tai_visit *v, const ta_record *r, ta_pair *out)
{
    ta_status st = tai_pair_build(v->x.auth, r, v->token.secret, v->user.more, v->user.more_len, v->x.now,
                                  out);
    if (st != TA_OK) v->event = (ta_event)0;
    return st;
}

/* Step 15: all that can fail comes before the swap, so nothing is rotated for an answer that cannot be
   given.                                                                                          */
static ta_status tai_rotate_and_build(tai_visit *v, ta_pair *out)
{
    ta_record next;
    ta_status st;
    if (v->token.gen >= TAI_LAST_GEN) {                 /* generations never wrap: this one cannot go on */
        v->event = (ta_event)0;
        return tai_commit(v, NULL, TA_ERR_ENDED);
    }
    tai_rotate(v, &next);
    st = tai_pair_for(v, &next, out);
    if (st != TA_OK) return st;
    st = tai_commit(v, &next, TA_OK);
    if (st == TA_OK) {
        v->rec = next;
        tai_sweep(&v->x, 2);
    }
    return st;
}

static ta_status tai_refresh_round(tai_visit *v, ta_pair *out)
{
    tai_verdict verdict;
    ta_status st;
    v->again = false;
    st = tai_admit(v);
    if (st != TA_OK) return st;
    verdict = tai_judge(v);
    if (verdict == TAI_HAND_OUT) return tai_pair_for(v, &v->rec, out);
    return verdict == TAI_ROTATE ? tai_rotate_and_build(v, out) : tai_revoke(v);
}

static bool tai_has_store(const ta_auth *a) { return a->cfg.issuer != NULL && a->cfg.store.get != NULL; }

static ta_status tai_check_call(const ta_auth *a, int64_t now)
{
    if (a == NULL) return TA_ERR_ARGUMENT;
    if (!tai_has_store(a)) return TA_ERR_CONFIG;
    return now < 1 || now > TAI_MAX_TIME ? TA_ERR_CLOCK : TA_OK;
}

/* What every call with a refresh token begins with.                                               */
static ta_status tai_visit_begin(tai_visit *v, const ta_auth *a, const char *refresh, size_t len,
                                 int64_t now, const ta_refresh_opts *opts)
{
    static const ta_refresh_opts none = TA_ZERO;
    ta_status st = tai_check_call(a, now);
    tai_zero(v, sizeof *v);
    if (st != TA_OK) return st;
    if (a->cfg.refresh_key_count == 0) return TA_ERR_CONFIG;
    v->x = tai_access_for(a, now);
    v->opts   = opts != NULL ? opts : &none;
    if (v->opts->client == NULL && v->opts->client_len > 0) return TA_ERR_ARGUMENT;
    if (v->opts->old_salt == NULL && v->opts->old_salt_len > 0) return TA_ERR_ARGUMENT;
    return tai_token_read(a, refresh, len, &v->token);
}

ta_status ta_refresh(const ta_auth *a, const char *refresh, size_t len, int64_t now,
                     const ta_refresh_opts *opts, ta_pair *out)
{
    tai_visit v;
    ta_status st;
    int round;

    if (out == NULL) return TA_ERR_ARGUMENT;
    st = tai_visit_begin(&v, a, refresh, len, now, opts);
    if (st == TA_OK && v.opts->old_salt_len > 0) st = TA_ERR_ARGUMENT;      /* for ta_logout_others only */
    v.again = st == TA_OK;
    for (round = 0; round < TAI_ROUNDS && v.again; round++) {
        st = tai_refresh_round(&v, out);
    }
    if (v.event != 0) tai_tell(a, v.event, &v.rec);
    ta_wipe(&v, sizeof v);
    return tai_answer(st, tai_client_for(st), out);
}

/* ---- login ---------------------------------------------------------------------------------- */

static bool tai_subject_len(const char *subject, size_t *len)
{
    size_t n = 0;
    if (subject == NULL) return false;
    while (n <= TOKENAUTH_RECORD_TEXT && subject[n] != '\0') n++;
    *len = n;
    return n > 0 && n <= TOKENAUTH_RECORD_TEXT && tai_is_utf8(subject, n);
}

/* As much of the label as fits, up to a whole character. It names a device, it identifies nothing. */
static void tai_put_label(ta_record *r, const char *label)
{
    size_t room = sizeof r->text - r->sub_len, total = strlen(label), n, at = 0;
    while (at < total && (n = tai_utf8(label + at, total - at)) > 0 && n <= room - at) at += n;
    memcpy(r->text + r->sub_len, label, at);
    r->label_len = (uint8_t)at;
}

static void tai_new_session(const ta_auth *a, const char *subject, size_t len, int64_t now,
                            const ta_login_opts *o, const uint8_t secret[TAI_SECRET],
                            uint32_t epoch, ta_record *r)
{
    const ta_key *k = &a->refresh[0];
    tai_zero(r, sizeof *r);
    r->kind  = TAI_SESSION;
    r->kid   = a->cfg.refresh_keys[0].id;
    r->epoch = epoch;
    tai_session_id(secret, r->id);
    r->created    = r->rotated_at = now;
    r->ends_at    = now + a->cfg.absolute_s;
    r->idle_until = a->cfg.idle_s < a->cfg.absolute_s ? now + a->cfg.idle_s : r->ends_at;
    r->sub_len    = (uint8_t)len;
    memcpy(r->app, o->app, sizeof r->app);
    memcpy(r->text, subject, len);
    if (o->label != NULL) tai_put_label(r, o->label);
    if (o->client_len > 0) {
        r->flags |= TAI_HAS_CLIENT;
        tai_bind(k, "C", r->id, o->client, o->client_len, r->client);
    }
    if (o->salt_len > 0) r->flags |= TAI_HAS_SALT;
    tai_seal(k, r, o->salt, o->salt_len, r->seal);
}

/* The new session into the store. Its id is random: another one there already means that the random
   source repeats itself. Our own, of a write that was in doubt and came late, is the one we want; and
   nothing there means that the store had another reason to refuse, which may be gone by now.        */
static ta_status tai_birth(tai_access *x, const ta_record *r)
{
    ta_record there;
    ta_status st;
    int round;
    for (round = 0; round < TAI_ROUNDS; round++) {
        st = tai_insert(x, r);
        if (st != TA_ERR_CONFLICT) return st;
        st = tai_get(x->auth, r->id, &there);
        if (st == TA_OK) return x->unknown > 0 && tai_same_record(&there, r) ? TA_OK : TA_ERR_RANDOM;
        if (st != TA_ERR_NOT_FOUND) return TA_ERR_STORE;
    }
    return TA_ERR_BUSY;
}

/* Nobody has its tokens: it is as it was written, or gone. So no read that could fail comes first.  */
static void tai_take_back(tai_access *x, const ta_record *r)
{
    if (tai_swap(x, r->id, r, NULL) != TA_OK) (void)tai_delete(x, r->id);
}

/* A walk over the ids of a subject's sessions, a page at a time, while they come and go.          */
typedef struct tai_walk {
    const ta_auth *auth;
    const char    *sub;
    size_t         len;
    uint8_t        ids[TAI_PAGE][TA_ID_SIZE];
    size_t         n, at;
    uint8_t        last[TA_ID_SIZE];
    bool           started, ended;
} tai_walk;

static void tai_walk_begin(tai_walk *w, const ta_auth *a, const char *sub, size_t len)
{
    tai_zero(w, sizeof *w);
    w->auth = a;
    w->sub  = sub;
    w->len  = len;
}

/* TA_ERR_ABSENT: the end. Ids that do not rise are a broken store, and could go on for ever.     */
static ta_status tai_walk_id(tai_walk *w)
{
    const ta_store *store = &w->auth->cfg.store;
    if (w->at == w->n) {
        if (w->ended) return TA_ERR_ABSENT;
        w->n = w->at = 0;
        if (store->list(store->ctx, w->sub, w->len, w->started ? w->last : NULL, w->ids, TAI_PAGE,
                        &w->n) != TA_OK
            || w->n > TAI_PAGE) return TA_ERR_STORE;
        w->ended = w->n < TAI_PAGE;
        if (w->n == 0) return TA_ERR_ABSENT;
    }
    if (w->started && memcmp(w->ids[w->at], w->last, TA_ID_SIZE) <= 0) return TA_ERR_STORE;
    memcpy(w->last, w->ids[w->at++], TA_ID_SIZE);
    w->started = true;
    return TA_OK;
}

static bool tai_is_session_of(const ta_record *r, const char *sub, size_t len)
{
    return r->kind == TAI_SESSION && r->sub_len == len && memcmp(r->text, sub, len) == 0;
}

/* The next record; ids of sessions that are gone are passed over.                                */
static ta_status tai_walk_next(tai_walk *w, ta_record *r)
{
    ta_status st;
    do {
        st = tai_walk_id(w);
        if (st != TA_OK) return st;
        st = tai_get(w->auth, w->last, r);
    } while (st == TA_ERR_NOT_FOUND);
    return st == TA_OK && tai_is_session_of(r, w->sub, w->len) ? TA_OK : TA_ERR_STORE;
}

/* An orphan of a lost reply: never refreshed, though its access token is over. It goes first.     */
static bool tai_is_orphan(const tai_access *x, const ta_record *r)
{
    return r->gen == 0 && x->now - r->created > x->auth->cfg.access_s;
}

/* What a login is about, for the steps after the insert.                                           */
typedef struct tai_arrival {
    ta_record           *self;          /* the new session */
    const ta_login_opts *opts;
    const uint8_t       *leaving;       /* the id of the one it replaces, or NULL */
    ta_record            evicted;       /* the first that had to go; kind 0: none */
} tai_arrival;

typedef struct tai_census {
    uint32_t  epoch;            /* of the user, now */
    size_t    live, over;
    ta_record least;            /* of the live ones but the new: an orphan, or the one of oldest use */
    uint8_t   done[TA_ID_SIZE]; /* one that is over but takes room: revoked, or of an old password */
} tai_census;

/* Sealed with another salt than the newcomer's, which is of now - or was, a moment ago, and then it is the
   other one that is. Whoever has used his session lately gets the benefit of that doubt.          */
static bool tai_is_of_old_password(const tai_access *x, const ta_record *r, const ta_login_opts *o)
{
    const ta_key *k = tai_refresh_key(x->auth, r->kid);
    uint8_t seal[8];
    if ((r->flags & TAI_HAS_SALT) == 0 || o->salt_len == 0 || k == NULL) return false;
    if (x->now - r->rotated_at <= x->auth->cfg.access_s) return false;
    tai_seal(k, r, o->salt, o->salt_len, seal);
    return !ta_equal(seal, r->seal, sizeof seal);
}

/* Sessions of another epoch are over, or newer than we know: neither counted nor dropped.         */
TAI_APART static ta_status tai_count_one(tai_access *x, const tai_arrival *in, const ta_record *r,
                                         tai_census *c)
{
    bool orphan, less;
    ta_status st = tai_session_state(x->auth, r, x->now);
    if (st == TA_ERR_EXPIRED || st == TA_ERR_IDLE) return tai_delete(x, r->id);
    if (in->leaving != NULL && memcmp(r->id, in->leaving, TA_ID_SIZE) == 0) return TA_OK;
    if (st != TA_OK || tai_is_of_old_password(x, r, in->opts)) {
        c->over++;
        memcpy(c->done, r->id, TA_ID_SIZE);
        return TA_OK;
    }
    if (r->epoch != c->epoch) return TA_OK;
    c->live++;
    if (memcmp(r->id, in->self->id, TA_ID_SIZE) == 0) return TA_OK;
    orphan = tai_is_orphan(x, r);
    less = orphan == tai_is_orphan(x, &c->least) ? r->rotated_at < c->least.rotated_at : orphan;
    if (c->least.kind == 0 || less) c->least = *r;
    return TA_OK;
}

static ta_status tai_count(tai_access *x, const tai_arrival *in, tai_census *c)
{
    tai_walk walk;
    ta_record r;
    ta_status st;
    tai_zero(c, sizeof *c);
    st = tai_mark_get(x->auth, in->self->text, in->self->sub_len, &r, &c->epoch);
    tai_walk_begin(&walk, x->auth, in->self->text, in->self->sub_len);
    while (st == TA_OK) {
        st = tai_walk_next(&walk, &r);
        if (st == TA_OK) st = tai_count_one(x, in, &r, c);
    }
    return st == TA_ERR_ABSENT ? TA_OK : st;
}

/* Insert first, then count, then drop: so however logins race, the last to count sees all of them.
   Each round ends one session. A store in which the ended ones stay is stopped after as many rounds as
   there were sessions.                                                                            */
static ta_status tai_hold_cap(tai_access *x, tai_arrival *in)
{
    const ta_auth_config *cfg = &x->auth->cfg;
    size_t rounds = 0, most = SIZE_MAX;
    tai_census c;
    ta_status st;
    if (cfg->store.list == NULL) return TA_OK;
    for (; rounds <= most; rounds++) {
        st = tai_count(x, in, &c);
        if (st != TA_OK || c.live + c.over <= cfg->max_sessions) return st;
        if (rounds == 0) most = c.live + c.over;
        if (c.over == 0 && cfg->reject_over_cap) return TA_ERR_FULL;
        st = tai_delete(x, c.over > 0 ? c.done : c.least.id);
        if (st != TA_OK) return st;
        if (c.over == 0 && in->evicted.kind == 0) in->evicted = c.least;
    }
    return TA_ERR_BUSY;
}

/* The new record's way into the store and what follows from it; taken back when a step fails.     */
TAI_APART static ta_status tai_settle(tai_access *x, tai_arrival *in)
{
    ta_status st = tai_mark_keep(x, in->self);
    if (st != TA_OK) return st;
    st = tai_birth(x, in->self);
    if (st != TA_OK && st != TA_ERR_STORE) return st;
    if (st == TA_OK) st = tai_hold_cap(x, in);
    if (st == TA_OK && in->leaving != NULL) st = tai_delete(x, in->leaving);
    if (st == TA_OK) tai_sweep(x, 2);
    else tai_take_back(x, in->self);
    return st;
}

static ta_status tai_check_login(const ta_auth *a, const char *subject, int64_t now,
                                 const ta_login_opts *o, size_t *len)
{
    ta_status st = tai_check_call(a, now);
    if (st != TA_OK) return st;
    if (a->cfg.refresh_key_count == 0) return TA_ERR_CONFIG;
    if (!tai_subject_len(subject, len)) return TA_ERR_ARGUMENT;
    if ((o->salt == NULL && o->salt_len > 0) || (o->client == NULL && o->client_len > 0)
        || (o->replaces == NULL && o->replaces_len > 0)) return TA_ERR_ARGUMENT;
    return TA_OK;
}

ta_status ta_login(const ta_auth *a, const char *subject, int64_t now, const ta_login_opts *opts,
                   ta_pair *out)
{
    static const ta_login_opts none = TA_ZERO;
    uint8_t     secret[TAI_SECRET] = {0};
    tai_access  x = tai_access_for(a, now);
    tai_arrival in;
    tai_token   old;
    ta_record   rec;
    uint32_t    epoch = 0;
    size_t      len = 0;
    ta_status   st;

    if (out == NULL) return TA_ERR_ARGUMENT;
    tai_zero(&in, sizeof in);
    in.self = &rec;
    in.opts = opts != NULL ? opts : &none;
    st = tai_check_login(a, subject, now, in.opts, &len);
    if (st == TA_OK && tai_token_read(a, in.opts->replaces, in.opts->replaces_len, &old) == TA_OK)
        in.leaving = old.id;
    tai_zero(out, sizeof *out);                        /* what is replaced may stand in it: only now */
    if (st == TA_OK && in.opts->epoch == NULL) st = tai_mark_get(a, subject, len, &rec, &epoch);
    if (st == TA_OK && in.opts->epoch != NULL) epoch = *in.opts->epoch;
    if (st == TA_OK) st = tai_draw(a, secret, sizeof secret);
    if (st == TA_OK) {
        tai_new_session(a, subject, len, now, in.opts, secret, epoch, &rec);
        st = tai_pair_build(a, &rec, secret, in.opts->more, in.opts->more_len, now, out);
    }
    if (st == TA_OK) st = tai_settle(&x, &in);
    ta_wipe(secret, sizeof secret);
    ta_wipe(&old, sizeof old);
    if (in.evicted.kind != 0) tai_tell(a, TA_EVENT_EVICTED, &in.evicted);
    if (st == TA_OK) tai_tell(a, TA_EVENT_LOGIN, &rec);
    return tai_answer(st, st == TA_OK ? TA_CLIENT_SET : TA_CLIENT_KEEP, out);
}

ta_status ta_user_epoch(const ta_auth *a, const char *subject, uint32_t *out)
{
    ta_record mark;
    size_t len;
    if (out == NULL) return TA_ERR_ARGUMENT;
    *out = 0;
    if (a == NULL) return TA_ERR_ARGUMENT;
    if (!tai_has_store(a)) return TA_ERR_CONFIG;
    if (!tai_subject_len(subject, &len)) return TA_ERR_ARGUMENT;
    return tai_mark_get(a, subject, len, &mark, out);
}

/* ---- logout --------------------------------------------------------------------------------- */

ta_status ta_logout(const ta_auth *a, const char *refresh, size_t len, int64_t now)
{
    tai_visit v;
    ta_status st = tai_visit_begin(&v, a, refresh, len, now, NULL);
    if (st == TA_OK) st = tai_delete(&v.x, v.token.id);
    ta_wipe(&v, sizeof v);
    return st;
}

/* Hygiene after a new epoch: deletes sessions of the one before. They are over already, so a failure
   costs room and nothing else; those of other epochs may be newer than we know.                   */
static void tai_clear_epoch(tai_access *x, const char *sub, size_t len, uint32_t before)
{
    tai_walk walk;
    ta_record r;
    if (x->auth->cfg.store.list == NULL) return;
    tai_walk_begin(&walk, x->auth, sub, len);
    while (tai_walk_next(&walk, &r) == TA_OK) {
        if (r.epoch == before) (void)tai_delete(x, r.id);
    }
}

static void tai_tell_ended_all(const ta_auth *a, const char *sub, size_t len)
{
    ta_session s;
    if (a->cfg.event == NULL) return;
    tai_zero(&s, sizeof s);
    memcpy(s.subject, sub, len);
    a->cfg.event(a->cfg.ctx, TA_EVENT_ENDED_ALL, &s);
}

ta_status ta_logout_all(const ta_auth *a, const char *subject, int64_t now)
{
    tai_access x;
    uint32_t before = 0, epoch = 0;
    size_t len;
    ta_status st = tai_check_call(a, now);
    if (st != TA_OK) return st;
    if (!tai_subject_len(subject, &len)) return TA_ERR_ARGUMENT;
    x = tai_access_for(a, now);
    st = tai_mark_raise(&x, subject, len, NULL, &before, &epoch);
    if (st != TA_OK) return st;
    tai_clear_epoch(&x, subject, len, before);
    tai_tell_ended_all(a, subject, len);
    return TA_OK;
}

/* Reads this session again after a lost swap, with its user's mark already raised by us.          */
static ta_status tai_reread(tai_visit *v, uint32_t before)
{
    const ta_key *k;
    ta_status st = tai_get(v->x.auth, v->token.id, &v->rec);
    if (st == TA_ERR_NOT_FOUND) return TA_ERR_ENDED;
    if (st != TA_OK || v->rec.kind != TAI_SESSION) return TA_ERR_STORE;
    k = tai_refresh_key(v->x.auth, v->rec.kid);
    if (k == NULL) return TA_ERR_UNKNOWN_KEY;
    st = tai_session_state(v->x.auth, &v->rec, v->x.now);
    if (st == TA_OK && v->rec.epoch != before) st = TA_ERR_LOGGED_OUT;
    return st == TA_OK ? tai_check_seal(v, k) : st;
}

/* Takes this session over into the new epoch, sealed with the salt of now.                        */
TAI_APART static ta_status tai_carry_over(tai_visit *v, uint32_t before, uint32_t epoch)
{
    ta_record next;
    ta_status st = tai_mark_keep(&v->x, &v->rec);
    int round;
    for (round = 0; round < TAI_ROUNDS && st == TA_OK; round++) {
        next = v->rec;
        next.epoch = epoch;
        next.ver++;
        tai_seal(tai_refresh_key(v->x.auth, next.kid), &next, v->user.salt, v->user.salt_len, next.seal);
        st = tai_swap(&v->x, next.id, &v->rec, &next);
        if (st != TA_ERR_CONFLICT) return st;
        st = tai_reread(v, before);
        if (st == TA_ERR_LOGGED_OUT && v->rec.epoch == epoch)    /* our own write, come late */
            return TA_OK;
    }
    return st == TA_OK ? TA_ERR_BUSY : st;
}

ta_status ta_logout_others(const ta_auth *a, const char *refresh, size_t len, int64_t now,
                           const ta_refresh_opts *opts)
{
    tai_visit v;
    ta_record mine;
    uint32_t before = 0, epoch = 0;
    int round;
    ta_status st = tai_visit_begin(&v, a, refresh, len, now, opts);

    v.again = st == TA_OK;
    for (round = 0; round < TAI_ROUNDS && v.again; round++) {
        v.again = false;
        st = tai_admit(&v);
        if (st == TA_OK && tai_judge(&v) == TAI_REVOKE) st = tai_revoke(&v);
    }
    mine = v.rec;
    if (st == TA_OK) {
        v.event = (ta_event)0;                          /* nothing is handed out: no window was used */
        st = tai_mark_raise(&v.x, mine.text, mine.sub_len, &mine.epoch, &before, &epoch);
    }
    if (st == TA_OK) {
        st = tai_carry_over(&v, before, epoch);
        tai_clear_epoch(&v.x, mine.text, mine.sub_len, before);
        if (st == TA_OK) tai_tell_ended_all(a, mine.text, mine.sub_len);
    } else if (v.event != 0) {
        tai_tell(a, v.event, &v.rec);
    }
    ta_wipe(&v, sizeof v);
    return st;
}

/* ---- sessions, as their owner or an administrator sees them --------------------------------- */

/* A session by its public sid. A sid proves nothing and can be guessed to be anything: whatever is not
   this subject's session does not exist.                                                          */
static ta_status tai_find_session(const ta_auth *a, const char *subject, const char *sid, size_t sid_len,
                                  ta_record *r)
{
    uint8_t id[TA_ID_SIZE];
    size_t len = 0;
    ta_status st;
    if ((sid == NULL && sid_len > 0) || (subject != NULL && !tai_subject_len(subject, &len)))
        return TA_ERR_ARGUMENT;
    if (!tai_sid_read(sid, sid_len, id)) return TA_ERR_NOT_FOUND;
    st = tai_get(a, id, r);
    if (st != TA_OK) return st;
    return subject == NULL ? (r->kind == TAI_SESSION ? TA_OK : TA_ERR_NOT_FOUND)
                           : (tai_is_session_of(r, subject, len) ? TA_OK : TA_ERR_NOT_FOUND);
}

ta_status ta_session_get(const ta_auth *a, const char *subject, const char *sid, size_t sid_len,
                         int64_t now, ta_session *out)
{
    ta_record r;
    ta_status st;
    if (out == NULL) return TA_ERR_ARGUMENT;
    st = tai_check_call(a, now);
    if (st == TA_OK) st = tai_find_session(a, subject, sid, sid_len, &r);
    tai_zero(out, sizeof *out);                         /* sid may stand in it */
    if (st == TA_OK) st = tai_session_lives(a, &r, now);
    if (st == TA_OK) tai_describe(a, &r, out);
    return st;
}

ta_status ta_session_end(const ta_auth *a, const char *subject, const char *sid, size_t sid_len,
                         int64_t now)
{
    tai_access x;
    ta_record r;
    ta_status st = tai_check_call(a, now);
    if (st == TA_OK) st = tai_find_session(a, subject, sid, sid_len, &r);
    if (st != TA_OK) return st;
    x = tai_access_for(a, now);
    return tai_delete(&x, r.id);
}

static ta_status tai_fill_list(tai_walk *walk, uint32_t epoch, int64_t now, ta_session *out, size_t cap,
                               size_t *n)
{
    ta_record r;
    ta_status st = TA_OK;
    while (*n < cap && (st = tai_walk_next(walk, &r)) == TA_OK) {
        if (r.epoch != epoch || tai_session_state(walk->auth, &r, now) != TA_OK) continue;
        tai_describe(walk->auth, &r, &out[(*n)++]);
    }
    return st == TA_ERR_ABSENT ? TA_OK : st;
}

static ta_status tai_list_begin(tai_walk *walk, const ta_auth *a, const char *subject, int64_t now,
                                const char *after)
{
    size_t len;
    ta_status st = tai_check_call(a, now);
    if (st != TA_OK) return st;
    if (!tai_subject_len(subject, &len) || after == NULL) return TA_ERR_ARGUMENT;
    if (a->cfg.store.list == NULL) return TA_ERR_UNSUPPORTED;
    tai_walk_begin(walk, a, subject, len);
    walk->started = after[0] != '\0';
    return walk->started && !tai_sid_read(after, strlen(after), walk->last) ? TA_ERR_ARGUMENT : TA_OK;
}

ta_status ta_session_list(const ta_auth *a, const char *subject, int64_t now, const char *after,
                          ta_session *out, size_t cap, size_t *n)
{
    tai_walk  walk;
    ta_record mark;
    uint32_t  epoch = 0;
    ta_status st;

    if (n != NULL) *n = 0;
    if (n == NULL && out != NULL) memset(out, 0, cap * sizeof *out);
    if (n == NULL || out == NULL || cap == 0) return TA_ERR_ARGUMENT;
    st = tai_list_begin(&walk, a, subject, now, after);
    memset(out, 0, cap * sizeof *out);                  /* `after` may stand in it */
    if (st == TA_OK) st = tai_mark_get(a, subject, walk.len, &mark, &epoch);
    if (st == TA_OK) st = tai_fill_list(&walk, epoch, now, out, cap, n);
    if (st == TA_OK) return TA_OK;
    memset(out, 0, cap * sizeof *out);
    *n = 0;
    return st;
}

/* ---- checking access tokens ----------------------------------------------------------------- */

/* The session behind an access token: there, this subject's, alive.                               */
static ta_status tai_check_session(const ta_auth *a, const ta_jwt *jwt, int64_t now)
{
    char sid[TA_SID_CAP];
    uint8_t id[TA_ID_SIZE];
    size_t len;
    ta_record r;
    ta_status st;
    if (ta_json_string(jwt->sid, sid, sizeof sid, &len) != TA_OK || !tai_sid_read(sid, len, id))
        return TA_ERR_ENDED;
    st = tai_get(a, id, &r);
    if (st == TA_ERR_NOT_FOUND || (st == TA_OK && r.kind != TAI_SESSION)) return TA_ERR_ENDED;
    if (st != TA_OK) return st;
    if (!ta_json_equals(jwt->sub, r.text, r.sub_len)) return TA_ERR_ENDED;
    return tai_session_lives(a, &r, now);
}

static ta_status tai_check_standing(const ta_auth *a, ta_jwt *jwt, int64_t now)
{
    ta_status st = TA_OK;
#if TAI_HAS_DENY
    if (a->cfg.deny != NULL && ta_deny_has(a->cfg.deny, jwt)) {
        jwt->failed |= TA_FAILED_DENIED;
        st = TA_ERR_DENIED;
    }
#endif
    if (st == TA_OK && a->cfg.check_sessions) {
        st = tai_check_session(a, jwt, now);
        if (st != TA_OK) jwt->failed |= TA_FAILED_SESSION;
    }
    return st;
}

ta_status ta_check(const ta_auth *a, const char *access, size_t len, int64_t now, char *buf, size_t cap,
                   ta_jwt *out)
{
    ta_rules  rules = TA_ZERO;
    ta_status st;
    if (out == NULL) return TA_ERR_ARGUMENT;
    tai_zero(out, sizeof *out);
    if (a == NULL) return TA_ERR_ARGUMENT;
    if (a->cfg.issuer == NULL) return TA_ERR_CONFIG;
    if (now < 1 || now > TAI_MAX_TIME) return TA_ERR_CLOCK;
    rules.issuer   = a->cfg.issuer;
    rules.audience = a->cfg.audience;
    rules.typ      = "at+jwt";
    rules.required = a->cfg.deny != NULL ? "sub jti iat" : "sub";
    rules.leeway_s = a->cfg.leeway_s;
    st = ta_jwt_verify(a->cfg.keys, access, len, now, &rules, buf, cap, out);
    if (st != TA_OK) return st == TA_ERR_DUPLICATE ? TA_ERR_JSON : st;
    st = tai_check_standing(a, out, now);
    return st == TA_OK ? TA_OK : tai_refuse(st, out, buf,
                                            (size_t)(out->claims.text + out->claims.len - buf));
}

/* ---- set-up --------------------------------------------------------------------------------- */

static bool tai_default(int32_t *value, int32_t zero_means, int32_t least, int32_t most, bool may_be_none)
{
    if (may_be_none && *value == TA_NONE) {
        *value = 0;
        return true;
    }
    if (*value == 0) *value = zero_means;
    return *value >= least && *value <= most;
}

static bool tai_set_durations(ta_auth_config *c)
{
    const int32_t most = INT32_MAX;
    if (c->max_sessions == 0) c->max_sessions = 16;
    return tai_default(&c->access_s, 900, 1, most, false)
        && tai_default(&c->idle_s, TA_DAYS(14), 1, most, false)
        && tai_default(&c->absolute_s, TA_DAYS(90), 1, most, false)
        && tai_default(&c->window_s, 10, 1, 300, true)
        && tai_default(&c->retry_s, TA_DAYS(1), 1, most, true)
        && tai_default(&c->leeway_s, 0, 0, TAI_MAX_LEEWAY, false);
}

static bool tai_is_prefix(const char *text)
{
    size_t n;
    for (n = 0; text[n] != '\0'; n++) {
        if (n >= TAI_MAX_PREFIX || !tai_is_of(text[n], "-._~")) return false;
    }
    return true;
}

static bool tai_refresh_ids_are_good(const ta_auth_config *c)
{
    size_t i, j;
    if (c->refresh_key_count > TA_MAX_KEYS || (c->refresh_keys == NULL) != (c->refresh_key_count == 0))
        return false;
    for (i = 0; i < c->refresh_key_count; i++) {
        if (c->refresh_keys[i].id > 15) return false;
        for (j = 0; j < i; j++) {
            if (c->refresh_keys[j].id == c->refresh_keys[i].id) return false;
        }
    }
    return true;
}

static bool tai_is_name(const char *text)
{
    return text != NULL && text[0] != '\0' && tai_is_utf8(text, strlen(text));
}

static ta_status tai_check_config(ta_auth_config *c)
{
    bool store = c->store.get != NULL && c->store.cas != NULL;
    bool half_a_store = (c->store.get != NULL) != (c->store.cas != NULL);
    if (!tai_is_name(c->issuer) || !tai_is_name(c->audience)) return TA_ERR_CONFIG;
    if (half_a_store || (!store && (c->refresh_key_count > 0 || c->check_sessions))) return TA_ERR_CONFIG;
    if (c->sessions_not_before < 0 || (c->refresh_prefix != NULL && !tai_is_prefix(c->refresh_prefix)))
        return TA_ERR_CONFIG;
    if (!tai_refresh_ids_are_good(c) || !tai_set_durations(c)) return TA_ERR_CONFIG;
    if (!TAI_HAS_RANDOM && c->random == NULL && c->refresh_key_count > 0) return TA_ERR_CONFIG;
    if (c->deny != NULL && (!TAI_HAS_DENY || c->deny->slots == NULL)) return TA_ERR_CONFIG;
    return tai_keys_ready(c->keys) ? TA_OK : TA_ERR_KEY;
}

/* k = HMAC(refresh key, "tokenauth.h refresh 1" . 00 . realm)                                     */
static ta_status tai_realm_key(const ta_key *from, const char *realm, ta_key *k)
{
    static const char label[] = "tokenauth.h refresh 1";        /* with its NUL */
    uint8_t secret[TA_SHA256_SIZE];
    ta_sha256 c;
    ta_status st;
    if (from->ready != TAI_KEY_READY) return TA_ERR_KEY;
    tai_hmac_begin(&c, from->inner);
    ta_sha256_update(&c, label, sizeof label);
    ta_sha256_update(&c, realm, strlen(realm));
    tai_hmac_end(&c, from->outer, secret);
    st = ta_key_init(k, secret, sizeof secret, NULL);
    ta_wipe(secret, sizeof secret);
    return st;
}

ta_status ta_auth_init(ta_auth *a, const ta_auth_config *cfg)
{
    ta_status st;
    size_t i;
    if (a != NULL) tai_zero(a, sizeof *a);
    if (a == NULL || cfg == NULL) return TA_ERR_ARGUMENT;
    a->cfg = *cfg;
    st = tai_check_config(&a->cfg);
    if (a->cfg.realm == NULL) a->cfg.realm = a->cfg.issuer;
    for (i = 0; i < a->cfg.refresh_key_count && st == TA_OK; i++) {
        st = tai_realm_key(&cfg->refresh_keys[i].key, a->cfg.realm, &a->refresh[i]);
    }
    if (st != TA_OK) ta_wipe(a, sizeof *a);
    return st;
}

#endif /* TOKENAUTH_NO_REFRESH */

#ifndef TOKENAUTH_NO_WEB

/* ============================================================================
   >>web         headers, cookies, durations
   ========================================================================== */

/* RFC 7230 OWS, off both ends.                                                                   */
static void tai_trim(const char **text, size_t *len)
{
    while (*len > 0 && (**text == ' ' || **text == '\t')) { ++*text;  --*len; }
    while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t')) --*len;
}

/* Begins with `word`, which is in lower case, whatever its own case.                             */
static bool tai_starts(const char *text, size_t len, const char *word)
{
    size_t i;
    for (i = 0; word[i] != '\0'; i++) {
        if (i >= len || tai_lower(text[i]) != word[i]) return false;
    }
    return true;
}

/* b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750 2.1)         */
static bool tai_is_b64token(const char *text, size_t len)
{
    static const char marks[] = "-._~+/";
    size_t i;
    while (len > 0 && text[len - 1] == '=') len--;
    for (i = 0; i < len; i++) {
        if (!tai_is_of(text[i], marks)) return false;
    }
    return len > 0;
}

ta_status ta_bearer(const char *header, size_t len, const char **token, size_t *token_len)
{
    if (token != NULL) *token = NULL;
    if (token_len != NULL) *token_len = 0;
    if (token == NULL || token_len == NULL || (header == NULL && len > 0)) return TA_ERR_ARGUMENT;
    tai_trim(&header, &len);
    if (!tai_starts(header, len, "bearer")) return TA_ERR_ABSENT;
    header += 6;
    len -= 6;
    if (len > 0 && *header != ' ')    /* "Bearerish" */
        return *header == '\t' ? TA_ERR_FORMAT : TA_ERR_ABSENT;
    while (len > 0 && *header == ' ') { header++;  len--; }
    if (!tai_is_b64token(header, len)) return TA_ERR_FORMAT;
    *token = header;
    *token_len = len;
    return TA_OK;
}

/* *cookie-octet (RFC 6265 4.1.1): no controls, space, quote, comma, semicolon, backslash          */
static bool tai_is_cookie_value(const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        char c = text[i];
        if (c <= ' ' || c > '~' || c == '"' || c == ',' || c == ';' || c == '\\') return false;
    }
    return true;
}

/* The next piece of a Cookie header up to its semicolon or the end, trimmed; *pos moves behind that. */
static void tai_cookie_piece(const char *header, size_t len, size_t *pos, const char **piece, size_t *n)
{
    size_t start = *pos;
    while (*pos < len && header[*pos] != ';') ++*pos;
    *piece = header + start;
    *n = *pos - start;
    ++*pos;
    tai_trim(piece, n);
}

ta_status ta_cookie_get(const char *header, size_t len, const char *name, const char **value,
                        size_t *value_len)
{
    const char *piece, *found = NULL;
    size_t pos = 0, n, found_len = 0, name_len;

    if (value != NULL) *value = NULL;
    if (value_len != NULL) *value_len = 0;
    if (value == NULL || value_len == NULL || (header == NULL && len > 0)) return TA_ERR_ARGUMENT;
    if (name == NULL || !tai_is_token(name, '\0')) return TA_ERR_ARGUMENT;
    name_len = strlen(name);
    while (pos < len) {
        tai_cookie_piece(header, len, &pos, &piece, &n);
        if (n <= name_len || piece[name_len] != '=' || memcmp(piece, name, name_len) != 0) continue;
        if (found != NULL) return TA_ERR_DUPLICATE;
        found = piece + name_len + 1;
        found_len = n - name_len - 1;
    }
    if (found == NULL) return TA_ERR_ABSENT;
    if (found_len > 1 && found[0] == '"' && found[found_len - 1] == '"') {
        found++;
        found_len -= 2;
    }
    if (!tai_is_cookie_value(found, found_len)) return TA_ERR_FORMAT;
    *value = found;
    *value_len = found_len;
    return TA_OK;
}

/* A path that cannot break out of its attribute.                                                 */
static bool tai_is_cookie_path(const char *path)
{
    size_t i;
    for (i = 0; path[i] != '\0'; i++) {
        if (path[i] < ' ' || path[i] > '~' || path[i] == ';') return false;
    }
    return path[0] == '/';
}

/* What browsers enforce by the name alone (6265bis 4.1.3): better refused here than there. */
static bool tai_is_cookie(const ta_cookie *c)
{
    bool whole_site = c->path == NULL || (c->path[0] == '/' && c->path[1] == '\0');
    if (c->name == NULL || !tai_is_token(c->name, '\0')
        || (c->path != NULL && !tai_is_cookie_path(c->path))) return false;
    if (tai_starts(c->name, strlen(c->name), "__host-")) return whole_site && !c->allow_http;
    return !tai_starts(c->name, strlen(c->name), "__secure-") || !c->allow_http;
}

ta_status ta_cookie_set(const ta_cookie *c, const char *value, size_t len, int32_t max_age_s, char *out,
                        size_t cap, size_t *out_len)
{
    ta_json_writer w;
    tai_text_begin(&w, out, cap);
    if (c == NULL || (value == NULL && len > 0) || max_age_s < 0 || !tai_is_cookie(c)
        || !tai_is_cookie_value(value, len)) {
        w.st = TA_ERR_ARGUMENT;
        return tai_text_end(&w, out_len);
    }
    tai_put_text(&w, c->name);
    tai_put_text(&w, "=");
    tai_put(&w, value, len);
    tai_put_text(&w, "; Path=");
    tai_put_text(&w, c->path != NULL ? c->path : "/");
    tai_put_text(&w, "; Max-Age=");
    tai_put_number(&w, max_age_s);
    if (!c->allow_http) tai_put_text(&w, "; Secure");
    if (!c->allow_script) tai_put_text(&w, "; HttpOnly");
    tai_put_text(&w, c->allow_cross_site ? "; SameSite=Lax" : "; SameSite=Strict");
    return tai_text_end(&w, out_len);
}

ta_status ta_cookie_clear(const ta_cookie *c, char *out, size_t cap, size_t *out_len)
{
    return ta_cookie_set(c, NULL, 0, 0, out, cap, out_len);
}

ta_status ta_cookie_put(const ta_cookie *c, const ta_pair *pair, char *out, size_t cap, size_t *out_len)
{
    ta_json_writer w;
    bool set = pair != NULL && pair->client == TA_CLIENT_SET;
    if (pair != NULL && pair->client == TA_CLIENT_CLEAR) return ta_cookie_clear(c, out, cap, out_len);
    if (set && pair->refresh_len > 0 && pair->refresh_len < sizeof pair->refresh) {
        return ta_cookie_set(c, pair->refresh, pair->refresh_len, pair->refresh_s, out, cap, out_len);
    }
    tai_text_begin(&w, out, cap);
    if (pair == NULL || set || c == NULL || !tai_is_cookie(c)) w.st = TA_ERR_ARGUMENT;
    return tai_text_end(&w, out_len);
}

/* ---- HTTP ----------------------------------------------------------------------------------- */

static bool tai_is_status(ta_status st)
{
    switch (st) {
#define TAI_CASE(name, number, text) case name:
    TA_STATUS_LIST(TAI_CASE)
#undef TAI_CASE
    case TA_OK: return true;
    case TAI_STATUS_END: break;
    }
    return false;
}

int ta_http_code(ta_status st)
{
    if (!tai_is_status(st)) return 500;
    switch (st) {
    case TA_OK: return 200;
    case TA_ERR_KIND: case TA_ERR_RANGE: case TA_ERR_NUL: return 400;
    case TA_ERR_NOT_FOUND: return 403;
    case TA_ERR_STORE: case TA_ERR_BUSY: case TA_ERR_FULL: return 503;
    case TA_ERR_DUPLICATE: return 500;
    default: break;
    }
    return st <= TA_ERR_ENCODING && st >= TA_ERR_AHEAD ? 401 : 500;     /* text, JWT and session refusals */
}

const char *ta_http_error(ta_status st)
{
    switch (ta_http_code(st)) {
    case 400: return "invalid_request";
    case 503: return "temporarily_unavailable";
    case 401: return st == TA_ERR_ABSENT ? "" : st <= TA_ERR_INVALID ? "invalid_grant" : "invalid_token";
    default:  return "";
    }
}

static bool tai_is_realm(const char *realm)
{
    size_t i;
    for (i = 0; realm[i] != '\0'; i++) {
        if (realm[i] < ' ' || realm[i] > '~' || realm[i] == '"' || realm[i] == '\\') return false;
    }
    return true;
}

ta_status ta_www_authenticate(ta_status st, const char *realm, char *out, size_t cap, size_t *out_len)
{
    const char *error = ta_http_error(st);
    int code = ta_http_code(st);
    ta_json_writer w;

    if (code == 401 && error[0] != '\0') error = "invalid_token";       /* the only one RFC 6750 3.1 knows */
    tai_text_begin(&w, out, cap);
    if (realm != NULL && !tai_is_realm(realm)) w.st = TA_ERR_ARGUMENT;
    if (code < 400 || code > 403) return tai_text_end(&w, out_len);
    tai_put_text(&w, "Bearer");
    if (realm != NULL) {
        tai_put_text(&w, " realm=\"");
        tai_put_text(&w, realm);
        tai_put_text(&w, "\"");
    }
    if (error[0] != '\0') {
        tai_put_text(&w, realm != NULL ? ", error=\"" : " error=\"");
        tai_put_text(&w, error);
        tai_put_text(&w, "\"");
    }
    return tai_text_end(&w, out_len);
}

/* ---- fingerprint ---------------------------------------------------------------------------- */

void ta_fingerprint_claim(const char *value, size_t len, char claim[TA_FINGERPRINT_CAP])
{
    uint8_t digest[TA_SHA256_SIZE];
    TA_ASSERT(len == 0 || value != NULL);
    ta_sha256_once(value, len, digest);
    tai_base64url_encode(digest, sizeof digest, claim);
    claim[TA_FINGERPRINT_CAP - 1] = '\0';
}

ta_status ta_fingerprint_check(const ta_jwt *jwt, const char *value, size_t len)
{
    char got[TA_FINGERPRINT_CAP], want[TA_FINGERPRINT_CAP];
    ta_json claim;
    size_t n;
    if (jwt == NULL || (value == NULL && len > 0)) return TA_ERR_ARGUMENT;
    claim = ta_json_at(jwt->claims, "fingerprint");
    if (claim.len == 0) return TA_ERR_MISSING;
    if (len == 0 || ta_json_string(claim, want, sizeof want, &n) != TA_OK || n != sizeof want - 1)
        return TA_ERR_BINDING;
    ta_fingerprint_claim(value, len, got);
    return ta_equal(got, want, sizeof got) ? TA_OK : TA_ERR_BINDING;
}

/* ---- durations ------------------------------------------------------------------------------ */

typedef struct tai_unit { char letter; int32_t seconds; } tai_unit;
static const tai_unit tai_units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

ta_status ta_seconds(const char *text, size_t len, int32_t *out)
{
    int32_t unit = 1, n = 0;
    size_t i, digits;

    if (out != NULL) *out = 0;
    if (out == NULL || (text == NULL && len > 0)) return TA_ERR_ARGUMENT;
    if (len == 0) return TA_ERR_FORMAT;
    digits = len - (tai_is_digit(text[len - 1]) ? 0 : 1);
    for (i = 0; digits < len && i < sizeof tai_units / sizeof tai_units[0]; i++) {
        if (text[digits] == tai_units[i].letter) unit = tai_units[i].seconds;
    }
    if (digits < len && unit == 1 && text[digits] != 's') return TA_ERR_FORMAT;
    if (digits == 0 || (digits > 1 && text[0] == '0')) return TA_ERR_FORMAT;
    for (i = 0; i < digits; i++) {
        if (!tai_is_digit(text[i])) return TA_ERR_FORMAT;
    }
    for (i = 0; i < digits; i++) {
        int32_t digit = text[i] - '0';
        if (n > (INT32_MAX / unit - digit) / 10) return TA_ERR_RANGE;
        n = n * 10 + digit;
    }
    *out = n * unit;
    return TA_OK;
}

ta_status ta_seconds_put(int32_t seconds, char *out, size_t cap, size_t *out_len)
{
    ta_json_writer w;
    size_t i = 0;
    tai_text_begin(&w, out, cap);
    if (seconds < 0) w.st = TA_ERR_ARGUMENT;
    else if (seconds == 0) i = sizeof tai_units / sizeof tai_units[0] - 1;      /* "0s", not "0w" */
    while (w.st == TA_OK && seconds % tai_units[i].seconds != 0) i++;
    tai_put_number(&w, seconds / tai_units[i].seconds);
    tai_put(&w, &tai_units[i].letter, 1);
    return tai_text_end(&w, out_len);
}

#endif /* TOKENAUTH_NO_WEB */

#ifdef __cplusplus
}
#endif
#endif /* TOKENAUTH_IMPLEMENTATION */

/* ============================================================================
   Version history
   ==========================================================================
   0.1.0  2026-11-21  first version: JWT HS256, sessions with rotation and reuse detection, the table
                      in memory, the deny-list, the web helpers.

   ============================================================================
   Licence: choose one
   ==========================================================================

   ALTERNATIVE A - MIT License

   Copyright (c) 2026 the tokenauth authors

   Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
   associated documentation files (the "Software"), to deal in the Software without restriction,
   including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
   and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so,
   subject to the following conditions:

   The above copyright notice and this permission notice shall be included in all copies or substantial
   portions of the Software.

   THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
   LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
   NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY,
   WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
   SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

   ALTERNATIVE B - Public Domain (www.unlicense.org)

   This is free and unencumbered software released into the public domain.

   Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in
   source code form or as a compiled binary, for any purpose, commercial or non-commercial, and by any
   means.

   In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any
   and all copyright interest in the software to the public domain. We make this dedication for the
   benefit of the public at large and to the detriment of our heirs and successors. We intend this
   dedication to be an overt act of relinquishment in perpetuity of all present and future rights to this
   software under copyright law.

   THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
   LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
   NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION
   OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR
   OTHER DEALINGS IN THE SOFTWARE.                                                               */
