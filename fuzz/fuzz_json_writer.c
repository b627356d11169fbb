/* fuzz_json_writer.c - the JSON writer: any row of calls.

   Promises   a model of what was put says what ta_json_end must say; what was written, a naive parser reads
              back as exactly that; it fits into room for exactly itself, not into one byte less; an error leaves
              nothing.
   Input      one byte a call (what, and how long its name), then the name and the text                 */
#include "fuzz.h"
#include "naive.h"

#define WRITER_CALLS 200

typedef struct writer_call {
    int      what;              /* 0 object 1 array 2 close 3 string 4 int 5 bool 6 null */
    char     name[8];
    bool     named;
    const char *text;
    size_t   len;
    int64_t  number;
} writer_call;

static size_t writer_read(fuzz_in *in, writer_call *calls)
{
    size_t n = 0, i, len;
    for (; n < WRITER_CALLS && in->n > 0; n++) {
        uint8_t b = fuzz_byte(in);
        writer_call *c = &calls[n];
        memset(c, 0, sizeof *c);
        c->what = b % 7;
        c->named = (b & 0x80) != 0;
        for (i = 0; c->named && i < (b >> 4 & 7u); i++) c->name[i] = (char)fuzz_byte(in);
        c->number = (int64_t)((uint64_t)fuzz_u32(in) << (c->what == 4 ? fuzz_byte(in) % 33 : 0));
        if (c->what != 3) continue;
        len = (size_t)(c->number & 15);
        c->text = (const char *)in->p;
        c->len = len < in->n ? len : in->n;
        in->p += c->len;
        in->n -= c->len;
    }
    return n;
}

static ta_status writer_run(const writer_call *calls, size_t n, char *out, size_t cap, size_t *len)
{
    ta_json_writer w;
    size_t i;
    ta_json_begin(&w, out, cap);
    for (i = 0; i < n; i++) {
        const writer_call *c = &calls[i];
        const char *name = c->named ? c->name : NULL;
        switch (c->what) {
        case 0: ta_json_put_object(&w, name);  break;
        case 1: ta_json_put_array(&w, name);  break;
        case 2: ta_json_put_close(&w);  break;
        case 3: ta_json_put_string(&w, name, c->text, c->len);  break;
        case 4: ta_json_put_int(&w, name, c->number);  break;
        case 5: ta_json_put_bool(&w, name, c->number != 0);  break;
        default: ta_json_put_null(&w, name);
        }
    }
    return ta_json_end(&w, len);
}

static bool writer_is_utf8(const char *text, size_t n)
{
    uint32_t c;
    naive_state.text = (const uint8_t *)text;
    naive_state.len = n;
    for (naive_state.pos = 0; naive_state.pos < n; ) {
        if (!naive_utf8(&c)) return false;
    }
    return true;
}

/* The first thing that is wrong with a row of calls; duplicates and widths are left to the parser.      */
static ta_status writer_model(const writer_call *calls, size_t n)
{
    bool array[TA_MAX_DEPTH + 1];
    size_t depth = 0, i, tops = 0;
    for (i = 0; i < n; i++) {
        const writer_call *c = &calls[i];
        if (c->what == 2) {
            if (depth == 0) return TA_ERR_ARGUMENT;
            depth--;
            continue;
        }
        if (depth == 0 && tops++ > 0) return TA_ERR_ARGUMENT;
        if (c->named != (depth > 0 && !array[depth - 1])) return TA_ERR_ARGUMENT;
        if (c->named && !writer_is_utf8(c->name, strlen(c->name))) return TA_ERR_JSON;
        if (c->what < 2 && depth == TA_MAX_DEPTH) return TA_ERR_LIMIT;
        if (c->what < 2) array[depth++] = c->what == 1;
        if (c->what == 3 && !writer_is_utf8(c->text, c->len)) return TA_ERR_JSON;
    }
    return depth > 0 || tops == 0 ? TA_ERR_ARGUMENT : TA_OK;
}

/* Does the tree say what the calls said? Gives the number of calls that v took.                         */
static size_t writer_compare(const writer_call *calls, const naive *v, const uint8_t *text)
{
    static const ta_kind kinds[7] = {TA_OBJECT, TA_ARRAY, TA_ABSENT, TA_STRING, TA_NUMBER, TA_BOOL, TA_NULL};
    const naive *child;
    size_t used = 1;
    int64_t whole;
    bool exact;
    PROMISE(v->kind == kinds[calls->what]);
    PROMISE(calls->named == (v->name != NULL));
    if (calls->named) PROMISE(fuzz_same(v->name, v->name_len, calls->name, strlen(calls->name)));
    switch (v->kind) {
    case TA_STRING: PROMISE(fuzz_same(v->string, v->string_len, calls->text, calls->len));  break;
    case TA_NUMBER: PROMISE(naive_floor(text + v->at, v->end - v->at, &whole, &exact) && exact
                            && whole == calls->number);  break;
    case TA_BOOL: PROMISE((text[v->at] == 't') == (calls->number != 0));  break;
    case TA_OBJECT:
    case TA_ARRAY:
        for (child = v->child; child != NULL; child = child->next) {
            used += writer_compare(calls + used, child, text);
        }
        PROMISE(calls[used++].what == 2);
        break;
    default: break;
    }
    return used;
}

static bool writer_has_double(const writer_call *calls, size_t n)
{
    size_t i, j;
    for (i = 0; i < n; i++) {
        for (j = 0; j < i; j++) {
            if (calls[i].named && calls[j].named && strcmp(calls[i].name, calls[j].name) == 0) return true;
        }
    }
    return false;
}

static void writer_fits(const writer_call *calls, size_t n, const char *text, size_t len)
{
    char *out = (char *)fuzz_room(len + 1);
    size_t got = 77;
    PROMISE(writer_run(calls, n, out, len + 1, &got) == TA_OK && fuzz_same(out, got, text, len));
    out[0] = 'x';
    PROMISE(writer_run(calls, n, out, len, &got) == TA_ERR_SPACE && got == 0 && out[0] == '\0');
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static writer_call calls[WRITER_CALLS];
    static char big[32768];
    fuzz_in in;
    naive *root;
    size_t n, len = 77;
    ta_status want, st;
    uint8_t *copy = (uint8_t *)fuzz_copy(data, size);

    in.p = copy;
    in.n = size;
    n = writer_read(&in, calls);
    want = writer_model(calls, n);
    memset(big, 0xA5, sizeof big);
    st = writer_run(calls, n, big, sizeof big, &len);
    if (want != TA_OK) PROMISE(st == want);
    else PROMISE(st == TA_OK || (st == TA_ERR_DUPLICATE && writer_has_double(calls, n))
                 || (st == TA_ERR_LIMIT && n > TA_MAX_MEMBERS));
    if (st == TA_OK) {
        PROMISE(big[len] == '\0' && naive_parse(big, len, &root) == TA_OK);
        PROMISE(writer_compare(calls, root, (const uint8_t *)big) == n);
        writer_fits(calls, n, big, len);
    } else {
        PROMISE(len == 0 && big[0] == '\0');
    }
    free(copy);
    return 0;
}
