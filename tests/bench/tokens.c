/* tokens.c - see tokens.h */

#include "tokens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t bench_secret[32] = "0123456789abcdefFEDCBA9876543210";    /* the NUL does not fit, nor count */
bench_token   bench_token_list[BENCH_TOKENS];

static const bench_claim one[] = {
    {"sub", "1234567890", 0}, {"name", "John Doe", 0}, {"iat", NULL, 1516239022}
};
static const bench_claim nine[] = {
    {"iss", "https://id.example", 0}, {"sub", "user-471100", 0}, {"aud", "https://api.example", 0},
    {"exp", NULL, 1900000000}, {"iat", NULL, 1699999100}, {"jti", "Zm9vYmFyYmF6cXV1", 0},
    {"sid", "c2Vzc2lvbi0x", 0}, {"scope", "read write", 0}, {"role", "admin", 0}
};

static const char *const in_fields[] = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid"};

static int has_field(const char *name)
{
    size_t i;
    for (i = 0; i < sizeof in_fields / sizeof in_fields[0]; i++) {
        if (strcmp(name, in_fields[i]) == 0) return 1;
    }
    return 0;
}

/* Writes the claims as a JSON object; only those without a field of ta_claims if `more`.              */
static size_t write_json(const bench_token *t, int more, char *out, size_t cap)
{
    size_t i, n = 0;
    out[n++] = '{';
    for (i = 0; i < t->claim_count; i++) {
        const bench_claim *c = &t->claims[i];
        if (more && has_field(c->name)) continue;
        if (n > 1) out[n++] = ',';
        n += (size_t)(c->text != NULL
            ? snprintf(out + n, cap - n, "\"%s\":\"%s\"", c->name, c->text)
            : snprintf(out + n, cap - n, "\"%s\":%lld", c->name, (long long)c->number));
        if (n + 2 >= cap) abort();
    }
    out[n++] = '}';
    out[n]   = '\0';
    return n;
}

static void begin(bench_token *t, const char *name, const bench_claim *claims, size_t count)
{
    t->name = name;
    memcpy(t->claims, claims, count * sizeof *claims);
    t->claim_count = count;
}

static void finish(bench_token *t, size_t expected)
{
    t->json_len = write_json(t, 0, t->json, sizeof t->json);
    t->more_len = write_json(t, 1, t->more, sizeof t->more);
    if (t->json_len != expected) {
        fprintf(stderr, "%s has a payload of %zu bytes, not %zu\n", t->name, t->json_len, expected);
        exit(2);
    }
}

/* A text of plain letters that makes the payload 4 KiB long.                                          */
static char *long_text(size_t n)
{
    static const char words[] = "the quick brown fox jumps over the lazy dog. ";
    char *text = malloc(n + 1);
    size_t i;
    if (text == NULL) exit(2);
    for (i = 0; i < n; i++) text[i] = words[i % (sizeof words - 1)];
    text[n] = '\0';
    return text;
}

static void add_text(bench_token *t, const char *name)
{
    bench_claim c = {NULL, "", 0};
    char room[BENCH_PAYLOAD + 64];
    c.name = name;
    t->claims[t->claim_count++] = c;
    t->claims[t->claim_count - 1].text = long_text(BENCH_PAYLOAD - write_json(t, 0, room, sizeof room));
}

static void add_many(bench_token *t)
{
    size_t i;
    for (i = t->claim_count; i < BENCH_CLAIMS - 1; i++) {
        bench_claim c = {NULL, NULL, 0};
        char *name = malloc(32);
        if (name == NULL) exit(2);
        snprintf(name, 32, "claim_number_%03zu", i);
        c.name = name;
        if (i % 4 == 0) c.number = (int64_t)(1000000000 + 12345 * i);
        else            c.text   = "a value of some";
        t->claims[t->claim_count++] = c;
    }
}

void bench_tokens_make(void)
{
    bench_token *t = bench_token_list;
    begin(&t[0], "T1", one, 3);
    begin(&t[1], "T2", nine, 9);
    begin(&t[2], "T3", nine, 9);
    begin(&t[3], "T3m", nine, 9);
    add_text(&t[2], "text");
    add_many(&t[3]);
    add_text(&t[3], "text");
    finish(&t[0], 55);
    finish(&t[1], 192);
    finish(&t[2], BENCH_PAYLOAD);
    finish(&t[3], BENCH_PAYLOAD);
}
