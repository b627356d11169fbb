/* test_json.c - >>json, the reader: the grammar of RFC 8259 rule by rule, limits, duplicates,
   paths, getters, the walk. ref_value below is a second parser, written the other way round
   (recursive, copying, quadratic): both must say the same of every text, good or damaged.
   Cite: RFC 8259 sections 2 to 8, RFC 3629, RFC 7519 section 4 (unique names).              */

#include "check.h"

enum {
    LONGEST = 65535,                            /* the longest text the reader takes          */
    POOL    = TA_MAX_MEMBERS + TA_MAX_DEPTH     /* names of all open objects together         */
};

/* ---- the reference ------------------------------------------------------------------------ */

typedef struct ref {
    const uint8_t *s;
    size_t         n, at;
    size_t         depth, names;    /* open brackets; names of all open objects               */
    ta_status      st;              /* the first error from the left                          */
    size_t         used;
    char           dump[2 * LONGEST + 256];    /* the value without white space, its strings as
                                                  hex of what they say: "6162" for "ab"       */
} ref;

static bool ref_bad(ref *r, ta_status st)
{
    if (r->st == TA_OK) r->st = st;
    return false;
}

static void ref_put(ref *r, char c)
{
    if (r->used == sizeof r->dump) { puts("dump too small"); exit(2); }
    r->dump[r->used++] = c;
}

static void ref_put_byte(ref *r, unsigned v)
{
    ref_put(r, "0123456789abcdef"[v >> 4]);
    ref_put(r, "0123456789abcdef"[v & 15u]);
}

static void ref_put_char(ref *r, unsigned long cp)
{
    if (cp < 0x80) {
        ref_put_byte(r, (unsigned)cp);
    } else if (cp < 0x800) {
        ref_put_byte(r, 0xC0u | (unsigned)(cp / 64));
        ref_put_byte(r, 0x80u | (unsigned)(cp % 64));
    } else if (cp < 0x10000) {
        ref_put_byte(r, 0xE0u | (unsigned)(cp / 4096));
        ref_put_byte(r, 0x80u | (unsigned)(cp / 64 % 64));
        ref_put_byte(r, 0x80u | (unsigned)(cp % 64));
    } else {
        ref_put_byte(r, 0xF0u | (unsigned)(cp / 262144));
        ref_put_byte(r, 0x80u | (unsigned)(cp / 4096 % 64));
        ref_put_byte(r, 0x80u | (unsigned)(cp / 64 % 64));
        ref_put_byte(r, 0x80u | (unsigned)(cp % 64));
    }
}

/* the byte at `at`, or 256 behind the end */
static unsigned ref_peek(const ref *r) { return r->at < r->n ? r->s[r->at] : 256u; }

static bool ref_take(ref *r, char c)
{
    if (ref_peek(r) != (unsigned char)c) return false;
    r->at++;
    return true;
}

static void ref_space(ref *r)
{
    while (ref_take(r, ' ') || ref_take(r, '\t') || ref_take(r, '\n') || ref_take(r, '\r')) { }
}

/* RFC 3629: one character of 1..4 bytes, shortest form, no surrogate, at most U+10FFFF */
static bool ref_utf8(ref *r, unsigned long *cp)
{
    static const unsigned long least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = ref_peek(r);
    size_t len, i;
    if      (first < 0x80)      { len = 1; *cp = first; }
    else if (first / 32 == 6)   { len = 2; *cp = first % 32; }
    else if (first / 16 == 14)  { len = 3; *cp = first % 16; }
    else if (first / 8 == 30)   { len = 4; *cp = first % 8; }
    else return false;
    if (r->n - r->at < len) return false;
    for (i = 1; i < len; i++) {
        if (r->s[r->at + i] / 64 != 2) return false;
        *cp = *cp * 64 + r->s[r->at + i] % 64;
    }
    r->at += len;
    return *cp >= least[len] && (*cp < 0xD800 || *cp > 0xDFFF) && *cp <= 0x10FFFF;
}

static bool ref_hex4(ref *r, unsigned long *v)
{
    int i;
    *v = 0;
    for (i = 0; i < 4; i++) {
        unsigned c = ref_peek(r);
        if      (c >= '0' && c <= '9') *v = *v * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f') *v = *v * 16 + (c - 'a') + 10;
        else if (c >= 'A' && c <= 'F') *v = *v * 16 + (c - 'A') + 10;
        else return false;
        r->at++;
    }
    return true;
}

static bool ref_escape(ref *r, unsigned long *cp)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    unsigned long low;
    size_t i;
    if (!ref_take(r, '\\')) return false;
    for (i = 0; i < 8; i++) {
        if (ref_take(r, from[i])) { *cp = (unsigned char)to[i]; return true; }
    }
    if (!ref_take(r, 'u') || !ref_hex4(r, cp)) return false;
    if (*cp < 0xD800 || *cp > 0xDFFF) return true;
    if (*cp > 0xDBFF) return false;                             /* a second half first        */
    if (!ref_take(r, '\\') || !ref_take(r, 'u') || !ref_hex4(r, &low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return false;
    *cp = 0x10000 + (*cp - 0xD800) * 1024 + (low - 0xDC00);
    return true;
}

static bool ref_string(ref *r)
{
    unsigned long cp = 0;
    if (!ref_take(r, '"')) return ref_bad(r, TA_ERR_JSON);
    ref_put(r, '"');
    while (!ref_take(r, '"')) {
        if (ref_peek(r) < 0x20) return ref_bad(r, TA_ERR_JSON);
        if (!(ref_peek(r) == '\\' ? ref_escape(r, &cp) : ref_utf8(r, &cp))) {
            return ref_bad(r, TA_ERR_JSON);
        }
        ref_put_char(r, cp);
    }
    ref_put(r, '"');
    return true;
}

static bool ref_digits(ref *r)
{
    size_t from = r->at;
    while (ref_peek(r) >= '0' && ref_peek(r) <= '9') r->at++;
    return r->at > from;
}

static bool ref_number(ref *r)
{
    size_t from = r->at;
    bool ok;
    ref_take(r, '-');
    ok = ref_take(r, '0') || ref_digits(r);
    if (ok && ref_take(r, '.')) ok = ref_digits(r);
    if (ok && (ref_take(r, 'e') || ref_take(r, 'E'))) {
        if (!ref_take(r, '+')) ref_take(r, '-');
        ok = ref_digits(r);
    }
    for (; from < r->at; from++) ref_put(r, (char)r->s[from]);
    return ok || ref_bad(r, TA_ERR_JSON);
}

static bool ref_word(ref *r, const char *word)
{
    for (; *word != '\0'; word++) {
        if (!ref_take(r, *word)) return ref_bad(r, TA_ERR_JSON);
        ref_put(r, *word);
    }
    return true;
}

/* The name just read (dump[from..used)) among the object's earlier ones; it joins them.       */
static bool ref_name(ref *r, size_t from, size_t *start, size_t *len, size_t *count)
{
    size_t i, n = r->used - from;
    for (i = 0; i < *count; i++) {
        if (len[i] == n && memcmp(r->dump + start[i], r->dump + from, n) == 0) {
            return ref_bad(r, TA_ERR_DUPLICATE);
        }
    }
    if (*count == TA_MAX_MEMBERS || r->names == POOL) return ref_bad(r, TA_ERR_LIMIT);
    start[*count] = from;
    len[*count] = n;
    (*count)++;
    r->names++;
    return true;
}

/* One value with the white space around it. It does recurse: the header must not, the check may. */
static bool ref_value(ref *r)
{
    size_t start[TA_MAX_MEMBERS], len[TA_MAX_MEMBERS], count = 0;
    char close = '\0';
    bool ok;
    ref_space(r);
    switch (ref_peek(r)) {
    case '"': ok = ref_string(r); break;
    case 't': ok = ref_word(r, "true"); break;
    case 'f': ok = ref_word(r, "false"); break;
    case 'n': ok = ref_word(r, "null"); break;
    case '[': close = ']'; ok = true; break;
    case '{': close = '}'; ok = true; break;
    default:  ok = ref_number(r); break;
    }
    if (close != '\0') {
        if (r->depth == TA_MAX_DEPTH) return ref_bad(r, TA_ERR_LIMIT);
        r->depth++;
        ref_put(r, (char)r->s[r->at++]);
        ref_space(r);
        while (!ref_take(r, close)) {
            if (r->dump[r->used - 1] != '[' && r->dump[r->used - 1] != '{') {
                if (!ref_take(r, ',')) return ref_bad(r, TA_ERR_JSON);
                ref_put(r, ',');
                ref_space(r);
            }
            if (close == '}') {
                size_t from = r->used;
                if (!ref_string(r) || !ref_name(r, from, start, len, &count)) return false;
                ref_space(r);
                if (!ref_take(r, ':')) return ref_bad(r, TA_ERR_JSON);
                ref_put(r, ':');
            }
            if (!ref_value(r)) return false;
        }
        ref_put(r, close);
        r->names -= count;
        r->depth--;
    }
    if (ok) ref_space(r);
    return ok;
}

static ta_status ref_check(ref *r, const char *text, size_t len)
{
    r->s = (const uint8_t *)text;
    r->n = len;
    r->at = r->depth = r->names = r->used = 0;
    r->st = TA_OK;
    if (len > LONGEST) return TA_ERR_LIMIT;
    if (ref_value(r) && r->at < r->n) ref_bad(r, TA_ERR_JSON);
    return r->st;
}

static ref one, two;            /* 128 KB each: not for the stack */

/* ---- helpers -------------------------------------------------------------------------------- */

/* The verdict on exactly these bytes; the byte after them belongs to nobody.                   */
static ta_status st_of(const char *text, size_t len)
{
    char *p = (char *)exact_copy(text, len);
    ta_status st = ta_json_check(p, len);
    free(p);
    return st;
}

static void show(const char *text, size_t len)
{
    size_t i;
    printf("    text (%lu): ", (unsigned long)len);
    for (i = 0; i < len && i < 200; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7F) printf("%c", c); else printf("\\x%02x", c);
    }
    printf("\n");
}

#define CHECK_JSON(text, len, want) check_json(__LINE__, (text), (len), (want))
#define CHECK_LIT(literal, want)    check_json(__LINE__, TA_LIT(literal), (want))

static void check_json(int line, const char *text, size_t len, ta_status want)
{
    ta_status got = st_of(text, len);
    if (got == want) return;
    check_failed(__FILE__, line);
    printf("%s, not %s\n", ta_status_name(got), ta_status_name(want));
    show(text, len);
}

/* the same verdict as the reference; gives it */
static ta_status check_ref(int line, const char *text, size_t len)
{
    ta_status want = ref_check(&one, text, len);
    check_json(line, text, len, want);
    return want;
}

#define CHECK_REF(text, len) check_ref(__LINE__, (text), (len))

/* A checked text in an exact block, and its value. */
typedef struct doc {
    char   *text;
    size_t  len;
    ta_json v;
} doc;

static doc doc_open(const char *text, size_t len)
{
    doc d;
    d.text = (char *)exact_copy(text, len);
    d.len = len;
    if (ta_json_find(d.text, len, "", &d.v) != TA_OK) {
        check_failed(__FILE__, __LINE__);
        printf("not accepted\n");
        show(text, len);
    }
    return d;
}

static doc doc_of(const char *text) { return doc_open(text, strlen(text)); }
static void doc_close(doc *d) { free(d->text); }

/* A text in pieces, on the heap, so that long ones can be built. */
typedef struct pad {
    char  *s;
    size_t n, cap;
} pad;

static void pad_put(pad *p, const char *s, size_t n)
{
    if (p->cap - p->n < n) {
        p->cap = 2 * (p->cap + n);
        p->s = (char *)realloc(p->s, p->cap);
        if (p->s == NULL) { puts("out of memory"); exit(2); }
    }
    if (n > 0) memcpy(p->s + p->n, s, n);
    p->n += n;
}

static void pad_str(pad *p, const char *s) { pad_put(p, s, strlen(s)); }

static void pad_fill(pad *p, const char *s, size_t times)
{
    while (times-- > 0) pad_str(p, s);
}

static void pad_free(pad *p)
{
    free(p->s);
    p->s = NULL;
    p->n = p->cap = 0;
}

/* `count` members from number `first` on, without the braces: "m7":0,"m8":0 */
static void pad_members(pad *p, size_t first, size_t count)
{
    char member[40];
    size_t i;
    for (i = first; i < first + count; i++) {
        snprintf(member, sizeof member, "%s\"m%lu\":0", i > first ? "," : "", (unsigned long)i);
        pad_str(p, member);
    }
}

typedef struct sample { const char *s; size_t n; } sample;

/* ---- the grammar ---------------------------------------------------------------------------- */

static const sample good[] = {
    {TA_LIT("null")}, {TA_LIT("true")}, {TA_LIT("false")},
    {TA_LIT(" \t\n\r null \t\n\r ")}, {TA_LIT("0")}, {TA_LIT("-0")}, {TA_LIT("1")}, {TA_LIT("-1")},
    {TA_LIT("10")}, {TA_LIT("1234567890")}, {TA_LIT("0.0")}, {TA_LIT("0.10")}, {TA_LIT("1.5")},
    {TA_LIT("-0.5")}, {TA_LIT("1e5")}, {TA_LIT("1E5")}, {TA_LIT("1e+5")}, {TA_LIT("1e-5")},
    {TA_LIT("0e0")}, {TA_LIT("1e00")}, {TA_LIT("1.5e-05")}, {TA_LIT("0E+0")}, {TA_LIT("-0.0e-0")},
    {TA_LIT("123456789012345678901234567890.5e99999")},
    {TA_LIT("\"\"")}, {TA_LIT("\"a\"")}, {TA_LIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")},
    {TA_LIT("\"\\u0000\\u001f\\uABCD\\uabcd\\uFFFF\"")}, {TA_LIT("\"\\ud83d\\ude00\"")},
    {TA_LIT("\"\\uDBFF\\uDFFF\\ud800\\udc00\"")}, {TA_LIT("\"\x7f\"")}, {TA_LIT("\" \"")},
    {TA_LIT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"")}, {TA_LIT("\"\xe2\x80\xa8\xe2\x80\xa9\"")},
    {TA_LIT("\"\\\\u0041\"")}, {TA_LIT("\"//\"")}, {TA_LIT("\"\xef\xbb\xbf\"")},
    {TA_LIT("[]")}, {TA_LIT("[ ]")}, {TA_LIT("[1]")}, {TA_LIT(" [ 1 , 2 ] ")}, {TA_LIT("[[],[[]]]")},
    {TA_LIT("[null,true,false,0,\"\",[],{}]")}, {TA_LIT("[1,\"2\",{\"a\":[3]},[4]]")},
    {TA_LIT("{}")}, {TA_LIT("{ }")}, {TA_LIT("{\"a\":1}")}, {TA_LIT("{\"\":0}")},
    {TA_LIT(" { \"a\" : 1 , \"b\" : { } } ")}, {TA_LIT("{\"a\":{\"a\":[{\"a\":1}]}}")},
    {TA_LIT("{\"a\":1,\"A\":2,\"a \":3,\"\":4,\"aa\":5}")}, {TA_LIT("[{\"a\":1},{\"a\":2}]")},
    {TA_LIT("{\"a\":{\"b\":1},\"b\":2}")}, {TA_LIT("{\"b\":{\"a\":1},\"a\":2,\"c\":{\"a\":1}}")},
    {TA_LIT("{\"a\\u0000b\":1,\"a\":2,\"a\\u0000c\":3}")},
    {TA_LIT("{\"exp\":1700000000,\"aud\":[\"x\",\"y\"],\"r\":{\"roles\":[\"\\u00e9\"]},\"n\":-1.5e3}")}
};

