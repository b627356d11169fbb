/* test_json_writer.c - >>json, the writer: one value into a buffer of any size. Each call at room
   need-1, need and need+1, each misuse by name, and random documents written, compared byte for
   byte with a plain serializer of this file's own, and read back.                            */

#include "check.h"

/* ---- helpers -------------------------------------------------------------------------------- */

typedef void (*build)(ta_json_writer *w);

/* What `b` writes is this text, with room for it and its NUL; with less room it is TA_ERR_SPACE, and
   nothing is left to be sent by mistake. No byte behind `cap` is touched (ASan, and exact blocks). */
#define CHECK_WRITES(b, want) check_writes(__LINE__, (b), (want), strlen(want))

static void check_writes(int line, build b, const char *want, size_t len)
{
    size_t cap, i;
    for (cap = 0; cap <= len + 2; cap++) {
        char *out = (char *)exact(cap);
        ta_json_writer w;
        size_t got = 99;
        ta_status st, expected = cap > len ? TA_OK : TA_ERR_SPACE;
        if (cap > 0) memset(out, '~', cap);
        memset(&w, 0x55, sizeof w);                     /* begin needs no zeroed struct         */
        ta_json_begin(&w, out, cap);
        b(&w);
        st = ta_json_end(&w, &got);
        if (st != expected) {
            check_failed(__FILE__, line);
            printf("room %lu of %lu: %s\n", (unsigned long)cap, (unsigned long)len + 1, ta_status_name(st));
        } else if (st == TA_OK && (got != len || memcmp(out, want, len) != 0 || out[len] != '\0')) {
            check_failed(__FILE__, line);
            printf("wrote %.*s, not %s\n", (int)got, out, want);
        } else if (st != TA_OK && (got != 0 || (cap > 0 && out[0] != '\0'))) {
            check_failed(__FILE__, line);
            printf("room %lu: %lu bytes are left behind\n", (unsigned long)cap, (unsigned long)got);
        } else if (st == TA_OK && cap == len + 2) {
            CHECK(out[len + 1] == '~');                 /* the NUL is the last byte written      */
        } else if (st != TA_OK) {
            for (i = 0; i < cap; i++) CHECK(out[i] == '\0' || out[i] == '~');     /* no half of it */
        }
        free(out);
    }
}

/* What `b` writes is refused so, and nothing is left. */
#define CHECK_REFUSES(b, st) check_refuses(__LINE__, (b), (st))

static void check_refuses(int line, build b, ta_status want)
{
    size_t cap;
    for (cap = 8000; cap <= 80000; cap += 72000) {
        char *out = (char *)exact(cap);
        ta_json_writer w;
        size_t got = 99;
        ta_status st;
        memset(out, 'x', cap);
        ta_json_begin(&w, out, cap);
        b(&w);
        st = ta_json_end(&w, &got);
        if (st != want || got != 0 || out[0] != '\0') {
            check_failed(__FILE__, line);
            printf("%s and %lu bytes, not %s and none\n", ta_status_name(st), (unsigned long)got,
                   ta_status_name(want));
        }
        free(out);
    }
}

/* ---- each call ------------------------------------------------------------------------------- */

static void put_null(ta_json_writer *w)         { ta_json_put_null(w, NULL); }
static void put_true(ta_json_writer *w)         { ta_json_put_bool(w, NULL, true); }
static void put_false(ta_json_writer *w)        { ta_json_put_bool(w, NULL, false); }
static void put_zero(ta_json_writer *w)         { ta_json_put_int(w, NULL, 0); }
static void put_least(ta_json_writer *w)        { ta_json_put_int(w, NULL, INT64_MIN); }
static void put_most(ta_json_writer *w)         { ta_json_put_int(w, NULL, INT64_MAX); }
static void put_empty_text(ta_json_writer *w)   { ta_json_put_string(w, NULL, "", 0); }
static void put_no_text(ta_json_writer *w)      { ta_json_put_string(w, NULL, NULL, 0); }
static void put_text(ta_json_writer *w)         { ta_json_put_string(w, NULL, TA_LIT("door-7")); }

static void put_empty_object(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_close(w);
}

static void put_empty_array(ta_json_writer *w)
{
    ta_json_put_array(w, NULL);
    ta_json_put_close(w);
}

static void put_one_of_each(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_null(w, "n");
    ta_json_put_bool(w, "t", true);
    ta_json_put_bool(w, "f", false);
    ta_json_put_int(w, "i", -15);
    ta_json_put_string(w, "s", TA_LIT("x"));
    ta_json_put_object(w, "o");
    ta_json_put_close(w);
    ta_json_put_array(w, "a");
    ta_json_put_null(w, NULL);
    ta_json_put_bool(w, NULL, true);
    ta_json_put_int(w, NULL, 7);
    ta_json_put_string(w, NULL, TA_LIT(""));
    ta_json_put_array(w, NULL);
    ta_json_put_close(w);
    ta_json_put_object(w, NULL);
    ta_json_put_int(w, "", 1);
    ta_json_put_close(w);
    ta_json_put_close(w);
    ta_json_put_int(w, "z", 0);
    ta_json_put_close(w);
}

static void put_realm(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_object(w, "realm_access");
    ta_json_put_array(w, "roles");
    ta_json_put_string(w, NULL, TA_LIT("admin"));
    ta_json_put_string(w, NULL, TA_LIT("editor"));
    ta_json_put_close(w);
    ta_json_put_close(w);
    ta_json_put_int(w, "level", 3);
    ta_json_put_close(w);
}

