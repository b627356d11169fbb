/* fuzz.h - what every fuzz target shares: PROMISE, inputs in heap blocks of exactly their size, a reader
   that turns the input into choices, and the other forms of the header to compare with.

   A target is one file with one LLVMFuzzerTestOneInput; it includes this and nothing else of ours but
   naive.h. README.md says how to take it into another project's harness.                          */

#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TA_MAX_DEPTH            /* small limits: their edges are reached at once */
#  define TA_MAX_DEPTH 8
#endif
#ifndef TA_MAX_MEMBERS
#  define TA_MAX_MEMBERS 16
#endif
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../tokenauth.h"
#include "plants.h"             /* nothing, unless FUZZ_PLANT asks for a bug */

#if defined(__GNUC__)
#  define FUZZ_UNUSED __attribute__((unused))
#else
#  define FUZZ_UNUSED
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the manual. A broken one ends the program, as a crash would.                       */
#define PROMISE(x) ((x) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #x))

FUZZ_UNUSED static const char *fuzz_input;      /* the file that is read, where the harness knows */

FUZZ_UNUSED static void fuzz_broken(const char *file, int line, const char *what)
{
    if (fuzz_input != NULL) fprintf(stderr, "%s: ", fuzz_input);
    fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
    abort();
}

/* ---- memory ------------------------------------------------------------------------------- */

/* n bytes and not one more, all 0xA5; so a sanitizer sees the byte after, and we see what was written. */
FUZZ_UNUSED static void *fuzz_room(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);
    if (p == NULL) exit(2);
    memset(p, 0xA5, n > 0 ? n : 1);
    return p;
}

FUZZ_UNUSED static void *fuzz_copy(const void *from, size_t n)
{
    void *p = fuzz_room(n);
    if (n > 0) memcpy(p, from, n);
    return p;
}

FUZZ_UNUSED static bool fuzz_all(const void *p, size_t n, int byte)
{
    const uint8_t *b = (const uint8_t *)p;
    size_t i;
    for (i = 0; i < n && b[i] == byte; i++) { }
    return i == n;
}

/* Nothing of an answer is left: each byte is 0, or was never written.                             */
FUZZ_UNUSED static bool fuzz_cleared(const void *p, size_t n)
{
    const uint8_t *b = (const uint8_t *)p;
    size_t i;
    for (i = 0; i < n && (b[i] == 0 || b[i] == 0xA5); i++) { }
    return i == n;
}

FUZZ_UNUSED static bool fuzz_same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* ---- choices out of the input; a used up input gives zeros ---------------------------------- */

typedef struct fuzz_in { const uint8_t *p; size_t n; } fuzz_in;

FUZZ_UNUSED static uint8_t fuzz_byte(fuzz_in *in)
{
    if (in->n == 0) return 0;
    in->n--;
    return *in->p++;
}

FUZZ_UNUSED static uint32_t fuzz_u32(fuzz_in *in)
{
    uint32_t v = 0;
    int i;
    for (i = 0; i < 4; i++) v = v << 8 | fuzz_byte(in);
    return v;
}

/* Up to a byte of value `end`, which is taken off too; at most everything.                         */
FUZZ_UNUSED static fuzz_in fuzz_until(fuzz_in *in, uint8_t end)
{
    fuzz_in part;
    size_t n = 0;
    while (n < in->n && in->p[n] != end) n++;
    part.p = in->p;
    part.n = n;
    in->p += n < in->n ? n + 1 : n;
    in->n -= n < in->n ? n + 1 : n;
    return part;
}

/* ---- fixed keys: nothing in a run depends on chance -------------------------------------------- */

FUZZ_UNUSED static ta_key fuzz_key(uint8_t fill, const char *kid)
{
    uint8_t secret[32];
    ta_key key;
    memset(secret, fill, sizeof secret);
    if (ta_key_init(&key, secret, sizeof secret, kid) != TA_OK) abort();
    return key;
}

/* ---- the other forms of the header, compiled from forms.c ---------------------------------------- */

typedef struct fuzz_form {
    ta_status (*encode)(const void *, size_t, char *, size_t, size_t *);
    ta_status (*decode)(const char *, size_t, void *, size_t, size_t *);
    ta_status (*check)(const char *, size_t);
    ta_status (*sign_json)(const ta_key *, const char *, size_t, char *, size_t, size_t *);
    ta_status (*verify)(ta_keys, const char *, size_t, int64_t, const ta_rules *, char *, size_t, ta_jwt *);
    void (*hmac)(const void *, size_t, const void *, size_t, uint8_t *);
} fuzz_form;

extern const fuzz_form fuzz_plain;      /* -DTOKENAUTH_NO_INTRINSICS */
extern const fuzz_form fuzz_small;      /* -DTOKENAUTH_SMALL */

#endif