static const sample bad[] = {
    /* no value */
    {TA_LIT("")}, {TA_LIT(" ")}, {TA_LIT("\n\t\r ")}, {TA_LIT(",")}, {TA_LIT(":")}, {TA_LIT("]")},
    {TA_LIT("}")}, {TA_LIT("#")}, {TA_LIT("//")}, {TA_LIT("/**/1")}, {TA_LIT("1//")}, {TA_LIT("1/**/")},
    {TA_LIT("\0")}, {TA_LIT("undefined")}, {TA_LIT("NaN")}, {TA_LIT("Infinity")}, {TA_LIT("-Infinity")},
    {TA_LIT("'a'")}, {TA_LIT("a")}, {TA_LIT("\\u0031")},
    /* more than one */
    {TA_LIT("1 2")}, {TA_LIT("[] []")}, {TA_LIT("{}{}")}, {TA_LIT("[][]")}, {TA_LIT("1,")},
    {TA_LIT("1,2")}, {TA_LIT("null null")}, {TA_LIT("\"a\"\"b\"")}, {TA_LIT("\"a\" \"b\"")},
    {TA_LIT("{}]")}, {TA_LIT("[]}")}, {TA_LIT("[]]")}, {TA_LIT("{}}")}, {TA_LIT("{}\0")}, {TA_LIT("{}#")},
    {TA_LIT("{} x")}, {TA_LIT("\"a\":1")}, {TA_LIT("1]")}, {TA_LIT("null}")}, {TA_LIT("{},")},
    {TA_LIT("[]:")}, {TA_LIT("\"a\":")},
    /* words */
    {TA_LIT("nul")}, {TA_LIT("nulL")}, {TA_LIT("nulll")}, {TA_LIT("Null")}, {TA_LIT("nil")}, {TA_LIT("n")},
    {TA_LIT("tru")}, {TA_LIT("truE")}, {TA_LIT("truee")}, {TA_LIT("TRUE")}, {TA_LIT("t")}, {TA_LIT("ture")},
    {TA_LIT("fals")}, {TA_LIT("falsE")}, {TA_LIT("falsee")}, {TA_LIT("False")}, {TA_LIT("f")},
    {TA_LIT("truefalse")}, {TA_LIT("null1")}, {TA_LIT("null\0")}, {TA_LIT("nu\0l")}, {TA_LIT("true\"\"")},
    /* white space: four characters only */
    {TA_LIT("\x0b" "1")}, {TA_LIT("\x0c" "1")}, {TA_LIT("\xc2\xa0" "1")}, {TA_LIT("\xe2\x80\xa8" "1")},
    {TA_LIT("\xef\xbb\xbf" "1")}, {TA_LIT("\xef\xbb\xbf{}")}, {TA_LIT("{}\xef\xbb\xbf")},
    {TA_LIT("\xff\xfe[\0]\0")}, {TA_LIT("1\x0b")}, {TA_LIT("1\x1f")}, {TA_LIT("1\x7f")}, {TA_LIT("\x85" "1")},
    {TA_LIT("[1\x0c]")}, {TA_LIT("{\x0b}")}, {TA_LIT("{\"a\"\0:1}")},
    /* numbers */
    {TA_LIT("+1")}, {TA_LIT("-")}, {TA_LIT("--1")}, {TA_LIT("-+1")}, {TA_LIT("01")}, {TA_LIT("-01")},
    {TA_LIT("00")}, {TA_LIT("-00")}, {TA_LIT("1.")}, {TA_LIT(".1")}, {TA_LIT("-.1")}, {TA_LIT("1.e1")},
    {TA_LIT("0.")}, {TA_LIT("1e")}, {TA_LIT("1E")}, {TA_LIT("1e+")}, {TA_LIT("1e-")}, {TA_LIT("1E+-1")},
    {TA_LIT("1e1.5")}, {TA_LIT("1.2.3")}, {TA_LIT("1ee1")}, {TA_LIT("1e1e1")}, {TA_LIT("e1")},
    {TA_LIT("-e1")}, {TA_LIT("0x10")}, {TA_LIT("0b1")}, {TA_LIT("0o7")}, {TA_LIT("1_0")}, {TA_LIT("1a")},
    {TA_LIT("-a")}, {TA_LIT("1.0f")}, {TA_LIT("1L")}, {TA_LIT("1 000")}, {TA_LIT("- 1")}, {TA_LIT("1 .5")},
    {TA_LIT("1. 5")}, {TA_LIT("1e 5")}, {TA_LIT("1 e5")}, {TA_LIT("1.-5")}, {TA_LIT("1.+5")},
    {TA_LIT("1-")}, {TA_LIT("1+1")}, {TA_LIT("0e")}, {TA_LIT("0e+")}, {TA_LIT("1.5e")}, {TA_LIT("-1x")},
    {TA_LIT("\xd9\xa1")}, {TA_LIT("1\0")}, {TA_LIT("1\xef\xbc\x91")}, {TA_LIT("[01]")}, {TA_LIT("[1.]")},
    {TA_LIT("[-]")}, {TA_LIT("[1e]")}, {TA_LIT("{\"a\":01}")}, {TA_LIT("{\"a\":-}")}, {TA_LIT("[.5]")},
    {TA_LIT("[+1]")},
    /* strings */
    {TA_LIT("\"")}, {TA_LIT("\"a")}, {TA_LIT("\"\\\"")}, {TA_LIT("\"\\")}, {TA_LIT("\"\\u")},
    {TA_LIT("\"\\u\"")}, {TA_LIT("\"\\u1\"")}, {TA_LIT("\"\\u12\"")}, {TA_LIT("\"\\u123\"")},
    {TA_LIT("\"\\u123g\"")}, {TA_LIT("\"\\u+123\"")}, {TA_LIT("\"\\u 123\"")}, {TA_LIT("\"\\u-123\"")},
    {TA_LIT("\"\\U0041\"")}, {TA_LIT("\"\\x41\"")}, {TA_LIT("\"\\a\"")}, {TA_LIT("\"\\v\"")},
    {TA_LIT("\"\\0\"")}, {TA_LIT("\"\\'\"")}, {TA_LIT("\"\\ \"")}, {TA_LIT("\"\\\n\"")}, {TA_LIT("\"\\\0\"")},
    {TA_LIT("\"\0\"")}, {TA_LIT("\"a\nb\"")}, {TA_LIT("\"a\tb\"")}, {TA_LIT("\"a\x1f\"")},
    {TA_LIT("\"\\u{41}\"")}, {TA_LIT("\"\\\xc3\xa9\"")}, {TA_LIT("a\"b\"")}, {TA_LIT("`a`")},
    {TA_LIT("\"\xff\"")}, {TA_LIT("\"\x80\"")}, {TA_LIT("\"\xc0\x80\"")}, {TA_LIT("\"\xe9\"")},
    {TA_LIT("\"\xed\xa0\x80\"")}, {TA_LIT("\"\xed\xa0\xbd\xed\xb8\x80\"")}, {TA_LIT("\"\xf4\x90\x80\x80\"")},
    {TA_LIT("\"\xe2\x82\"")}, {TA_LIT("\"\xf0\x9f\x98\"")}, {TA_LIT("\"\xc3\"")}, {TA_LIT("\"\xc3")},
    {TA_LIT("\"\xe2\x82")}, {TA_LIT("\"\xf0\x9f\x98")},
    /* arrays */
    {TA_LIT("[")}, {TA_LIT("[1")}, {TA_LIT("[1,")}, {TA_LIT("[1,]")}, {TA_LIT("[,1]")}, {TA_LIT("[,]")},
    {TA_LIT("[1,,2]")}, {TA_LIT("[1 2]")}, {TA_LIT("[1:2]")}, {TA_LIT("[1}")}, {TA_LIT("[}")},
    {TA_LIT("[[]")}, {TA_LIT("[1;2]")}, {TA_LIT("[\"a\":1]")}, {TA_LIT("[[],]")}, {TA_LIT("[{},]")},
    {TA_LIT("[]1")}, {TA_LIT("[[}]")}, {TA_LIT("[{]}")}, {TA_LIT("[\"a]")}, {TA_LIT("[1,2")},
    {TA_LIT("[1,[2]")}, {TA_LIT("[ ,]")}, {TA_LIT("[[]1]")}, {TA_LIT("[{}{}]")}, {TA_LIT("[[][]]")},
    {TA_LIT("[\"\"\"\"]")}, {TA_LIT("[:]")},
    /* objects */
    {TA_LIT("{")}, {TA_LIT("{\"")}, {TA_LIT("{\"a")}, {TA_LIT("{\"a\"")}, {TA_LIT("{\"a\":")},
    {TA_LIT("{\"a\":1")}, {TA_LIT("{\"a\":1,")}, {TA_LIT("{\"a\"}")}, {TA_LIT("{\"a\":}")},
    {TA_LIT("{\"a\":1,}")}, {TA_LIT("{,\"a\":1}")}, {TA_LIT("{,}")}, {TA_LIT("{\"a\" 1}")},
    {TA_LIT("{\"a\",1}")}, {TA_LIT("{\"a\":1 \"b\":2}")}, {TA_LIT("{\"a\":1;\"b\":2}")}, {TA_LIT("{a:1}")},
    {TA_LIT("{'a':1}")}, {TA_LIT("{1:1}")}, {TA_LIT("{null:1}")}, {TA_LIT("{[]:1}")}, {TA_LIT("{{}:1}")},
    {TA_LIT("{\"a\"::1}")}, {TA_LIT("{\"a\":1,,\"b\":2}")}, {TA_LIT("{\"a\":1]")}, {TA_LIT("{]")},
    {TA_LIT("{\"a\":\"b\":\"c\"}")}, {TA_LIT("{\"a\":1,\"b\"}")}, {TA_LIT("{\"a\":1,2}")}, {TA_LIT("{1}")},
    {TA_LIT("{\"a\":1,\"b\":}")}, {TA_LIT("{:1}")}, {TA_LIT("{\"a\"=1}")}, {TA_LIT("{\"a\":{}")},
    {TA_LIT("{\"a\":1}}")}, {TA_LIT("{\"a\":1}1")}, {TA_LIT("{\"a\":[}]")}, {TA_LIT("{\"a\":1 2}")},
    {TA_LIT("{\"a\":1,[]}")}, {TA_LIT("{\"a\":,}")}, {TA_LIT("{[1]}")}, {TA_LIT("{\"\\ud800\":1}")},
    {TA_LIT("{\"a\xff\":1}")}, {TA_LIT("{\"a\n\":1}")}, {TA_LIT("{\"a\":,\"b\":1}")}
};

static void test_grammar_good_texts_are_accepted(void)
{
    size_t i;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_JSON(good[i].s, good[i].n, TA_OK);
        CHECK_ST(ref_check(&one, good[i].s, good[i].n), TA_OK);
    }
}

static void test_grammar_bad_texts_are_refused(void)
{
    size_t i;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_JSON(bad[i].s, bad[i].n, TA_ERR_JSON);
        CHECK_ST(ref_check(&one, bad[i].s, bad[i].n), TA_ERR_JSON);
    }
}

/* White space, and nothing else, may stand at each seam; there is none inside a token.        */
static void test_grammar_each_byte_at_each_seam(void)
{
    static const char *const seams[] = {
        "@1", "1@", "@[]", "[@]", "[@1]", "[1@]", "[1@,2]", "[1,@2]", "[]@", "@{}", "{@}",
        "{@\"a\":1}", "{\"a\"@:1}", "{\"a\":@1}", "{\"a\":1@}", "{\"a\":1@,\"b\":2}",
        "{\"a\":1,@\"b\":2}", "{}@", "[[]@]", "[[@]]", "[[]@,[]]", "[[],@[]]", "[{}@,{}]",
        "{\"a\":[]@}", "{\"a\":{}@,\"b\":2}", "\"a\"@", "@\"a\"", "true@", "@null", "[true@]",
        "[\"a\"@]", "-@1", "1@1", "1.@1", "1@.1", "1e@1", "1@e1", "1e+@1", "-@", "0@", "0@1", "1.5@",
        "1e5@", "nu@ll", "tru@e", "f@alse", "@rue", "nul@", "\"@\"", "\"\\@\"", "\"\\u@041\"", "\"\\u0@41\"",
        "\"\\u00@1\"", "\"\\u004@\"", "\"\\@0041\"", "\"\\ud83d\\u@e00\"", "\"\\ud83d\\ud@00\"",
        "\"\\ud83d@ude00\"", "\"\\ud83d\\@de00\"", "\"\\ud@3d\\ude00\"", "\"\\u@83d\\ude00\""
    };
    char text[64];
    size_t i, n, cut;
    unsigned c;
    for (i = 0; i < sizeof seams / sizeof seams[0]; i++) {
        const char *mark = strchr(seams[i], '@');
        n = strlen(seams[i]);
        cut = (size_t)(mark - seams[i]);
        memcpy(text, seams[i], n);
        for (c = 0; c < 256; c++) {                     /* any byte in its place              */
            text[cut] = (char)c;
            CHECK_REF(text, n);
        }
        memmove(text + cut, text + cut + 1, n - cut - 1);
        CHECK_REF(text, n - 1);                         /* and nothing there                  */
    }
}

static void test_grammar_every_prefix_of_a_good_text(void)
{
    size_t i, n;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *s = good[i].s;
        size_t last = good[i].n, first = 0;
        while (last > 0 && strchr(" \t\r\n", s[last - 1]) != NULL) last--;
        while (strchr(" \t\r\n", s[first]) != NULL) first++;
        for (n = 0; n < good[i].n; n++) {
            ta_status st = CHECK_REF(s, n);
            if (n >= last) {
                CHECK_ST(st, TA_OK);                    /* only white space was cut           */
            } else if (n <= first || strchr("[{\"tfn", s[first]) != NULL) {
                CHECK_ST(st, TA_ERR_JSON);              /* what is closed by a byte lost it   */
            }                                           /* "12" of "123" is a number: see ref */
        }
    }
}

static void test_grammar_every_bit_flip_of_a_good_text(void)
{
    char text[512];
    size_t i, at, bit;
    long accepted = 0, refused = 0;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        memcpy(text, good[i].s, good[i].n);
        for (at = 0; at < good[i].n; at++) {
            for (bit = 0; bit < 8; bit++) {
                text[at] = (char)(text[at] ^ (1 << bit));
                if (CHECK_REF(text, good[i].n) == TA_OK) accepted++; else refused++;
                text[at] = (char)(text[at] ^ (1 << bit));
            }
        }
    }
    CHECK(accepted > 1000 && refused > 1000);
}

