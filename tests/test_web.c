/* test_web.c - the Authorization header, cookies, HTTP codes, the fingerprint and durations.

   Everything here meets text from outside, so each reader is compared with a second, slower
   reading of the same grammar over many random texts, and each writer is tried with room for
   every number of bytes from none to one too many.                                            */
#include "check.h"

/* Enough failures to see what is wrong; a broken loop would print for ever.                   */
#define GOING (check.bad < 12)

/* ---- shared: writers and their room ------------------------------------------------------- */

typedef ta_status (*writer)(const void *arg, char *out, size_t cap, size_t *len);

/* Runs fn with room for 0, 1, ... bytes. It needs exactly strlen(want) + 1; with less it says
   SPACE and leaves an empty text, not the first half of a cookie.                             */
static void check_room(writer fn, const void *arg, const char *want)
{
    size_t need = strlen(want) + 1, cap;
    for (cap = 0; cap <= need + 1 && GOING; cap++) {
        char *out = (char *)exact(cap);
        size_t len = 99;
        ta_status st;
        if (cap > 0) memset(out, 'U', cap);
        st = fn(arg, out, cap, &len);
        if (cap < need) {
            CHECK_ST(st, TA_ERR_SPACE);
            CHECK_EQ(len, 0);
            if (cap > 0) CHECK_EQ(out[0], 0);
            /* what was half written is of no use to anybody but a thief */
            if (cap > 16) CHECK(memcmp(out + 1, want + 1, cap / 2) != 0);
        } else {
            CHECK_ST(st, TA_OK);
            CHECK_TEXT(out, len, want);
            CHECK_EQ(out[len], 0);
            if (cap == need + 1) CHECK_EQ(out[need], 'U');
        }
        free(out);
    }
}

/* A refusal leaves an empty text and a zero length.                                           */
static void check_refused(writer fn, const void *arg, ta_status want)
{
    char out[256];
    size_t len = 99;
    memset(out, 'U', sizeof out);
    CHECK_ST(fn(arg, out, sizeof out, &len), want);
    CHECK_EQ(len, 0);
    CHECK_EQ(out[0], 0);
}