/* Array in object in array in object: each level remembers what it is when the inner one closes. */
static void put_levels(ta_json_writer *w)
{
    ta_json_put_array(w, NULL);
    ta_json_put_object(w, NULL);
    ta_json_put_array(w, "a");
    ta_json_put_object(w, NULL);
    ta_json_put_null(w, "b");
    ta_json_put_int(w, "c", 1);
    ta_json_put_close(w);
    ta_json_put_int(w, NULL, 2);
    ta_json_put_close(w);
    ta_json_put_int(w, "d", 3);
    ta_json_put_close(w);
    ta_json_put_array(w, NULL);
    ta_json_put_array(w, NULL);
    ta_json_put_close(w);
    ta_json_put_close(w);
    ta_json_put_int(w, NULL, 4);
    ta_json_put_close(w);
}

static void test_each_call_with_each_room(void)
{
    CHECK_WRITES(put_null, "null");
    CHECK_WRITES(put_true, "true");
    CHECK_WRITES(put_false, "false");
    CHECK_WRITES(put_zero, "0");
    CHECK_WRITES(put_least, "-9223372036854775808");
    CHECK_WRITES(put_most, "9223372036854775807");
    CHECK_WRITES(put_empty_text, "\"\"");
    CHECK_WRITES(put_no_text, "\"\"");
    CHECK_WRITES(put_text, "\"door-7\"");
    CHECK_WRITES(put_empty_object, "{}");
    CHECK_WRITES(put_empty_array, "[]");
    CHECK_WRITES(put_one_of_each, "{\"n\":null,\"t\":true,\"f\":false,\"i\":-15,\"s\":\"x\",\"o\":{},"
                                  "\"a\":[null,true,7,\"\",[],{\"\":1}],\"z\":0}");
    CHECK_WRITES(put_realm, "{\"realm_access\":{\"roles\":[\"admin\",\"editor\"]},\"level\":3}");
    CHECK_WRITES(put_levels, "[{\"a\":[{\"b\":null,\"c\":1},2],\"d\":3},[[]],4]");
}

static void test_int_every_power_of_ten_and_two(void)
{
    char out[40], want[40];
    ta_json_writer w;
    size_t n, i, k;
    int64_t ten = 1;
    for (i = 0; i < 19 + 63; i++) {
        int64_t base = i < 19 ? ten : (int64_t)(UINT64_C(1) << (i - 19));
        if (i < 18) ten *= 10;
        for (k = 0; k < 6; k++) {
            int64_t v = k < 3 ? base - 1 + (int64_t)k : -base - 1 + (int64_t)(k - 3);
            int64_t back = 0;
            ta_json j;
            snprintf(want, sizeof want, "%lld", (long long)v);
            ta_json_begin(&w, out, strlen(want) + 1);
            ta_json_put_int(&w, NULL, v);
            CHECK_ST(ta_json_end(&w, &n), TA_OK);
            CHECK_TEXT(out, n, want);
            CHECK_ST(ta_json_find(out, n, "", &j), TA_OK);
            CHECK_ST(ta_json_int(j, &back), TA_OK);
            CHECK_EQ(back, v);
        }
    }
}

/* ---- strings ---------------------------------------------------------------------------------- */

/* The JSON literal of `len` bytes of text, by this file's own rules. */
static size_t literal(const char *text, size_t len, char *out)
{
    static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";
    size_t i, n = 0;
    out[n++] = '"';
    for (i = 0; i < len; i++) {
        const char *p = text[i] != '\0' ? strchr(from, text[i]) : NULL;
        if (p != NULL) {
            out[n++] = '\\';
            out[n++] = to[p - from];
        } else if ((unsigned char)text[i] < 0x20) {
            n += (size_t)sprintf(out + n, "\\u%04x", (unsigned)(unsigned char)text[i]);
        } else {
            out[n++] = text[i];
        }
    }
    out[n++] = '"';
    return n;
}

/* The text as a value, and as a name where it can be one, at room need-1, need, need+1. */
static void check_string(const char *text, size_t len)
{
    char *in = (char *)exact_copy(text, len), *want = (char *)exact(6 * len + 2);
    size_t need = literal(text, len, want), cap, got;
    ta_json_writer w;
    for (cap = need; cap <= need + 2; cap++) {
        char *out = (char *)exact(cap);
        memset(out, 'x', cap);
        got = 99;
        ta_json_begin(&w, out, cap);
        ta_json_put_string(&w, NULL, in, len);
        if (cap == need) {
            CHECK_ST(ta_json_end(&w, &got), TA_ERR_SPACE);
            CHECK(got == 0 && out[0] == '\0');
        } else {
            ta_json v;
            CHECK_ST(ta_json_end(&w, &got), TA_OK);
            CHECK(got == need && out[got] == '\0');
            if (got == need) CHECK_BYTES(out, want, need);
            CHECK_ST(ta_json_find(out, got, "", &v), TA_OK);
            CHECK(ta_json_equals(v, in, len));
        }
        free(out);
    }
    if (memchr(text, '\0', len) == NULL) {
        char *name = (char *)exact(len + 1), *out = (char *)exact(need + 5);
        ta_json n, v;
        size_t at = 0;
        memcpy(name, text, len);
        name[len] = '\0';
        ta_json_begin(&w, out, need + 5);               /* {"name":1} and a NUL                  */
        ta_json_put_object(&w, NULL);
        ta_json_put_int(&w, name, 1);
        ta_json_put_close(&w);
        CHECK_ST(ta_json_end(&w, &got), TA_OK);
        CHECK(got == need + 4);
        CHECK_BYTES(out + 1, want, need);
        CHECK_ST(ta_json_find(out, got, "", &v), TA_OK);
        CHECK_ST(ta_json_next(v, &at, &n, &v), TA_OK);
        CHECK(ta_json_equals(n, in, len));
        ta_json_begin(&w, out, need + 4);               /* one byte less                         */
        ta_json_put_object(&w, NULL);
        ta_json_put_int(&w, name, 1);
        ta_json_put_close(&w);
        CHECK_ST(ta_json_end(&w, &got), TA_ERR_SPACE);
        CHECK(got == 0 && out[0] == '\0');
        free(out);
        free(name);
    }
    free(want);
    free(in);
}