static void test_check_arguments(void)
{
    ta_json v;
    CHECK_ST(ta_json_check(NULL, 0), TA_ERR_JSON);
    CHECK_ST(ta_json_check(NULL, 1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_json_check("", 0), TA_ERR_JSON);
    memset(&v, 0x55, sizeof v);
    CHECK_ST(ta_json_find(NULL, 1, "", &v), TA_ERR_ARGUMENT);
    CHECK(v.text == NULL && v.len == 0);
    memset(&v, 0x55, sizeof v);
    CHECK_ST(ta_json_find(NULL, 0, "", &v), TA_ERR_JSON);
    CHECK(v.text == NULL && v.len == 0);
    memset(&v, 0x55, sizeof v);
    CHECK_ST(ta_json_find("{}", 2, NULL, &v), TA_ERR_ARGUMENT);
    CHECK(v.text == NULL && v.len == 0);
    CHECK_ST(ta_json_find("{}", 2, "", NULL), TA_ERR_ARGUMENT);
}

/* A length counts bytes; a NUL in the text is a byte like any other, and a bad one.           */
static void test_lengths_rule_a_nul_ends_nothing(void)
{
    CHECK_JSON("1\0", 1, TA_OK);
    CHECK_JSON("1\0", 2, TA_ERR_JSON);
    CHECK_JSON("{}\0{}", 5, TA_ERR_JSON);
    CHECK_JSON("[1,\0" "2]", 6, TA_ERR_JSON);
    CHECK_JSON("{\"a\0b\":1}", 9, TA_ERR_JSON);
    CHECK_JSON("{\"a\":1}\0\0\0", 10, TA_ERR_JSON);
    CHECK_JSON("{\"a\":1}garbage", 7, TA_OK);
    CHECK_JSON("{\"a\\u0000b\":1,\"a\\u0000c\":2}", 27, TA_OK);
    CHECK_JSON("{\"a\\u0000b\":1,\"a\\u0000b\":2}", 27, TA_ERR_DUPLICATE);
}

/* ---- strings: UTF-8 and escapes ------------------------------------------------------------- */

/* Every sequence of one or two bytes, and every edge of three and four.                       */
static void test_utf8_every_short_sequence_in_a_string(void)
{
    static const unsigned char edge[] = {0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    enum { EDGES = sizeof edge };
    char s[8];
    unsigned a, b;
    size_t i, k;
    long ok = 0;
    s[0] = '"';
    for (a = 0; a < 256; a++) {
        s[1] = (char)a; s[2] = '"';
        ok += CHECK_REF(s, 3) == TA_OK;
        for (b = 0; b < 256; b++) {
            s[2] = (char)b; s[3] = '"';
            ok += CHECK_REF(s, 4) == TA_OK;
            if (a < 0xDF) continue;
            for (i = 0; i < EDGES; i++) {
                s[3] = (char)edge[i]; s[4] = '"';
                ok += CHECK_REF(s, 5) == TA_OK;
                for (k = 0; a >= 0xEF && k < EDGES; k++) {
                    s[4] = (char)edge[k]; s[5] = '"';
                    ok += CHECK_REF(s, 6) == TA_OK;
                }
            }
        }
    }
    CHECK(ok > 10000);
}

/* A loop over many bytes at once must see the odd one wherever it stands: in each place of strings of
   each length around 16 and 32, as a value and as a name, and against a text of the same length. */
static void test_strings_one_odd_byte_at_each_place(void)
{
    static const unsigned char odd[] = {0x00, 0x1F, 0x20, 0x21, 0x7F, 0x80, 0xC3, 0xFF, '"', '\\', '/', 'n'};
    char s[220], want[200];
    size_t len, at, i, k;
    for (len = 1; len <= 190; len += len < 50 ? 1 : 14) {     /* 16, 32, 48 and more at once */
        for (at = 0; at < len; at++) {
            for (i = 0; i < sizeof odd; i++) {
                char *inner = s + 2;
                memset(s, 'b', sizeof s);
                s[1] = '"';
                inner[at] = (char)odd[i];
                inner[len] = '"';
                s[0] = '[';
                inner[len + 1] = ']';
                CHECK_REF(s, len + 4);
                CHECK_REF(s + 1, len + 2);
                memcpy(inner + len + 1, ":1}", 3);
                s[0] = '{';
                CHECK_REF(s, len + 6);
            }
            memset(s, 'b', sizeof s);
            s[0] = s[len + 1] = '"';
            for (k = 0; k < 2; k++) {                   /* the same, then other by one byte      */
                ta_json v;
                char *text;
                memset(want, 'b', len);
                if (k == 1) want[at] = 'B';
                v.text = (text = (char *)exact_copy(s, len + 2));
                v.len = len + 2;
                CHECK_EQ(ta_json_equals(v, want, len), k == 0);
                CHECK_EQ(ta_json_has(v, want, len), k == 0);
                CHECK(!ta_json_equals(v, want, len - 1));
                free(text);
            }
        }
    }
}

static void test_utf8_noncharacters_and_the_last_one_are_fine(void)
{
    CHECK_JSON("\"\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\"", 11, TA_OK);     /* FFFE FFFF FDD0 */
    CHECK_JSON("\"\xf4\x8f\xbf\xbf\"", 6, TA_OK);                          /* 10FFFF */
    CHECK_JSON("\"\xf4\x90\x80\x80\"", 6, TA_ERR_JSON);                    /* 110000 */
}

/* Cut in the middle of a character, the next byte is the closing quote or the text's end.     */
static void test_utf8_cut_characters_are_refused(void)
{
    static const char *const whole[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    char s[16];
    size_t i, n;
    for (i = 0; i < 3; i++) {
        for (n = 1; n < strlen(whole[i]); n++) {
            s[0] = '"';
            memcpy(s + 1, whole[i], n);
            CHECK_JSON(s, n + 1, TA_ERR_JSON);
            s[n + 1] = '"';
            CHECK_JSON(s, n + 2, TA_ERR_JSON);
            s[n + 2] = 'x';
            s[n + 3] = '"';
            CHECK_JSON(s, n + 4, TA_ERR_JSON);
        }
    }
}

/* All 65,536 escapes: surrogates are refused, all else says what the reference says.          */
static void test_escapes_each_u_escape(void)
{
    unsigned v;
    for (v = 0; v < 0x10000u; v++) {
        char s[16], out[8];
        size_t n = 99;
        ta_json j;
        ta_status st;
        snprintf(s, sizeof s, v & 1u ? "\"\\u%04x\"" : "\"\\u%04X\"", v);
        CHECK_REF(s, 8);
        CHECK_ST(one.st, v >= 0xD800 && v <= 0xDFFF ? TA_ERR_JSON : TA_OK);
        if (one.st != TA_OK) continue;
        j.text = s;
        j.len = 8;
        st = ta_json_string(j, out, sizeof out, &n);
        CHECK_ST(st, v == 0 ? TA_ERR_NUL : TA_OK);
        if (v == 0) {
            CHECK(n == 0 && out[0] == '\0');
        } else {
            unsigned long cp = 0;
            two.s = (const uint8_t *)out;
            two.n = n;
            two.at = 0;
            CHECK(n >= 1 && ref_utf8(&two, &cp) && two.at == n && cp == v);
            CHECK(n <= 3 && out[n <= 3 ? n : 0] == '\0');
            CHECK(ta_json_equals(j, out, n));
        }
    }
}

static void test_escapes_surrogate_pairs(void)
{
    static const unsigned half[] = {0x0000, 0x0041, 0xD7FF, 0xD800, 0xD801, 0xDBFF, 0xDC00, 0xDC01,
                                    0xDFFF, 0xE000, 0xFFFF};
    enum { HALVES = sizeof half / sizeof half[0] };
    char s[32], want[8], out[8];
    size_t i, k, n;
    for (i = 0; i < HALVES; i++) {
        for (k = 0; k < HALVES; k++) {
            snprintf(s, sizeof s, "\"\\u%04x\\u%04X\"", half[i], half[k]);
            CHECK_REF(s, 14);
        }
        snprintf(s, sizeof s, "\"\\u%04xx\"", half[i]);     CHECK_REF(s, 9);
        snprintf(s, sizeof s, "\"\\u%04x\\n\"", half[i]);   CHECK_REF(s, 10);
        snprintf(s, sizeof s, "\"\\u%04x\\u\"", half[i]);   CHECK_REF(s, 10);
        snprintf(s, sizeof s, "\"\\u%04x\\\"\"", half[i]);  CHECK_REF(s, 10);
        snprintf(s, sizeof s, "\"\\u%04x\xed\xb0\x80\"", half[i]);  CHECK_REF(s, 11);
        snprintf(s, sizeof s, "\"\xed\xa0\x80\\u%04x\"", half[i]);  CHECK_REF(s, 11);
        for (k = 0; k <= 14; k++) {                         /* cut anywhere                   */
            snprintf(s, sizeof s, "\"\\u%04x\\udc00\"", half[i]);
            CHECK_REF(s, k);
        }
    }
    for (i = 0; i < 3000; i++) {
        unsigned long cp = 0x10000u + (unsigned long)rnd(0x100000u);
        doc d;
        if (i == 0) cp = 0x10000;
        if (i == 1) cp = 0x10FFFF;
        snprintf(s, sizeof s, "\"\\u%04lx\\u%04lX\"",
                 0xD800u + ((cp - 0x10000u) >> 10), 0xDC00u + ((cp - 0x10000u) & 0x3FFu));
        want[0] = (char)(0xF0u | (cp >> 18));
        want[1] = (char)(0x80u | ((cp >> 12) & 63u));
        want[2] = (char)(0x80u | ((cp >> 6) & 63u));
        want[3] = (char)(0x80u | (cp & 63u));
        want[4] = '\0';
        d = doc_of(s);
        CHECK_ST(ta_json_string(d.v, out, 5, &n), TA_OK);
        CHECK_TEXT(out, n, want);
        CHECK(ta_json_equals(d.v, want, 4));
        doc_close(&d);
    }
}

/* RFC 8259 section 8.2 leaves them open; an identifier that cannot be written as UTF-8 is none. */
static void test_lone_surrogates_are_refused_everywhere(void)
{
    CHECK_LIT("\"\\ud800\"", TA_ERR_JSON);
    CHECK_LIT("\"\\udfff\"", TA_ERR_JSON);
    CHECK_LIT("\"\\udc00\\ud800\"", TA_ERR_JSON);
    CHECK_LIT("{\"\\ud800\":1}", TA_ERR_JSON);
    CHECK_LIT("{\"a\":[\"\\ud83d\"]}", TA_ERR_JSON);
    CHECK_LIT("{\"a\":{\"\\ude00\":1}}", TA_ERR_JSON);
}

/* ---- duplicates ----------------------------------------------------------------------------- */

/* RFC 7519 section 4, RFC 7515 section 4, RFC 8259 section 4.                                 */
static void test_duplicate_names_are_refused_at_every_level_after_unescaping(void)
{
    static const char *const a[] = {
        "a", "\\u0061", "\xc3\xa9", "\\u00e9", "\\u00E9", "\\ud83d\\ude00", "\xf0\x9f\x98\x80",
        "\\uD83D\\uDE00", "/", "\\/", "\\u002f", "\\u002F", "\\n", "\\u000a", "\\u000A", "\\\"",
        "\\u0022", "\\\\", "\\u005c", "", "\\u0000", "ab", "\\u0061b", "a\\u0062", "b", "A", "\\u0041",
        "\\u000", "aa", "u0061", "\\\\u0061", "0061", "\\t", "\\u0009", "t", "\\b", "\\u0008", "\\f",
        "\\u000c", "\\r", "\\u000d"
    };
    enum { NAMES = sizeof a / sizeof a[0] };
    char s[256];
    size_t i, k, depth;
    long same = 0;
    for (i = 0; i < NAMES; i++) {
        for (k = 0; k < NAMES; k++) {
            snprintf(s, sizeof s, "{\"%s\":1,\"%s\":2}", a[i], a[k]);
            if (CHECK_REF(s, strlen(s)) == TA_ERR_DUPLICATE) same++;
            snprintf(s, sizeof s, "{\"%s\":{\"%s\":2}}", a[i], a[k]);
            CHECK_REF(s, strlen(s));
            snprintf(s, sizeof s, "[{\"x\":{\"%s\":1,\"y\":[{}],\"%s\":2}}]", a[i], a[k]);
            CHECK_REF(s, strlen(s));
        }
    }
    CHECK(same > 60);
    for (depth = 1; depth <= TA_MAX_DEPTH; depth++) {   /* the two names at each depth         */
        pad p = {NULL, 0, 0};
        pad_fill(&p, "{\"n\":", depth - 1);
        pad_str(&p, "{\"a\":1,\"b\":2,\"\\u0061\":3}");
        pad_fill(&p, "}", depth - 1);
        CHECK_JSON(p.s, p.n, TA_ERR_DUPLICATE);
        pad_free(&p);
        pad_fill(&p, "[", depth - 1);
        pad_str(&p, "{\"a\":1,\"b\":2,\"\\u0061\":3}");
        pad_fill(&p, "]", depth - 1);
        CHECK_JSON(p.s, p.n, TA_ERR_DUPLICATE);
        pad_free(&p);
        pad_fill(&p, "{\"n\":", depth - 1);             /* one further in: two objects, fine   */
        pad_str(&p, "{\"n\":1,\"a\":2}");
        pad_fill(&p, "}", depth - 1);
        CHECK_JSON(p.s, p.n, TA_OK);
        pad_free(&p);
        if (depth == TA_MAX_DEPTH) break;
        pad_fill(&p, "{\"n\":", depth - 1);             /* the inner object is forgotten       */
        pad_str(&p, "{\"c\":{\"a\":1,\"b\":2},\"a\":1,\"b\":2,\"d\":{\"a\":1},\"c\":0}");
        pad_fill(&p, "}", depth - 1);
        CHECK_JSON(p.s, p.n, TA_ERR_DUPLICATE);
        pad_free(&p);
        pad_fill(&p, "{\"n\":", depth - 1);
        pad_str(&p, "{\"c\":{\"a\":1,\"b\":2},\"a\":1,\"b\":2,\"d\":{\"a\":1},\"e\":0}");
        pad_fill(&p, "}", depth - 1);
        CHECK_JSON(p.s, p.n, TA_OK);
        pad_free(&p);
    }
}

/* The twin may stand at any two places of a full object, whatever lies between.               */
static void test_duplicates_at_any_two_places(void)
{
    size_t i, k;
    for (i = 0; i < TA_MAX_MEMBERS; i++) {
        for (k = i + 1; k < TA_MAX_MEMBERS; k += 1 + k / 16) {
            pad p = {NULL, 0, 0};
            char twin[40];
            snprintf(twin, sizeof twin, "\"\\u006d%lu\":0", (unsigned long)i);
            pad_str(&p, "{");
            pad_members(&p, 0, k);
            pad_str(&p, ",");
            pad_str(&p, twin);
            if (k + 1 < TA_MAX_MEMBERS) {
                pad_str(&p, ",");
                pad_members(&p, k + 1, TA_MAX_MEMBERS - k - 1);
            }
            pad_str(&p, "}");
            CHECK_JSON(p.s, p.n, TA_ERR_DUPLICATE);
            pad_free(&p);
        }
    }
}

/* Names that only a whole comparison can tell apart, and ones that must not be told apart: all of
   one length, one letter off, letters swapped, one the prefix of the next. A short hash of them
   collides sooner or later; a collision is no duplicate.                                      */
static void test_names_that_look_alike_are_no_duplicates(void)
{
    size_t round, i;
    for (round = 0; round < 400; round++) {
        pad p = {NULL, 0, 0};
        bool used[4096];
        memset(used, 0, sizeof used);
        pad_str(&p, "{");
        for (i = 0; i < TA_MAX_MEMBERS; i++) {
            char name[64];
            unsigned v;
            do v = (unsigned)rnd(4096); while (used[v]);
            used[v] = true;
            switch (round % 4) {
            case 0:                                     /* 4096 anagrams of one length         */
                snprintf(name, sizeof name, "\"%c%c%c%c%c%c%c%c%c%c%c%c\":0",
                         v & 1u ? 'a' : 'b', v & 1u ? 'b' : 'a', v & 2u ? 'a' : 'b',
                         v & 2u ? 'b' : 'a', v & 4u ? 'a' : 'b', v & 4u ? 'b' : 'a',
                         'a' + (int)(v >> 3 & 7u), 'h' - (int)(v >> 3 & 7u),
                         'a' + (int)(v >> 6 & 7u), 'h' - (int)(v >> 6 & 7u),
                         'a' + (int)(v >> 9), 'h' - (int)(v >> 9));
                break;
            case 1:                                     /* the same, some letters as escapes   */
                snprintf(name, sizeof name, v & 1u ? "\"%x\\u00%02x\":0" : "\"%x\\u00%02X\":0",
                         v >> 4, 0x30u + (v & 15u));
                break;
            case 2:                                     /* long, and different in the middle   */
                snprintf(name, sizeof name, "\"https://claims.example/%03x/member\":0", v);
                break;
            default:                                    /* binary, two characters              */
                snprintf(name, sizeof name, "\"\\u%04x\\u%04x\":0", v >> 6, v & 63u);
                break;
            }
            if (i > 0) pad_str(&p, ",");
            pad_str(&p, name);
        }
        pad_str(&p, "}");
        CHECK_JSON(p.s, p.n, TA_OK);
        CHECK_ST(ref_check(&one, p.s, p.n), TA_OK);
        pad_free(&p);
    }
    for (round = 0; round < 2; round++) {               /* a, aa, aaa, ...: prefixes           */
        pad p = {NULL, 0, 0};
        pad_str(&p, "{");
        for (i = 0; i < TA_MAX_MEMBERS; i++) {
            if (i > 0) pad_str(&p, ",");
            pad_str(&p, "\"");
            pad_fill(&p, "a", round == 0 ? i : TA_MAX_MEMBERS - 1 - i);
            pad_str(&p, "\":0");
        }
        pad_str(&p, "}");
        CHECK_JSON(p.s, p.n, TA_OK);
        pad_free(&p);
    }
}

/* Names of each length, of which a hash may look at parts only: one byte changed anywhere is another
   name, one byte spelled as an escape anywhere is the same name.                               */
static void test_duplicates_of_each_length_spelled_with_one_escape(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ";
    size_t len, k, form;
    for (len = 0; len <= 40; len++) {
        for (k = 0; k <= len; k++) {
            char name[64], twin[80], other[64], text[256];
            memcpy(name, letters, len);
            name[len] = '\0';
            memcpy(other, name, len + 1);
            if (k < len) {
                snprintf(twin, sizeof twin, "%.*s\\u%04x%s", (int)k, name, (unsigned)name[k], name + k + 1);
                other[k] = '-';
            } else {
                memcpy(twin, name, len + 1);
                memcpy(other + len, "-", 2);
            }
            for (form = 0; form < 4; form++) {
                const char *more = form & 1u ? ",\"\\u0078\":0" : "";
                snprintf(text, sizeof text, "{\"%s\":0%s,\"%s\":0}", form & 2u ? twin : name, more,
                         form & 2u ? name : twin);
                CHECK_JSON(text, strlen(text), TA_ERR_DUPLICATE);
                snprintf(text, sizeof text, "{\"%s\":0%s,\"%s\":0}", form & 2u ? twin : name, more, other);
                CHECK_JSON(text, strlen(text), TA_OK);
                snprintf(text, sizeof text, "{\"%s\":0%s,\"%s\":0,\"%s\":0}", other, more,
                         form & 2u ? twin : name, twin);
                CHECK_JSON(text, strlen(text), TA_ERR_DUPLICATE);
            }
        }
    }
}

/* ---- limits --------------------------------------------------------------------------------- */

static void test_nesting_is_bounded(void)
{
    static const char *const open[]  = {"[", "{\"a\":", "[{\"a\":"};
    static const char *const close[] = {"]", "}", "}]"};
    static const size_t step[] = {1, 1, 2};
    size_t kind, n;
    for (kind = 0; kind < 3; kind++) {
        for (n = 0; n <= TA_MAX_DEPTH + 2; n++) {
            pad p = {NULL, 0, 0};
            size_t depth = n * step[kind];
            pad_fill(&p, open[kind], n);
            pad_str(&p, "1");
            pad_fill(&p, close[kind], n);
            CHECK_JSON(p.s, p.n, depth <= TA_MAX_DEPTH ? TA_OK : TA_ERR_LIMIT);
            pad_free(&p);
            pad_str(&p, "[");                           /* siblings do not add up               */
            pad_fill(&p, open[kind], n);
            pad_str(&p, "1");
            pad_fill(&p, close[kind], n);
            pad_str(&p, ",");
            pad_fill(&p, open[kind], n);
            pad_str(&p, "1");
            pad_fill(&p, close[kind], n);
            pad_str(&p, "]");
            CHECK_JSON(p.s, p.n, depth + 1 <= TA_MAX_DEPTH ? TA_OK : TA_ERR_LIMIT);
            pad_free(&p);
        }
    }
    for (n = TA_MAX_DEPTH - 1; n <= TA_MAX_DEPTH + 1; n++) {
        pad p = {NULL, 0, 0};                           /* empty brackets count like full ones  */
        pad_fill(&p, "[", n);
        pad_str(&p, "{}");
        pad_fill(&p, "]", n);
        CHECK_JSON(p.s, p.n, n + 1 <= TA_MAX_DEPTH ? TA_OK : TA_ERR_LIMIT);
        pad_free(&p);
        pad_fill(&p, "[", n);
        pad_fill(&p, "]", n);
        CHECK_JSON(p.s, p.n, n <= TA_MAX_DEPTH ? TA_OK : TA_ERR_LIMIT);
        pad_free(&p);
        pad_fill(&p, "[", n);                           /* not closed: which error comes first? */
        CHECK_JSON(p.s, p.n, n <= TA_MAX_DEPTH ? TA_ERR_JSON : TA_ERR_LIMIT);
        pad_free(&p);
    }
}

static void test_nothing_recurses_on_a_long_row_of_brackets(void)
{
    pad p = {NULL, 0, 0};
    pad_fill(&p, "[", LONGEST);
    CHECK_JSON(p.s, p.n, TA_ERR_LIMIT);
    memset(p.s, '{', p.n);
    CHECK_JSON(p.s, p.n, TA_ERR_JSON);
    pad_free(&p);
}

static void test_members_of_one_object_are_bounded(void)
{
    size_t n;
    for (n = TA_MAX_MEMBERS - 2; n <= TA_MAX_MEMBERS + 2; n++) {
        ta_status want = n <= TA_MAX_MEMBERS ? TA_OK : TA_ERR_LIMIT;
        pad p = {NULL, 0, 0};
        pad_str(&p, "{");
        pad_members(&p, 0, n);
        pad_str(&p, "}");
        CHECK_JSON(p.s, p.n, want);
        pad_free(&p);
        pad_str(&p, "[{\"z\":{");                       /* the same further in                 */
        pad_members(&p, 0, n);
        pad_str(&p, "}},{");
        pad_members(&p, 0, 3);
        pad_str(&p, "}]");
        CHECK_JSON(p.s, p.n, want);
        pad_free(&p);
        pad_str(&p, "{\"o\":{\"a\":1,\"b\":2,\"c\":{\"a\":1}},");   /* inner ones do not count  */
        pad_members(&p, 0, n - 1);
        pad_str(&p, "}");
        CHECK_JSON(p.s, p.n, want);
        pad_free(&p);
        pad_str(&p, "[");                               /* elements have no such limit         */
        pad_fill(&p, "0,", n);
        pad_str(&p, "0]");
        CHECK_JSON(p.s, p.n, TA_OK);
        pad_free(&p);
    }
}

/* Names of all objects open at one moment: one pool, and closed objects give theirs back.     */
static void test_names_of_all_open_objects_are_bounded(void)
{
    size_t n, outer;
    for (n = POOL - 2; n <= POOL + 2; n++) {
        ta_status want = n <= POOL ? TA_OK : TA_ERR_LIMIT;
        for (outer = TA_MAX_MEMBERS; outer >= n - TA_MAX_MEMBERS && outer > 1; outer--) {
            pad p = {NULL, 0, 0};                       /* `outer` names, the last holds the rest */
            pad_str(&p, "{");
            pad_members(&p, 0, outer - 1);
            pad_str(&p, ",\"last\":{");
            pad_members(&p, 0, n - outer);
            pad_str(&p, "}}");
            CHECK_JSON(p.s, p.n, want);
            pad_free(&p);
            pad_str(&p, "{");                           /* closed before: not open any more     */
            pad_str(&p, "\"first\":{");
            pad_members(&p, 0, n - outer);
            pad_str(&p, "},\"second\":[{");
            pad_members(&p, 0, n - outer);
            pad_str(&p, "}]");
            if (outer > 2) pad_str(&p, ",");
            pad_members(&p, 0, outer - 2);
            pad_str(&p, "}");
            CHECK_JSON(p.s, p.n, TA_OK);
            pad_free(&p);
        }
    }
    for (n = POOL - 1; n <= POOL + 1; n++) {            /* spread over every level              */
        pad p = {NULL, 0, 0};
        size_t level, left = n;
        for (level = 0; level < TA_MAX_DEPTH; level++) {
            size_t here = left / (TA_MAX_DEPTH - level);
            left -= here;
            pad_str(&p, "{");
            pad_members(&p, 0, here - 1);
            if (here > 1) pad_str(&p, ",");
            pad_str(&p, "\"deeper\":");
        }
        pad_str(&p, "0");
        pad_fill(&p, "}", TA_MAX_DEPTH);
        CHECK_JSON(p.s, p.n, n <= POOL ? TA_OK : TA_ERR_LIMIT);
        pad_free(&p);
    }
}

static void test_length_of_the_text_is_bounded(void)
{
    static const char *const frame[][2] = {{"\"", "\""}, {" ", "1"}, {"[\"", "\"]"}, {"{\"", "\":1}"},
                                           {"1", ""}, {"1.", "1"}, {"1e", "1"}, {"-1", ""}};
    size_t i, n;
    for (i = 0; i < sizeof frame / sizeof frame[0]; i++) {
        for (n = LONGEST - 1; n <= LONGEST + 1; n++) {
            pad p = {NULL, 0, 0};
            pad_str(&p, frame[i][0]);
            while (p.n + strlen(frame[i][1]) < n) pad_put(&p, i == 1 ? " " : "1", 1);
            pad_str(&p, frame[i][1]);
            CHECK_JSON(p.s, p.n, n <= LONGEST ? TA_OK : TA_ERR_LIMIT);
            pad_free(&p);
        }
    }
    {
        pad p = {NULL, 0, 0};
        pad_fill(&p, " ", 70000);
        CHECK_JSON(p.s, p.n, TA_ERR_LIMIT);
        p.s[0] = '1';
        CHECK_JSON(p.s, p.n, TA_ERR_LIMIT);
        pad_free(&p);
    }
}

/* The first error from the left is the one that is told.                                      */
static void test_first_error_from_the_left(void)
{
    pad p = {NULL, 0, 0};
    CHECK_LIT("{\"a\":1,\"a\":x}", TA_ERR_DUPLICATE);
    CHECK_LIT("{\"a\":x,\"a\":1}", TA_ERR_JSON);
    CHECK_LIT("{\"a\":1,\"a\":1", TA_ERR_DUPLICATE);
    CHECK_LIT("[{\"a\":1,\"a\":1},]", TA_ERR_DUPLICATE);
    CHECK_LIT("[01,{\"a\":1,\"a\":1}]", TA_ERR_JSON);
    pad_str(&p, "[{\"a\":1,\"a\":2},");
    pad_fill(&p, "[", TA_MAX_DEPTH);
    CHECK_JSON(p.s, p.n, TA_ERR_DUPLICATE);
    pad_free(&p);
    pad_fill(&p, "[", TA_MAX_DEPTH);
    pad_str(&p, "[{\"a\":1,\"a\":2},x");
    CHECK_JSON(p.s, p.n, TA_ERR_LIMIT);
    pad_free(&p);
}

/* ---- random texts --------------------------------------------------------------------------- */

typedef struct gen {
    char   s[4096];
    size_t n;
    bool   unique;      /* names are numbered, so that no two are the same                     */
    size_t serial;
} gen;

static void gen_put(gen *g, const char *s)
{
    size_t n = strlen(s);
    if (g->n + n > sizeof g->s) return;         /* cut off: one more kind of damage            */
    memcpy(g->s + g->n, s, n);
    g->n += n;
}

static void gen_pick(gen *g, const char *const *from, size_t count) { gen_put(g, from[rnd(count)]); }

#define PICK(g, array) gen_pick((g), (array), sizeof (array) / sizeof (array)[0])

static void gen_space(gen *g)
{
    static const char *const space[] = {" ", "\n", "\t", "\r", "  ", "\r\n\t "};
    if (rnd(8) == 0) PICK(g, space);
}

static const char *const pieces[] = {
    "a", "b", "sub", "0", " ", "\\n", "\\\"", "\\\\", "\\/", "/", "\\u0061", "\\u0000", "\xc3\xa9",
    "\\u00e9", "\xe2\x82\xac", "\\u20AC", "\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\x7f", "\\t", "[", "}"
};

static void gen_string(gen *g)
{
    size_t n = rnd(4);
    gen_put(g, "\"");
    while (n-- > 0) PICK(g, pieces);
    gen_put(g, "\"");
}

static void gen_name(gen *g)
{
    static const char *const names[] = {"\"a\"", "\"\\u0061\"", "\"b\"", "\"\"", "\"aa\"", "\"iss\"",
                                        "\"\\u0069ss\"", "\"a\\u0000\"", "\"\xc3\xa9\"", "\"\\u00E9\""};
    char numbered[32];
    if (!g->unique) { if (rnd(2) == 0) PICK(g, names); else gen_string(g); return; }
    snprintf(numbered, sizeof numbered, "%lu\"", (unsigned long)g->serial++);
    gen_string(g);
    g->n--;                                     /* the number goes inside the quotes           */
    gen_put(g, numbered);
}

static void gen_number(gen *g)
{
    static const char *const numbers[] = {"0", "-0", "1", "-1", "12", "1.5", "-0.25e1", "1e3", "1E+2",
                                          "15e-1", "1700000000", "9223372036854775807", "1e400", "0.10"};
    PICK(g, numbers);
}

static void gen_value(gen *g, size_t depth)
{
    static const char *const words[] = {"null", "true", "false"};
    size_t kind = depth == 0 ? rnd(4) : rnd(9), n, i;
    gen_space(g);
    switch (kind) {
    case 0: PICK(g, words); break;
    case 1: gen_number(g); break;
    case 2: case 3: gen_string(g); break;
    case 4: case 5:
        gen_put(g, "[");
        gen_space(g);
        n = rnd(4);
        for (i = 0; i < n; i++) {
            if (i > 0) gen_put(g, ",");
            gen_value(g, depth - 1);
        }
        gen_put(g, "]");
        break;
    default:
        gen_put(g, "{");
        gen_space(g);
        n = rnd(4);
        for (i = 0; i < n; i++) {
            if (i > 0) gen_put(g, ",");
            gen_space(g);
            gen_name(g);
            gen_space(g);
            gen_put(g, ":");
            gen_value(g, depth - 1);
        }
        gen_put(g, "}");
        break;
    }
    gen_space(g);
}

static void gen_document(gen *g, size_t depth, bool unique)
{
    g->n = 0;
    g->unique = unique;
    g->serial = 0;
    gen_value(g, depth);
}

/* One act of damage: a bit, a byte out, a byte in, a piece doubled, the end cut off.           */
static void gen_damage(gen *g)
{
    static const char bytes[] = "{}[]\",:\\u0019dDeE+-. \t\n\r\0tfnabrul/"
                                "\x1f\x7f\x80\xa0\xc3\xe2\xed\xf0\xff";
    size_t at = g->n > 0 ? rnd(g->n) : 0, k;
    char c = bytes[rnd(sizeof bytes - 1)];
    switch (rnd(6)) {
    case 0:
        if (g->n > 0) g->s[at] = (char)(g->s[at] ^ (1 << rnd(8)));
        break;
    case 1:
        if (g->n == 0) break;
        memmove(g->s + at, g->s + at + 1, g->n - at - 1);
        g->n--;
        break;
    case 2:
        if (g->n == sizeof g->s) break;
        memmove(g->s + at + 1, g->s + at, g->n - at);
        g->s[at] = c;
        g->n++;
        break;
    case 3:
        if (g->n > 0) g->s[at] = c;
        break;
    case 4:
        k = g->n > at ? 1 + rnd(g->n - at) : 0;
        if (k > 12) k = 12;
        if (g->n + k > sizeof g->s) break;
        memmove(g->s + at + k, g->s + at, g->n - at);
        g->n += k;
        break;
    default:
        if (rnd(4) == 0) g->n = at;
        break;
    }
}

/* ---- the walk against the reference ---------------------------------------------------------- */

/* v must be a string that says what the reference reads in it: by all three ways of asking.    */
static void check_string(ta_json v)
{
    static char want[LONGEST + 1], out[LONGEST + 2];
    size_t i, n, got = 77;
    ta_status st, expected;
    CHECK_ST(ref_check(&two, v.text, v.len), TA_OK);
    CHECK(two.used >= 2 && two.dump[0] == '"' && two.dump[two.used - 1] == '"');
    n = (two.used - 2) / 2;
    for (i = 0; i < n; i++) {
        const char *hex = "0123456789abcdef";
        want[i] = (char)((strchr(hex, two.dump[1 + 2 * i]) - hex) * 16
                         + (strchr(hex, two.dump[2 + 2 * i]) - hex));
    }
    want[n] = '!';
    CHECK_EQ(ta_json_kind(v), TA_STRING);
    CHECK(ta_json_equals(v, want, n));
    CHECK(!ta_json_equals(v, want, n + 1));
    if (n > 0) CHECK(!ta_json_equals(v, want, n - 1));
    expected = memchr(want, '\0', n) != NULL ? TA_ERR_NUL : TA_OK;
    st = ta_json_string(v, out, n + 1, &got);
    CHECK_ST(st, expected);
    if (st == TA_OK) {
        CHECK_EQ(got, n);
        CHECK(memcmp(out, want, n) == 0 && out[n] == '\0');
    } else {
        CHECK(got == 0 && out[0] == '\0');
    }
    if (expected == TA_OK) {
        CHECK_ST(ta_json_string(v, out, n, &got), TA_ERR_SPACE);
        CHECK(got == 0 && (n == 0 || out[0] == '\0'));
    }
}

/* The same dump as ref_value makes, read through ta_json_next.                                 */
static void dump_value(ref *to, ta_json v)
{
    ta_json name, value;
    size_t at = 0, i, count = 0;
    ta_status st;
    ta_kind kind = ta_json_kind(v);
    switch (kind) {
    case TA_STRING:
        check_string(v);
        for (i = 0; i < two.used; i++) ref_put(to, two.dump[i]);
        return;
    case TA_ARRAY: case TA_OBJECT:
        ref_put(to, kind == TA_ARRAY ? '[' : '{');
        while ((st = ta_json_next(v, &at, &name, &value)) == TA_OK) {
            CHECK(value.text >= v.text && value.len <= v.len
                  && (size_t)(value.text - v.text) <= v.len - value.len);
            if (count++ > 0) ref_put(to, ',');
            if (kind == TA_OBJECT) {
                dump_value(to, name);
                ref_put(to, ':');
            } else {
                CHECK(name.text == NULL && name.len == 0);
            }
            dump_value(to, value);
        }
        CHECK_ST(st, TA_ERR_ABSENT);
        CHECK(name.text == NULL && name.len == 0 && value.text == NULL && value.len == 0);
        CHECK_ST(ta_json_next(v, &at, &name, &value), TA_ERR_ABSENT);      /* and it stays so */
        ref_put(to, kind == TA_ARRAY ? ']' : '}');
        return;
    case TA_ABSENT:
        CHECK(kind != TA_ABSENT);
        return;
    default:
        CHECK_ST(ta_json_next(v, &at, &name, &value), TA_ERR_KIND);
        CHECK(name.text == NULL && name.len == 0 && value.text == NULL && value.len == 0);
        for (i = 0; i < v.len; i++) ref_put(to, v.text[i]);
        return;
    }
}

static ref walked;

/* d is good: every value is reached, in order, with exactly its bytes.                         */
static void check_walk(const char *text, size_t len)
{
    doc d = doc_open(text, len);
    walked.used = 0;
    dump_value(&walked, d.v);
    ref_check(&one, text, len);
    if (walked.used != one.used || memcmp(walked.dump, one.dump, one.used) != 0) {
        check_failed(__FILE__, __LINE__);
        printf("the walk is %.*s, not %.*s\n", (int)walked.used, walked.dump, (int)one.used, one.dump);
        show(text, len);
    }
    doc_close(&d);
}

static void test_next_walks_every_value_of_the_good_texts(void)
{
    size_t i;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) check_walk(good[i].s, good[i].n);
}

static gen g;

static void test_random_texts_get_the_verdict_of_the_reference(void)
{
    long i, seen[4] = {0, 0, 0, 0};
    for (i = 0; i < 200000; i++) {
        size_t damage = rnd(4);
        ta_status st;
        gen_document(&g, rnd(4), rnd(2) == 0);
        while (damage-- > 0) gen_damage(&g);
        st = CHECK_REF(g.s, g.n);
        seen[st == TA_OK ? 0 : st == TA_ERR_JSON ? 1 : st == TA_ERR_DUPLICATE ? 2 : 3]++;
        if (st == TA_OK && i % 4 == 0) check_walk(g.s, g.n);
    }
    CHECK(seen[0] > 20000 && seen[1] > 20000 && seen[2] > 1000);
}

/* Near the limits of depth and width, all three verdicts close together.                       */
static void test_random_texts_near_the_limits(void)
{
    long i, seen[4] = {0, 0, 0, 0};
    for (i = 0; i < 3000; i++) {
        pad p = {NULL, 0, 0};
        size_t depth = 0, members[64], want = TA_MAX_DEPTH - 3 + rnd(5), extra, open_at;
        bool object[64];
        ta_status st;
        open_at = rnd(want);                            /* most names are on one level          */
        for (depth = 0; depth < want && depth < 64; depth++) {
            object[depth] = rnd(3) > 0;
            members[depth] = rnd(3);
            if (depth == open_at) members[depth] = TA_MAX_MEMBERS - 12 + rnd(14);
            pad_str(&p, object[depth] ? "{" : "[");
            if (object[depth]) {
                pad_members(&p, 0, members[depth]);
                if (members[depth] > 0) pad_str(&p, ",");
                if (rnd(200) == 0) pad_str(&p, "\"\\u006d0\":0,");
                pad_str(&p, "\"in\":");
            } else {
                pad_fill(&p, "{},", members[depth] % 4);
            }
        }
        extra = rnd(3);
        pad_str(&p, "{");
        pad_members(&p, 5, extra);
        pad_str(&p, rnd(40) == 0 ? ",}" : "}");
        while (depth-- > 0) {
            if (object[depth] && rnd(4) == 0) pad_str(&p, rnd(50) == 0 ? ",\"in\":0" : ",\"after\":0");
            pad_str(&p, object[depth] ? "}" : "]");
        }
        st = CHECK_REF(p.s, p.n);
        seen[st == TA_OK ? 0 : st == TA_ERR_JSON ? 1 : st == TA_ERR_DUPLICATE ? 2 : 3]++;
        pad_free(&p);
    }
    CHECK(seen[0] > 100 && seen[1] > 5 && seen[2] > 10 && seen[3] > 100);
}

/* ---- paths ------------------------------------------------------------------------------------ */

static const char claims[] =
    " { \"sub\" : \"door-7\", \"realm_access\":{\"roles\":[\"admin\",\"editor\"]},\"n\":[[1,2],[3,[4]]],"
    "\"key.with.dots\":{\"b\":[{\"c\":5}]},\"\":{\"\":6},\"a\\u0062c\":7,\"0\":8,\"\\\\u0061\":9,"
    "\"q\\\"[]\":10,\"\xc3\xa9\":11,\"\\u00fc\":12,\"z\\u0000z\":13,\"z\":14,\"a b\":15,\"no\":null,"
    "\"esc\\/\":16,\"[0]\":17,\"e\":[],\"o\":{}} ";

static void test_paths_find_values(void)
{
    static const char *const found[][2] = {
        {"sub", "\"door-7\""}, {"realm_access.roles", "[\"admin\",\"editor\"]"},
        {"realm_access.roles[0]", "\"admin\""}, {"realm_access.roles[1]", "\"editor\""},
        {"realm_access", "{\"roles\":[\"admin\",\"editor\"]}"},
        {"n[0][1]", "2"}, {"n[1]", "[3,[4]]"}, {"n[1][1][0]", "4"}, {"[\"n\"][1][0]", "3"},
        {"[\"key.with.dots\"].b[0].c", "5"}, {"[\"key.with.dots\"][\"b\"][0][\"c\"]", "5"},
        {"[\"\"]", "{\"\":6}"}, {"[\"\"][\"\"]", "6"}, {"abc", "7"}, {"[\"abc\"]", "7"},
        {"[\"\\u0061b\\u0063\"]", "7"}, {"0", "8"}, {"[\"0\"]", "8"},
        {"\\u0061", "9"},               /* a bare name is taken as it stands                    */
        {"[\"\\\\u0061\"]", "9"}, {"[\"q\\\"[]\"]", "10"}, {"[\"q\\u0022\\u005b]\"]", "10"},
        {"\xc3\xa9", "11"}, {"[\"\\u00e9\"]", "11"}, {"[\"\xc3\xbc\"]", "12"}, {"\xc3\xbc", "12"},
        {"[\"z\\u0000z\"]", "13"}, {"z", "14"}, {"a b", "15"}, {"no", "null"}, {"esc/", "16"},
        {"[\"esc\\/\"]", "16"}, {"[\"esc/\"]", "16"}, {"[\"[0]\"]", "17"}, {"e", "[]"}, {"o", "{}"}
    };
    doc d = doc_of(claims);
    size_t i;
    for (i = 0; i < sizeof found / sizeof found[0]; i++) {
        char *path = (char *)exact_copy(found[i][0], strlen(found[i][0]) + 1);
        ta_json v = ta_json_at(d.v, path), w;
        check.test = found[i][0];
        CHECK_TEXT(v.text, v.len, found[i][1]);
        CHECK_ST(ta_json_find(d.text, d.len, path, &w), TA_OK);
        CHECK(v.text == w.text && v.len == w.len);
        free(path);
    }
    check.test = "test_paths_find_values";
    CHECK(d.v.text == d.text + 1 && d.v.len == d.len - 2);     /* "" is v, without the space    */
    {
        ta_json v = ta_json_at(d.v, "");
        CHECK(v.text == d.v.text && v.len == d.v.len);
        v = ta_json_at(ta_json_at(ta_json_at(d.v, "n"), "[1]"), "[1]");
        CHECK_TEXT(v.text, v.len, "[4]");
    }
    doc_close(&d);
}

static void test_paths_count_elements_in_decimal(void)
{
    pad p = {NULL, 0, 0};
    char text[32];
    ta_json v, all;
    size_t i;
    pad_str(&p, "[0");
    for (i = 1; i < 1200; i++) {
        snprintf(text, sizeof text, ",%lu", (unsigned long)i);
        pad_str(&p, text);
    }
    pad_str(&p, "]");
    CHECK_ST(ta_json_find(p.s, p.n, "", &all), TA_OK);
    for (i = 0; i < 1300; i += 1 + i / 20) {
        int64_t n = -1;
        snprintf(text, sizeof text, "[%lu]", (unsigned long)i);
        v = ta_json_at(all, text);
        CHECK_ST(ta_json_int(v, &n), i < 1200 ? TA_OK : TA_ERR_ABSENT);
        CHECK_EQ(n, i < 1200 ? (int64_t)i : 0);
    }
    pad_free(&p);
}

static void test_paths_that_lead_nowhere_are_absent(void)
{
    static const char *const missing[] = {
        "su", "subb", "Sub", "sub.x", "sub[0]", "sub[\"x\"]", "realm_access.role", "realm_access[0]",
        "realm_access.roles[2]", "realm_access.roles[20]", "realm_access.roles.0",
        "realm_access.roles.admin", "realm_access.roles[0].x", "n[2]", "n[0][2]", "n[0][1][0]",
        "key.with.dots", "no.x", "no[0]", "e[0]", "o.x", "o[0]", "[0]", "[1]", "x.y.z[3][\"w\"]",
        "[\"a\\u0062\"]", "z\\u0000z", "[\"z\\u0000\"]", "realm_access.roles[4294967296]",
        "realm_access.roles[18446744073709551616]", "realm_access.roles[18446744073709551617]",
        "realm_access.roles[65536]", "realm_access.roles[340282366920938463463374607431768211456]", " sub",
        "sub ", "a\\u0062c", "e.e", "[\" \"]", "realm_access.roles[256]", "realm_access.roles[257]"
    };
    doc d = doc_of(claims);
    size_t i;
    for (i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        ta_json v = ta_json_at(d.v, missing[i]), w;
        check.test = missing[i];
        CHECK(v.text == NULL && v.len == 0);
        memset(&w, 0x55, sizeof w);
        CHECK_ST(ta_json_find(d.text, d.len, missing[i], &w), TA_ERR_ABSENT);
        CHECK(w.text == NULL && w.len == 0);
    }
    doc_close(&d);
}

static void test_paths_that_are_none(void)
{
    static const char *const none[] = {
        ".", ".sub", "sub.", "realm_access..roles", "realm_access.", "[", "]", "[]", "[01]", "[00]",
        "[-1]", "[+1]", "[ 0]", "[0 ]", "[0", "[1a]", "[a]", "[0x0]", "n[0", "n[0]]", "n[0]1", "n[0]x",
        "n[0]..x", "n]", "n[0].", "n.[0]", "[\"sub", "[\"sub\"", "[\"sub]", "[sub\"]", "[\"sub\" ]",
        "[ \"sub\"]", "[\"sub\"]x", "[\"sub\"].", "[\"\\x\"]", "[\"\\ud800\"]", "[\"\\u00\"]",
        "[\"\xff\"]", "[\"a\nb\"]", "[\"a\"b\"]", "['sub']", "\"sub\"", "su\"b", "sub\"", "[null]",
        "[\"a\",\"b\"]", "[0,1]", "[0:1]", "[*]", "[0][", "[0][]", "[\"sub\"][", "[\"", "[\"\\",
        "[\"\\\"]", "[0]\"x\"", "a]b", "a\"", "..", "a.]", "[0.0]", "[1e0]"
    };
    static const char *const texts[] = {claims, "{}", "[]", "[[[]],{}]", "1", "null", "\"sub\""};
    size_t i, k;
    for (k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        doc d = doc_of(texts[k]);
        for (i = 0; i < sizeof none / sizeof none[0]; i++) {
            char *path = (char *)exact_copy(none[i], strlen(none[i]) + 1);
            ta_json v = ta_json_at(d.v, path), w;
            check.test = none[i];
            CHECK(v.text == NULL && v.len == 0);
            memset(&w, 0x55, sizeof w);
            CHECK_ST(ta_json_find(d.text, d.len, path, &w), TA_ERR_ARGUMENT);
            CHECK(w.text == NULL && w.len == 0);
            free(path);
        }
        doc_close(&d);
    }
}

/* find checks all of the text before it looks into any of it.                                  */
static void test_find_refuses_what_check_refuses(void)
{
    static const struct { const char *s; ta_status st; } t[] = {
        {"{\"a\":1", TA_ERR_JSON}, {"{\"a\":1}x", TA_ERR_JSON}, {"{\"a\":1,\"b\":01}", TA_ERR_JSON},
        {"{\"a\":1,\"a\":2}", TA_ERR_DUPLICATE},
        {"{\"a\":1,\"b\":{\"c\":1,\"\\u0063\":2}}", TA_ERR_DUPLICATE}, {"", TA_ERR_JSON},
        {"{\"a\":1,\"b\":\"\\ud800\"}", TA_ERR_JSON}
    };
    pad p = {NULL, 0, 0};
    ta_json v;
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *s = (char *)exact_copy(t[i].s, strlen(t[i].s));
        memset(&v, 0x55, sizeof v);
        CHECK_ST(ta_json_find(s, strlen(t[i].s), "a", &v), t[i].st);
        CHECK(v.text == NULL && v.len == 0);
        free(s);
    }
    pad_str(&p, "{\"a\":1,\"b\":");
    pad_fill(&p, "[", TA_MAX_DEPTH);
    pad_fill(&p, "]", TA_MAX_DEPTH);
    pad_str(&p, "}");
    memset(&v, 0x55, sizeof v);
    CHECK_ST(ta_json_find(p.s, p.n, "a", &v), TA_ERR_LIMIT);
    CHECK(v.text == NULL && v.len == 0);
    pad_free(&p);
}

/* Absent goes through every getter and comes out as absent or false, outputs cleared.          */
static void test_absent_flows_on(void)
{
    ta_json none = {NULL, 0}, name, value;
    char out[4];
    size_t n = 9, at = 0;
    int64_t i = 9;
    bool b = true;
    ta_json v = ta_json_at(ta_json_at(none, "a"), "[0]");
    CHECK(v.text == NULL && v.len == 0);
    v = ta_json_at(none, "");
    CHECK(v.text == NULL && v.len == 0);
    CHECK_EQ(ta_json_kind(none), TA_ABSENT);
    memset(out, 'x', sizeof out);
    CHECK_ST(ta_json_string(none, out, sizeof out, &n), TA_ERR_ABSENT);
    CHECK(n == 0 && out[0] == '\0');
    CHECK_ST(ta_json_int(none, &i), TA_ERR_ABSENT);
    CHECK_EQ(i, 0);
    CHECK_ST(ta_json_bool(none, &b), TA_ERR_ABSENT);
    CHECK(!b);
    CHECK(!ta_json_equals(none, "", 0));
    CHECK(!ta_json_equals(none, NULL, 0));
    CHECK(!ta_json_equals(none, "a", 1));
    CHECK(!ta_json_has(none, "", 0));
    CHECK(!ta_json_has(none, "a", 1));
    memset(&name, 0x55, sizeof name);
    memset(&value, 0x55, sizeof value);
    CHECK_ST(ta_json_next(none, &at, &name, &value), TA_ERR_ABSENT);
    CHECK(name.text == NULL && name.len == 0 && value.text == NULL && value.len == 0);
}

/* A path made for a value on the way to it gives that value: bare where the name allows it, as it is
   spelled in the text, or all in escapes.                                                      */
static void path_add_name(pad *path, ta_json name)
{
    bool bare;
    size_t i, n;
    check_string(name);                         /* two.dump is what the name says, in hex       */
    n = (two.used - 2) / 2;
    bare = n > 0;
    for (i = 0; i < n; i++) {
        const char *h = two.dump + 1 + 2 * i;
        if (memcmp(h, "00", 2) == 0 || memcmp(h, "2e", 2) == 0 || memcmp(h, "5b", 2) == 0
            || memcmp(h, "5d", 2) == 0 || memcmp(h, "22", 2) == 0) bare = false;
    }
    if (bare && rnd(2) == 0) {
        if (path->n > 0) pad_str(path, ".");
        for (i = 0; i < n; i++) {
            unsigned v = 0;
            char c;
            sscanf(two.dump + 1 + 2 * i, "%2x", &v);
            c = (char)v;
            pad_put(path, &c, 1);
        }
        return;
    }
    pad_str(path, "[");
    pad_put(path, name.text, name.len);
    pad_str(path, "]");
}

static void test_random_paths_lead_to_the_value_of_the_walk(void)
{
    long i, steps = 0;
    for (i = 0; i < 20000; i++) {
        pad path = {NULL, 0, 0};
        ta_json v, w;
        doc d;
        gen_document(&g, 4, true);
        d = doc_open(g.s, g.n);
        v = d.v;
        for (;;) {                              /* down to some value: count, choose, step      */
            ta_json name, value;
            size_t at = 0, count = 0, want;
            char index[32];
            while (ta_json_next(v, &at, &name, &value) == TA_OK) count++;
            if (count == 0 || (rnd(6) == 0 && path.n > 0)) break;
            want = rnd(count);
            for (at = 0, count = 0; count <= want; count++) {
                if (ta_json_next(v, &at, &name, &value) != TA_OK) { CHECK(count > want); break; }
            }
            if (ta_json_kind(v) == TA_OBJECT) {
                path_add_name(&path, name);
            } else {
                snprintf(index, sizeof index, "[%lu]", (unsigned long)want);
                pad_str(&path, index);
            }
            v = value;
            steps++;
        }
        pad_put(&path, "", 1);
        w = ta_json_at(d.v, path.s);
        if (w.text != v.text || w.len != v.len) {
            check_failed(__FILE__, __LINE__);
            printf("path %s leads elsewhere\n", path.s);
            show(g.s, g.n);
        }
        pad_free(&path);
        doc_close(&d);
    }
    CHECK(steps > 12000);
}

/* ---- getters ---------------------------------------------------------------------------------- */

static void test_kind_is_told_by_the_first_byte(void)
{
    static const struct { const char *s; ta_kind k; } t[] = {
        {"null", TA_NULL}, {"true", TA_BOOL}, {"false", TA_BOOL}, {"0", TA_NUMBER}, {"-1", TA_NUMBER},
        {"9", TA_NUMBER}, {"5", TA_NUMBER}, {"\"\"", TA_STRING}, {"[]", TA_ARRAY}, {"{}", TA_OBJECT},
        {" [] ", TA_ARRAY}
    };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i].s);
        CHECK_EQ(ta_json_kind(d.v), t[i].k);
        doc_close(&d);
    }
}

