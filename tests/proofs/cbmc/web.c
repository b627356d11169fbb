/* web.c - headers, cookies, durations, as a client sent them. */
#include "proof.h"
#include "contracts.h"
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

void prove_bearer(void)
{
    static char room[N];
    size_t len = any_up_to(N), n, i;
    const char *header = at_one_end_of(room, N, len), *token;
    ta_status st = ta_bearer(header, len, &token, &n);

    claim(st == TA_OK || st == TA_ERR_ABSENT || st == TA_ERR_FORMAT, "one of the results");
    if (st == TA_OK) {
        claim(n > 0 && is_within(token, n, header, len), "a token within the header");
        for (i = 0; i < n; i++) claim(token[i] > ' ' && token[i] < 127 && token[i] != ',', "of token characters");
        if (n == N - 8) reached("a token behind a space");
    } else {
        claim(token == NULL && n == 0, "nothing after a failure");
        if (st == TA_ERR_FORMAT) reached("Bearer and no token");
    }
}

void prove_cookie_get(void)
{
    static char room[N];
    size_t len = any_up_to(N), n, i;
    const char *header = at_one_end_of(room, N, len), *value;
    char name[3];
    ta_status st;

    name[2] = '\0';
    st = ta_cookie_get(header, len, name, &value, &n);
    claim(st == TA_OK || st == TA_ERR_ABSENT || st == TA_ERR_DUPLICATE || st == TA_ERR_FORMAT
          || st == TA_ERR_ARGUMENT, "one of the results");
    if (st == TA_OK) {
        claim(is_within(value, n, header, len), "within the header");
        for (i = 0; i < n; i++) claim(value[i] > ' ' && value[i] != ';' && value[i] != '"', "of cookie characters");
        if (n == 2 && value[-1] == '"') reached("a value in quotes");
    } else {
        claim(value == NULL && n == 0, "nothing after a failure");
        if (st == TA_ERR_DUPLICATE) reached("twice");
        if (st == TA_ERR_FORMAT) reached("a foreign character");
    }
}

/* A value, a name and a path of anything: what comes out is one header line with nothing smuggled in. */
void prove_cookie_set(void)
{
    static char room[N], out_room[CAP];
    size_t len = any_up_to(N), cap = any_up_to(CAP), n, i;
    char *value = at_one_end_of(room, N, len), *out = at_one_end_of(out_room, CAP, cap), name[4], path[4];
    ta_cookie c;
    bool clear = nondet_bool();
    ta_status st;

    name[3] = path[3] = '\0';
    c.name = name;
    c.path = nondet_bool() ? path : NULL;
    c.allow_cross_site = nondet_bool();
    c.allow_http = nondet_bool();
    c.allow_script = nondet_bool();
    st = clear ? ta_cookie_clear(&c, out, cap, &n)
               : ta_cookie_set(&c, value, len, (int32_t)nondet_word(), out, cap, &n);
    claim(st == TA_OK || st == TA_ERR_SPACE || st == TA_ERR_ARGUMENT, "one of the results");
    if (st == TA_OK) {
        claim(n < cap && out[n] == '\0', "a NUL behind it");
        for (i = 0; i < len && !clear; i++) claim(value[i] > ' ' && value[i] != ';', "of cookie characters");
        if (len == N && c.path != NULL && !clear) reached("a cookie");
        if (clear) reached("its removal");
    } else {
        claim(n == 0 && (cap == 0 || out[0] == '\0'), "nothing after a failure");
        if (st == TA_ERR_SPACE) reached("no room");
    }
}

void prove_seconds(void)
{
    static char room[N];
    size_t len = any_up_to(N);
    const char *text = at_one_end_of(room, N, len);
    int32_t seconds;
    ta_status st = ta_seconds(text, len, &seconds);

    claim(st == TA_OK || st == TA_ERR_FORMAT || st == TA_ERR_RANGE, "one of the results");
    if (st == TA_OK) {
        claim(seconds >= 0, "never negative");
        if (len == 11) reached("a duration");
    } else {
        claim(seconds == 0, "0 after a failure");
        if (st == TA_ERR_RANGE) reached("too long");
    }
}

void prove_seconds_put(void)
{
    int32_t seconds = (int32_t)nondet_word();
    static char room[12];
    size_t cap = any_up_to(12), n;
    char *out = at_one_end_of(room, 12, cap);
    ta_status st = ta_seconds_put(seconds, out, cap, &n);
    claim(st == (seconds < 0 && cap > 0 ? TA_ERR_ARGUMENT : st), "not below 0");
    claim(cap < 12 || seconds < 0 || st == TA_OK, "12 bytes are enough");
    if (st == TA_OK) {
        claim(n > 1 && n < cap && out[n] == '\0', "a NUL behind it");
        reached("a text");
    } else {
        claim(n == 0 && (cap == 0 || out[0] == '\0'), "nothing after a failure");
    }
}

/* What everything written goes through: from any state of the writer. */
void prove_put(void)
{
    static char room[N], text_room[N];
    size_t cap = any_up_to(N), len = any_up_to(N);
    const char *text = at_one_end_of(text_room, N, len);
    ta_json_writer w = TA_ZERO;
    w.out = at_one_end_of(room, N, cap);
    w.cap = cap;
    w.len = any_up_to(N);
    assume(w.len < cap);
    if (nondet_bool()) w.st = TA_ERR_JSON;
    tai_put(&w, text, len);
    claim(w.len < cap, "a NUL always fits behind");
    if (w.st == TA_OK && len > 1) reached("appended");
    if (w.st == TA_ERR_SPACE) reached("no room");
}

static bool ended(const char *text, size_t before)
{
    size_t i;
    for (i = 0; i < before; i++) if (text[i] == '\0') return true;
    return false;
}

void prove_authenticate(void)
{
    static char room[N + 1], out_room[CAP];
    size_t len = any_up_to(N), cap = any_up_to(CAP), n, i;
    char *realm = at_one_end_of(room, N + 1, len + 1), *out = at_one_end_of(out_room, CAP, cap);
    bool named = nondet_bool();
    ta_status st;
    realm[len] = '\0';
    st = ta_www_authenticate((ta_status)-(int)nondet_byte(), named ? realm : NULL, out, cap, &n);
    claim(st == TA_OK || st == TA_ERR_SPACE || st == TA_ERR_ARGUMENT, "one of the results");
    if (st == TA_OK) {
        claim(n < cap && out[n] == '\0', "a NUL behind it");
        for (i = 0; named && n > 0 && i < len; i++)
            claim(realm[i] != '"' || ended(realm, i), "no quote in it");
        if (n > 20) reached("a realm and an error");
    } else {
        claim(n == 0 && (cap == 0 || out[0] == '\0'), "nothing after a failure");
        reached("a refusal");
    }
}
