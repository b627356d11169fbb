/* naive.h - JSON once more, as plainly as can be: recursion, a tree, every name kept. It is the second
   opinion for the targets, written from RFC 8259 and the manual, sharing no line with the header.   */

#ifndef NAIVE_H
#define NAIVE_H

#include "fuzz.h"

typedef struct naive {
    ta_kind       kind;
    size_t        at, end;              /* the value in the text */
    size_t        name_at, name_end;    /* its name with quotes; both 0: none */
    char         *name, *string;        /* unescaped */
    size_t        name_len, string_len;
    struct naive *child, *next;
} naive;

#define NAIVE_NODES 65536

static struct {
    const uint8_t *text;
    size_t    len, pos;
    unsigned  depth, open;      /* members of all objects that are open now */
    naive     nodes[NAIVE_NODES];
    size_t    used;
    char      bytes[131072];    /* unescaped text: never longer than the text, and each is kept once */
    size_t    kept;
    bool      odd;              /* a name has an escape or is not ASCII: it may be compared slowly */
} naive_state;

static int naive_peek(void)
{
    return naive_state.pos < naive_state.len ? naive_state.text[naive_state.pos] : -1;
}

static void naive_space(void)
{
    int c = naive_peek();
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        naive_state.pos++;
        c = naive_peek();
    }
}

static void naive_keep(uint32_t c)      /* as UTF-8 */
{
    char *out = naive_state.bytes;
    size_t *n = &naive_state.kept;
    if (c < 0x80) { out[(*n)++] = (char)c;  return; }
    if (c >= 0x10000) {
        out[(*n)++] = (char)(0xF0 | c >> 18);
        out[(*n)++] = (char)(0x80 | (c >> 12 & 0x3F));
    } else if (c >= 0x800) {
        out[(*n)++] = (char)(0xE0 | c >> 12);
    }
    out[(*n)++] = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3F) : 0xC0 | c >> 6);
    out[(*n)++] = (char)(0x80 | (c & 0x3F));
}

/* The number first, then what it may not be.                                                       */
static bool naive_utf8(uint32_t *out)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    int c = naive_peek(), n = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2, i;
    uint32_t v = n == 1 ? (uint32_t)c : (uint32_t)c & (0x7Fu >> n);
    if (c < 0 || (c >= 0x80 && c < 0xC0) || c > 0xF7) return false;
    naive_state.pos++;
    for (i = 1; i < n; i++, naive_state.pos++) {
        if (naive_peek() < 0x80 || naive_peek() > 0xBF) return false;
        v = v << 6 | ((uint32_t)naive_peek() & 0x3F);
    }
    *out = v;
    return v >= least[n] && v <= 0x10FFFF && (v < 0xD800 || v > 0xDFFF);
}

static bool naive_hex4(uint32_t *out)
{
    int i;
    *out = 0;
    for (i = 0; i < 4; i++, naive_state.pos++) {
        int c = naive_peek();
        if (c >= '0' && c <= '9') *out = *out * 16 + (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') *out = *out * 16 + (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') *out = *out * 16 + (uint32_t)(c - 'A' + 10);
        else return false;
    }
    return true;
}