/* Each getter on each kind it is not for: TA_ERR_KIND, or false, and nothing left in the output. */
static void test_getters_refuse_other_kinds(void)
{
    static const char *const t[] = {"null", "true", "false", "0", "12", "-1.5", "\"\"", "\"12\"", "\"true\"",
                                    "[]", "[1]", "[true]", "[\"a\"]", "{}", "{\"a\":\"a\"}"};
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i]);
        ta_kind kind = ta_json_kind(d.v);
        check.test = t[i];
        if (kind != TA_STRING) {
            char out[8];
            size_t n = 9;
            memset(out, 'x', sizeof out);
            CHECK_ST(ta_json_string(d.v, out, sizeof out, &n), TA_ERR_KIND);
            CHECK(n == 0 && out[0] == '\0');
            CHECK(!ta_json_equals(d.v, d.v.text, d.v.len));
            CHECK(!ta_json_equals(d.v, "", 0));
            if (d.v.len > 2) CHECK(!ta_json_equals(d.v, d.v.text + 1, d.v.len - 2));
        }
        if (kind != TA_STRING && kind != TA_ARRAY) {
            CHECK(!ta_json_has(d.v, "a", 1));
            CHECK(!ta_json_has(d.v, d.v.text, d.v.len));
            CHECK(!ta_json_has(d.v, "", 0));
        }
        if (kind != TA_NUMBER) {
            int64_t v = 9;
            CHECK_ST(ta_json_int(d.v, &v), TA_ERR_KIND);
            CHECK_EQ(v, 0);
        }
        if (kind != TA_BOOL) {
            bool b = true;
            CHECK_ST(ta_json_bool(d.v, &b), TA_ERR_KIND);
            CHECK(!b);
        }
        if (kind != TA_OBJECT && kind != TA_ARRAY) {
            size_t at = 0;
            ta_json name, value;
            CHECK_ST(ta_json_next(d.v, &at, &name, &value), TA_ERR_KIND);
            CHECK(value.text == NULL && name.text == NULL);
        }
        doc_close(&d);
    }
}

