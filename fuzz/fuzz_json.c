/* fuzz_json.c - the JSON reader.

   Promises   the verdict of a naive parser, fault for fault; each value of its tree is found by walking and
              by path, with its kind, text and exact number; room for one byte less fails and leaves nothing;
              every form of the header says the same; on text that nobody checked nothing is read outside.
   Input      a JSON text, or none                                                                    */
#include "fuzz.h"
#include "naive.h"

static ta_json json_view(const char *text, const naive *v)
{
    ta_json out;
    out.text = text + v->at;
    out.len = v->end - v->at;
    return out;
}

static void json_string(ta_json v, const naive *n)
{
    size_t len = 77, room = n->string_len + 1;
    char *out = (char *)fuzz_room(room);
    bool nul = n->string_len > 0 && memchr(n->string, 0, n->string_len) != NULL;

    PROMISE(ta_json_string(v, out, room, &len) == (nul ? TA_ERR_NUL : TA_OK));
    if (nul) PROMISE(len == 0 && fuzz_cleared(out, room));
    else PROMISE(fuzz_same(out, len, n->string, n->string_len) && out[len] == '\0');
    memset(out, 0xA5, room);
    if (!nul) PROMISE(ta_json_string(v, out, room - 1, &len) == TA_ERR_SPACE && len == 0
                      && fuzz_cleared(out, room));
    PROMISE(ta_json_equals(v, n->string, n->string_len));
    if (n->string_len > 0) PROMISE(!ta_json_equals(v, n->string, n->string_len - 1));
    PROMISE(n->string_len == 0 || ta_json_has(v, n->string, n->string_len)
            || memchr(n->string, ' ', n->string_len) != NULL);
    free(out);
}

static void json_number(ta_json v)
{
    int64_t want, got = 77;
    bool exact, fits = naive_floor((const uint8_t *)v.text, v.len, &want, &exact);
    ta_status st = ta_json_int(v, &got);
    PROMISE(st == (fits && exact ? TA_OK : TA_ERR_RANGE));
    PROMISE(got == (st == TA_OK ? want : 0));
}

static void json_scalar(ta_json v, const naive *n)
{
    char small[1] = {1};
    size_t len = 77;
    int64_t number = 77;
    bool truth = true;
    if (n->kind == TA_STRING) json_string(v, n);
    else PROMISE(ta_json_string(v, small, 1, &len) == TA_ERR_KIND && len == 0 && small[0] == '\0');
    if (n->kind == TA_NUMBER) json_number(v);
    else PROMISE(ta_json_int(v, &number) == TA_ERR_KIND && number == 0);
    if (n->kind == TA_BOOL) PROMISE(ta_json_bool(v, &truth) == TA_OK && truth == (v.text[0] == 't'));
    else PROMISE(ta_json_bool(v, &truth) == TA_ERR_KIND && !truth);
}

/* ["name"] with the name as it is spelled in the text, or [7].                                        */
static void json_path(const char *text, ta_json parent, const naive *n, size_t index)
{
    size_t len = n->name_end - n->name_at;
    char *path = (char *)fuzz_room(len + 32);
    ta_json got;
    if (len > 0) {
        path[0] = '[';
        memcpy(path + 1, text + n->name_at, len);
        memcpy(path + 1 + len, "]", 2);
    } else {
        snprintf(path, 32, "[%lu]", (unsigned long)index);
    }
    got = ta_json_at(parent, path);
    PROMISE(got.text == text + n->at && got.len == n->end - n->at);
    free(path);
}

static void json_walk(const char *text, const naive *n)
{
    ta_json v = json_view(text, n), name, value;
    const naive *child;
    size_t at = 0, index = 0;
    PROMISE(ta_json_kind(v) == n->kind);
    json_scalar(v, n);
    for (child = n->child; child != NULL; child = child->next, index++) {
        PROMISE(ta_json_next(v, &at, &name, &value) == TA_OK);
        PROMISE(value.text == text + child->at && value.len == child->end - child->at);
        if (n->kind == TA_ARRAY) PROMISE(name.len == 0);
        else PROMISE(name.text == text + child->name_at && name.len == child->name_end - child->name_at
                     && ta_json_equals(name, child->name, child->name_len));
        if (index < 4 || child->next == NULL) json_path(text, v, child, index);
        json_walk(text, child);
    }
    PROMISE(ta_json_next(v, &at, &name, &value)
            == (n->kind == TA_OBJECT || n->kind == TA_ARRAY ? TA_ERR_ABSENT : TA_ERR_KIND));
    PROMISE(name.text == NULL && name.len == 0 && value.text == NULL && value.len == 0);
}

/* Whatever the bytes are: no read outside (the sanitizer's part), failures leave nothing. */
static void json_getters(ta_json v)
{
    char out[8];
    size_t len = 77;
    int64_t number = 77;
    bool truth = true;
    if (ta_json_int(v, &number) != TA_OK) PROMISE(number == 0);
    if (ta_json_bool(v, &truth) != TA_OK) PROMISE(!truth);
    if (ta_json_string(v, out, sizeof out, &len) != TA_OK) PROMISE(len == 0 && out[0] == '\0');
    else PROMISE(len < sizeof out && strlen(out) == len);
}

static void json_unchecked(const char *in, size_t n)
{
    ta_json v, name, value;
    size_t at = 0, steps = 0;
    v.text = in;
    v.len = n;
    while (ta_json_next(v, &at, &name, &value) == TA_OK) {
        PROMISE(value.text >= in && value.text + value.len <= in + n && at <= n && ++steps <= n);
        PROMISE(name.len == 0 || (name.text >= in && name.text + name.len <= in + n));
        json_getters(value);
    }
    json_getters(v);
    value = ta_json_at(v, "a[0].b");
    PROMISE(value.len == 0 || (value.text > in && value.text + value.len <= in + n));
    PROMISE(!ta_json_has(v, "\377", 1) || memchr(in, 0xFF, n) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *in = (char *)fuzz_copy(data, size), *path;
    naive *root;
    ta_json v;
    ta_status want = naive_parse(in, size, &root), st = ta_json_check(in, size);

    if (st == TA_ERR_LIMIT && want != st) PROMISE(naive_state.odd);     /* names made to collide */
    else PROMISE(st == want);
    PROMISE(fuzz_plain.check(in, size) == st && fuzz_small.check(in, size) == st);
    PROMISE(ta_json_find(in, size, "", &v) == st);
    if (st == TA_OK) {
        PROMISE(v.text == in + root->at && v.len == root->end - root->at);
        json_walk(in, root);
    } else {
        PROMISE(v.text == NULL && v.len == 0);
    }
    json_unchecked(in, size);
    path = (char *)fuzz_room(size + 1);                 /* the input as a path */
    memcpy(path, in, size);
    path[size] = '\0';
    st = ta_json_find(TA_LIT("{\"a\":[{\"b\":[1,2,{\"c\":null}]}]}"), path, &v);
    PROMISE(st == TA_OK || st == TA_ERR_ABSENT || st == TA_ERR_ARGUMENT);
    PROMISE((st == TA_OK) == (v.len > 0));
    free(path);
    free(in);
    return 0;
}
