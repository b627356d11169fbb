/* check.h - what every test file shares: checks that print both sides, inputs in heap blocks of
   exactly their size, repeatable random numbers, and a reader for the public vectors.

   A test file includes this, then the header with its implementation, and ends with
       int main(void) { RUN(test_this); RUN(test_that); return check_done("name"); }
   A failed check says where and goes on; the test counts as failed once.
   VECTORS=dir  the public vectors; without it their cases are counted as skipped
   SEED=n       another seed for rnd(); printed with a failure                             */

#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../tokenauth.h"

#if defined(__GNUC__)
#  define CHECK_UNUSED __attribute__((unused))
#else
#  define CHECK_UNUSED
#endif

static struct {
    const char *test;           /* the function that runs now */
    long        passed, failed, skipped;
    int         bad;            /* failed checks in this test */
    uint64_t    seed, state;
} check = {"main", 0, 0, 0, 0, 0, 0};

CHECK_UNUSED static void check_failed(const char *file, int line)
{
    check.bad++;
    printf("%s:%d: %s: ", file, line, check.test);
#ifdef CHECK_STOP                               /* the first failure is all that is wanted to know */
    exit(1);
#endif
}

#define CHECK(x) \
    do { if (!(x)) { check_failed(__FILE__, __LINE__); printf("not so: %s\n", #x); } } while (0)

#define CHECK_EQ(got, want) \
    do { \
        long long check_g = (long long)(got), check_w = (long long)(want); \
        if (check_g != check_w) { \
            check_failed(__FILE__, __LINE__); \
            printf("%s is %lld, not %lld\n", #got, check_g, check_w); \
        } \
    } while (0)

#define CHECK_ST(got, want) \
    do { \
        ta_status check_g = (got), check_w = (want); \
        if (check_g != check_w) { \
            check_failed(__FILE__, __LINE__); \
            printf("%s is %s, not %s\n", #got, ta_status_name(check_g), ta_status_name(check_w)); \
        } \
    } while (0)

#define CHECK_BYTES(got, want, n) \
    check_bytes(__FILE__, __LINE__, #got, (const uint8_t *)(got), (const uint8_t *)(want), (n))

#define CHECK_STR(got, want) check_text(__FILE__, __LINE__, #got, (got), strlen(got), (want))

/* pointer and length against a NUL-ended text */
#define CHECK_TEXT(got, len, want) check_text(__FILE__, __LINE__, #got, (got), (len), (want))

CHECK_UNUSED static void check_bytes(const char *file, int line, const char *what,
                                     const uint8_t *got, const uint8_t *want, size_t n)
{
    size_t i;
    for (i = 0; i < n && got[i] == want[i]; i++) { }
    if (i == n) return;
    check_failed(file, line);
    printf("%s differs at byte %lu of %lu: %02x, not %02x\n",
           what, (unsigned long)i, (unsigned long)n, got[i], want[i]);
}

CHECK_UNUSED static void check_text(const char *file, int line, const char *what,
                                    const char *got, size_t len, const char *want)
{
    if (len == strlen(want) && (len == 0 || memcmp(got, want, len) == 0)) return;
    check_failed(file, line);
    printf("%s is \"%.*s\", not \"%s\"\n", what, (int)len, len > 0 ? got : "", want);
}

/* ---- tests, single cases, the end ------------------------------------------------------ */

CHECK_UNUSED static void check_over(const char *id)
{
    if (check.bad == 0) {
        check.passed++;
    } else {
        check.failed++;
        printf("FAILED %s (seed %llu)\n", id, (unsigned long long)check.seed);
    }
    check.bad = 0;
    fflush(stdout);
}

#define RUN(fn) do { check.test = #fn; fn(); check_over(#fn); } while (0)

CHECK_UNUSED static int check_done(const char *name)
{
    printf("%s: %ld passed, %ld failed", name, check.passed, check.failed);
    if (check.skipped > 0) printf(", %ld skipped", check.skipped);
    printf("\n");
    return check.failed == 0 ? 0 : 1;
}

/* ---- memory ---------------------------------------------------------------------------- */

/* A block of exactly n bytes, so that a sanitizer sees the byte after it. Free it yourself.   */
CHECK_UNUSED static void *exact(size_t n)
{
    void *p = malloc(n);
    if (p == NULL && n > 0) { puts("out of memory"); exit(2); }
    return p;
}

CHECK_UNUSED static void *exact_copy(const void *from, size_t n)
{
    void *p = exact(n);
    if (n > 0) memcpy(p, from, n);
    return p;
}

CHECK_UNUSED static bool all_zero(const void *p, size_t n)
{
    const uint8_t *b = (const uint8_t *)p;
    size_t i;
    for (i = 0; i < n; i++) {
        if (b[i] != 0) return false;
    }
    return true;
}

/* ---- repeatable random numbers (splitmix64) ------------------------------------------------ */

CHECK_UNUSED static uint64_t rnd64(void)
{
    uint64_t z;
    if (check.seed == 0) {
        const char *s = getenv("SEED");
        check.seed = s != NULL ? strtoull(s, NULL, 10) : 20260101u;
        if (check.seed == 0) check.seed = 1;
        check.state = check.seed;
    }
    z = check.state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 .. n-1 */
CHECK_UNUSED static size_t rnd(size_t n) { return (size_t)(rnd64() % n); }

CHECK_UNUSED static void rnd_bytes(void *out, size_t n)
{
    uint8_t *b = (uint8_t *)out;
    size_t i;
    for (i = 0; i < n; i++) b[i] = (uint8_t)rnd64();
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Seconds of processor time of one work(arg): the best of three rows of calls, each long enough for a clock
   that moves by a millisecond (as it may under a limit of processor time).                          */
CHECK_UNUSED static double seconds_of(void (*work)(const void *arg), const void *arg)
{
    double best = 1e9;
    int row;
    for (row = 0; row < 3; row++) {
        clock_t begin = clock(), took;
        double calls = 0;
        do {
            work(arg);
            calls++;
            took = clock() - begin;
        } while (took < CLOCKS_PER_SEC / 200);
        if ((double)took / calls < best) best = (double)took / calls;
    }
    return best / CLOCKS_PER_SEC;
}

/* ---- public vectors ------------------------------------------------------------------------ */

#define CHECK_FIELDS 16

/* Hex into an exact block; "-" is empty.                                                      */
CHECK_UNUSED static uint8_t *hex_bytes(const char *hex, size_t *n)
{
    size_t i, len = strcmp(hex, "-") == 0 ? 0 : strlen(hex);
    uint8_t *out = (uint8_t *)exact(len / 2);
    for (i = 0; i < len / 2; i++) {
        unsigned v = 0;
        if (sscanf(hex + 2 * i, "%2x", &v) != 1) { printf("bad hex: %s\n", hex); exit(2); }
        out[i] = (uint8_t)v;
    }
    *n = len / 2;
    return out;
}

/* A whole file in an exact block, or NULL.                                                    */
CHECK_UNUSED static uint8_t *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *out = NULL;
    long size;
    *n = 0;
    if (f == NULL) return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        out = (uint8_t *)malloc(size > 0 ? (size_t)size : 1);
        if (out != NULL && size > 0) *n = fread(out, 1, (size_t)size, f);
    }
    fclose(f);
    return out;
}

CHECK_UNUSED static size_t split_tabs(char *line, char *field[CHECK_FIELDS])
{
    size_t n = 0;
    while (n < CHECK_FIELDS) {
        field[n++] = line;
        line = strchr(line, '\t');
        if (line == NULL) break;
        *line++ = '\0';
    }
    return n;
}

typedef void (*vector_row)(char **field, size_t fields);

/* Hands each row of VECTORS/file to fn as one case of its own, named by the first field.
   `cases` is how many the file holds: reading fewer, or none, must not look like success.      */
CHECK_UNUSED static void run_vectors(const char *file, long cases, vector_row fn)
{
    const char *dir = getenv("VECTORS");
    char path[1024], *text, *line, *end, *field[CHECK_FIELDS];
    size_t n, fields;
    long rows = 0;

    if (dir == NULL || dir[0] == '\0') { check.skipped += cases; return; }
    snprintf(path, sizeof path, "%s/%s", dir, file);
    text = (char *)read_file(path, &n);
    if (text == NULL) {
        check_failed(__FILE__, __LINE__);
        printf("cannot read %s\n", path);
        check_over(file);
        return;
    }
    for (line = text; line < text + n; line = end + 1) {
        end = (char *)memchr(line, '\n', n - (size_t)(line - text));
        if (end == NULL) end = text + n - 1;            /* every line of these files ends in LF */
        *end = '\0';
        if (line[0] == '#' || line[0] == '\0') continue;
        fields = split_tabs(line, field);
        check.test = field[0];
        fn(field, fields);
        check_over(field[0]);
        rows++;
    }
    free(text);
    if (rows != cases) {
        check_failed(__FILE__, __LINE__);
        printf("%s has %ld cases, not %ld\n", path, rows, cases);
        check_over(file);
    }
}

#endif