static void test_bool(void)
{
    doc t = doc_of("[true,false]");
    bool b = false;
    CHECK_ST(ta_json_bool(ta_json_at(t.v, "[0]"), &b), TA_OK);
    CHECK(b);
    CHECK_ST(ta_json_bool(ta_json_at(t.v, "[1]"), &b), TA_OK);
    CHECK(!b);
    doc_close(&t);
}

static void test_getters_want_an_output(void)
{
    doc d = doc_of("{\"s\":\"a\",\"n\":1,\"b\":true,\"l\":[1]}");
    char out[4] = "xyz";
    size_t n = 9, at = 0;
    ta_json v;
    CHECK_ST(ta_json_string(ta_json_at(d.v, "s"), NULL, 4, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    CHECK_ST(ta_json_string(ta_json_at(d.v, "s"), out, 4, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_json_int(ta_json_at(d.v, "n"), NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_json_bool(ta_json_at(d.v, "b"), NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_json_next(ta_json_at(d.v, "l"), NULL, NULL, &v), TA_ERR_ARGUMENT);
    CHECK_ST(ta_json_next(ta_json_at(d.v, "l"), &at, NULL, NULL), TA_ERR_ARGUMENT);
    doc_close(&d);
}

/* Room for the text and its NUL: one byte less is TA_ERR_SPACE, and nothing is half-done.      */
static void test_string_room(void)
{
    static const struct { const char *json, *says; } t[] = {
        {"\"\"", ""}, {"\"a\"", "a"}, {"\"door-7\"", "door-7"}, {"\"\\u00e9\"", "\xc3\xa9"},
        {"\"\\u20ac\"", "\xe2\x82\xac"}, {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"}, {"\"a\\u0041\\u0061z\"", "aAaz"},
        {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
        {"\"x\\ud800\\udc00\\udbff\\udfff\"", "x\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\"\\ud7ff\\ue000\"", "\xed\x9f\xbf\xee\x80\x80"}
    };
    size_t i, cap, need;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i].json);
        need = strlen(t[i].says) + 1;
        for (cap = 0; cap <= need + 1; cap++) {
            char *out = (char *)exact(cap);
            size_t n = 99;
            if (cap > 0) memset(out, 'x', cap);
            if (cap < need) {
                CHECK_ST(ta_json_string(d.v, out, cap, &n), TA_ERR_SPACE);
                CHECK_EQ(n, 0);
                CHECK(cap == 0 || out[0] == '\0');
                for (n = 0; n < cap; n++) CHECK(out[n] == '\0' || out[n] == 'x');       /* nothing of it is left */
            } else {
                CHECK_ST(ta_json_string(d.v, out, cap, &n), TA_OK);
                CHECK_TEXT(out, n, t[i].says);
                CHECK(out[n] == '\0');
            }
            free(out);
        }
        {
            size_t n = 99;
            char   kept = 'x';
            CHECK_ST(ta_json_string(d.v, NULL, 0, &n), TA_ERR_ARGUMENT);
            CHECK_EQ(n, 0);
            CHECK_ST(ta_json_string(d.v, &kept, 0, &n), TA_ERR_SPACE);
            CHECK_EQ(kept, 'x');
        }
        doc_close(&d);
    }
}

/* A C string would end at it: "admin\u0000@evil" must not come out as "admin".                 */
static void test_u0000_in_a_text_that_becomes_a_c_string_is_refused(void)
{
    static const char *const t[] = {"\"\\u0000\"", "\"admin\\u0000@evil\"", "\"a\\u0000\"", "\"\\u0000a\"",
                                    "\"aaaaaaaaaaaaaaaaaaaaa\\u0000\""};
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i]);
        char out[64];
        size_t n = 9, cap;
        memset(out, 'x', sizeof out);
        CHECK_ST(ta_json_string(d.v, out, sizeof out, &n), TA_ERR_NUL);
        CHECK(n == 0 && out[0] == '\0');
        for (cap = 0; cap < 32; cap++) CHECK(ta_json_string(d.v, out, cap, &n) != TA_OK && n == 0);
        doc_close(&d);
    }
    {
        doc d = doc_of("[\"a\\u0000b\",\"a\",\"\\u0000\"]");
        CHECK(ta_json_equals(ta_json_at(d.v, "[0]"), "a\0b", 3));
        CHECK(!ta_json_equals(ta_json_at(d.v, "[0]"), "a", 1));
        CHECK(!ta_json_equals(ta_json_at(d.v, "[0]"), "a\0c", 3));
        CHECK(!ta_json_equals(ta_json_at(d.v, "[1]"), "a\0b", 3));
        CHECK(!ta_json_equals(ta_json_at(d.v, "[1]"), "a\0", 2));
        CHECK(ta_json_equals(ta_json_at(d.v, "[2]"), "\0", 1));
        CHECK(!ta_json_equals(ta_json_at(d.v, "[2]"), "", 0));
        CHECK(ta_json_has(d.v, "\0", 1));
        CHECK(!ta_json_has(d.v, "a\0", 2));
        doc_close(&d);
    }
}

