/* test_bytes.c - what everything else stands on: compare, wipe, and the status lists.

   Statuses: numbers never change meaning, so the table below is typed in a second time and must
   agree with the header's; every number that is none of ours must still give a text.            */

#include "check.h"

#define FAIL(why) do { check_failed(__FILE__, __LINE__); puts(why); } while (0)

/* ---- compare --------------------------------------------------------------------------- */

static void test_equal_of_no_bytes_is_true(void)
{
    uint8_t *a = (uint8_t *)exact_copy("a", 1), *b = (uint8_t *)exact_copy("b", 1);
    CHECK(ta_equal(NULL, NULL, 0));
    CHECK(ta_equal(a, NULL, 0));
    CHECK(ta_equal(NULL, b, 0));
    CHECK(ta_equal(a, b, 0));
    CHECK(ta_equal(a + 1, b + 1, 0));           /* one past the end: nothing may be read */
    CHECK(!ta_equal(a, b, 1));
    free(a);
    free(b);
}

static void test_equal_sees_every_bit(void)
{
    size_t n, i;
    for (n = 1; n <= 80; n++) {
        uint8_t *a = (uint8_t *)exact(n), *b;
        rnd_bytes(a, n);
        b = (uint8_t *)exact_copy(a, n);
        CHECK(ta_equal(a, b, n));
        CHECK(ta_equal(a, a, n));
        for (i = 0; i < 8 * n; i++) {
            b[i / 8] = (uint8_t)(b[i / 8] ^ (1u << (i % 8)));
            if (ta_equal(a, b, n) || ta_equal(b, a, n)) {
                FAIL("a flipped bit went unseen");
                printf("    n=%lu bit=%lu\n", (unsigned long)n, (unsigned long)i);
            }
            b[i / 8] = (uint8_t)(b[i / 8] ^ (1u << (i % 8)));
        }
        CHECK(ta_equal(a, b, n));
        free(a);
        free(b);
    }
}

/* A sum or an exclusive or of the differences instead of a logical or lets two errors cancel. */
static void test_equal_two_differences_do_not_cancel(void)
{
    size_t n = 40, i, j;
    unsigned d;
    uint8_t *a = (uint8_t *)exact(n), *b;
    rnd_bytes(a, n);
    b = (uint8_t *)exact_copy(a, n);
    for (i = 0; i < n; i++) {
        for (j = 0; j < i; j++) {
            for (d = 1; d < 256; d++) {
                b[i] = (uint8_t)(a[i] ^ d);
                b[j] = (uint8_t)(a[j] ^ d);
                CHECK(!ta_equal(a, b, n));
                b[j] = (uint8_t)(a[j] ^ ((0x100u - d) & 0xFFu));
                CHECK(!ta_equal(a, b, n));
            }
            b[j] = a[j];
        }
        b[i] = a[i];
    }
    CHECK(ta_equal(a, b, n));
    free(a);
    free(b);

    a = (uint8_t *)exact(1024);                 /* 256 x 1, 512 x 128, ...: 8 bits would wrap */
    b = (uint8_t *)exact(1024);
    memset(a, 0, 1024);
    for (d = 1; d < 256; d++) {
        memset(b, (int)d, 1024);
        for (n = 128; n <= 1024; n += 128) CHECK(!ta_equal(a, b, n));
        CHECK(!ta_equal(a, b, 255));
        CHECK(!ta_equal(a, b, 257));
    }
    free(a);
    free(b);
}

static void test_equal_looks_at_len_bytes_only(void)
{
    uint8_t *a = (uint8_t *)exact_copy("same bytes, A", 13);
    uint8_t *b = (uint8_t *)exact_copy("same bytes, B", 13);
    CHECK(ta_equal(a, b, 12));
    CHECK(!ta_equal(a, b, 13));
    CHECK(ta_equal(a + 1, b + 1, 11));          /* odd addresses */
    CHECK(!ta_equal(a + 1, b + 1, 12));
    CHECK(!ta_equal(a, b + 1, 11));
    free(a);
    free(b);
}

static void test_equal_goes_past_a_nul(void)
{
    CHECK(ta_equal("a\0b", "a\0b", 3));
    CHECK(!ta_equal("a\0b", "a\0c", 3));
    CHECK(!ta_equal("\0b", "\0c", 2));
}