static void test_string_escapes_what_must_be_and_nothing_else(void)
{
    char all[512];
    ta_json_writer w;
    size_t n, i;
    for (i = 0; i < 128; i++) {
        char c = (char)i;
        check_string(&c, 1);
        all[i] = c;
    }
    check_string(all, 128);
    check_string("", 0);
    check_string(TA_LIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x80\xa8\xe2\x80\xa9"));
    check_string(TA_LIT("\xef\xbf\xbf\xef\xbb\xbf\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"));
    check_string(TA_LIT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xf0\x90\x80\x80"));
    check_string(TA_LIT("</script>\\u0061\\"));
    ta_json_begin(&w, all, sizeof all);
    ta_json_put_string(&w, NULL, TA_LIT("\b\f\n\r\t\"\\/\x7f\0\x01\x1f\x0b"));
    CHECK_ST(ta_json_end(&w, &n), TA_OK);
    CHECK_TEXT(all, n, "\"\\b\\f\\n\\r\\t\\\"\\\\/\x7f\\u0000\\u0001\\u001f\\u000b\"");
}

/* A length counts; a NUL inside is written out, not taken for the end. */
static void test_lengths_rule_a_nul_ends_nothing(void)
{
    check_string("a\0b", 3);
    check_string("\0", 1);
    check_string("a\0", 2);
    check_string("abc", 2);
}

static void test_string_that_is_not_utf8_is_refused(void)
{
    static const struct { const char *s; size_t n; } t[] = {
        {TA_LIT("\x80")}, {TA_LIT("\xff")}, {TA_LIT("\xc3")}, {TA_LIT("a\xc3")}, {TA_LIT("\xc3" "a")},
        {TA_LIT("\xc0\x80")}, {TA_LIT("\xc1\xbf")}, {TA_LIT("\xe0\x80\x80")}, {TA_LIT("\xe2\x82")},
        {TA_LIT("\xed\xa0\x80")}, {TA_LIT("\xed\xbf\xbf")}, {TA_LIT("\xf0\x9f\x98")},
        {TA_LIT("\xf0\x80\x80\x80")}, {TA_LIT("\xf4\x90\x80\x80")}, {TA_LIT("\xf5\x80\x80\x80")},
        {TA_LIT("\xf8\x88\x80\x80\x80")}, {TA_LIT("ok\xfe")}, {TA_LIT("\xc3\xa9\xa9")},
        {TA_LIT("\xed\xa0\xbd\xed\xb8\x80")}
    };
    char out[64], name[16];
    ta_json_writer w;
    size_t i, n;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *in = (char *)exact_copy(t[i].s, t[i].n);
        memset(out, 'x', sizeof out);
        ta_json_begin(&w, out, sizeof out);
        ta_json_put_string(&w, NULL, in, t[i].n);
        n = 9;
        CHECK_ST(ta_json_end(&w, &n), TA_ERR_JSON);
        CHECK(n == 0 && out[0] == '\0');
        memcpy(name, in, t[i].n);
        name[t[i].n] = '\0';
        memset(out, 'x', sizeof out);
        ta_json_begin(&w, out, sizeof out);
        ta_json_put_object(&w, NULL);
        ta_json_put_int(&w, name, 1);
        ta_json_put_close(&w);
        n = 9;
        CHECK_ST(ta_json_end(&w, &n), TA_ERR_JSON);
        CHECK(n == 0 && out[0] == '\0');
        ta_json_begin(&w, out, sizeof out);             /* the name of a bracket, too           */
        ta_json_put_object(&w, NULL);
        ta_json_put_array(&w, name);
        ta_json_put_close(&w);
        ta_json_put_close(&w);
        CHECK_ST(ta_json_end(&w, &n), TA_ERR_JSON);
        CHECK(n == 0 && out[0] == '\0');
        free(in);
    }
}

/* ---- duplicates and limits ----------------------------------------------------------------------- */

static void twin_at_top(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_int(w, "a", 1);
    ta_json_put_int(w, "b", 1);
    ta_json_put_int(w, "a", 2);
    ta_json_put_close(w);
}

static void twin_next_door(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_null(w, "\n");
    ta_json_put_string(w, "\n", "", 0);
    ta_json_put_close(w);
}

static void twin_further_in(ta_json_writer *w)
{
    ta_json_put_array(w, NULL);
    ta_json_put_object(w, NULL);
    ta_json_put_object(w, "x");
    ta_json_put_bool(w, "", true);
    ta_json_put_array(w, "y");
    ta_json_put_close(w);
    ta_json_put_object(w, "");
    ta_json_put_close(w);
    ta_json_put_close(w);
    ta_json_put_close(w);
    ta_json_put_close(w);
}

static void twin_after_an_inner_object(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_object(w, "a");
    ta_json_put_int(w, "b", 1);
    ta_json_put_close(w);
    ta_json_put_int(w, "b", 1);
    ta_json_put_array(w, "a");
    ta_json_put_close(w);
    ta_json_put_close(w);
}

static void same_name_in_two_objects(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_int(w, "a", 1);
    ta_json_put_object(w, "b");
    ta_json_put_int(w, "a", 1);
    ta_json_put_int(w, "b", 1);
    ta_json_put_close(w);
    ta_json_put_object(w, "c");
    ta_json_put_int(w, "a", 1);
    ta_json_put_close(w);
    ta_json_put_int(w, "A", 1);
    ta_json_put_close(w);
}

static void test_duplicate_names_are_refused_at_every_level(void)
{
    CHECK_REFUSES(twin_at_top, TA_ERR_DUPLICATE);
    CHECK_REFUSES(twin_next_door, TA_ERR_DUPLICATE);
    CHECK_REFUSES(twin_further_in, TA_ERR_DUPLICATE);
    CHECK_REFUSES(twin_after_an_inner_object, TA_ERR_DUPLICATE);
    CHECK_WRITES(same_name_in_two_objects, "{\"a\":1,\"b\":{\"a\":1,\"b\":1},\"c\":{\"a\":1},\"A\":1}");
}

enum { DEEPEST = TA_MAX_DEPTH < 32 ? TA_MAX_DEPTH : 32 };   /* one bit a level in the writer */

/* kind 0 arrays, 1 objects, 2 in turn */
static void nest(ta_json_writer *w, size_t levels, int kind, size_t closes)
{
    size_t i;
    bool object = false;
    for (i = 0; i < levels; i++) {
        const char *name = object ? "n" : NULL;
        object = kind == 1 || (kind == 2 && i % 2 == 1);
        if (object) ta_json_put_object(w, name); else ta_json_put_array(w, name);
    }
    if (object) ta_json_put_int(w, "n", 1); else ta_json_put_int(w, NULL, 1);
    for (i = 0; i < closes; i++) ta_json_put_close(w);
}

static void test_nesting_is_bounded(void)
{
    size_t levels;
    int kind;
    for (kind = 0; kind < 3; kind++) {
        for (levels = 0; levels <= DEEPEST + 40; levels++) {
            char out[1024];
            ta_json_writer w;
            size_t n = 9;
            memset(out, 'x', sizeof out);
            ta_json_begin(&w, out, sizeof out);
            nest(&w, levels, kind, levels);
            CHECK_ST(ta_json_end(&w, &n), levels <= DEEPEST ? TA_OK : TA_ERR_LIMIT);
            if (levels <= DEEPEST) {
                CHECK(n > 0 && out[n] == '\0');
                CHECK_ST(ta_json_check(out, n), TA_OK);
            } else {
                CHECK(n == 0 && out[0] == '\0');
            }
            if (levels == 0 || levels > DEEPEST) continue;
            ta_json_begin(&w, out, sizeof out);         /* one bracket still open, or closed twice */
            nest(&w, levels, kind, levels - 1);
            CHECK_ST(ta_json_end(&w, &n), TA_ERR_ARGUMENT);
            CHECK(n == 0 && out[0] == '\0');
            ta_json_begin(&w, out, sizeof out);
            nest(&w, levels, kind, levels + 1);
            CHECK_ST(ta_json_end(&w, &n), TA_ERR_ARGUMENT);
            CHECK(n == 0 && out[0] == '\0');
        }
    }
    {
        char out[256];                                  /* siblings at full depth: no sum        */
        ta_json_writer w;
        size_t n, i;
        ta_json_begin(&w, out, sizeof out);
        for (i = 0; i < DEEPEST - 1; i++) ta_json_put_array(&w, NULL);
        for (i = 0; i < 20; i++) {
            if (i % 2 == 0) ta_json_put_array(&w, NULL); else ta_json_put_object(&w, NULL);
            ta_json_put_close(&w);
        }
        for (i = 0; i < DEEPEST - 1; i++) ta_json_put_close(&w);
        CHECK_ST(ta_json_end(&w, &n), TA_OK);
        CHECK_ST(ta_json_check(out, n), TA_OK);
    }
}

static void test_members_of_one_object_are_bounded(void)
{
    static char out[65536];
    size_t count, i, n;
    for (count = TA_MAX_MEMBERS - 1; count <= TA_MAX_MEMBERS + 200; count++) {
        ta_json_writer w;
        ta_json_begin(&w, out, sizeof out);
        ta_json_put_array(&w, NULL);
        ta_json_put_object(&w, NULL);
        for (i = 0; i < count; i++) {
            char name[24];
            snprintf(name, sizeof name, "m%lu", (unsigned long)i);
            ta_json_put_int(&w, name, (int64_t)i);
        }
        ta_json_put_close(&w);
        ta_json_put_close(&w);
        n = 9;
        CHECK_ST(ta_json_end(&w, &n), count <= TA_MAX_MEMBERS ? TA_OK : TA_ERR_LIMIT);
        CHECK((n == 0) == (count > TA_MAX_MEMBERS));
        CHECK((out[0] == '\0') == (count > TA_MAX_MEMBERS));
    }
    {
        ta_json_writer w;                               /* elements have no such limit            */
        ta_json_begin(&w, out, sizeof out);
        ta_json_put_array(&w, NULL);
        for (i = 0; i < 5000; i++) ta_json_put_int(&w, NULL, 1);
        ta_json_put_close(&w);
        CHECK_ST(ta_json_end(&w, &n), TA_OK);
        CHECK_EQ(n, 2 * 5000 + 1);
    }
}

/* What the writer gives, the reader takes: not more than 65,535 bytes. */
static void test_length_of_the_text_is_bounded(void)
{
    static char text[70000], out[70000];
    size_t len, n;
    memset(text, 'a', sizeof text);
    for (len = 65535 - 1; len <= 65535 + 1; len++) {
        ta_json_writer w;
        n = 9;
        ta_json_begin(&w, out, sizeof out);
        ta_json_put_string(&w, NULL, text, len - 2);
        CHECK_ST(ta_json_end(&w, &n), len <= 65535 ? TA_OK : TA_ERR_LIMIT);
        CHECK_EQ(n, len <= 65535 ? len : 0);
        CHECK((out[0] == '\0') == (len > 65535));
    }
}

/* ---- misuse ---------------------------------------------------------------------------------------- */

static void nothing(ta_json_writer *w) { (void)w; }
static void only_a_close(ta_json_writer *w) { ta_json_put_close(w); }
static void open_object(ta_json_writer *w) { ta_json_put_object(w, NULL); }
static void open_array(ta_json_writer *w) { ta_json_put_array(w, NULL); }

static void open_inside(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_array(w, "a");
    ta_json_put_close(w);
    ta_json_put_array(w, "b");
    ta_json_put_close(w);
}

static void two_values(ta_json_writer *w)
{
    ta_json_put_int(w, NULL, 1);
    ta_json_put_int(w, NULL, 2);
}

static void object_and_value(ta_json_writer *w)
{
    put_empty_object(w);
    ta_json_put_null(w, NULL);
}

static void value_and_array(ta_json_writer *w)
{
    ta_json_put_null(w, NULL);
    put_empty_array(w);
}

static void array_and_object(ta_json_writer *w)
{
    put_empty_array(w);
    put_empty_object(w);
}

static void string_and_string(ta_json_writer *w)
{
    put_text(w);
    put_text(w);
}

static void close_after_a_value(ta_json_writer *w)
{
    ta_json_put_bool(w, NULL, true);
    ta_json_put_close(w);
}

static void one_close_too_many(ta_json_writer *w)
{
    put_empty_object(w);
    ta_json_put_close(w);
}

static void close_before_anything(ta_json_writer *w)
{
    ta_json_put_close(w);
    put_empty_array(w);
}

static void close_between(ta_json_writer *w)
{
    put_empty_object(w);
    ta_json_put_close(w);
    ta_json_put_array(w, NULL);
}

#define NAMED(what, call) \
    static void what##_named_at_top(ta_json_writer *w) { const char *name = "a"; call; } \
    static void what##_named_in_array(ta_json_writer *w) \
    { \
        const char *name = "a"; \
        ta_json_put_array(w, NULL); \
        call; \
        ta_json_put_close(w); \
    } \
    static void what##_unnamed_in_object(ta_json_writer *w) \
    { \
        const char *name = NULL; \
        ta_json_put_object(w, NULL); \
        call; \
        ta_json_put_close(w); \
    }

NAMED(object, (ta_json_put_object(w, name), ta_json_put_close(w)))
NAMED(array,  (ta_json_put_array(w, name), ta_json_put_close(w)))
NAMED(string, ta_json_put_string(w, name, "x", 1))
NAMED(int,    ta_json_put_int(w, name, 1))
NAMED(bool,   ta_json_put_bool(w, name, true))
NAMED(null,   ta_json_put_null(w, name))

static void null_text_with_a_length(ta_json_writer *w) { ta_json_put_string(w, NULL, NULL, 1); }

/* after the inner object is closed, the outer array wants no name again, and the other way round */
static void name_after_an_inner_object(ta_json_writer *w)
{
    ta_json_put_array(w, NULL);
    put_empty_object(w);
    ta_json_put_int(w, "a", 1);
    ta_json_put_close(w);
}

static void no_name_after_an_inner_array(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_array(w, "a");
    ta_json_put_close(w);
    ta_json_put_int(w, NULL, 1);
    ta_json_put_close(w);
}

static void test_misuse_is_an_argument_error(void)
{
    CHECK_REFUSES(nothing, TA_ERR_ARGUMENT);
    CHECK_REFUSES(only_a_close, TA_ERR_ARGUMENT);
    CHECK_REFUSES(open_object, TA_ERR_ARGUMENT);
    CHECK_REFUSES(open_array, TA_ERR_ARGUMENT);
    CHECK_REFUSES(open_inside, TA_ERR_ARGUMENT);
    CHECK_REFUSES(two_values, TA_ERR_ARGUMENT);
    CHECK_REFUSES(object_and_value, TA_ERR_ARGUMENT);
    CHECK_REFUSES(value_and_array, TA_ERR_ARGUMENT);
    CHECK_REFUSES(array_and_object, TA_ERR_ARGUMENT);
    CHECK_REFUSES(string_and_string, TA_ERR_ARGUMENT);
    CHECK_REFUSES(close_after_a_value, TA_ERR_ARGUMENT);
    CHECK_REFUSES(one_close_too_many, TA_ERR_ARGUMENT);
    CHECK_REFUSES(close_before_anything, TA_ERR_ARGUMENT);
    CHECK_REFUSES(close_between, TA_ERR_ARGUMENT);
    CHECK_REFUSES(null_text_with_a_length, TA_ERR_ARGUMENT);
    CHECK_REFUSES(name_after_an_inner_object, TA_ERR_ARGUMENT);
    CHECK_REFUSES(no_name_after_an_inner_array, TA_ERR_ARGUMENT);
}

static void test_misuse_of_names(void)
{
    static const build t[] = {
        object_named_at_top, object_named_in_array, object_unnamed_in_object, array_named_at_top,
        array_named_in_array, array_unnamed_in_object, string_named_at_top, string_named_in_array,
        string_unnamed_in_object, int_named_at_top, int_named_in_array, int_unnamed_in_object,
        bool_named_at_top, bool_named_in_array, bool_unnamed_in_object, null_named_at_top,
        null_named_in_array, null_unnamed_in_object
    };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) CHECK_REFUSES(t[i], TA_ERR_ARGUMENT);
}