static void test_equals_compares_what_the_string_says(void)
{
    static const struct { const char *json, *text; bool same; } t[] = {
        {"\"\"", "", true}, {"\"a\"", "a", true}, {"\"a\"", "", false}, {"\"\"", "a", false},
        {"\"a\"", "b", false}, {"\"ab\"", "a", false}, {"\"a\"", "ab", false}, {"\"ab\"", "ab", true},
        {"\"ab\"", "ac", false}, {"\"\\u0061b\"", "ab", true}, {"\"a\\u0062\"", "ab", true},
        {"\"\\u0061\"", "\\u0061", false}, {"\"\\\\u0061\"", "\\u0061", true}, {"\"\\/\"", "/", true},
        {"\"\\n\"", "\n", true}, {"\"\\n\"", "n", false}, {"\"\\u00e9\"", "\xc3\xa9", true},
        {"\"\xc3\xa9\"", "\xc3\xa9", true}, {"\"\\u00e9\"", "\xc3\xa8", false},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", true},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x81", false}, {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98", false},
        {"\"\\u20ac\"", "\xe2\x82", false}, {"\"A\"", "a", false}, {"\"e\\u0301\"", "\xc3\xa9", false},
        {"\"a\"", "\"a\"", false}, {"\"\\\"\"", "\"", true}, {"\"a \"", "a", false}
    };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i].json);
        char *text = (char *)exact_copy(t[i].text, strlen(t[i].text));
        check.test = t[i].json;
        CHECK_EQ(ta_json_equals(d.v, text, strlen(t[i].text)), t[i].same);
        free(text);
        doc_close(&d);
    }
    {
        doc d = doc_of("\"\"");
        CHECK(ta_json_equals(d.v, NULL, 0));
        doc_close(&d);
    }
}

static void test_has_elements_of_an_array_and_words_of_a_string(void)
{
    static const struct { const char *json, *text; bool has; } t[] = {
        /* an array: any element that is a string and equal as a whole                          */
        {"[]", "a", false}, {"[]", "", false}, {"[\"a\"]", "a", true}, {"[\"a\",\"b\"]", "b", true},
        {"[\"a\",\"b\",\"c\"]", "c", true}, {"[\"a\",\"b\"]", "c", false}, {"[\"a b\"]", "a", false},
        {"[\"a b\"]", "a b", true}, {"[\"\"]", "", true}, {"[\"a\"]", "", false},
        {"[[\"a\"]]", "a", false}, {"[{\"a\":\"a\"}]", "a", false}, {"[1,null,true,\"a\"]", "a", true},
        {"[1]", "1", false}, {"[null]", "null", false}, {"[\"\\u0061dmin\"]", "admin", true},
        {"[\"admin2\"]", "admin", false}, {"[\"admi\"]", "admin", false},
        {"[[\"x\"],{\"y\":[\"z\"]},\"a\"]", "a", true}, {"[\"b\",[\"a\"]]", "a", false},
        /* a string: words with one space between them                                          */
        {"\"a\"", "a", true}, {"\"a b\"", "a", true}, {"\"a b\"", "b", true}, {"\"a b c\"", "b", true},
        {"\"a b c\"", "c", true}, {"\"a b\"", "c", false}, {"\"ab\"", "a", false}, {"\"ab\"", "b", false},
        {"\"ab c\"", "a", false}, {"\"ab c\"", "ab", true}, {"\"a bc\"", "b", false},
        {"\"a bc\"", "c", false}, {"\"a b\"", "a b", false}, {"\"a b\"", "", false}, {"\"\"", "", false},
        {"\" \"", "", false}, {"\"a  b\"", "", false}, {"\"a  b\"", "b", true}, {"\" a\"", "a", true},
        {"\"a \"", "a", true}, {"\"a \"", "", false}, {"\" a\"", "", false}, {"\"a \"", "a ", false},
        {"\" a\"", " a", false}, {"\"a\"", "A", false}, {"\"read:all write\"", "read", false},
        {"\"read:all write\"", "write", true}, {"\"writeable write\"", "write", true},
        {"\"writeable writer\"", "write", false}, {"\"a\\u0020b\"", "b", true},
        {"\"a\\u0020b\"", "a", true}, {"\"a\\tb\"", "b", false}, {"\"a\\tb\"", "a\tb", true},
        {"\"x \\u0061dmin\"", "admin", true}, {"\"aab aa\"", "aa", true}, {"\"a\\u0000 b\"", "a", false},
        {"\" \"", " ", false}, {"\"ab ab\"", "abab", false}, {"\"aa\"", "a", false},
        {"\"\xc3\xa9 b\"", "\xc3\xa9", true}, {"\"a\"", "ab", false}, {"\"a b\"", "ab", false},
        {"\"ab a\"", "a", true}, {"\"b ab\"", "ab", true}, {"\"abc ab\"", "ab", true},
        /* nothing else                                                                         */
        {"{\"a\":\"a\"}", "a", false}, {"{}", "a", false}, {"12", "12", false}, {"null", "null", false},
        {"true", "true", false}
    };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i].json);
        char *text = (char *)exact_copy(t[i].text, strlen(t[i].text));
        check.test = t[i].json;
        CHECK_EQ(ta_json_has(d.v, text, strlen(t[i].text)), t[i].has);
        free(text);
        doc_close(&d);
    }
    {
        doc d = doc_of("[\"\",\"a\"]"), e = doc_of("\"a\"");
        CHECK(ta_json_has(d.v, NULL, 0));
        CHECK(!ta_json_has(e.v, NULL, 0));
        doc_close(&d);
        doc_close(&e);
    }
}

/* The words of random strings against a split done with a plain C array.                       */
static void test_has_words_at_random(void)
{
    long i, yes = 0;
    for (i = 0; i < 20000; i++) {
        char says[16], json[128], want[8];
        size_t n = rnd(9), k = rnd(4), a, b;
        bool expected = false;
        pad p = {NULL, 0, 0};
        doc d;
        for (a = 0; a < n; a++) says[a] = "ab  "[rnd(4)];
        for (a = 0; a < k; a++) want[a] = "ab "[rnd(8) == 0 ? 2 : rnd(2)];
        for (a = 0; a < n; a = b + 1) {
            for (b = a; b < n && says[b] != ' '; b++) { }
            if (b > a && b - a == k && memcmp(says + a, want, k) == 0) expected = true;
        }
        pad_str(&p, "\"");
        for (a = 0; a < n; a++) {
            snprintf(json, sizeof json, rnd(3) == 0 ? "\\u%04x" : "%c", says[a]);
            pad_str(&p, json);
        }
        pad_str(&p, "\"");
        d = doc_open(p.s, p.n);
        if (ta_json_has(d.v, want, k) != expected) {
            check_failed(__FILE__, __LINE__);
            printf("word \"%.*s\": not %d\n", (int)k, want, expected);
            show(p.s, p.n);
        }
        yes += expected;
        doc_close(&d);
        pad_free(&p);
    }
    CHECK(yes > 500);
}

static void test_next_gives_members_in_order(void)
{
    static const char *const want[][2] = {
        {"\"b\"", "1"}, {"\"\\u0061\"", "\"x\""}, {"\"\"", "[ 1 , 2 ]"}, {"\"o\"", "{ \"p\" : {} }"},
        {"\"l\"", "null"}
    };
    doc d = doc_of(" { \"b\" : 1 , \"\\u0061\":\"x\",\"\" : [ 1 , 2 ] ,\"o\":{ \"p\" : {} }, \"l\":null } ");
    ta_json name, value;
    size_t at = 0, i = 0;
    while (ta_json_next(d.v, &at, &name, &value) == TA_OK && i < 5) {
        CHECK_TEXT(name.text, name.len, want[i][0]);
        CHECK_TEXT(value.text, value.len, want[i][1]);
        i++;
    }
    CHECK_EQ(i, 5);
    CHECK(name.text == NULL && name.len == 0 && value.text == NULL && value.len == 0);
    for (i = 0, at = 0; ta_json_next(d.v, &at, NULL, &value) == TA_OK; i++) {     /* name NULL */
        CHECK_TEXT(value.text, value.len, want[i % 5][1]);
    }
    CHECK_EQ(i, 5);
    doc_close(&d);
    d = doc_of("[ \"a\" ,[],{ },-1.5e3 ]");
    for (i = 0, at = 0; ; i++) {
        static const char *const element[] = {"\"a\"", "[]", "{ }", "-1.5e3"};
        memset(&name, 0x55, sizeof name);
        if (ta_json_next(d.v, &at, &name, &value) != TA_OK) break;
        CHECK(name.text == NULL && name.len == 0);
        CHECK_TEXT(value.text, value.len, element[i % 4]);
    }
    CHECK_EQ(i, 4);
    doc_close(&d);
    d = doc_of("[]");
    at = 0;
    CHECK_ST(ta_json_next(d.v, &at, &name, &value), TA_ERR_ABSENT);
    CHECK_ST(ta_json_next(d.v, &at, &name, &value), TA_ERR_ABSENT);
    doc_close(&d);
    d = doc_of("{ }");
    at = 0;
    CHECK_ST(ta_json_next(d.v, &at, &name, &value), TA_ERR_ABSENT);
    CHECK_ST(ta_json_next(d.v, &at, &name, &value), TA_ERR_ABSENT);
    doc_close(&d);
}

/* ---- integers ---------------------------------------------------------------------------------- */

/* The exact value of a number by its digits alone: strip zeros at both ends, shift by the exponent,
   compare as text with the two ends of int64. Needs a number of the grammar.                   */
static bool exact_int(const char *s, size_t n, int64_t *out)
{
    static char digits[LONGEST + 1];
    const char *limit;
    char full[20];
    size_t at = 0, count = 0, first = 0, i;
    long exp10 = 0, e = 0;
    bool minus = false, e_minus = false, point = false;
    uint64_t v = 0;
    *out = 0;
    if (s[at] == '-') { minus = true; at++; }
    for (; at < n && s[at] != 'e' && s[at] != 'E'; at++) {
        if (s[at] == '.') { point = true; continue; }
        digits[count++] = s[at];
        if (point) exp10--;
    }
    if (at < n) {
        at++;
        if (s[at] == '+' || s[at] == '-') e_minus = s[at++] == '-';
        for (; at < n; at++) if (e < 100000000L) e = e * 10 + (s[at] - '0');
    }
    exp10 += e_minus ? -e : e;
    while (count > 0 && digits[count - 1] == '0') { count--; exp10++; }
    while (first < count && digits[first] == '0') first++;
    count -= first;
    if (count == 0) return true;                        /* zero, whatever its exponent          */
    if (exp10 < 0 || exp10 > 19 || count + (size_t)exp10 > 19) return false;
    memcpy(full, digits + first, count);
    memset(full + count, '0', (size_t)exp10);
    count += (size_t)exp10;
    limit = minus ? "9223372036854775808" : "9223372036854775807";
    if (count == 19 && memcmp(full, limit, 19) > 0) return false;
    for (i = 0; i < count; i++) v = v * 10 + (uint64_t)(full[i] - '0');
    if (!minus) *out = (int64_t)v;
    else *out = v > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)v;
    return true;
}

#define CHECK_INT(text) check_int(__LINE__, (text), strlen(text))

static bool check_int(int line, const char *text, size_t len)
{
    char *p = (char *)exact_copy(text, len);
    int64_t got = 77, want = 0;
    bool fits = exact_int(text, len, &want);
    ta_json v;
    ta_status st;
    v.text = p;
    v.len = len;
    st = ta_json_int(v, &got);
    if (st != (fits ? TA_OK : TA_ERR_RANGE) || got != want) {
        check_failed(__FILE__, line);
        printf("%s %lld, not %s %lld\n", ta_status_name(st), (long long)got,
               fits ? "TA_OK" : "TA_ERR_RANGE", (long long)want);
        show(text, len);
    }
    free(p);
    return fits;
}

static void test_int_is_exact_without_floating_point(void)
{
    static const struct { const char *s; ta_status st; int64_t v; } t[] = {
        {"0", TA_OK, 0}, {"-0", TA_OK, 0}, {"5", TA_OK, 5}, {"5.0", TA_OK, 5}, {"5e0", TA_OK, 5},
        {"-7", TA_OK, -7}, {"5.1", TA_ERR_RANGE, 0}, {"1e19", TA_ERR_RANGE, 0}, {"1.50e1", TA_OK, 15},
        {"1.5", TA_ERR_RANGE, 0}, {"0.5", TA_ERR_RANGE, 0}, {"5e-1", TA_ERR_RANGE, 0}, {"50e-1", TA_OK, 5},
        {"1e400", TA_ERR_RANGE, 0}, {"1e-400", TA_ERR_RANGE, 0}, {"0.0e999999999999", TA_OK, 0},
        {"0e99999999999999999999999", TA_OK, 0}, {"-0.000", TA_OK, 0},
        {"0.000e-99999999999999999999", TA_OK, 0}, {"9223372036854775807", TA_OK, INT64_MAX},
        {"9223372036854775808", TA_ERR_RANGE, 0}, {"-9223372036854775808", TA_OK, INT64_MIN},
        {"-9223372036854775809", TA_ERR_RANGE, 0}, {"9223372036854775807.000", TA_OK, INT64_MAX},
        {"9223372036854775807.0001", TA_ERR_RANGE, 0}, {"92233720368547758.07e2", TA_OK, INT64_MAX},
        {"-922337203685477580800e-2", TA_OK, INT64_MIN}, {"9.223372036854775807e18", TA_OK, INT64_MAX},
        {"9.223372036854775808E+18", TA_ERR_RANGE, 0}, {"1e18", TA_OK, INT64_C(1000000000000000000)},
        {"9e18", TA_OK, INT64_C(9000000000000000000)},
        {"9007199254740993", TA_OK, INT64_C(9007199254740993)},             /* no double is this */
        {"18446744073709551616", TA_ERR_RANGE, 0}, {"18446744073709551621", TA_ERR_RANGE, 0},
        {"1e18446744073709551616", TA_ERR_RANGE, 0}, {"1e4294967296", TA_ERR_RANGE, 0},
        {"1e65536", TA_ERR_RANGE, 0}, {"1e-18446744073709551616", TA_ERR_RANGE, 0},
        {"1e-4294967296", TA_ERR_RANGE, 0}, {"1e256", TA_ERR_RANGE, 0},
        {"5e9223372036854775808", TA_ERR_RANGE, 0}, {"5e00000000000000000000001", TA_OK, 50},
        {"10000000000000000000000e-22", TA_OK, 1}, {"0.0000000000000000000001e22", TA_OK, 1},
        {"0.00000000000000000000015e22", TA_ERR_RANGE, 0}, {"-1e0", TA_OK, -1},
        {"1700000000", TA_OK, 1700000000}, {"1.7e9", TA_OK, 1700000000}, {"10.5", TA_ERR_RANGE, 0},
        {"100E-2", TA_OK, 1}, {"100e-3", TA_ERR_RANGE, 0}
    };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        doc d = doc_of(t[i].s);
        int64_t v = 77;
        check.test = t[i].s;
        CHECK_ST(ta_json_int(d.v, &v), t[i].st);
        CHECK_EQ(v, t[i].v);
        CHECK_INT(t[i].s);                      /* and the second opinion is right too          */
        doc_close(&d);
    }
}