/* ---- wipe ------------------------------------------------------------------------------ */

static void test_wipe_clears_exactly_its_bytes(void)
{
    size_t at, n, i;
    for (at = 0; at < 9; at++) {
        for (n = 0; n <= 150; n++) {
            uint8_t *p = (uint8_t *)exact(at + n + 9);
            memset(p, 0xA5, at + n + 9);
            ta_wipe(p + at, n);
            CHECK(all_zero(p + at, n));
            for (i = 0; i < at; i++) CHECK_EQ(p[i], 0xA5);
            for (i = at + n; i < at + n + 9; i++) CHECK_EQ(p[i], 0xA5);
            free(p);
        }
    }
}

static void test_wipe_of_an_exact_block(void)
{
    size_t n;
    for (n = 1; n <= 150; n++) {
        uint8_t *p = (uint8_t *)exact(n);
        memset(p, 0xFF, n);
        ta_wipe(p, n);
        CHECK(all_zero(p, n));
        free(p);
    }
    ta_wipe(NULL, 0);
}

/* ---- search ---------------------------------------------------------------------------- */

/* The first of them, wherever it stands, one byte behind the end not counted; neighbours in value do not. */
static void test_run_to_stops_at_the_first(void)
{
    size_t n, at;
    for (n = 0; n <= 50; n++) {
        for (at = 0; at <= n; at++) {
            char *text = (char *)exact(n + 1), *tight;
            memset(text, at % 2 == 0 ? '/' : '-', n + 1);
            text[n] = '.';
            CHECK_EQ(tai_run_to(text, n, '.'), n);
            text[at] = '.';
            CHECK_EQ(tai_run_to(text, n, '.'), at);
            memset(text + at, '.', n - at);
            CHECK_EQ(tai_run_to(text, n, '.'), at);
            tight = (char *)exact_copy(text, n);
            CHECK_EQ(tai_run_to(tight, n, '.'), at);
            free(tight);
            free(text);
        }
    }
}

/* ---- status ---------------------------------------------------------------------------- */

/* Typed in on purpose, not made from TA_STATUS_LIST: a renumbered or renamed status must fail. */
static const struct { int number; const char *name; } statuses[] = {
    {  0, "TA_OK"},
    { -1, "TA_ERR_ARGUMENT"},     { -2, "TA_ERR_SPACE"},        { -3, "TA_ERR_KEY"},
    { -4, "TA_ERR_CLOCK"},        { -5, "TA_ERR_RANDOM"},
    {-10, "TA_ERR_ENCODING"},     {-11, "TA_ERR_JSON"},         {-12, "TA_ERR_DUPLICATE"},
    {-13, "TA_ERR_LIMIT"},        {-14, "TA_ERR_ABSENT"},       {-15, "TA_ERR_KIND"},
    {-16, "TA_ERR_RANGE"},        {-17, "TA_ERR_NUL"},
    {-20, "TA_ERR_FORMAT"},       {-21, "TA_ERR_ALG"},          {-22, "TA_ERR_CRIT"},
    {-23, "TA_ERR_KID"},          {-24, "TA_ERR_SIGNATURE"},    {-25, "TA_ERR_CLAIM"},
    {-26, "TA_ERR_MISSING"},      {-27, "TA_ERR_EXPIRED"},      {-28, "TA_ERR_EARLY"},
    {-29, "TA_ERR_AGE"},          {-30, "TA_ERR_ISSUER"},       {-31, "TA_ERR_SUBJECT"},
    {-32, "TA_ERR_AUDIENCE"},     {-33, "TA_ERR_TYP"},          {-34, "TA_ERR_DENIED"},
    {-40, "TA_ERR_INVALID"},      {-41, "TA_ERR_UNKNOWN_KEY"},  {-42, "TA_ERR_ENDED"},
    {-43, "TA_ERR_REVOKED"},      {-44, "TA_ERR_IDLE"},         {-45, "TA_ERR_LOGGED_OUT"},
    {-46, "TA_ERR_USER_CHANGED"}, {-47, "TA_ERR_SUSPENDED"},    {-48, "TA_ERR_BINDING"},
    {-49, "TA_ERR_REPLAY"},       {-50, "TA_ERR_AHEAD"},
    {-60, "TA_ERR_STORE"},        {-61, "TA_ERR_BUSY"},         {-62, "TA_ERR_CONFLICT"},
    {-63, "TA_ERR_NOT_FOUND"},    {-64, "TA_ERR_FULL"},         {-65, "TA_ERR_SNAPSHOT"},
    {-66, "TA_ERR_CONFIG"},       {-67, "TA_ERR_UNSUPPORTED"}
};
#define STATUSES (sizeof statuses / sizeof statuses[0])