static bool naive_escape(uint32_t *out)         /* behind the backslash */
{
    static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    const char *p;
    uint32_t low;
    int c = naive_peek();
    if (c < 0) return false;
    naive_state.pos++;
    if (c != 'u') {
        p = c != 0 ? strchr(letters, c) : NULL;
        if (p != NULL) *out = (uint32_t)means[p - letters];
        return p != NULL;
    }
    if (!naive_hex4(out)) return false;
    if (*out < 0xD800 || *out > 0xDFFF) return true;
    if (*out > 0xDBFF || naive_peek() != '\\') return false;
    naive_state.pos++;
    if (naive_peek() != 'u') return false;
    naive_state.pos++;
    if (!naive_hex4(&low) || low < 0xDC00 || low > 0xDFFF) return false;
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static ta_status naive_string(char **out, size_t *len)
{
    uint32_t c;
    if (naive_peek() != '"') return TA_ERR_JSON;
    naive_state.pos++;
    *out = naive_state.bytes + naive_state.kept;
    while (naive_peek() != '"') {
        if (naive_peek() < 0x20) return TA_ERR_JSON;            /* the end, too */
        if (naive_peek() == '\\') {
            naive_state.pos++;
            if (!naive_escape(&c)) return TA_ERR_JSON;
        } else if (!naive_utf8(&c)) {
            return TA_ERR_JSON;
        }
        naive_keep(c);
    }
    naive_state.pos++;
    *len = (size_t)(naive_state.bytes + naive_state.kept - *out);
    return TA_OK;
}

static bool naive_digits(void)
{
    size_t start = naive_state.pos;
    while (naive_peek() >= '0' && naive_peek() <= '9') naive_state.pos++;
    return naive_state.pos > start;
}

static ta_status naive_number(void)
{
    if (naive_peek() == '-') naive_state.pos++;
    if (naive_peek() == '0') naive_state.pos++;
    else if (!naive_digits()) return TA_ERR_JSON;
    if (naive_peek() == '.') {
        naive_state.pos++;
        if (!naive_digits()) return TA_ERR_JSON;
    }
    if (naive_peek() == 'e' || naive_peek() == 'E') {
        naive_state.pos++;
        if (naive_peek() == '+' || naive_peek() == '-') naive_state.pos++;
        if (!naive_digits()) return TA_ERR_JSON;
    }
    return TA_OK;
}

static ta_status naive_word(const char *word)
{
    for (; *word != '\0'; word++, naive_state.pos++) {
        if (naive_peek() != *word) return TA_ERR_JSON;
    }
    return TA_OK;
}

static ta_status naive_value(naive **out);

/* The name's own rules: unique in its object, and room for it.                                      */
static ta_status naive_member(naive *object, naive *m, unsigned members)
{
    const naive *other;
    size_t i;
    ta_status st;
    m->name_at = naive_state.pos;
    st = naive_string(&m->name, &m->name_len);
    if (st != TA_OK) return st;
    m->name_end = naive_state.pos;
    for (i = m->name_at; i < m->name_end; i++) {
        if (naive_state.text[i] == '\\' || naive_state.text[i] >= 0x80) naive_state.odd = true;
    }
    for (other = object->child; other != NULL; other = other->next) {
        if (fuzz_same(other->name, other->name_len, m->name, m->name_len)) return TA_ERR_DUPLICATE;
    }
    if (members >= TA_MAX_MEMBERS || naive_state.open >= TA_MAX_MEMBERS + TA_MAX_DEPTH) return TA_ERR_LIMIT;
    naive_state.open++;
    naive_space();
    if (naive_peek() != ':') return TA_ERR_JSON;
    naive_state.pos++;
    naive_space();
    return TA_OK;
}

static ta_status naive_container(naive *v, bool object)
{
    naive **tail = &v->child, *one, named;
    unsigned members = 0;
    ta_status st = TA_OK;
    int close = object ? '}' : ']';
    if (++naive_state.depth > TA_MAX_DEPTH) return TA_ERR_LIMIT;
    naive_state.pos++;
    naive_space();
    if (naive_peek() == close) {
        naive_state.pos++;
        naive_state.depth--;
        return TA_OK;
    }
    for (;;) {
        memset(&named, 0, sizeof named);
        if (object) st = naive_member(v, &named, members);
        if (st == TA_OK) st = naive_value(&one);
        if (st != TA_OK) return st;
        one->name_at = named.name_at;
        one->name_end = named.name_end;
        one->name = named.name;
        one->name_len = named.name_len;
        *tail = one;
        tail = &one->next;
        members++;
        naive_space();
        if (naive_peek() != ',') break;
        naive_state.pos++;
        naive_space();
    }
    if (naive_peek() != close) return TA_ERR_JSON;
    naive_state.pos++;
    naive_state.depth--;
    if (object) naive_state.open -= members;
    return TA_OK;
}

static ta_status naive_value(naive **out)
{
    naive *v = &naive_state.nodes[naive_state.used++];
    ta_status st;
    memset(v, 0, sizeof *v);
    *out = v;
    v->at = naive_state.pos;
    switch (naive_peek()) {
    case '"': v->kind = TA_STRING;  st = naive_string(&v->string, &v->string_len);  break;
    case '{': v->kind = TA_OBJECT;  st = naive_container(v, true);  break;
    case '[': v->kind = TA_ARRAY;   st = naive_container(v, false);  break;
    case 't': v->kind = TA_BOOL;    st = naive_word("true");  break;
    case 'f': v->kind = TA_BOOL;    st = naive_word("false");  break;
    case 'n': v->kind = TA_NULL;    st = naive_word("null");  break;
    default:  v->kind = TA_NUMBER;  st = naive_number();
    }
    v->end = naive_state.pos;
    return st;
}

/* What ta_json_check has to say, and the tree, which lives until the next call.                     */
static ta_status naive_parse(const void *text, size_t len, naive **root)
{
    ta_status st;
    *root = NULL;
    if (len > 65535) return TA_ERR_LIMIT;
    naive_state.text = (const uint8_t *)text;
    naive_state.len = len;
    naive_state.pos = naive_state.used = naive_state.kept = 0;
    naive_state.depth = naive_state.open = 0;
    naive_state.odd = false;
    naive_space();
    st = naive_value(root);
    naive_space();
    return st == TA_OK && naive_state.pos < len ? TA_ERR_JSON : st;
}

FUZZ_UNUSED static const naive *naive_get(const naive *object, const char *name)
{
    const naive *m = object->child;
    while (m != NULL && !fuzz_same(m->name, m->name_len, name, strlen(name))) m = m->next;
    return m;
}

FUZZ_UNUSED static bool naive_is(const naive *v, const char *text)
{
    return v != NULL && v->kind == TA_STRING && fuzz_same(v->string, v->string_len, text, strlen(text));
}

/* ---- exact numbers: digits and a power of ten ------------------------------------------------- */

/* The largest whole number that is not above a JSON number, and whether it is that number.
   false: beyond 64 bits. By schoolbook: write all digits down, then look where the point is.        */
FUZZ_UNUSED static bool naive_floor(const uint8_t *text, size_t len, int64_t *whole, bool *exact)
{
    static char digits[65536];
    size_t n = 0, i = 0, whole_digits;
    long point, exponent = 0;
    bool minus = len > 0 && text[0] == '-', rest = false, negative_exponent;
    uint64_t v = 0;
    if (minus) i++;
    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) digits[n++] = (char)text[i];
    point = (long)n;
    if (i < len && text[i] == '.') {
        for (i++; i < len && text[i] >= '0' && text[i] <= '9'; i++) digits[n++] = (char)text[i];
    }
    if (i < len) {                              /* the exponent; beyond a million it changes nothing */
        i++;
        negative_exponent = text[i] == '-';
        if (text[i] == '-' || text[i] == '+') i++;
        for (; i < len; i++) {
            if (exponent < 1000000) exponent = exponent * 10 + (text[i] - '0');
        }
        point += negative_exponent ? -exponent : exponent;
    }
    *whole = 0;
    *exact = true;
    for (i = 0; i < n && digits[i] == '0'; i++) { }
    if (i == n) return true;                                    /* nothing but zeros */
    whole_digits = point > 0 ? (size_t)point : 0;
    for (i = 0; i < whole_digits; i++) {
        unsigned d = i < n ? (unsigned)(digits[i] - '0') : 0;
        if (v > (UINT64_C(0x8000000000000000) - d) / 10) return false;
        v = v * 10 + d;
    }
    for (i = whole_digits; i < n; i++) {
        if (digits[i] != '0') rest = true;
    }
    *exact = !rest;
    if (!minus) {
        if (v > INT64_MAX) return false;
        *whole = (int64_t)v;
        return true;
    }
    if (rest && v >= UINT64_C(0x8000000000000000)) return false;
    *whole = v == UINT64_C(0x8000000000000000) ? INT64_MIN : -(int64_t)v;
    if (rest) --*whole;
    return true;
}

#endif