static void test_int_random_digits_and_exponents(void)
{
    static const char *const edges[] = {
        "9223372036854775807", "9223372036854775808", "922337203685477580", "1", "18446744073709551615",
        "18446744073709551616", "99999999999999999999", "4611686018427387904"
    };
    long i, fits = 0, not = 0;
    for (i = 0; i < 60000; i++) {
        char s[160], frac[40], exponent[40];
        char digits[64];
        size_t n, k, cut;
        if (rnd(3) == 0) {
            snprintf(digits, sizeof digits, "%s", edges[rnd(8)]);
            n = strlen(digits);
            if (rnd(2) == 0) digits[rnd(n)] = (char)('0' + rnd(10));
        } else {
            n = 1 + rnd(24);
            for (k = 0; k < n; k++) digits[k] = (char)('0' + (rnd(3) == 0 ? 0 : rnd(10)));
        }
        for (k = rnd(3) == 0 ? rnd(8) : 0; k > 0 && n < 40; k--) digits[n++] = '0';
        digits[n] = '\0';
        cut = rnd(2) == 0 ? n : 1 + rnd(n);     /* a point after `cut` digits                   */
        frac[0] = exponent[0] = '\0';
        if (cut < n) snprintf(frac, sizeof frac, ".%.*s", (int)(n - cut), digits + cut);
        digits[cut] = '\0';
        k = 0;
        while (digits[k] == '0' && digits[k + 1] != '\0') k++;      /* no leading zeros           */
        if (rnd(3) > 0) {
            int e = (int)rnd(48) - 24;
            if (rnd(2) == 0) e = (int)strlen(frac) - 1 + (int)rnd(3) - 1;   /* right at the point */
            snprintf(exponent, sizeof exponent, "%c%s%s%d", rnd(2) == 0 ? 'e' : 'E',
                     e < 0 ? "-" : rnd(2) == 0 ? "+" : "", rnd(4) == 0 ? "00" : "", e < 0 ? -e : e);
        }
        snprintf(s, sizeof s, "%s%s%s%s", rnd(2) == 0 ? "-" : "", digits + k, frac, exponent);
        CHECK_JSON(s, strlen(s), TA_OK);
        if (CHECK_INT(s)) fits++; else not++;
    }
    CHECK(fits > 8000 && not > 8000);
}

/* Thousands of digits that cancel against the exponent, or do not.                             */
static void test_int_long_numbers(void)
{
    size_t n;
    for (n = 1; n < 60000; n = n * 3 + 1) {
        char exponent[32];
        pad p = {NULL, 0, 0};
        int e;
        for (e = -1; e <= 1; e++) {
            pad_str(&p, "12");                  /* 12000...0e-n                                 */
            pad_fill(&p, "0", n);
            snprintf(exponent, sizeof exponent, "e%ld", -(long)n + e);
            pad_str(&p, exponent);
            CHECK_JSON(p.s, p.n, TA_OK);
            CHECK_EQ(check_int(__LINE__, p.s, p.n), e >= 0 || n < 1);
            pad_free(&p);
            pad_str(&p, "-0.");                 /* -0.000...0034e+n                              */
            pad_fill(&p, "0", n);
            pad_str(&p, "34");
            snprintf(exponent, sizeof exponent, "e+%ld", (long)n + 2 + e);
            pad_str(&p, exponent);
            CHECK_EQ(check_int(__LINE__, p.s, p.n), e >= 0);
            pad_free(&p);
        }
        pad_str(&p, "5.");                      /* 5.000...00 and 5.000...01                    */
        pad_fill(&p, "0", n);
        CHECK(check_int(__LINE__, p.s, p.n));
        pad_str(&p, "1");
        CHECK(!check_int(__LINE__, p.s, p.n));
        pad_free(&p);
    }
    {
        pad p = {NULL, 0, 0};                   /* as long as a text may be, and one more        */
        int64_t v = 77;
        ta_json j;
        pad_str(&p, "5.");
        while (p.n < LONGEST) pad_str(&p, "0");
        CHECK(check_int(__LINE__, p.s, p.n));
        pad_str(&p, "0");
        j.text = p.s;
        j.len = p.n;
        CHECK_ST(ta_json_int(j, &v), TA_ERR_JSON);
        CHECK_EQ(v, 0);
        pad_free(&p);
    }
}

/* A view made by hand over bytes that are no number: that is what the answer says.             */
static void test_int_of_what_is_no_number(void)
{
    static const char *const t[] = {"-", "--1", "01", "-01", "1.", "1.e5", "1e", "1e+", "1x", "1 ", "1,2",
                                    "1.5.5",
                                    "1-", "0x1", "1e5.0", "9]", "00", "1e5e5"};
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *text = (char *)exact_copy(t[i], strlen(t[i]));
        int64_t n = 77;
        ta_json v;
        v.text = text;
        v.len = strlen(t[i]);
        check.test = t[i];
        CHECK_ST(ta_json_int(v, &n), TA_ERR_JSON);
        CHECK_EQ(n, 0);
        free(text);
    }
}

/* ---- bytes that nobody checked ------------------------------------------------------------------ */

static bool is_inside(ta_json v, const char *text, size_t len)
{
    return v.text >= text && v.len <= len && (size_t)(v.text - text) <= len - v.len;
}

/* Every getter on any bytes: whatever they answer, they stay inside, come back, and leave outputs
   cleared when they fail. A walk ends.                                                         */
static void probe(const char *text, size_t len)
{
    static const char *const paths[] = {"", "a", "[0]", "a[0].b", "[\"a\"][1]", "[3]", "x.y",
                                        "[\"\\u0061\"]"};
    char *p = (char *)exact_copy(text, len);
    ta_json v, name, value;
    char out[16];
    size_t n, at = 0, i, steps = 0;
    int64_t k = 9;
    bool b = true;
    v.text = p;
    v.len = len;
    (void)ta_json_kind(v);
    memset(out, 'x', sizeof out);
    n = 9;
    if (ta_json_string(v, out, sizeof out, &n) == TA_OK) CHECK(n < sizeof out && out[n] == '\0');
    else CHECK(n == 0 && out[0] == '\0');
    if (ta_json_int(v, &k) != TA_OK) CHECK_EQ(k, 0);
    if (ta_json_bool(v, &b) != TA_OK) CHECK(!b);
    (void)ta_json_equals(v, "a", 1);
    (void)ta_json_has(v, "a", 1);
    (void)ta_json_has(v, "", 0);
    while (ta_json_next(v, &at, &name, &value) == TA_OK && steps <= len) {
        CHECK(is_inside(value, p, len));
        if (name.text != NULL) CHECK(is_inside(name, p, len));
        steps++;
    }
    CHECK(steps <= len);
    CHECK(name.text == NULL && name.len == 0 && value.text == NULL && value.len == 0);
    at = rnd(len + 3);                          /* a cursor that is not ours                    */
    (void)!(ta_json_next(v, &at, &name, &value) == TA_OK);
    at = SIZE_MAX - rnd(2);
    (void)!(ta_json_next(v, &at, &name, &value) == TA_OK);
    for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        value = ta_json_at(v, paths[i]);
        if (value.text != NULL) CHECK(is_inside(value, p, len));
    }
    free(p);
}

static void test_getters_are_safe_on_any_bytes(void)
{
    long i;
    size_t k, n, bit;
    char text[512];
    for (i = 0; i < 30000; i++) {
        size_t damage = rnd(4);
        gen_document(&g, rnd(4), rnd(2) == 0);
        while (damage-- > 0) gen_damage(&g);
        if (rnd(4) == 0) g.n = g.n > 0 ? rnd(g.n) : 0;
        probe(g.s, g.n);
    }
    for (k = 0; k < sizeof good / sizeof good[0]; k++) {
        for (n = 0; n <= good[k].n; n++) probe(good[k].s, n);
        memcpy(text, good[k].s, good[k].n);
        for (bit = 0; bit < 8 * good[k].n; bit++) {
            text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
            probe(text, good[k].n);
            text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        }
    }
    for (k = 0; k < sizeof bad / sizeof bad[0]; k++) probe(bad[k].s, bad[k].n);
}

/* A view made by hand over bytes that are no JSON string: the text says so, and equals nothing. */
static void test_strings_that_are_none_are_refused_by_the_getters(void)
{
    static const sample t[] = {
        {TA_LIT("\"\\\"")}, {TA_LIT("\"a\\\"")}, {TA_LIT("\"a\"b\"")}, {TA_LIT("\"\\x\"")},
        {TA_LIT("\"\\u00\"")}, {TA_LIT("\"a\\ud800\"")}, {TA_LIT("\"\\ud800\\u0041\"")},
        {TA_LIT("\"\n\"")}, {TA_LIT("\"a\xff\"")}, {TA_LIT("\"a\xc3\"")}, {TA_LIT("\"\\udc00\"")},
        {TA_LIT("\"\\ud83d\\ud83d\"")}, {TA_LIT("\"\\ud83d\\u\"")}
    };
    size_t i, n, k;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        char out[32], guess[1], *text;
        ta_json v;
        text = (char *)exact_copy(t[i].s, t[i].n);
        v.text = text;
        v.len = t[i].n;
        memset(out, 'x', sizeof out);
        n = 9;
        CHECK_ST(ta_json_string(v, out, sizeof out, &n), TA_ERR_JSON);
        CHECK(n == 0 && out[0] == '\0');
        CHECK(!ta_json_equals(v, v.text + 1, v.len - 2));
        CHECK(!ta_json_equals(v, "a", 1));
        CHECK(!ta_json_has(v, v.text + 1, v.len - 2));
        CHECK(!ta_json_has(v, "a", 1));
        for (k = 0; k < 256; k++) {
            guess[0] = (char)k;
            CHECK(!ta_json_equals(v, guess, 1));
        }
        free(text);
    }
}

/* A path is the caller's own text, but it may come from a file: any bytes are safe.             */
static void test_paths_are_safe_on_any_bytes(void)
{
    static const char bytes[] = "..[[]]\"\"\\u0061ab019 \xc3\xa9\xff";
    doc d = doc_of("{\"a\":{\"b\":[1,[2]]},\"\":[[0]]}");
    long i;
    for (i = 0; i < 100000; i++) {
        size_t n = rnd(10), k;
        char *path = (char *)exact(n + 1);
        ta_json v, w;
        ta_status st;
        for (k = 0; k < n; k++) path[k] = bytes[rnd(sizeof bytes - 1)];
        path[n] = '\0';
        v = ta_json_at(d.v, path);
        st = ta_json_find(d.text, d.len, path, &w);
        CHECK(st == TA_OK || st == TA_ERR_ABSENT || st == TA_ERR_ARGUMENT);
        CHECK((st == TA_OK) == (v.text != NULL));
        CHECK(v.text == w.text && v.len == w.len);
        free(path);
    }
    doc_close(&d);
}

#if TAI_SMALL
static ta_status scan(const char *json, size_t len, const tai_want *wants, size_t want_count, size_t others,
                      ta_json *values)
{
    ta_status st = tai_scan_check(json, len, others);
    memset(values, 0, want_count * sizeof *values);
    return st == TA_OK ? tai_read_members(tai_view(json, tai_space(json, len, 0), len), wants, want_count, others,
                                          values) : st;
}
#else
static ta_status scan(const char *json, size_t len, const tai_want *wants, size_t want_count, size_t others,
                      ta_json *values)
{
    return tai_json_scan(json, len, wants, want_count, others, values);
}
#endif

static void set_want(tai_want *want, const char *name)
{
#if TAI_SMALL
    memset(want, 0, sizeof *want);
    memcpy(want->name, name, strlen(name));
#else
    want->name = tai_plain_name(name, strlen(name)).last;
    want->len = (uint8_t)strlen(name);
#endif
}

/* ---- the one pass of a token's check ----------------------------------------------------------------- */

/* tai_json_scan takes members of the outermost object out while it checks: the same values that
   ta_json_at finds, nothing for names of inner objects, and nothing at all when the text is refused. */
static void test_scan_takes_out_what_at_finds(void)
{
    static const char *const names[] = {"a", "iss", TAI_SMALL ? "c" : "", "\xc3\xa9", "b", "none"};
    enum { WANTS = sizeof names / sizeof names[0] };
    tai_want wants[WANTS];
    ta_json got[WANTS];
    long i, found = 0, refused = 0;
    size_t k;
    for (k = 0; k < WANTS; k++) set_want(&wants[k], names[k]);
    for (i = 0; i < 30000; i++) {
        ta_status st, want;
        ta_json v;
        char *p;
        gen_document(&g, 4, false);
        if (rnd(4) == 0) gen_damage(&g);
        if (i == 0) g.n = 0;
        p = (char *)exact_copy(g.s, g.n);
        memset(got, 0x55, sizeof got);
        want = ta_json_find(p, g.n, "", &v);
        st = scan(p, g.n, wants, WANTS, 0, got);
        CHECK_ST(st, want);
        for (k = 0; k < WANTS; k++) {
            char path[32];
            ta_json w;
            snprintf(path, sizeof path, "[\"%s\"]", names[k]);
            w = ta_json_at(v, path);
            CHECK(got[k].text == w.text && got[k].len == w.len);
            if (w.text != NULL) found++;
        }
        if (st != TA_OK) refused++;
        free(p);
    }
    CHECK(found > 1000 && refused > 1000);
}

/* The name of a wanted member as nearly everyone spells it, with each bit of it turned: what is no JSON then is
   refused, and what is another name is not taken for this one.                                  */
static void test_scan_tells_names_that_differ_by_a_bit(void)
{
    static const char *const names[] = {"iss", "sub", "aud", "exp"};
    tai_want wants[4];
    ta_json  got[4];
    size_t   i, k, bit, refused = 0, others = 0;
    for (k = 0; k < 4; k++) set_want(&wants[k], names[k]);
    for (i = 0; i < 4; i++) {
        char text[40];
        size_t len = (size_t)sprintf(text, "{\"%s\":\"v\",\"n\":0}", names[i]);
        for (bit = 0; bit < 8 * 7; bit++) {
            ta_json   v;
            ta_status want;
            char     *p = (char *)exact_copy(text, len);
            p[1 + bit / 8] = (char)(p[1 + bit / 8] ^ (1 << bit % 8));
            want = ta_json_find(p, len, "", &v);
            CHECK_ST(scan(p, len, wants, 4, 0, got), want);
            for (k = 0; k < 4; k++) CHECK(got[k].text == ta_json_at(v, names[k]).text);
            if (want != TA_OK) refused++;
            else if (got[i].text == NULL) others++;
            free(p);
        }
    }
    CHECK(refused > 20 && others > 20);
}

/* What is taken out counts like what is not: the limits and the duplicates are those of the check. */
static void test_scan_has_the_limits_of_the_check(void)
{
    static const char *const names[] = {"m0", "m3", "last", "\xc3\xa9"};
    enum { WANTS = sizeof names / sizeof names[0] };
    tai_want wants[WANTS];
    ta_json got[WANTS];
    size_t n, k, at;
    for (k = 0; k < WANTS; k++) set_want(&wants[k], names[k]);
    for (n = TA_MAX_MEMBERS - 2; n <= TA_MAX_MEMBERS + 2; n++) {
        pad p = {NULL, 0, 0};
        pad_str(&p, "{");
        pad_members(&p, 0, n);
        pad_str(&p, "}");
        CHECK_ST(scan(p.s, p.n, wants, WANTS, 0, got), n <= TA_MAX_MEMBERS ? TA_OK : TA_ERR_LIMIT);
        CHECK((got[0].text != NULL) == (n <= TA_MAX_MEMBERS));
        pad_free(&p);
    }
    for (n = POOL - 2; n <= POOL + 6; n++) {
        pad p = {NULL, 0, 0};
        pad_str(&p, "{");
        pad_members(&p, 0, n - TA_MAX_MEMBERS / 2 - 1);
        pad_str(&p, ",\"last\":{");
        pad_members(&p, 0, TA_MAX_MEMBERS / 2);
        pad_str(&p, "}}");
        CHECK_ST(scan(p.s, p.n, wants, WANTS, 0, got), n <= POOL ? TA_OK : TA_ERR_LIMIT);
        pad_free(&p);
        pad_str(&p, "{\"m0\":{");                       /* an inner object may be full, too       */
        pad_members(&p, 0, TA_MAX_MEMBERS);
        pad_str(&p, "},\"last\":0}");
        CHECK_ST(scan(p.s, p.n, wants, WANTS, 0, got), TA_OK);
        CHECK(got[2].len == 1);
        pad_free(&p);
    }
    for (k = 0; k < WANTS; k++) {                       /* twice, each way of spelling            */
        for (at = 0; at < 8; at++) {
            char text[160], escaped[24];
            snprintf(escaped, sizeof escaped, k == 3 ? "\\u00e9" : "\\u%04x%s", (unsigned char)names[k][0],
                     names[k] + 1);
            snprintf(text, sizeof text, "{\"%s\":1%s,\"%s\":%s}", at & 1u ? escaped : names[k],
                     at & 4u ? ",\"x\":{\"m0\":1}" : "", at & 2u ? escaped : names[k], "{\"last\":1}");
            CHECK_ST(scan(text, strlen(text), wants, WANTS, 0, got), TA_ERR_DUPLICATE);
            CHECK(all_zero(got, sizeof got));
            snprintf(text, sizeof text, "{\"%s\":{\"%s\":1,\"y\":[2]} , \"x\":3}",
                     at & 1u ? escaped : names[k], names[k]);
            CHECK_ST(scan(text, strlen(text), wants, WANTS, 0, got), TA_OK);
            CHECK(got[k].len == strlen(names[k]) + 14 && got[k].text[0] == '{');
        }
    }
}

/* ---- time ----------------------------------------------------------------------------------------- */

static size_t sink;

static void work_check(const void *json)
{
    const ta_json *v = (const ta_json *)json;
    sink += ta_json_check(v->text, v->len) == TA_OK;
}

static void work_walk(const void *json)
{
    ta_json v = *(const ta_json *)json, name, value;
    size_t at = 0;
    while (ta_json_next(v, &at, &name, &value) == TA_OK) sink += value.len;
}

static void work_has(const void *json) { sink += ta_json_has(*(const ta_json *)json, TA_LIT("aaab")); }
static void work_last(const void *json) { sink += ta_json_at(*(const ta_json *)json, "[60000]").len; }

static void work_int(const void *json)
{
    int64_t n;
    sink += ta_json_int(*(const ta_json *)json, &n) == TA_OK;
}