/* What the header's own list says; the two must be one list. */
static const struct { int number; const char *name, *text; } listed[] = {
#define LISTED(name, number, text) { (int)name, #name, text },
    TA_STATUS_LIST(LISTED)
#undef LISTED
    { 0, "TA_OK", NULL }
};
#define LISTED_COUNT (sizeof listed / sizeof listed[0])

static bool is_status(int number)
{
    size_t i;
    for (i = 0; i < STATUSES; i++) {
        if (statuses[i].number == number) return true;
    }
    return false;
}

static void test_status_numbers_never_change(void)
{
    size_t i, j;
    CHECK_EQ(LISTED_COUNT, STATUSES);
    for (i = 0; i < STATUSES; i++) {
        bool found = false;
        for (j = 0; j < LISTED_COUNT; j++) {
            if (strcmp(listed[j].name, statuses[i].name) == 0) {
                found = true;
                CHECK_EQ(listed[j].number, statuses[i].number);
            }
        }
        if (!found) {
            CHECK(found);
            printf("    %s\n", statuses[i].name);
        }
    }
}

static void test_status_name_of_each(void)
{
    size_t i;
    for (i = 0; i < STATUSES; i++) {
        const char *name = ta_status_name((ta_status)statuses[i].number);
        CHECK(name != NULL);
        if (name != NULL) CHECK_STR(name, statuses[i].name);
    }
}

static void test_status_str_of_each(void)
{
    size_t i, j;
    for (i = 0; i < LISTED_COUNT; i++) {
        const char *text = ta_status_str((ta_status)listed[i].number);
        CHECK(text != NULL && text[0] != '\0');
        if (text == NULL) continue;
        if (listed[i].text != NULL) CHECK_STR(text, listed[i].text);
        for (j = 0; j < i; j++) {               /* a log line must tell which one it was */
            if (strcmp(text, ta_status_str((ta_status)listed[j].number)) == 0) {
                FAIL("two statuses share a text");
                printf("    %s and %s\n", listed[i].name, listed[j].name);
            }
        }
        for (j = 0; text[j] != '\0'; j++) CHECK(text[j] >= 0x20 && text[j] <= 0x7E);
    }
}

static void unknown_status(int number)
{
    const char *text = ta_status_str((ta_status)number), *name = ta_status_name((ta_status)number);
    size_t i;
    CHECK(text != NULL && text[0] != '\0');
    CHECK(name != NULL && name[0] != '\0');
    if (text == NULL || name == NULL) return;
    for (i = 0; i < STATUSES; i++) {            /* and it passes for none of ours */
        if (strcmp(name, statuses[i].name) == 0
            || strcmp(text, ta_status_str((ta_status)statuses[i].number)) == 0) {
            FAIL("an unknown status took the words of a known one");
            printf("    %d as %s\n", number, statuses[i].name);
        }
    }
}

static void test_status_unknown_numbers_are_never_null(void)
{
    int number;
    for (number = -400; number <= 400; number++) {
        if (!is_status(number)) unknown_status(number);
    }
    unknown_status(32767);
    unknown_status(-32767);
    unknown_status(2147483647);
    unknown_status(-2147483647);
}

int main(void)
{
    RUN(test_equal_of_no_bytes_is_true);
    RUN(test_equal_sees_every_bit);
    RUN(test_equal_two_differences_do_not_cancel);
    RUN(test_equal_looks_at_len_bytes_only);
    RUN(test_equal_goes_past_a_nul);
    RUN(test_wipe_clears_exactly_its_bytes);
    RUN(test_wipe_of_an_exact_block);
    RUN(test_run_to_stops_at_the_first);
    RUN(test_status_numbers_never_change);
    RUN(test_status_name_of_each);
    RUN(test_status_str_of_each);
    RUN(test_status_unknown_numbers_are_never_null);
    return check_done("bytes");
}