static void test_arguments_of_begin_and_end(void)
{
    ta_json_writer w;
    size_t n = 9;
    char out[8] = "xxxxxxx";
    ta_json_begin(&w, NULL, 0);
    ta_json_put_null(&w, NULL);
    CHECK_ST(ta_json_end(&w, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    n = 9;
    ta_json_begin(&w, NULL, 8);
    ta_json_put_null(&w, NULL);
    CHECK_ST(ta_json_end(&w, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    ta_json_begin(&w, out, sizeof out);
    ta_json_put_null(&w, NULL);
    n = 9;
    CHECK_ST(ta_json_end(NULL, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    CHECK_ST(ta_json_end(&w, NULL), TA_ERR_ARGUMENT);
    CHECK(out[0] == '\0');
    memcpy(out, "xxxxxxx", 8);
    ta_json_begin(&w, out, 0);
    ta_json_put_null(&w, NULL);
    n = 9;
    CHECK_ST(ta_json_end(&w, &n), TA_ERR_SPACE);
    CHECK(n == 0 && out[0] == 'x');
}

/* Before end, an unfinished text must not look finished: after begin the buffer says "".        */
static void test_begin_clears_the_output(void)
{
    ta_json_writer w;
    char out[8] = "secret!";
    size_t n = 9;
    ta_json_begin(&w, out, sizeof out);
    CHECK(out[0] == '\0');
    CHECK_ST(ta_json_end(&w, &n), TA_ERR_ARGUMENT);
    CHECK(n == 0 && out[0] == '\0');
}

/* ---- the first error sticks -------------------------------------------------------------------------- */

static void good_tail(ta_json_writer *w)
{
    ta_json_put_object(w, NULL);
    ta_json_put_int(w, "a", 1);
    ta_json_put_close(w);
    ta_json_put_close(w);
}

static void test_the_first_error_sticks(void)
{
    char out[64];
    ta_json_writer w;
    size_t n, i;
    for (i = 0; i < 6; i++) {
        static const ta_status want[] = {TA_ERR_ARGUMENT, TA_ERR_JSON, TA_ERR_SPACE, TA_ERR_LIMIT,
                                         TA_ERR_JSON, TA_ERR_SPACE};
        static const char big[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
        size_t k;
        memset(out, 'x', sizeof out);
        ta_json_begin(&w, out, sizeof out);
        ta_json_put_array(&w, NULL);
        switch (i) {
        case 0: ta_json_put_int(&w, "name", 1); break;                  /* then bad text          */
        case 1: ta_json_put_string(&w, NULL, "\xff", 1); break;         /* then misuse            */
        case 2: ta_json_put_string(&w, NULL, big, 70); break;           /* then what would fit    */
        case 3: for (k = 0; k < 40; k++) ta_json_put_array(&w, NULL); break;
        case 4:
            ta_json_put_string(&w, NULL, "ok\xc3", 3);
            ta_json_put_close(&w);
            ta_json_put_close(&w);
            break;
        default: ta_json_put_string(&w, NULL, big, 70); ta_json_put_int(&w, "name", 1); break;
        }
        ta_json_put_string(&w, NULL, "\xff", 1);
        ta_json_put_int(&w, "x", 1);
        ta_json_put_string(&w, NULL, big, 70);
        for (k = 0; k < 300; k++) ta_json_put_array(&w, NULL);
        for (k = 0; k < 300; k++) ta_json_put_close(&w);
        good_tail(&w);
        n = 9;
        CHECK_ST(ta_json_end(&w, &n), want[i]);
        CHECK(n == 0 && out[0] == '\0');
        CHECK_ST(w.st, want[i]);
        ta_json_begin(&w, out, sizeof out);                             /* begin starts anew      */
        ta_json_put_array(&w, NULL);
        good_tail(&w);
        CHECK_ST(ta_json_end(&w, &n), TA_OK);
        CHECK_TEXT(out, n, "[{\"a\":1}]");
    }
}

/* A short text after one that did not fit must not fill the hole and come out as good. */
static void test_what_did_not_fit_leaves_no_hole(void)
{
    size_t cap;
    for (cap = 1; cap < 40; cap++) {
        char *out = (char *)exact(cap);
        ta_json_writer w;
        size_t n = 9;
        ta_json_begin(&w, out, cap);
        ta_json_put_array(&w, NULL);
        ta_json_put_string(&w, NULL, TA_LIT("this is longer than the room there is"));
        ta_json_put_int(&w, NULL, 1);
        ta_json_put_close(&w);
        CHECK_ST(ta_json_end(&w, &n), TA_ERR_SPACE);
        CHECK(n == 0 && out[0] == '\0');
        free(out);
    }
}

/* ---- random documents -------------------------------------------------------------------------------- */

/* One generator drives both the writer and a plain serializer. */
typedef struct twin {
    ta_json_writer w;
    char   plain[8192];
    size_t n, serial;
    bool   duplicate;       /* a name was given twice in one object                             */
} twin;

static void plain_put(twin *t, const char *s, size_t n)
{
    if (t->n + n > sizeof t->plain) { puts("plain text too small"); exit(2); }
    if (n > 0) memcpy(t->plain + t->n, s, n);
    t->n += n;
}

static size_t random_text(char *out, bool name)
{
    static const char *const pieces[] = {"a", "b", "sub", "/", "\"", "\\", "\n", "\t", "\x1f", "\x7f",
                                         "\xc3\xa9", "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80", " ", "\b", "\f", "\r", "\x01"};
    size_t n = 0, k = rnd(5);
    while (k-- > 0) {
        const char *p = pieces[rnd(sizeof pieces / sizeof pieces[0])];
        memcpy(out + n, p, strlen(p));
        n += strlen(p);
        if (!name && rnd(20) == 0) out[n++] = '\0';
    }
    return n;
}

static void plain_literal(twin *t, const char *s, size_t n)
{
    char out[512];
    plain_put(t, out, literal(s, n, out));
}

static void random_value(twin *t, const char *name, size_t depth)
{
    char text[64], number[32];
    size_t n, i;
    int64_t v;
    switch (depth == 0 ? rnd(4) : rnd(7)) {
    case 0:
        ta_json_put_null(&t->w, name);
        plain_put(t, "null", 4);
        break;
    case 1:
        v = (int64_t)rnd(2);
        ta_json_put_bool(&t->w, name, v != 0);
        plain_put(t, v != 0 ? "true" : "false", v != 0 ? 4u : 5u);
        break;
    case 2:
        v = (int64_t)(rnd64() >> rnd(64));
        if (rnd(2) == 0) v = -(v / 2);
        ta_json_put_int(&t->w, name, v);
        plain_put(t, number, (size_t)snprintf(number, sizeof number, "%lld", (long long)v));
        break;
    case 3:
        n = random_text(text, false);
        ta_json_put_string(&t->w, name, text, n);
        plain_literal(t, text, n);
        break;
    case 4: case 5:
        ta_json_put_array(&t->w, name);
        plain_put(t, "[", 1);
        n = rnd(4);
        for (i = 0; i < n; i++) {
            if (i > 0) plain_put(t, ",", 1);
            random_value(t, NULL, depth - 1);
        }
        ta_json_put_close(&t->w);
        plain_put(t, "]", 1);
        break;
    default: {
        char names[4][96];
        ta_json_put_object(&t->w, name);
        plain_put(t, "{", 1);
        n = rnd(4);
        for (i = 0; i < n; i++) {
            size_t k, len = random_text(names[i], true);
            if (rnd(3) == 0) len = (size_t)sprintf(names[i], "%c", rnd(2) == 0 ? '\t' : 'b');
            else len += (size_t)sprintf(names[i] + len, "%lu", (unsigned long)t->serial++);
            names[i][len] = '\0';
            for (k = 0; k < i; k++) if (strcmp(names[k], names[i]) == 0) t->duplicate = true;
            if (i > 0) plain_put(t, ",", 1);
            plain_literal(t, names[i], len);
            plain_put(t, ":", 1);
            random_value(t, names[i], depth - 1);
        }
        ta_json_put_close(&t->w);
        plain_put(t, "}", 1);
        break;
    }
    }
}

/* Copies a value through the reader into a writer: what comes out must be what went in. */
static void copy_value(ta_json_writer *w, const char *name, ta_json v)
{
    ta_json member, value;
    char text[512], inner[512];
    size_t at = 0, n;
    int64_t i = 0;
    bool b = false, array = ta_json_kind(v) == TA_ARRAY;
    switch (ta_json_kind(v)) {
    case TA_NULL:   ta_json_put_null(w, name); break;
    case TA_BOOL:   CHECK_ST(ta_json_bool(v, &b), TA_OK); ta_json_put_bool(w, name, b); break;
    case TA_NUMBER: CHECK_ST(ta_json_int(v, &i), TA_OK); ta_json_put_int(w, name, i); break;
    case TA_STRING:
        CHECK_ST(ta_json_string(v, text, sizeof text, &n), TA_OK);
        ta_json_put_string(w, name, text, n);
        break;
    case TA_ARRAY: case TA_OBJECT:
        if (array) ta_json_put_array(w, name); else ta_json_put_object(w, name);
        while (ta_json_next(v, &at, &member, &value) == TA_OK) {
            if (!array) CHECK_ST(ta_json_string(member, inner, sizeof inner, &n), TA_OK);
            copy_value(w, array ? NULL : inner, value);
        }
        ta_json_put_close(w);
        break;
    default: CHECK(ta_json_kind(v) != TA_ABSENT); break;
    }
}

static twin t;

static void test_random_documents_are_written_and_read_back(void)
{
    static char back[8192];
    long i, same = 0, copied = 0;
    for (i = 0; i < 40000; i++) {
        uint64_t state;
        size_t depth = rnd(5), need, cap, n = 99;
        uint64_t room = rnd(4) == 0 ? rnd64() : 0;
        char *out;
        ta_status st, want;
        ta_json_writer copy;
        ta_json v;
        state = check.state;                            /* first to know how much room it needs   */
        t.n = t.serial = 0;
        t.duplicate = false;
        ta_json_begin(&t.w, NULL, 0);
        random_value(&t, NULL, depth);
        need = t.n + 1;
        check.state = state;                            /* then the same again, with that room    */
        cap = room > 0 ? (size_t)(room % need) : need;
        out = (char *)exact(cap);
        t.n = t.serial = 0;
        ta_json_begin(&t.w, out, cap);
        random_value(&t, NULL, depth);
        st = ta_json_end(&t.w, &n);
        want = cap < need ? TA_ERR_SPACE : t.duplicate ? TA_ERR_DUPLICATE : TA_OK;
        CHECK_ST(st, want);
        if (st == TA_OK) {
            CHECK(n == t.n && memcmp(out, t.plain, n) == 0 && out[n] == '\0');
            CHECK_ST(ta_json_find(out, n, "", &v), TA_OK);
            if (strstr(out, "\\u0000") == NULL) {
                size_t m = 0;
                ta_json_begin(&copy, back, sizeof back);
                copy_value(&copy, NULL, v);
                CHECK_ST(ta_json_end(&copy, &m), TA_OK);
                CHECK(m == n && memcmp(back, out, n + 1) == 0);
                copied++;
            }
        } else {
            CHECK(n == 0 && (cap == 0 || out[0] == '\0'));
        }
        same += st == TA_ERR_DUPLICATE;
        free(out);
    }
    CHECK(same > 200 && copied > 10000);
}

/* Any sequence of calls, right or wrong: what is OK is strict JSON, all else leaves nothing. */
static void test_random_calls_never_give_bad_json(void)
{
    static const char *const names[] = {NULL, "a", "b", "", "\xff", "c"};
    static const char *const texts[] = {"", "x", "\xc3\xa9", "\xc3", "\"\\"};
    long i, ok = 0;
    for (i = 0; i < 100000; i++) {
        size_t cap = rnd(3) == 0 ? rnd(30) : 200, n = 99, calls = rnd(10);
        char *out = (char *)exact(cap);
        ta_json_writer w;
        ta_status st;
        ta_json_begin(&w, out, cap);
        while (calls-- > 0) {
            bool in_object = w.depth > 0 && (w.is_array >> (w.depth - 1) & 1u) == 0;
            const char *name = rnd(8) == 0 ? names[rnd(6)] : in_object ? names[1 + rnd(3)] : NULL;
            const char *text = texts[rnd(8) == 0 ? 3 : rnd(3)];
            switch (rnd(7)) {
            case 0: ta_json_put_object(&w, name); break;
            case 1: ta_json_put_array(&w, name); break;
            case 2: ta_json_put_string(&w, name, text, strlen(text)); break;
            case 3: ta_json_put_int(&w, name, (int64_t)rnd(1000) - 500); break;
            case 4: if (rnd(2) == 0) ta_json_put_bool(&w, name, true); else ta_json_put_null(&w, name); break;
            default: ta_json_put_close(&w); break;
            }
        }
        if (rnd(2) == 0) {
            size_t k;
            for (k = 40; w.depth > 0 && k > 0; k--) ta_json_put_close(&w);
        }
        st = ta_json_end(&w, &n);
        if (st == TA_OK) {
            ok++;
            CHECK(n < cap && out[n] == '\0');
            CHECK_ST(ta_json_check(out, n), TA_OK);
        } else {
            CHECK(n == 0 && (cap == 0 || out[0] == '\0'));
        }
        free(out);
    }
    CHECK(ok > 5000);
}

/* ---- public vectors ------------------------------------------------------------------------------------ */

/* Columns: id verdict hex. */
static void row_utf8(char **f, size_t fields)
{
    size_t n, got = 9;
    uint8_t *bytes;
    CHECK_EQ(fields, 3);
    if (fields != 3) return;
    bytes = hex_bytes(f[2], &n);
    if (strcmp(f[1], "valid") == 0) {
        check_string((const char *)bytes, n);
    } else {
        char *out = (char *)exact(6 * n + 3);
        ta_json_writer w;
        ta_json_begin(&w, out, 6 * n + 3);
        ta_json_put_string(&w, NULL, (const char *)bytes, n);
        CHECK_STR(f[1], "invalid");
        CHECK_ST(ta_json_end(&w, &got), TA_ERR_JSON);
        CHECK(got == 0 && out[0] == '\0');
        free(out);
    }
    free(bytes);
}

/* Columns: id utf8_hex json_ascii_hex json_utf8_hex. */
static void row_strings(char **f, size_t fields)
{
    size_t n;
    uint8_t *bytes;
    CHECK_EQ(fields, 4);
    if (fields != 4) return;
    bytes = hex_bytes(f[1], &n);
    check_string((const char *)bytes, n);
    free(bytes);
}

static void test_writer_no_text_after_an_error_keeps_the_first(void)
{
    ta_json_writer w;
    char out[64];
    size_t len = 7;
    ta_json_begin(&w, out, sizeof out);
    ta_json_put_object(&w, NULL);
    ta_json_put_string(&w, "a", "\xFF", 1);
    ta_json_put_string(&w, "b", NULL, 3);
    ta_json_put_close(&w);
    CHECK_ST(ta_json_end(&w, &len), TA_ERR_JSON);
    CHECK_EQ(len, 0);
}

/* The append that all writing goes through takes nothing at all, too: NULL is no text, and no error. */
static void test_appending_nothing(void)
{
    char           out[4];
    ta_json_writer w;
    size_t         len;
    tai_text_begin(&w, out, sizeof out);
    tai_put(&w, NULL, 0);
    tai_put(&w, "ab", 2);
    tai_put(&w, NULL, 0);
    CHECK_ST(tai_text_end(&w, &len), TA_OK);
    CHECK_EQ(len, 2);
    CHECK_STR(out, "ab");
}

int main(void)
{
    RUN(test_appending_nothing);
    RUN(test_each_call_with_each_room);
    RUN(test_int_every_power_of_ten_and_two);
    RUN(test_string_escapes_what_must_be_and_nothing_else);
    RUN(test_lengths_rule_a_nul_ends_nothing);
    RUN(test_string_that_is_not_utf8_is_refused);
    RUN(test_duplicate_names_are_refused_at_every_level);
    RUN(test_nesting_is_bounded);
    RUN(test_members_of_one_object_are_bounded);
    RUN(test_length_of_the_text_is_bounded);
    RUN(test_misuse_is_an_argument_error);
    RUN(test_misuse_of_names);
    RUN(test_arguments_of_begin_and_end);
    RUN(test_begin_clears_the_output);
    RUN(test_the_first_error_sticks);
    RUN(test_what_did_not_fit_leaves_no_hole);
    RUN(test_random_documents_are_written_and_read_back);
    RUN(test_random_calls_never_give_bad_json);

    run_vectors("utf8/kuhn_stress.tsv", 78, row_utf8);
    run_vectors("utf8/utf8tests.tsv", 142, row_utf8);
    run_vectors("strings/blns.tsv", 355, row_strings);
    RUN(test_writer_no_text_after_an_error_keeps_the_first);
    return check_done("json_writer");
}