static double seconds_of_text(void (*work)(const void *json), const pad *p)
{
    ta_json v;
    v.text = p->s;
    v.len = p->n;
    return seconds_of(work, &v);
}

/* Eight times the text may take eight times the time, here 32 times at most: work that grows with
   the square would take 64 times. One shape of text per loop that could go wrong.              */
static void test_work_is_linear_in_the_text(void)
{
    static const struct {
        const char *open, *piece, *close;
        void      (*work)(const void *json);
        const char *why;
    } t[] = {
        {"[0", ",0", "]", work_check, "elements"},
        {"[0", ",[[{}],[]]", "]", work_check, "brackets"},
        {"\"", "\\u0061", "\"", work_check, "escapes"},
        {"[0", ",{\"a\":1,\"b\":2,\"c\":3,\"d\":{\"a\":1,\"b\":2}}", "]", work_check, "members"},
        {"[0", " ", "]", work_check, "space"},
        {"[0", ",0", "]", work_walk, "next"},
        {"[0", ",[[[0]]]", "]", work_walk, "next over brackets"},
        {"[0", ",\"aaaa\"", "]", work_has, "has, elements"},
        {"\"a", " aaa", "\"", work_has, "has, words"},
        {"\"a", "aaaa", "\"", work_has, "has, one word"},
        {"\"\\u0061", " \\u0061aa", "\"", work_has, "has, escapes"},
        {"[0", ",0", "]", work_last, "at"},
        {"1", "0", "e-70000", work_int, "int"}
    };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        pad small = {NULL, 0, 0}, big = {NULL, 0, 0};
        double a, b;
        int attempt;
        pad_str(&small, t[i].open);
        while (small.n < 7500) pad_str(&small, t[i].piece);
        pad_str(&small, t[i].close);
        pad_str(&big, t[i].open);
        while (big.n < 60000) pad_str(&big, t[i].piece);
        pad_str(&big, t[i].close);
        CHECK_JSON(big.s, big.n, TA_OK);
        for (attempt = 0; attempt < 3; attempt++) {     /* a busy machine gets two more tries    */
            a = seconds_of_text(t[i].work, &small);
            b = seconds_of_text(t[i].work, &big);
            if (b <= 32 * a) break;
        }
        if (attempt == 3) {
            check_failed(__FILE__, __LINE__);
            printf("%s: 8 times the text takes %.1f times the time\n", t[i].why, b / a);
        }
        pad_free(&small);
        pad_free(&big);
    }
}

/* Names that nobody made to collide cost little more than the same strings in an array. The small form finds
   a name again by walking to it: for a hash of eight bits that is some 26 of them here, half way on average. */
static void test_ordinary_names_cost_like_strings(void)
{
    pad object = {NULL, 0, 0}, array = {NULL, 0, 0};
    double a, b;
    size_t i;
    pad_str(&object, "{");
    pad_str(&array, "[");
    for (i = 0; i < TA_MAX_MEMBERS; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s\"https://claims.example/ordinary/%03lu\"", i > 0 ? "," : "",
                 (unsigned long)i);
        pad_str(&object, name);
        pad_str(&object, ":0");
        pad_str(&array, name);
        pad_str(&array, ",0");
    }
    pad_str(&object, "}");
    pad_str(&array, "]");
    CHECK_JSON(object.s, object.n, TA_OK);
    CHECK_JSON(array.s, array.n, TA_OK);
    for (i = 0; i < 3; i++) {
        a = seconds_of_text(work_check, &array);
        b = seconds_of_text(work_check, &object);
        if (b <= (TAI_SMALL ? 30 : 15) * a) break;
    }
    CHECK(i < 3);
    pad_free(&object);
    pad_free(&array);
}

/* The worst an object can hold: TA_MAX_MEMBERS names of one length that differ in their middle only, so
   that a hash of parts of them is the same; one name has an escape, so that none may be compared by its
   bytes. Each with each is TA_MAX_MEMBERS / 2 passes over the text at most: dear, but four times the
   text takes four times the time, not sixteen times.                                            */
static void test_names_made_to_collide_stay_linear(void)
{
    size_t each, i;
    double t[2];
    pad p[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    for (each = 0; each < 2; each++) {
        size_t len = (each == 0 ? 6000u : 24000u) / TA_MAX_MEMBERS - 12;
        pad_str(&p[each], "{");
        for (i = 0; i < TA_MAX_MEMBERS; i++) {
            char middle[24];
            pad_str(&p[each], i > 0 ? ",\"" : "\"");
            pad_str(&p[each], i > 0 ? "n" : "\\u006e");
            pad_fill(&p[each], "n", len - 9);
            snprintf(middle, sizeof middle, "%03lu", (unsigned long)i);
            pad_str(&p[each], middle);
            pad_str(&p[each], "nnnnnnnn\":0");
        }
        pad_str(&p[each], "}");
        CHECK_JSON(p[each].s, p[each].n, TA_OK);
    }
    for (i = 0; i < 3; i++) {
        t[0] = seconds_of_text(work_check, &p[0]);
        t[1] = seconds_of_text(work_check, &p[1]);
        if (t[1] <= 10 * t[0]) break;
    }
    CHECK(i < 3);
    pad_free(&p[0]);
    pad_free(&p[1]);
}

/* ---- public vectors ------------------------------------------------------------------------------- */

/* Columns: id verdict hex. The bytes as a JSON string: what must be escaped is.                 */
static void row_utf8(char **f, size_t fields)
{
    pad p = {NULL, 0, 0};
    size_t n, i;
    uint8_t *bytes;
    CHECK_EQ(fields, 3);
    if (fields != 3) return;
    bytes = hex_bytes(f[2], &n);
    pad_str(&p, "\"");
    for (i = 0; i < n; i++) {
        char c = (char)bytes[i], esc[8];
        if (bytes[i] < 0x20 || c == '"' || c == '\\') {
            snprintf(esc, sizeof esc, "\\u%04x", bytes[i]);
            pad_str(&p, esc);
        } else {
            pad_put(&p, &c, 1);
        }
    }
    pad_str(&p, "\"");
    CHECK(strcmp(f[1], "valid") == 0 || strcmp(f[1], "invalid") == 0);
    CHECK_JSON(p.s, p.n, strcmp(f[1], "valid") == 0 ? TA_OK : TA_ERR_JSON);
    CHECK_REF(p.s, p.n);
    if (one.st == TA_OK) {
        doc d = doc_open(p.s, p.n);
        CHECK(ta_json_equals(d.v, (const char *)bytes, n));
        check_string(d.v);
        doc_close(&d);
    }
    pad_free(&p);
    free(bytes);
}

/* Columns: id utf8_hex json_ascii_hex json_utf8_hex. Both literals say the first.               */
static void row_strings(char **f, size_t fields)
{
    size_t n, len, i;
    uint8_t *says;
    CHECK_EQ(fields, 4);
    if (fields != 4) return;
    says = hex_bytes(f[1], &n);
    for (i = 2; i < 4; i++) {
        uint8_t *json = hex_bytes(f[i], &len);
        ta_json v = {NULL, 0};
        char *out = (char *)exact(n + 1);
        size_t got = 0;
        CHECK_ST(ta_json_find((const char *)json, len, "", &v), TA_OK);
        CHECK(ta_json_equals(v, (const char *)says, n));
        if (memchr(says, 0, n) != NULL) {
            CHECK_ST(ta_json_string(v, out, n + 1, &got), TA_ERR_NUL);
        } else {
            CHECK_ST(ta_json_string(v, out, n + 1, &got), TA_OK);
            CHECK_EQ(got, n);
            if (got == n) CHECK_BYTES(out, says, n);
            CHECK_ST(ta_json_string(v, out, n, &got), TA_ERR_SPACE);
        }
        free(out);
        free(json);
    }
    free(says);
}

/* Columns: id is_json_number binary64_hex text. The grammar's verdict, and the exact integer: by
   exact_int, and once more through the correctly rounded double that the row gives.             */
static void row_numbers(char **f, size_t fields)
{
    bool number;
    size_t len;
    int64_t v = 77;
    CHECK_EQ(fields, 4);
    if (fields != 4) return;
    number = strcmp(f[1], "y") == 0;
    CHECK(number || strcmp(f[1], "n") == 0);
    len = strlen(f[3]);
    CHECK_JSON(f[3], len, number ? TA_OK : TA_ERR_JSON);
    CHECK_REF(f[3], len);
    if (!number) return;
    if (check_int(__LINE__, f[3], len)) {
        ta_json j;
        double d;
        uint64_t bits, want = strtoull(f[2], NULL, 16);
        j.text = f[3];
        j.len = len;
        CHECK_ST(ta_json_int(j, &v), TA_OK);
        d = (double)v;
        memcpy(&bits, &d, sizeof bits);
        if (v == 0) want &= ~(UINT64_C(1) << 63);       /* -0 is 0 here                         */
        CHECK(bits == want);
    }
}

static const char *manifest_dir;

/* Columns: file expect strict top dup_names lone_surrogate depth bytes. `strict` is the verdict of a
   strict parser that allows duplicate names, lone surrogates and 600 levels. Ours differs, and may
   differ from the suite's `expect`, for these reasons only:
     dup_names       refused: RFC 7519 section 4 wants unique names, and two readers that each keep
                     another one of two twins can be played against each other
     lone_surrogate  refused: no UTF-8 says it, so it cannot be an identifier (all of these rows are
                     `i`, free, in the suite)
     depth, bytes    refused over TA_MAX_DEPTH and 65,535: RFC 8259 section 9 lets a parser set limits */
static void row_manifest(char **f, size_t fields)
{
    const char *dir = getenv("VECTORS");
    char path[1024];
    uint8_t *bytes;
    char *text;
    size_t n;
    ta_status want;
    bool reason = false;
    CHECK_EQ(fields, 8);
    if (fields != 8) return;
    snprintf(path, sizeof path, "%s/%s/%s", dir, manifest_dir, f[0]);
    bytes = read_file(path, &n);
    CHECK(bytes != NULL);
    if (bytes == NULL) return;
    text = (char *)bytes;
    CHECK_EQ(n, atol(f[7]));
    want = strcmp(f[2], "y") == 0 ? TA_OK : TA_ERR_JSON;
    if (n > LONGEST)                      { want = TA_ERR_LIMIT;     reason = true; }
    else if (strcmp(f[4], "y") == 0)      { want = TA_ERR_DUPLICATE; reason = true; }
    else if (strcmp(f[5], "y") == 0)      { want = TA_ERR_JSON;      reason = true; }
    else if (atoi(f[6]) > TA_MAX_DEPTH)   { want = TA_ERR_LIMIT;     reason = true; }
    if (strcmp(f[1], "y") == 0) CHECK(want == TA_OK || reason);
    if (strcmp(f[1], "n") == 0) CHECK(want != TA_OK);
    CHECK_JSON(text, n, want);
    CHECK_ST(ref_check(&one, text, n), want);
    if (want == TA_OK) {
        static const char *const kinds[] = {"absent", "literal", "literal", "number", "string", "array",
                                            "object"};
        doc d = doc_open(text, n);
        CHECK_STR(kinds[ta_json_kind(d.v)], f[3]);
        check_walk(text, n);
        doc_close(&d);
    }
    free(bytes);
}

/* An object of n names of one hash: with an escape in each, or plain. */
static ta_status check_colliding(size_t n, bool escaped)
{
    pad p = {NULL, 0, 0};
    unsigned long i, made = 0;
    uint8_t first = 0;
    ta_status st;
    pad_str(&p, "{");
    for (i = 0; made < n; i++) {
        char name[32];
        ta_json v;
        uint8_t hash;
        snprintf(name, sizeof name, escaped ? "\"\\u0061%06lu\"" : "\"a%06lu\"", i);
        v.text = name;
        v.len = strlen(name);
#if TAI_SMALL
        hash = tai_name_hash(v);
#else
        hash = tai_name_hash(escaped ? tai_escaped_name(v) : tai_plain_name(name + 1, v.len - 2));
#endif
        if (made == 0) first = hash;
        if (hash != first) continue;
        if (made++ > 0) pad_str(&p, ",");
        pad_str(&p, name);
        pad_str(&p, ":0");
    }
    pad_str(&p, "}");
    st = ta_json_check(p.s, p.n);
    pad_free(&p);
    return st;
}

/* Comparing spelled-out names is slow. Who makes them collide runs into a limit, no honest text does. */
static void test_escaped_names_made_to_collide_are_limited(void)
{
#if !TAI_SMALL
    size_t n;
    for (n = 0; n < 256; n++) {                     /* the two ways to hash agree, whatever the length */
        char plain[300], spelt[310];
        ta_json v;
        memset(plain, 'b', sizeof plain);
        snprintf(spelt, sizeof spelt, "\"\\u0061%.*s\"", (int)n, plain);
        plain[0] = 'a';
        v.text = spelt;
        v.len = strlen(spelt);
        CHECK_EQ(tai_escaped_name(v).len, n + 1);
        CHECK_EQ(tai_escaped_name(v).mix, tai_plain_name(plain, n + 1).mix);
        CHECK_EQ(tai_escaped_name(v).last, tai_plain_name(plain, n + 1).last);
    }
#endif
    CHECK_ST(check_colliding(8, true), TA_OK);
    CHECK_ST(check_colliding(100, true), TA_ERR_LIMIT);
    CHECK_ST(check_colliding(100, false), TA_OK);
}

/* Called on the spot by the reader; by themselves they stay inside, too. */
static void test_json_rules_at_the_end_of_the_text(void)
{
    tai_step step;
    ta_json name = tai_view("\"a\"", 0, 3);
    CHECK_EQ(tai_string("\"", 0, 0), 0);
    CHECK_EQ(tai_string("x", 1, 0), 0);
    CHECK_EQ(tai_number("1", 0, 0), 0);
    memset(&step, 0, sizeof step);              /* an index names no member */
    CHECK(!tai_step_names(&step, name));
}

int main(void)
{
    RUN(test_grammar_good_texts_are_accepted);
    RUN(test_grammar_bad_texts_are_refused);
    RUN(test_grammar_each_byte_at_each_seam);
    RUN(test_grammar_every_prefix_of_a_good_text);
    RUN(test_grammar_every_bit_flip_of_a_good_text);
    RUN(test_check_arguments);
    RUN(test_lengths_rule_a_nul_ends_nothing);
    RUN(test_utf8_every_short_sequence_in_a_string);
    RUN(test_strings_one_odd_byte_at_each_place);
    RUN(test_utf8_noncharacters_and_the_last_one_are_fine);
    RUN(test_utf8_cut_characters_are_refused);
    RUN(test_escapes_each_u_escape);
    RUN(test_escapes_surrogate_pairs);
    RUN(test_lone_surrogates_are_refused_everywhere);
    RUN(test_duplicate_names_are_refused_at_every_level_after_unescaping);
    RUN(test_duplicates_at_any_two_places);
    RUN(test_names_that_look_alike_are_no_duplicates);
    RUN(test_duplicates_of_each_length_spelled_with_one_escape);
    RUN(test_nesting_is_bounded);
    RUN(test_nothing_recurses_on_a_long_row_of_brackets);
    RUN(test_members_of_one_object_are_bounded);
    RUN(test_names_of_all_open_objects_are_bounded);
    RUN(test_length_of_the_text_is_bounded);
    RUN(test_first_error_from_the_left);
    RUN(test_next_walks_every_value_of_the_good_texts);
    RUN(test_random_texts_get_the_verdict_of_the_reference);
    RUN(test_random_texts_near_the_limits);
    RUN(test_paths_find_values);
    RUN(test_paths_count_elements_in_decimal);
    RUN(test_paths_that_lead_nowhere_are_absent);
    RUN(test_paths_that_are_none);
    RUN(test_find_refuses_what_check_refuses);
    RUN(test_absent_flows_on);
    RUN(test_random_paths_lead_to_the_value_of_the_walk);
    RUN(test_kind_is_told_by_the_first_byte);
    RUN(test_getters_refuse_other_kinds);
    RUN(test_bool);
    RUN(test_getters_want_an_output);
    RUN(test_string_room);
    RUN(test_u0000_in_a_text_that_becomes_a_c_string_is_refused);
    RUN(test_equals_compares_what_the_string_says);
    RUN(test_has_elements_of_an_array_and_words_of_a_string);
    RUN(test_has_words_at_random);
    RUN(test_next_gives_members_in_order);
    RUN(test_int_is_exact_without_floating_point);
    RUN(test_int_random_digits_and_exponents);
    RUN(test_int_long_numbers);
    RUN(test_int_of_what_is_no_number);
    RUN(test_getters_are_safe_on_any_bytes);
    RUN(test_strings_that_are_none_are_refused_by_the_getters);
    RUN(test_paths_are_safe_on_any_bytes);
    RUN(test_scan_takes_out_what_at_finds);
    RUN(test_scan_tells_names_that_differ_by_a_bit);
    RUN(test_scan_has_the_limits_of_the_check);
    RUN(test_work_is_linear_in_the_text);
    RUN(test_ordinary_names_cost_like_strings);
    RUN(test_names_made_to_collide_stay_linear);
    RUN(test_escaped_names_made_to_collide_are_limited);

    run_vectors("utf8/kuhn_stress.tsv", 78, row_utf8);
    run_vectors("utf8/utf8tests.tsv", 142, row_utf8);
    run_vectors("strings/blns.tsv", 355, row_strings);
    run_vectors("numbers/parse_number_fxx.tsv", 1966, row_numbers);
    manifest_dir = "json/JSONTestSuite";
    run_vectors("json/JSONTestSuite/manifest.tsv", 340, row_manifest);
    manifest_dir = "json/nativejson";
    run_vectors("json/nativejson/manifest.tsv", 58, row_manifest);
    RUN(test_json_rules_at_the_end_of_the_text);
    return check_done("json");
}