static bool is_in(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

#define ALPHA "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"
#define TCHAR ALPHA DIGIT "!#$%&'*+-.^_`|~"                          /* RFC 9110, 5.6.2 */
#define TOKEN68 ALPHA DIGIT "-._~+/"                                  /* RFC 6750, 2.1   */
/* RFC 6265, 4.1.1: printable ASCII without space, '"', ',', ';' and '\'                       */
#define COOKIE_OCTET TCHAR "()/:<=>?@[]{}"

/* ---- ta_bearer ------------------------------------------------------------------------------ */

/* One call in an exact block. `want` NULL: the status alone matters.                           */
static void try_bearer(const char *text, size_t len, ta_status want_st, const char *want)
{
    char *h = (char *)exact_copy(text, len);
    const char *tok = "x";
    size_t n = 99;
    ta_status st = ta_bearer(h, len, &tok, &n);
    CHECK_ST(st, want_st);
    if (st == TA_OK) {
        CHECK(tok >= h && n <= len && (size_t)(tok - h) <= len - n);
        if (want != NULL) CHECK_TEXT(tok, n, want);
    } else {
        CHECK(tok == NULL);
        CHECK_EQ(n, 0);
    }
    if (check.bad > 0 && st != want_st) printf("  for \"%.*s\"\n", (int)len, text);
    free(h);
}

static void bearer(const char *text, ta_status want_st, const char *want)
{
    try_bearer(text, strlen(text), want_st, want);
}

static void test_bearer_takes_the_token(void)
{
    bearer("Bearer abc", TA_OK, "abc");
    bearer("bearer abc", TA_OK, "abc");                 /* RFC 9110, 11.1: any case */
    bearer("BEARER abc", TA_OK, "abc");
    bearer("bEaReR abc", TA_OK, "abc");
    bearer("Bearer a", TA_OK, "a");
    bearer("Bearer    abc", TA_OK, "abc");
    bearer(" \t Bearer abc \t ", TA_OK, "abc");
    bearer("Bearer eyJh.eyJp.c2ln", TA_OK, "eyJh.eyJp.c2ln");
    bearer("Bearer -._~+/09azAZ", TA_OK, "-._~+/09azAZ");
    bearer("Bearer abc=", TA_OK, "abc=");
    bearer("Bearer abc======", TA_OK, "abc======");
}

static void test_bearer_other_schemes_are_absent(void)
{
    bearer("", TA_ERR_ABSENT, NULL);
    bearer(" ", TA_ERR_ABSENT, NULL);
    bearer("\t \t", TA_ERR_ABSENT, NULL);
    bearer("Basic QWxhZGRpbjpvcGVu", TA_ERR_ABSENT, NULL);
    bearer("Digest username=\"x\"", TA_ERR_ABSENT, NULL);
    bearer("DPoP abc", TA_ERR_ABSENT, NULL);
    bearer("B", TA_ERR_ABSENT, NULL);
    bearer("Beare", TA_ERR_ABSENT, NULL);
    bearer("Beare abc", TA_ERR_ABSENT, NULL);
    bearer("Bearer2 abc", TA_ERR_ABSENT, NULL);
    bearer("Bearerabc", TA_ERR_ABSENT, NULL);
    bearer("Bearers abc", TA_ERR_ABSENT, NULL);
    bearer("xBearer abc", TA_ERR_ABSENT, NULL);
    bearer("abc", TA_ERR_ABSENT, NULL);
    bearer("eyJh.eyJp.c2ln", TA_ERR_ABSENT, NULL);
}

static void test_bearer_malformed_is_a_format_error(void)
{
    bearer("Bearer", TA_ERR_FORMAT, NULL);
    bearer("Bearer ", TA_ERR_FORMAT, NULL);
    bearer("Bearer  \t ", TA_ERR_FORMAT, NULL);
    bearer(" Bearer", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc def", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc  def", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc\tdef", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc,def", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc, Bearer def", TA_ERR_FORMAT, NULL);
    bearer("Bearer Bearer abc", TA_ERR_FORMAT, NULL);
    bearer("Bearer \tabc", TA_ERR_FORMAT, NULL);
    bearer("Bearer\tabc", TA_ERR_FORMAT, NULL);
    bearer("Bearer \"abc\"", TA_ERR_FORMAT, NULL);
    bearer("Bearer =", TA_ERR_FORMAT, NULL);
    bearer("Bearer ==", TA_ERR_FORMAT, NULL);
    bearer("Bearer =abc", TA_ERR_FORMAT, NULL);
    bearer("Bearer ab=c", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc\r\n", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc\n", TA_ERR_FORMAT, NULL);
    bearer("Bearer abc\r\nX-Admin: 1", TA_ERR_FORMAT, NULL);
    bearer("Bearer ab%20c", TA_ERR_FORMAT, NULL);
    bearer("Bearer token=abc", TA_ERR_FORMAT, NULL);
    try_bearer("Bearer abc\0", 11, TA_ERR_FORMAT, NULL);
    try_bearer("Bearer ab\0c", 11, TA_ERR_FORMAT, NULL);
    try_bearer("Bearer \0", 8, TA_ERR_FORMAT, NULL);
}

/* Every byte in the middle, at the end and as the whole of a token; 0x20 and 0x09 at the end
   are white space around the value.                                                           */
static void test_bearer_every_byte_value(void)
{
    int c;
    for (c = 0; c < 256 && GOING; c++) {
        char mid[] = "Bearer a_b", end[] = "Bearer a_", one[] = "Bearer _";
        bool token = is_in((char)c, TOKEN68), space = c == ' ' || c == '\t';
        mid[8] = end[8] = one[7] = (char)c;
        try_bearer(mid, 10, token ? TA_OK : TA_ERR_FORMAT, token ? mid + 7 : NULL);
        try_bearer(end, 9, token || space || c == '=' ? TA_OK : TA_ERR_FORMAT,
                   space ? "a" : token || c == '=' ? end + 7 : NULL);
        try_bearer(one, 8, token ? TA_OK : TA_ERR_FORMAT, token ? one + 7 : NULL);
    }
}

/* The same grammar by trimming and counting. *unclear: after the six letters stands neither a
   space nor a letter of a longer scheme, and both ABSENT and FORMAT would be true.            */
static ta_status model_bearer(const char *h, size_t n, size_t *from, size_t *len, bool *unclear)
{
    static const char word[] = "bearer";
    size_t i, eq = 0;
    *unclear = false;
    *from = 0;
    while (n > 0 && (h[n - 1] == ' ' || h[n - 1] == '\t')) n--;
    while (n > 0 && (h[0] == ' ' || h[0] == '\t')) { h++; n--; (*from)++; }
    for (i = 0; i < 6; i++) {
        if (i == n) return TA_ERR_ABSENT;
        if (h[i] != word[i] && h[i] != (char)(word[i] - 32)) return TA_ERR_ABSENT;
    }
    if (n == 6) return TA_ERR_FORMAT;
    if (is_in(h[6], TCHAR)) return TA_ERR_ABSENT;
    if (h[6] != ' ') { *unclear = true; return TA_ERR_FORMAT; }
    while (h[i] == ' ') i++;                      /* ends: the last byte is no space */
    *from += i;
    *len = n - i;
    for (; i < n; i++) {
        if (h[i] == '=') eq++;
        else if (eq > 0 || !is_in(h[i], TOKEN68)) return TA_ERR_FORMAT;
    }
    return eq < *len ? TA_OK : TA_ERR_FORMAT;
}

static void compare_bearer(const char *text, size_t len)
{
    char *h = (char *)exact_copy(text, len);
    const char *tok = "x";
    size_t n = 99, from = 0, want_len = 0;
    bool unclear;
    ta_status want = model_bearer(text, len, &from, &want_len, &unclear);
    ta_status st = ta_bearer(h, len, &tok, &n);
    if (unclear) CHECK(st == TA_ERR_ABSENT || st == TA_ERR_FORMAT);
    else CHECK_ST(st, want);
    if (st == TA_OK) {
        CHECK(tok == h + from);
        CHECK_EQ(n, want_len);
    } else {
        CHECK(tok == NULL);
        CHECK_EQ(n, 0);
    }
    if (!GOING) printf("  for \"%.*s\"\n", (int)len, text);
    free(h);
}

static void test_bearer_agrees_with_the_grammar_on_random_text(void)
{
    static const char bits[] = "Bb eE\tAa,=rR .~ \"\r\n\0\x7f\xc3z9";
    static const char good[] = " bearer  eyJ9.e30.abc== ";
    char text[64];
    size_t i, n;
    long round, accepted = 0;
    for (n = 0; n < sizeof good; n++) compare_bearer(good, n);          /* every prefix */
    for (i = 0; i < 8 * (sizeof good - 1); i++) {                       /* every bit flip */
        memcpy(text, good, sizeof good);
        text[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
        compare_bearer(text, sizeof good - 1);
    }
    for (round = 0; round < 60000 && GOING; round++) {
        size_t from, len;
        bool unclear;
        n = 0;
        if (rnd(8) != 0) {
            if (rnd(4) == 0) text[n++] = ' ';
            memcpy(text + n, rnd(2) != 0 ? "Bearer" : "bEARer", 6);
            n += 6;
            if (rnd(8) != 0) text[n++] = ' ';
        }
        for (i = rnd(10); i > 0; i--) {
            text[n++] = rnd(4) == 0 ? bits[rnd(sizeof bits - 1)] : TOKEN68 "="[rnd(sizeof TOKEN68)];
        }
        if (rnd(16) == 0) { n = rnd(40); rnd_bytes(text, n); }
        accepted += model_bearer(text, n, &from, &len, &unclear) == TA_OK;
        compare_bearer(text, n);
    }
    CHECK(accepted > 5000);                        /* both answers were really compared */
}

static void test_bearer_arguments(void)
{
    const char *tok = "x";
    size_t n = 9;
    CHECK_ST(ta_bearer(NULL, 0, &tok, &n), TA_ERR_ABSENT);
    CHECK(tok == NULL && n == 0);
    tok = "x";
    n = 9;
    CHECK_ST(ta_bearer(NULL, 1, &tok, &n), TA_ERR_ARGUMENT);
    CHECK_ST(ta_bearer(NULL, 3, &tok, &n), TA_ERR_ARGUMENT);
    CHECK(tok == NULL && n == 0);
    CHECK_ST(ta_bearer("Bearer abc", 10, NULL, &n), TA_ERR_ARGUMENT);
    CHECK_ST(ta_bearer("Bearer abc", 10, &tok, NULL), TA_ERR_ARGUMENT);
}

/* ---- ta_cookie_get ----------------------------------------------------------------------------- */

static void try_cookie(const char *text, size_t len, const char *name, ta_status want_st,
                       const char *want)
{
    char *h = (char *)exact_copy(text, len);
    const char *v = "x";
    size_t n = 99;
    ta_status st = ta_cookie_get(h, len, name, &v, &n);
    CHECK_ST(st, want_st);
    if (st == TA_OK) {
        CHECK(v != NULL && v >= h && n <= len && (size_t)(v - h) <= len - n);
        if (want != NULL) CHECK_TEXT(v, n, want);
    } else {
        CHECK(v == NULL);
        CHECK_EQ(n, 0);
    }
    if (st != want_st) printf("  for \"%.*s\", name %s\n", (int)len, text, name);
    free(h);
}

static void cookie(const char *text, const char *name, ta_status want_st, const char *want)
{
    try_cookie(text, strlen(text), name, want_st, want);
}

static void test_cookie_get_finds_the_one_named(void)
{
    cookie("r=1", "r", TA_OK, "1");
    cookie("a=1; r=2; z=3", "r", TA_OK, "2");
    cookie("a=1; r=2; z=3", "a", TA_OK, "1");
    cookie("a=1; r=2; z=3", "z", TA_OK, "3");
    cookie("__Host-refresh=eyJh_-.=", "__Host-refresh", TA_OK, "eyJh_-.=");
    cookie("r=", "r", TA_OK, "");
    cookie("r=; a=1", "r", TA_OK, "");
    cookie("r=\"abc\"", "r", TA_OK, "abc");
    cookie("r=\"\"", "r", TA_OK, "");
    cookie("r=a=b", "r", TA_OK, "a=b");
    cookie("r==", "r", TA_OK, "=");
    cookie("  r=abc  ", "r", TA_OK, "abc");
    cookie("a=1;  r=abc ; b=2", "r", TA_OK, "abc");
}

static void test_cookie_get_absent(void)
{
    cookie("", "r", TA_ERR_ABSENT, NULL);
    cookie(" ", "r", TA_ERR_ABSENT, NULL);
    cookie(";", "r", TA_ERR_ABSENT, NULL);
    cookie("r", "r", TA_ERR_ABSENT, NULL);              /* no pair */
    cookie("a=1; r; b=2", "r", TA_ERR_ABSENT, NULL);
    cookie("a=1", "r", TA_ERR_ABSENT, NULL);
    cookie("R=1", "r", TA_ERR_ABSENT, NULL);            /* names are compared exactly */
    cookie("rr=1", "r", TA_ERR_ABSENT, NULL);
    cookie("ar=1", "r", TA_ERR_ABSENT, NULL);
    cookie("r=1", "rr", TA_ERR_ABSENT, NULL);
    cookie("=r", "r", TA_ERR_ABSENT, NULL);
    cookie("=1; =2", "r", TA_ERR_ABSENT, NULL);
    cookie("a=r=1", "r", TA_ERR_ABSENT, NULL);          /* inside a value */
    cookie("a=\"; r\"", "r", TA_ERR_ABSENT, NULL);
    try_cookie("r\0=1", 4, "r", TA_ERR_ABSENT, NULL);   /* a NUL ends nothing */
}

static void test_cookie_get_the_same_name_twice_is_refused(void)
{
    cookie("r=1; r=2", "r", TA_ERR_DUPLICATE, NULL);
    cookie("r=1; r=1", "r", TA_ERR_DUPLICATE, NULL);
    cookie("r=1; a=9; r=2", "r", TA_ERR_DUPLICATE, NULL);
    cookie("r=; r=2", "r", TA_ERR_DUPLICATE, NULL);
    cookie("r=1; r=", "r", TA_ERR_DUPLICATE, NULL);
    cookie("r=1; r=2; r=3", "r", TA_ERR_DUPLICATE, NULL);
    cookie("a=1; a=2; r=3", "r", TA_OK, "3");           /* another's doubles are not ours */
    cookie("r=1; r", "r", TA_OK, "1");                  /* a piece that is no pair */
    cookie("r; r=1", "r", TA_OK, "1");
}

static void test_cookie_get_foreign_characters_are_refused(void)
{
    int c;
    cookie("r=\"abc", "r", TA_ERR_FORMAT, NULL);
    cookie("r=abc\"", "r", TA_ERR_FORMAT, NULL);
    cookie("r=\"", "r", TA_ERR_FORMAT, NULL);
    cookie("r=\"\"\"", "r", TA_ERR_FORMAT, NULL);
    cookie("r=\"a\"b\"", "r", TA_ERR_FORMAT, NULL);
    cookie("r=\"a\" b", "r", TA_ERR_FORMAT, NULL);
    cookie("r=a b", "r", TA_ERR_FORMAT, NULL);
    cookie("r=1, r=2", "r", TA_ERR_FORMAT, NULL);
    cookie("r=a\r\nSet-Cookie: b=c", "r", TA_ERR_FORMAT, NULL);
    cookie("a=\x01\x02; r=ok", "r", TA_OK, "ok");       /* another's value is not ours to judge */
    for (c = 0; c < 256 && GOING; c++) {
        char mid[] = "r=a_b", quoted[] = "r=\"a_b\"";
        bool good = is_in((char)c, COOKIE_OCTET);
        mid[3] = quoted[4] = (char)c;
        if (c == ';') continue;                         /* that is the next cookie */
        try_cookie(mid, 5, "r", good ? TA_OK : TA_ERR_FORMAT, good ? mid + 2 : NULL);
        quoted[6] = '\0';
        if (good) {
            quoted[6] = '"';
            try_cookie(quoted, 7, "r", TA_OK, NULL);
        } else {
            quoted[6] = '"';
            try_cookie(quoted, 7, "r", TA_ERR_FORMAT, NULL);
        }
    }
}

/* Split at ';', trim, look for '='. *unclear: a space beside the '=' of the one we look for,
   where both trimming and refusing could be defended; then it may only not be misread.        */
static ta_status model_cookie(const char *h, size_t n, const char *name, size_t *from, size_t *len,
                              bool *unclear)
{
    size_t at = 0, hits = 0, bad = 0, name_len = strlen(name);
    *unclear = false;
    for (;;) {
        size_t a = at, b, eq, i;
        while (at < n && h[at] != ';') at++;
        b = at;
        while (a < b && (h[a] == ' ' || h[a] == '\t')) a++;
        while (b > a && (h[b - 1] == ' ' || h[b - 1] == '\t')) b--;
        for (eq = a; eq < b && h[eq] != '='; eq++) { }
        if (eq < b) {
            if (eq > a && (h[eq - 1] == ' ' || h[eq - 1] == '\t')) *unclear = true;
            if (eq - a == name_len && memcmp(h + a, name, name_len) == 0) {
                hits++;
                a = eq + 1;
                if (a < b && (h[a] == ' ' || h[a] == '\t')) *unclear = true;
                if (b - a >= 2 && h[a] == '"' && h[b - 1] == '"') { a++; b--; }
                *from = a;
                *len = b - a;
                for (i = a; i < b; i++) {
                    if (!is_in(h[i], COOKIE_OCTET)) { bad++; break; }
                }
            }
        }
        if (at == n) break;
        at++;
    }
    if (hits > 1 && bad > 0) *unclear = true;           /* DUPLICATE or FORMAT, both are true */
    return hits == 0 ? TA_ERR_ABSENT : hits > 1 ? TA_ERR_DUPLICATE : bad > 0 ? TA_ERR_FORMAT : TA_OK;
}

static ta_status compare_cookie(const char *text, size_t len, const char *name)
{
    char *h = (char *)exact_copy(text, len);
    const char *v = "x";
    size_t n = 99, from = 0, want_len = 0;
    bool unclear;
    ta_status want = model_cookie(text, len, name, &from, &want_len, &unclear);
    ta_status st = ta_cookie_get(h, len, name, &v, &n);
    if (!unclear) CHECK_ST(st, want);
    if (st == TA_OK) {
        CHECK(v != NULL && v >= h && n <= len && (size_t)(v - h) <= len - n);
        if (!unclear) CHECK(v == h + from && n == want_len);
    } else {
        CHECK(v == NULL);
        CHECK_EQ(n, 0);
    }
    if (!GOING) printf("  for \"%.*s\"\n", (int)len, text);
    free(h);
    return st;
}

static void test_cookie_get_agrees_with_the_grammar_on_random_text(void)
{
    static const char bits[] = "rrr===;;;  ab\"\t,R\r\0\x7f\xc3";
    static const char good[] = "a=1; rr=\"x y\"; r=\"ab=\"; b";
    char text[64];
    size_t i, n;
    long round, seen[4] = {0, 0, 0, 0};
    for (n = 0; n < sizeof good; n++) compare_cookie(good, n, "r");
    for (i = 0; i < 8 * (sizeof good - 1); i++) {
        memcpy(text, good, sizeof good);
        text[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
        compare_cookie(text, sizeof good - 1, "r");
    }
    for (round = 0; round < 60000 && GOING; round++) {
        n = rnd(24);
        for (i = 0; i < n; i++) text[i] = bits[rnd(rnd(3) == 0 ? sizeof bits - 1 : 13)];
        if (rnd(3) != 0) {                         /* put a well-formed one somewhere */
            memcpy(text + n, n > 0 ? "; r=ab" : "r=ab; ", 6);
            n += 6;
        }
        switch (compare_cookie(text, n, "r")) {
        case TA_OK:            seen[0]++; break;
        case TA_ERR_ABSENT:    seen[1]++; break;
        case TA_ERR_DUPLICATE: seen[2]++; break;
        default:               seen[3]++; break;
        }
    }
    for (i = 0; i < 4; i++) CHECK(seen[i] > 500);
}

static void test_cookie_get_arguments(void)
{
    const char *v = "x";
    size_t n = 9;
    int c;
    CHECK_ST(ta_cookie_get(NULL, 0, "r", &v, &n), TA_ERR_ABSENT);
    CHECK(v == NULL && n == 0);
    v = "x";
    n = 9;
    CHECK_ST(ta_cookie_get(NULL, 1, "r", &v, &n), TA_ERR_ARGUMENT);
    CHECK_ST(ta_cookie_get(NULL, 3, "r", &v, &n), TA_ERR_ARGUMENT);
    CHECK(v == NULL && n == 0);
    v = "x";
    n = 9;
    CHECK_ST(ta_cookie_get("r=1", 3, NULL, &v, &n), TA_ERR_ARGUMENT);
    CHECK(v == NULL && n == 0);
    CHECK_ST(ta_cookie_get("r=1", 3, "r", NULL, &n), TA_ERR_ARGUMENT);
    CHECK_ST(ta_cookie_get("r=1", 3, "r", &v, NULL), TA_ERR_ARGUMENT);
    cookie("=1", "", TA_ERR_ARGUMENT, NULL);
    for (c = 1; c < 256 && GOING; c++) {                /* a name that cannot be a cookie's */
        char name[] = "a_", text[] = "a_=1";
        name[1] = text[1] = (char)c;
        cookie(text, name, is_in((char)c, TCHAR) ? TA_OK : TA_ERR_ARGUMENT, NULL);
    }
}

/* ---- ta_cookie_set, _put, _clear --------------------------------------------------------------- */

typedef struct set_args {
    ta_cookie   c;
    const char *value;
    size_t      len;
    int32_t     age;
} set_args;

static ta_status do_set(const void *arg, char *out, size_t cap, size_t *len)
{
    const set_args *a = (const set_args *)arg;
    return ta_cookie_set(&a->c, a->value, a->len, a->age, out, cap, len);
}

static ta_status do_clear(const void *arg, char *out, size_t cap, size_t *len)
{
    return ta_cookie_clear(&((const set_args *)arg)->c, out, cap, len);
}

/* The pair's own text is what ta_cookie_put writes.                                            */
static ta_pair pair_of(const char *refresh, int32_t age, ta_client client)
{
    ta_pair p = TA_ZERO;
    p.refresh_len = (uint16_t)strlen(refresh);
    memcpy(p.refresh, refresh, p.refresh_len);
    p.refresh_s = age;
    p.client = client;
    return p;
}

static ta_status do_put(const void *arg, char *out, size_t cap, size_t *len)
{
    const set_args *a = (const set_args *)arg;
    ta_pair p = pair_of(a->value, a->age, TA_CLIENT_SET);
    return ta_cookie_put(&a->c, &p, out, cap, len);
}

static ta_status do_put_clear(const void *arg, char *out, size_t cap, size_t *len)
{
    const set_args *a = (const set_args *)arg;
    ta_pair p = pair_of(a->value, a->age, TA_CLIENT_CLEAR);
    return ta_cookie_put(&a->c, &p, out, cap, len);
}

static set_args set_of(const char *name, const char *path, const char *value, int32_t age)
{
    set_args a;
    memset(&a, 0, sizeof a);
    a.c.name = name;
    a.c.path = path;
    a.value = value;
    a.len = strlen(value);
    a.age = age;
    return a;
}

static void test_cookie_writers_exact_text_in_every_room(void)
{
    set_args a = set_of("__Host-refresh", NULL, "abc-_.123", 1209600);
    check_room(do_set, &a, "__Host-refresh=abc-_.123; Path=/; Max-Age=1209600; Secure; HttpOnly; "
                           "SameSite=Strict");
    check_room(do_put, &a, "__Host-refresh=abc-_.123; Path=/; Max-Age=1209600; Secure; HttpOnly; "
                           "SameSite=Strict");
    check_room(do_clear, &a, "__Host-refresh=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    check_room(do_put_clear, &a, "__Host-refresh=; Path=/; Max-Age=0; Secure; HttpOnly; "
                                 "SameSite=Strict");
    a = set_of("r", "/auth/refresh", "x", 1);
    check_room(do_set, &a, "r=x; Path=/auth/refresh; Max-Age=1; Secure; HttpOnly; SameSite=Strict");
    check_room(do_clear, &a, "r=; Path=/auth/refresh; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    a.c.allow_http = a.c.allow_script = a.c.allow_cross_site = true;
    check_room(do_set, &a, "r=x; Path=/auth/refresh; Max-Age=1; SameSite=Lax");
    check_room(do_put, &a, "r=x; Path=/auth/refresh; Max-Age=1; SameSite=Lax");
    check_room(do_clear, &a, "r=; Path=/auth/refresh; Max-Age=0; SameSite=Lax");
    check_room(do_put_clear, &a, "r=; Path=/auth/refresh; Max-Age=0; SameSite=Lax");
}

/* Each allow_... takes away exactly its own attribute.                                         */
static void test_cookie_attributes_each_combination(void)
{
    unsigned k;
    for (k = 0; k < 8; k++) {
        set_args a = set_of("r", "/", "v", 60);
        char want[128];
        a.c.allow_http       = (k & 1) != 0;
        a.c.allow_script     = (k & 2) != 0;
        a.c.allow_cross_site = (k & 4) != 0;
        snprintf(want, sizeof want, "r=v; Path=/; Max-Age=60%s%s; SameSite=%s",
                 (k & 1) != 0 ? "" : "; Secure", (k & 2) != 0 ? "" : "; HttpOnly",
                 (k & 4) != 0 ? "Lax" : "Strict");
        check_room(do_set, &a, want);
        check_room(do_put, &a, want);
        snprintf(want, sizeof want, "r=; Path=/; Max-Age=0%s%s; SameSite=%s",
                 (k & 1) != 0 ? "" : "; Secure", (k & 2) != 0 ? "" : "; HttpOnly",
                 (k & 4) != 0 ? "Lax" : "Strict");
        check_room(do_clear, &a, want);
    }
}

/* Only a logout deletes a cookie: LOGIN and KEEP send no header at all.                        */
static void test_cookie_put_login_and_keep_send_nothing(void)
{
    static const ta_client quiet[] = {TA_CLIENT_KEEP, TA_CLIENT_LOGIN};
    ta_cookie c = TA_ZERO;
    size_t i, len;
    char out[8];
    c.name = "__Host-r";
    for (i = 0; i < 2; i++) {
        ta_pair p = pair_of("abc", 100, quiet[i]);
        memset(out, 'U', sizeof out);
        len = 9;
        CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_OK);
        CHECK_EQ(len, 0);
        CHECK_STR(out, "");
        len = 9;
        memset(out, 'U', sizeof out);
        CHECK_ST(ta_cookie_put(&c, &p, out, 1, &len), TA_OK);      /* the NUL is enough */
        CHECK_EQ(len, 0);
        CHECK_EQ(out[0], 0);
        CHECK_EQ(out[1], 'U');
    }
}

static void test_cookie_put_after_a_real_failure_keeps(void)
{
    ta_pair p = TA_ZERO;                           /* what a failed call leaves, KEEP */
    ta_cookie c = TA_ZERO;
    char out[64];
    size_t len = 9;
    c.name = "r";
    CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_OK);
    CHECK_EQ(len, 0);
    CHECK_STR(out, "");
}

/* A pair is an argument too: one that nobody filled in must not turn into a deletion or an
   injected header.                                                                            */
static void test_cookie_put_a_tampered_pair_is_refused(void)
{
    static const char bad[] = "\r\n;, \"\\\t\x7f\x80";
    ta_cookie c = TA_ZERO;
    char out[256];
    size_t i, len;
    c.name = "r";
    for (i = 0; i < sizeof bad; i++) {             /* the NUL, too */
        ta_pair p = pair_of("abcdef", 100, TA_CLIENT_SET);
        p.refresh[3] = bad[i];
        len = 9;
        out[0] = 'U';
        CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
        CHECK_EQ(len, 0);
        CHECK_EQ(out[0], 0);
    }
    {
        ta_pair p = pair_of("abcdef", -1, TA_CLIENT_SET);
        CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
        CHECK_STR(out, "");
        p = pair_of("abcdef", 100, TA_CLIENT_SET);
        memset(p.refresh, 'x', sizeof p.refresh);
        memset(p.sid, 'y', sizeof p.sid);
        p.refresh_len = TA_REFRESH_CAP + 1;        /* longer than the array that holds it */
        CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
        CHECK_STR(out, "");
        p.refresh_len = TA_REFRESH_CAP;            /* no room for its NUL */
        CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
        p = pair_of("", 0, TA_CLIENT_SET);         /* that would delete it */
        CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
        p = pair_of("abcdef", 100, (ta_client)7);
        CHECK(ta_cookie_put(&c, &p, out, sizeof out, &len) != TA_OK || len == 0);
        CHECK_STR(out, "");
    }
}

/* The macro's promise, with the longest of everything: a refresh token with its prefix.          */
static void test_cookie_cap_is_enough_for_90_characters(void)
{
    char name[46], path[46], token[TA_REFRESH_CAP], out[TA_COOKIE_CAP];
    ta_cookie c = TA_ZERO;
    ta_pair p;
    size_t len;
    memset(name, 'n', 45);
    memset(path, '/', 45);
    name[45] = path[45] = '\0';
    memset(token, 't', 70);
    token[70] = '\0';
    c.name = name;
    c.path = path;
    p = pair_of(token, INT32_MAX, TA_CLIENT_SET);
    CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, &len), TA_OK);
    CHECK(len < TA_COOKIE_CAP);
}

static void test_cookie_set_max_age(void)
{
    static const struct { int32_t age; const char *text; } ok[] = {
        {0, "0"}, {1, "1"}, {9, "9"}, {10, "10"}, {99, "99"}, {100, "100"}, {86400, "86400"},
        {1000000000, "1000000000"}, {INT32_MAX, "2147483647"}
    };
    size_t i;
    for (i = 0; i < sizeof ok / sizeof ok[0]; i++) {
        set_args a = set_of("r", "/", "v", ok[i].age);
        char want[128];
        snprintf(want, sizeof want, "r=v; Path=/; Max-Age=%s; Secure; HttpOnly; SameSite=Strict",
                 ok[i].text);
        check_room(do_set, &a, want);
    }
    {
        set_args a = set_of("r", "/", "v", -1);
        check_refused(do_set, &a, TA_ERR_ARGUMENT);
        a.age = INT32_MIN;
        check_refused(do_set, &a, TA_ERR_ARGUMENT);
    }
}

static void test_cookie_set_value_every_byte(void)
{
    int c;
    for (c = 0; c < 256 && GOING; c++) {
        char value[] = "a_b", want[128];
        set_args a = set_of("r", "/", "", 5);
        value[1] = (char)c;
        a.value = (char *)exact_copy(value, 3);
        a.len = 3;
        if (is_in((char)c, COOKIE_OCTET)) {
            snprintf(want, sizeof want, "r=%s; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Strict",
                     value);
            check_room(do_set, &a, want);
        } else {
            check_refused(do_set, &a, TA_ERR_ARGUMENT);
        }
        free((void *)(uintptr_t)a.value);
    }
    {
        set_args a = set_of("r", "/", "", 5);
        check_room(do_set, &a, "r=; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Strict");
        a.value = NULL;
        check_room(do_set, &a, "r=; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Strict");
        a.len = 1;
        check_refused(do_set, &a, TA_ERR_ARGUMENT);
    }
}

static const writer writers[] = {do_set, do_clear, do_put, do_put_clear};

static void all_refuse(const set_args *a)
{
    size_t i;
    for (i = 0; i < 4; i++) check_refused(writers[i], a, TA_ERR_ARGUMENT);
}

static void test_cookie_name_every_byte_no_crlf_in_names(void)
{
    int c;
    for (c = 1; c < 256 && GOING; c++) {
        char name[] = "a_b", want[128];
        set_args a = set_of(name, "/", "v", 5);
        size_t where;
        for (where = 0; where < 3; where++) {
            memcpy(name, "aab", 3);
            name[where] = (char)c;
            if (is_in((char)c, TCHAR)) {
                snprintf(want, sizeof want,
                         "%s=v; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Strict", name);
                check_room(do_set, &a, want);
            } else {
                all_refuse(&a);
            }
        }
    }
    {
        set_args a = set_of("", "/", "v", 5);
        all_refuse(&a);
        a.c.name = NULL;
        all_refuse(&a);
        a.c.name = "r=1; Domain=evil.example";
        all_refuse(&a);
        a.c.name = "r\r\nSet-Cookie: x";
        all_refuse(&a);
    }
}

static void test_cookie_path_every_byte_no_crlf_in_paths(void)
{
    int c;
    for (c = 1; c < 256 && GOING; c++) {
        char path[] = "/a_b", want[128];
        set_args a = set_of("r", path, "v", 5);
        path[2] = (char)c;
        if (c >= 0x20 && c < 0x7f && c != ';') {
            snprintf(want, sizeof want,
                     "r=v; Path=%s; Max-Age=5; Secure; HttpOnly; SameSite=Strict", path);
            check_room(do_set, &a, want);
        } else {
            all_refuse(&a);                            /* RFC 6265, 4.1.1: no control, no ';' */
        }
        path[0] = (char)c;
        path[2] = 'b';
        if (c != '/') all_refuse(&a);
    }
    {
        set_args a = set_of("r", "", "v", 5);
        all_refuse(&a);
        a.c.path = "auth";
        all_refuse(&a);
        a.c.path = "/; Domain=evil.example";
        all_refuse(&a);
        a.c.path = "/\r\nSet-Cookie: x=y";
        all_refuse(&a);
    }
}

/* RFC 6265bis, 4.1.3: browsers drop a cookie that breaks its prefix, so it is never written.   */
static void test_cookie_prefixes_have_rules(void)
{
    static const char *const host[] = {"__Host-r", "__host-r", "__HOST-r", "__hOsT-", "__Host-__Secure-"};
    static const char *const secure[] = {"__Secure-r", "__secure-r", "__SECURE-r", "__sEcUrE-"};
    static const char *const free_[] = {"__Host", "__Hostr", "_Host-r", "x__Host-r", "__Hosty-r",
                                        "__Secure", "_Secure-r", "x__Secure-r", "Host-r", "Secure-r"};
    set_args a = set_of("r", NULL, "v", 5);
    char want[160];
    size_t i, k;
    for (i = 0; i < sizeof host / sizeof host[0]; i++) {
        a = set_of(host[i], NULL, "v", 5);
        snprintf(want, sizeof want, "%s=v; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Strict", host[i]);
        check_room(do_set, &a, want);
        a.c.path = "/";
        check_room(do_set, &a, want);
        a.c.path = "/x";
        all_refuse(&a);
        a.c.path = "//";
        all_refuse(&a);
        a.c.path = "/";
        a.c.allow_http = true;
        all_refuse(&a);
        a.c.allow_http = false;
        a.c.allow_script = a.c.allow_cross_site = true;
        snprintf(want, sizeof want, "%s=v; Path=/; Max-Age=5; Secure; SameSite=Lax", host[i]);
        check_room(do_set, &a, want);
    }
    for (i = 0; i < sizeof secure / sizeof secure[0]; i++) {
        a = set_of(secure[i], "/x", "v", 5);
        snprintf(want, sizeof want, "%s=v; Path=/x; Max-Age=5; Secure; HttpOnly; SameSite=Strict",
                 secure[i]);
        check_room(do_set, &a, want);
        a.c.allow_http = true;
        all_refuse(&a);
    }
    for (i = 0; i < sizeof free_ / sizeof free_[0]; i++) {
        for (k = 0; k < 2; k++) {
            a = set_of(free_[i], "/x", "v", 5);
            a.c.allow_http = k != 0;
            snprintf(want, sizeof want, "%s=v; Path=/x; Max-Age=5%s; HttpOnly; SameSite=Strict",
                     free_[i], k != 0 ? "" : "; Secure");
            check_room(do_set, &a, want);
        }
    }
}

static void test_cookie_writers_arguments(void)
{
    ta_cookie c = TA_ZERO;
    ta_pair p = pair_of("abc", 5, TA_CLIENT_SET);
    char out[128];
    size_t len;
    c.name = "r";
    len = 9; out[0] = 'U';
    CHECK_ST(ta_cookie_set(NULL, "v", 1, 5, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK(len == 0 && out[0] == 0);
    len = 9; out[0] = 'U';
    CHECK_ST(ta_cookie_put(NULL, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK(len == 0 && out[0] == 0);
    len = 9; out[0] = 'U';
    CHECK_ST(ta_cookie_put(&c, NULL, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK(len == 0 && out[0] == 0);
    len = 9; out[0] = 'U';
    CHECK_ST(ta_cookie_clear(NULL, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK(len == 0 && out[0] == 0);
    len = 9;
    CHECK_ST(ta_cookie_set(&c, "v", 1, 5, NULL, 9, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    len = 9;
    CHECK_ST(ta_cookie_put(&c, &p, NULL, 9, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    len = 9;
    CHECK_ST(ta_cookie_clear(&c, NULL, 9, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    out[0] = 'U';
    CHECK_ST(ta_cookie_set(&c, "v", 1, 5, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK_EQ(out[0], 0);
    out[0] = 'U';
    CHECK_ST(ta_cookie_put(&c, &p, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK_EQ(out[0], 0);
    out[0] = 'U';
    CHECK_ST(ta_cookie_clear(&c, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK_EQ(out[0], 0);
}

/* What we set, a browser sends back, and we read the same.                                     */
static void test_cookie_set_then_get(void)
{
    char value[40], set[256], header[300];
    const char *v;
    size_t i, n, len, round;
    ta_cookie c = TA_ZERO;
    c.name = "__Host-refresh";
    for (round = 0; round < 500 && GOING; round++) {
        n = rnd(sizeof value);
        for (i = 0; i < n; i++) value[i] = COOKIE_OCTET[rnd(sizeof COOKIE_OCTET - 1)];
        CHECK_ST(ta_cookie_set(&c, value, n, 5, set, sizeof set, &len), TA_OK);
        snprintf(header, sizeof header, "a=1; %.*s; z=2", (int)(strchr(set, ';') - set), set);
        CHECK_ST(ta_cookie_get(header, strlen(header), c.name, &v, &len), TA_OK);
        CHECK_EQ(len, n);
        if (len == n) CHECK_BYTES(v, value, n);
    }
}

/* ---- what a client may know: codes and words ------------------------------------------------------ */

static const struct { ta_status st; int code; const char *word; } answers[] = {
    {TA_OK, 200, ""},
    {TA_ERR_ARGUMENT, 500, ""},      {TA_ERR_SPACE, 500, ""},
    {TA_ERR_KEY, 500, ""},           {TA_ERR_CLOCK, 500, ""},
    {TA_ERR_RANDOM, 500, ""},
    {TA_ERR_ENCODING, 401, "invalid_token"},   {TA_ERR_JSON, 401, "invalid_token"},
    {TA_ERR_DUPLICATE, 500, ""},               {TA_ERR_LIMIT, 401, "invalid_token"},
    {TA_ERR_ABSENT, 401, ""},
    {TA_ERR_KIND, 400, "invalid_request"},     {TA_ERR_RANGE, 400, "invalid_request"},
    {TA_ERR_NUL, 400, "invalid_request"},
    {TA_ERR_FORMAT, 401, "invalid_token"},     {TA_ERR_ALG, 401, "invalid_token"},
    {TA_ERR_CRIT, 401, "invalid_token"},       {TA_ERR_KID, 401, "invalid_token"},
    {TA_ERR_SIGNATURE, 401, "invalid_token"},  {TA_ERR_CLAIM, 401, "invalid_token"},
    {TA_ERR_MISSING, 401, "invalid_token"},    {TA_ERR_EXPIRED, 401, "invalid_token"},
    {TA_ERR_EARLY, 401, "invalid_token"},      {TA_ERR_AGE, 401, "invalid_token"},
    {TA_ERR_ISSUER, 401, "invalid_token"},     {TA_ERR_SUBJECT, 401, "invalid_token"},
    {TA_ERR_AUDIENCE, 401, "invalid_token"},   {TA_ERR_TYP, 401, "invalid_token"},
    {TA_ERR_DENIED, 401, "invalid_token"},
    {TA_ERR_INVALID, 401, "invalid_grant"},    {TA_ERR_UNKNOWN_KEY, 401, "invalid_grant"},
    {TA_ERR_ENDED, 401, "invalid_grant"},      {TA_ERR_REVOKED, 401, "invalid_grant"},
    {TA_ERR_IDLE, 401, "invalid_grant"},       {TA_ERR_LOGGED_OUT, 401, "invalid_grant"},
    {TA_ERR_USER_CHANGED, 401, "invalid_grant"}, {TA_ERR_SUSPENDED, 401, "invalid_grant"},
    {TA_ERR_BINDING, 401, "invalid_grant"},    {TA_ERR_REPLAY, 401, "invalid_grant"},
    {TA_ERR_AHEAD, 401, "invalid_grant"},
    {TA_ERR_STORE, 503, "temporarily_unavailable"}, {TA_ERR_BUSY, 503, "temporarily_unavailable"},
    {TA_ERR_CONFLICT, 500, ""},                {TA_ERR_NOT_FOUND, 403, ""},
    {TA_ERR_FULL, 503, "temporarily_unavailable"},
    {TA_ERR_SNAPSHOT, 500, ""},                {TA_ERR_CONFIG, 500, ""},
    {TA_ERR_UNSUPPORTED, 500, ""}
};
#define ANSWERS (sizeof answers / sizeof answers[0])

static void test_http_code_and_word_of_every_status(void)
{
    static const ta_status every[] = {
#define STATUS(name, number, text) name,
        TA_STATUS_LIST(STATUS)
#undef STATUS
        TA_OK
    };
    size_t i, k;
    CHECK_EQ(sizeof every / sizeof every[0], ANSWERS);       /* a new status needs a row above */
    for (i = 0; i < sizeof every / sizeof every[0]; i++) {
        for (k = 0; k < ANSWERS && answers[k].st != every[i]; k++) { }
        if (k == ANSWERS) {
            CHECK(k < ANSWERS);
            printf("  %s has no row\n", ta_status_name(every[i]));
            continue;
        }
        CHECK_EQ(ta_http_code(every[i]), answers[k].code);
        CHECK_STR(ta_http_error(every[i]), answers[k].word);
        if (check.bad > 0) printf("  for %s\n", ta_status_name(every[i]));
    }
}

static void test_http_code_of_unknown_numbers_fails_closed(void)
{
    int n;
    for (n = -1000; n <= 1000 && GOING; n++) {
        size_t k;
        for (k = 0; k < ANSWERS && (int)answers[k].st != n; k++) { }
        if (k < ANSWERS) continue;
        CHECK_EQ(ta_http_code((ta_status)n), 500);
        CHECK_STR(ta_http_error((ta_status)n), "");
    }
}

typedef struct auth_args { ta_status st; const char *realm; } auth_args;

static ta_status do_auth(const void *arg, char *out, size_t cap, size_t *len)
{
    const auth_args *a = (const auth_args *)arg;
    return ta_www_authenticate(a->st, a->realm, out, cap, len);
}

/* RFC 6750, 3: no error attribute where the request brought no token at all.                   */
static void test_www_authenticate_of_every_status(void)
{
    static const char *const realms[] = {NULL, "api", "", "a b, c=d"};
    size_t i, r;
    for (i = 0; i < ANSWERS; i++) {
        for (r = 0; r < 4 && GOING; r++) {
            auth_args a;
            char want[128] = "Bearer";
            int code = answers[i].code;
            a.st = answers[i].st;
            a.realm = realms[r];
            if (code == 400 || code == 401 || code == 403) {
                if (a.realm != NULL) {
                    snprintf(want + strlen(want), 60, " realm=\"%s\"", a.realm);
                }
                if (answers[i].word[0] != '\0') {
                    snprintf(want + strlen(want), 60, "%s error=\"%s\"", a.realm != NULL ? "," : "",
                             code == 401 ? "invalid_token" : answers[i].word);
                }
                check_room(do_auth, &a, want);
            } else {
                char out[4] = "UUU";
                size_t len = 9;
                CHECK_ST(do_auth(&a, out, sizeof out, &len), TA_OK);
                CHECK_EQ(len, 0);
                CHECK_STR(out, "");
            }
        }
    }
    {
        auth_args a;
        a.st = TA_ERR_EXPIRED;
        a.realm = "api";
        check_room(do_auth, &a, "Bearer realm=\"api\", error=\"invalid_token\"");
        a.st = TA_ERR_ABSENT;
        check_room(do_auth, &a, "Bearer realm=\"api\"");
        a.realm = NULL;
        check_room(do_auth, &a, "Bearer");
    }
}

static void test_www_authenticate_realm_every_byte(void)
{
    int c;
    for (c = 1; c < 256 && GOING; c++) {
        char realm[] = "a_b", want[64];
        auth_args a;
        size_t where;
        a.st = TA_ERR_FORMAT;
        a.realm = realm;
        for (where = 0; where < 3; where++) {
            memcpy(realm, "aab", 3);
            realm[where] = (char)c;
            if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
                snprintf(want, sizeof want, "Bearer realm=\"%s\", error=\"invalid_token\"", realm);
                check_room(do_auth, &a, want);
            } else {
                check_refused(do_auth, &a, TA_ERR_ARGUMENT);
            }
        }
    }
    {
        auth_args a;
        a.st = TA_ERR_FORMAT;
        a.realm = "a\r\nSet-Cookie: x=y";
        check_refused(do_auth, &a, TA_ERR_ARGUMENT);
    }
}

static void test_www_authenticate_arguments(void)
{
    char out[64] = "U";
    size_t len = 9;
    CHECK_ST(ta_www_authenticate(TA_ERR_FORMAT, NULL, NULL, 9, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    CHECK_ST(ta_www_authenticate(TA_ERR_FORMAT, NULL, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK_EQ(out[0], 0);
}

/* ---- fingerprint ------------------------------------------------------------------------------------ */

/* A jwt as ta_jwt_verify would give it for these claims.                                       */
static ta_jwt jwt_of(const char *claims)
{
    ta_jwt j = TA_ZERO;
    j.claims.text = claims;
    j.claims.len = strlen(claims);
    CHECK_ST(ta_json_check(claims, j.claims.len), TA_OK);
    return j;
}

/* SHA-256 of "" and of "abc" (FIPS 180-4, the standard's own example), in base64url            */
#define FP_EMPTY "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
#define FP_ABC   "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"

static void test_fingerprint_claim_is_the_hash(void)
{
    char *claim = (char *)exact(TA_FINGERPRINT_CAP);
    char *in = (char *)exact_copy("abc", 3);
    CHECK_EQ(TA_FINGERPRINT_CAP, 44);
    memset(claim, 'U', TA_FINGERPRINT_CAP);
    ta_fingerprint_claim(in, 3, claim);
    CHECK_EQ(claim[43], 0);
    CHECK_STR(claim, FP_ABC);
    memset(claim, 'U', TA_FINGERPRINT_CAP);
    ta_fingerprint_claim(in, 0, claim);
    CHECK_STR(claim, FP_EMPTY);
    memset(claim, 'U', TA_FINGERPRINT_CAP);
    ta_fingerprint_claim(NULL, 0, claim);
    CHECK_STR(claim, FP_EMPTY);
    free(in);
    free(claim);
}

static void test_fingerprint_check(void)
{
    ta_jwt j = jwt_of("{\"sub\":\"u\",\"fingerprint\":\"" FP_ABC "\"}");
    char *in = (char *)exact_copy("abcd", 4);
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_OK);
    CHECK_ST(ta_fingerprint_check(&j, in, 4), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, in, 3), TA_OK);
    CHECK_ST(ta_fingerprint_check(&j, in, 2), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, "abC", 3), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, "abc\0", 4), TA_ERR_BINDING);   /* a NUL ends nothing */
    CHECK_ST(ta_fingerprint_check(&j, "", 0), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, NULL, 0), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, FP_ABC, 43), TA_ERR_BINDING);   /* the claim is no cookie */
    /* the hash of nothing in the claim does not let a client with no cookie in */
    j = jwt_of("{\"fingerprint\":\"" FP_EMPTY "\"}");
    CHECK_ST(ta_fingerprint_check(&j, "", 0), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, NULL, 0), TA_ERR_BINDING);
    /* JSON has many spellings for one text */
    j = jwt_of("{\"fingerprint\":\"\\u0075ngWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0\"}");
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_OK);
    j = jwt_of("{\"finger\\u0070rint\":\"" FP_ABC "\"}");
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_OK);
    /* cut, longer, another case */
    j = jwt_of("{\"fingerprint\":\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa\"}");
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_ERR_BINDING);
    j = jwt_of("{\"fingerprint\":\"" FP_ABC "A\"}");
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_ERR_BINDING);
    j = jwt_of("{\"fingerprint\":\"\"}");
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_ERR_BINDING);
    CHECK_ST(ta_fingerprint_check(&j, "", 0), TA_ERR_BINDING);
    free(in);
}

static void test_fingerprint_missing_or_no_text_never_passes(void)
{
    static const char *const other[] = {"{}", "{\"sub\":\"u\"}", "{\"x\":{\"fingerprint\":\"" FP_ABC "\"}}",
                                        "{\"Fingerprint\":\"" FP_ABC "\"}"};
    static const char *const kind[] = {"null", "1", "true", "[\"" FP_ABC "\"]", "{\"a\":\"" FP_ABC "\"}"};
    ta_jwt j = TA_ZERO;
    char text[128];
    size_t i;
    for (i = 0; i < 4; i++) {
        j = jwt_of(other[i]);
        CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_ERR_MISSING);
    }
    memset(&j, 0, sizeof j);                       /* what a failed verify leaves */
    CHECK_ST(ta_fingerprint_check(&j, "abc", 3), TA_ERR_MISSING);
    for (i = 0; i < 5; i++) {
        ta_status st;
        snprintf(text, sizeof text, "{\"fingerprint\":%s}", kind[i]);
        j = jwt_of(text);
        st = ta_fingerprint_check(&j, "abc", 3);
        CHECK(st == TA_ERR_MISSING || st == TA_ERR_BINDING);
    }
    CHECK_ST(ta_fingerprint_check(NULL, "abc", 3), TA_ERR_ARGUMENT);
    j = jwt_of("{\"fingerprint\":\"" FP_ABC "\"}");
    CHECK_ST(ta_fingerprint_check(&j, NULL, 3), TA_ERR_ARGUMENT);
    CHECK_ST(ta_fingerprint_check(&j, NULL, 1), TA_ERR_ARGUMENT);
}

static void test_fingerprint_claim_and_check_agree_at_every_length(void)
{
    size_t n;
    for (n = 1; n <= 200 && GOING; n++) {
        char claim[TA_FINGERPRINT_CAP], text[80];
        char *v = (char *)exact(n);
        ta_jwt j;
        rnd_bytes(v, n);
        ta_fingerprint_claim(v, n, claim);
        snprintf(text, sizeof text, "{\"fingerprint\":\"%s\"}", claim);
        j = jwt_of(text);
        CHECK_ST(ta_fingerprint_check(&j, v, n), TA_OK);
        v[rnd(n)] ^= 0x40;
        CHECK_ST(ta_fingerprint_check(&j, v, n), TA_ERR_BINDING);
        free(v);
    }
}

/* ---- durations ------------------------------------------------------------------------------------- */

static void try_seconds(const char *text, size_t len, ta_status want_st, int32_t want)
{
    char *in = (char *)exact_copy(text, len);
    int32_t got = 77;
    ta_status st = ta_seconds(in, len, &got);
    CHECK_ST(st, want_st);
    CHECK_EQ(got, st == TA_OK ? want : 0);
    if (st != want_st) printf("  for \"%.*s\"\n", (int)len, text);
    free(in);
}

static void seconds(const char *text, ta_status want_st, int32_t want)
{
    try_seconds(text, strlen(text), want_st, want);
}

static void test_seconds_units(void)
{
    seconds("900", TA_OK, 900);
    seconds("0", TA_OK, 0);
    seconds("0s", TA_OK, 0);
    seconds("0m", TA_OK, 0);
    seconds("0w", TA_OK, 0);
    seconds("1", TA_OK, 1);
    seconds("1s", TA_OK, 1);
    seconds("1m", TA_OK, 60);
    seconds("1h", TA_OK, 3600);
    seconds("1d", TA_OK, 86400);
    seconds("1w", TA_OK, 604800);
    seconds("15m", TA_OK, 900);
    seconds("12h", TA_OK, 43200);
    seconds("30d", TA_OK, 2592000);
    seconds("90d", TA_OK, 7776000);
    seconds("2w", TA_OK, 1209600);
    seconds("100", TA_OK, 100);
    seconds("1209600", TA_OK, 1209600);
}

static void test_seconds_strict_grammar(void)
{
    static const char *const bad[] = {
        "", " ", "s", "m", "-1", "+1", "-0", "05", "00", "00s", "01m", " 1", "1 ", "1 s", "1\t", "\t1", "1\n",
        "1M", "1H", "1D", "1S", "1W", "1y", "1ms", "1mm", "1sm", "1h30m", "1m1", "1.5h", "1,5h",
        "1e3", "0x10",
        "1_000", "m1", "--1", "1-", "1s ", "one", "\xd9\xa1", "1\xc2\xa0s", "P1D"
    };
    size_t i;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) seconds(bad[i], TA_ERR_FORMAT, 0);
    try_seconds("1\0", 2, TA_ERR_FORMAT, 0);
    try_seconds("\0", 1, TA_ERR_FORMAT, 0);
    try_seconds("1\0m", 3, TA_ERR_FORMAT, 0);
    try_seconds("15m", 2, TA_OK, 15);              /* the length rules */
    try_seconds("15m", 1, TA_OK, 1);
    try_seconds("15m", 0, TA_ERR_FORMAT, 0);
}

static void test_seconds_every_overflow_boundary(void)
{
    static const struct { const char *unit; long long size; } unit[] = {
        {"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}
    };
    /* where a 32-bit or 64-bit number would wrap to something small */
    static const char *const huge[] = {
        "4294967295", "4294967296", "4294967297", "4294968196", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709552516",
        "99999999999999999999", "100000000000000000000000000000000000000000000000000000000"
    };
    char text[80];
    size_t u, i;
    for (u = 0; u < 6; u++) {
        long long most = INT32_MAX / unit[u].size, k;
        for (k = -2; k <= 2; k++) {
            snprintf(text, sizeof text, "%lld%s", most + k, unit[u].unit);
            if (k <= 0) seconds(text, TA_OK, (int32_t)((most + k) * unit[u].size));
            else seconds(text, TA_ERR_RANGE, 0);
        }
        for (i = 0; i < sizeof huge / sizeof huge[0]; i++) {
            snprintf(text, sizeof text, "%s%s", huge[i], unit[u].unit);
            seconds(text, TA_ERR_RANGE, 0);
        }
        /* one digit more, ten times the size: each passes the wrapping points differently */
        for (k = 1; k <= 100000000000000000LL; k *= 10) {
            for (i = 1; i <= 9; i++) {
                long long n = k * (long long)i;
                snprintf(text, sizeof text, "%lld%s", n, unit[u].unit);
                if (n > INT32_MAX / unit[u].size) seconds(text, TA_ERR_RANGE, 0);
                else seconds(text, TA_OK, (int32_t)(n * unit[u].size));
            }
        }
    }
    seconds("2147483647", TA_OK, INT32_MAX);
    seconds("2147483648", TA_ERR_RANGE, 0);
}

/* Each text of up to four characters from an alphabet that holds every kind of character.      */
static void test_seconds_all_short_texts(void)
{
    static const char set[] = "019smhdwM -+.";
    size_t base = sizeof set - 1, n, i, all = 1;
    for (n = 0; n <= 4; n++, all *= base) {
        for (i = 0; i < all && GOING; i++) {
            char text[5];
            size_t k, x = i, digits = 0, unit = 1;
            long long value = 0;
            bool good;
            for (k = 0; k < n; k++, x /= base) text[k] = set[x % base];
            while (digits < n && text[digits] >= '0' && text[digits] <= '9') {
                value = value * 10 + (text[digits++] - '0');
            }
            good = digits > 0 && (digits == 1 || text[0] != '0') && n - digits <= 1;
            if (good && digits < n) {
                switch (text[digits]) {
                case 's': unit = 1; break;
                case 'm': unit = 60; break;
                case 'h': unit = 3600; break;
                case 'd': unit = 86400; break;
                case 'w': unit = 604800; break;
                default: good = false; break;
                }
            }
            value *= (long long)unit;
            if (!good) try_seconds(text, n, TA_ERR_FORMAT, 0);
            else if (value > INT32_MAX) try_seconds(text, n, TA_ERR_RANGE, 0);
            else try_seconds(text, n, TA_OK, (int32_t)value);
        }
    }
}

static void test_seconds_every_byte_value(void)
{
    int c;
    for (c = 0; c < 256; c++) {
        char alone[1], after[2], before[2];
        bool digit = c >= '0' && c <= '9', unit = is_in((char)c, "smhdw");
        int32_t got;
        alone[0] = after[1] = before[0] = (char)c;
        after[0] = before[1] = '1';
        CHECK_ST(ta_seconds(alone, 1, &got), digit ? TA_OK : TA_ERR_FORMAT);
        CHECK_ST(ta_seconds(after, 2, &got), digit || unit ? TA_OK : TA_ERR_FORMAT);
        CHECK_ST(ta_seconds(before, 2, &got), digit && c != '0' ? TA_OK : TA_ERR_FORMAT);
    }
}

static void test_seconds_arguments(void)
{
    int32_t got = 77;
    CHECK_ST(ta_seconds(NULL, 0, &got), TA_ERR_FORMAT);
    CHECK_EQ(got, 0);
    got = 77;
    CHECK_ST(ta_seconds(NULL, 1, &got), TA_ERR_ARGUMENT);
    CHECK_ST(ta_seconds(NULL, 2, &got), TA_ERR_ARGUMENT);
    CHECK_EQ(got, 0);
    CHECK_ST(ta_seconds("15m", 3, NULL), TA_ERR_ARGUMENT);
}

static ta_status do_seconds(const void *arg, char *out, size_t cap, size_t *len)
{
    return ta_seconds_put(*(const int32_t *)arg, out, cap, len);
}

static void test_seconds_put_shortest_exact_unit(void)
{
    static const struct { int32_t s; const char *text; } row[] = {
        {0, "0s"}, {1, "1s"}, {9, "9s"}, {10, "10s"}, {59, "59s"}, {60, "1m"}, {61, "61s"}, {119, "119s"},
        {120, "2m"}, {900, "15m"}, {3540, "59m"}, {3599, "3599s"}, {3600, "1h"}, {3660, "61m"},
        {3601, "3601s"}, {43200, "12h"}, {82800, "23h"}, {86400, "1d"}, {86399, "86399s"}, {90000, "25h"},
        {86460, "1441m"}, {172800, "2d"}, {518400, "6d"}, {604800, "1w"}, {691200, "8d"}, {1209600, "2w"},
        {2592000, "30d"}, {7776000, "90d"}, {2147040000, "3550w"}, {2147472000, "24855d"},
        {2147482800, "596523h"}, {2147483640, "35791394m"}, {INT32_MAX, "2147483647s"}
    };
    size_t i;
    int32_t minus[] = {-1, -60, INT32_MIN};
    for (i = 0; i < sizeof row / sizeof row[0]; i++) check_room(do_seconds, &row[i].s, row[i].text);
    for (i = 0; i < 3; i++) check_refused(do_seconds, &minus[i], TA_ERR_ARGUMENT);
    {
        char out[16] = "U";
        size_t len = 9;
        CHECK_ST(ta_seconds_put(5, NULL, 9, &len), TA_ERR_ARGUMENT);
        CHECK_EQ(len, 0);
        CHECK_ST(ta_seconds_put(5, out, sizeof out, NULL), TA_ERR_ARGUMENT);
        CHECK_EQ(out[0], 0);
    }
}

static void test_seconds_put_reads_back(void)
{
    static const int32_t unit[] = {1, 60, 3600, 86400, 604800};
    long round;
    for (round = 0; round < 20000 && GOING; round++) {
        int32_t u = unit[rnd(5)], s, got = -1;
        char out[16];
        size_t len;
        s = (int32_t)rnd((size_t)(INT32_MAX / u) + 1) * u;
        if (round < 4000) s = (int32_t)round;
        CHECK_ST(ta_seconds_put(s, out, sizeof out, &len), TA_OK);
        CHECK_ST(ta_seconds(out, len, &got), TA_OK);
        CHECK_EQ(got, s);
    }
}

static void test_cookie_put_without_a_cookie_or_a_pair(void)
{
    ta_cookie c = TA_ZERO, bad = TA_ZERO;
    ta_pair p = pair_of("abc", 100, TA_CLIENT_LOGIN);
    char out[64];
    size_t len = 7;
    c.name = "r";
    bad.name = "a b";
    CHECK_ST(ta_cookie_put(&c, NULL, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK_ST(ta_cookie_put(NULL, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK_ST(ta_cookie_put(&bad, &p, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    CHECK_STR(out, "");
}

int main(void)
{
    RUN(test_bearer_takes_the_token);
    RUN(test_bearer_other_schemes_are_absent);
    RUN(test_bearer_malformed_is_a_format_error);
    RUN(test_bearer_every_byte_value);
    RUN(test_bearer_agrees_with_the_grammar_on_random_text);
    RUN(test_bearer_arguments);
    RUN(test_cookie_get_finds_the_one_named);
    RUN(test_cookie_get_absent);
    RUN(test_cookie_get_the_same_name_twice_is_refused);
    RUN(test_cookie_get_foreign_characters_are_refused);
    RUN(test_cookie_get_agrees_with_the_grammar_on_random_text);
    RUN(test_cookie_get_arguments);
    RUN(test_cookie_writers_exact_text_in_every_room);
    RUN(test_cookie_attributes_each_combination);
    RUN(test_cookie_put_login_and_keep_send_nothing);
    RUN(test_cookie_put_after_a_real_failure_keeps);
    RUN(test_cookie_put_a_tampered_pair_is_refused);
    RUN(test_cookie_cap_is_enough_for_90_characters);
    RUN(test_cookie_set_max_age);
    RUN(test_cookie_set_value_every_byte);
    RUN(test_cookie_name_every_byte_no_crlf_in_names);
    RUN(test_cookie_path_every_byte_no_crlf_in_paths);
    RUN(test_cookie_prefixes_have_rules);
    RUN(test_cookie_writers_arguments);
    RUN(test_cookie_set_then_get);
    RUN(test_http_code_and_word_of_every_status);
    RUN(test_http_code_of_unknown_numbers_fails_closed);
    RUN(test_www_authenticate_of_every_status);
    RUN(test_www_authenticate_realm_every_byte);
    RUN(test_www_authenticate_arguments);
    RUN(test_fingerprint_claim_is_the_hash);
    RUN(test_fingerprint_check);
    RUN(test_fingerprint_missing_or_no_text_never_passes);
    RUN(test_fingerprint_claim_and_check_agree_at_every_length);
    RUN(test_seconds_units);
    RUN(test_seconds_strict_grammar);
    RUN(test_seconds_every_overflow_boundary);
    RUN(test_seconds_all_short_texts);
    RUN(test_seconds_every_byte_value);
    RUN(test_seconds_arguments);
    RUN(test_seconds_put_shortest_exact_unit);
    RUN(test_seconds_put_reads_back);
    RUN(test_cookie_put_without_a_cookie_or_a_pair);
    return check_done("web");
}
