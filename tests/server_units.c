/* server_units.c - two parts of the demo server by themselves. The HTTP parser: each rule of RFC 9112 that
   keeps two readers of one text from seeing two things, every prefix, every single-bit flip, in blocks of
   their exact size. The passwords: PBKDF2 against another implementation, and the file of users. */
#define TOKENAUTH_IMPLEMENTATION
#include "../examples/server/http.c"
#include "../examples/server/users.c"

#include <sys/resource.h>

static long passed, failed;
static int  bad;

#define CHECK(x, ...) \
    do { \
        if (x) break; \
        bad++; \
        printf("%s:%d: not so: %s: ", __FILE__, __LINE__, #x); \
        printf(__VA_ARGS__); \
        printf("\n"); \
    } while (0)

static void run(void (*test)(void))
{
    bad = 0;
    test();
    if (bad == 0) passed++;
    else failed++;
}

static char *copy_of(const char *text, size_t len)
{
    char *c = malloc(len > 0 ? len : 1);
    memcpy(c, text, len);
    return c;
}

/* 0: accepted; a status; -1: refused by http_head_end; -2: more is wanted. */
static int parse_bytes(const char *text, size_t len, http_request *req)
{
    char *in = copy_of(text, len);
    const char *why = "";
    size_t scanned = 0;
    long end = http_head_end(in, len, &scanned);
    int got = end < 0 ? -1 : end == 0 ? -2 : http_parse(in, (size_t)end, req, &why);
    CHECK(got <= 0 || why[0] != '\0', "a refusal says why");
    free(in);
    return got;
}

static int parse_text(const char *text)
{
    static http_request req;
    return parse_bytes(text, strlen(text), &req);
}

#define LINE "GET /a?b=c HTTP/1.1\r\n"
#define HOST "Host: h\r\n"

static void test_what_is_read(void)
{
    static const char text[] = LINE HOST "a: \t b \t\r\nConnection: Foo, CLOSE\r\n"
        "Content-Length: 0042\r\n\r\n";
    char *in = copy_of(text, sizeof text - 1);
    const char *why;
    http_request req;
    size_t scanned = 0;
    CHECK(http_head_end(in, sizeof text - 1, &scanned) == (long)sizeof text - 1, "the end");
    CHECK(http_parse(in, sizeof text - 1, &req, &why) == 0, "%s", why);
    CHECK(http_is(req.method, "GET") && http_is(req.target, "/a?b=c") && http_is(req.path, "/a"), "the line");
    CHECK(req.header_count == 4 && http_is(http_find(&req, "A"), "b"), "white space around a value");
    CHECK(req.content_length == 42 && !req.keep_alive, "length %zu", req.content_length);
    CHECK(http_find(&req, "b").at == NULL, "a header that is not there");
    free(in);
}

static void test_keep_alive(void)
{
    static const struct { const char *text; bool kept; } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive\r\nConnection: x,close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n" HOST "\r\n", false},
        {"GET / HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.9\r\n" HOST "\r\n", true},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_request req;
        CHECK(parse_bytes(cases[i].text, strlen(cases[i].text), &req) == 0, "case %zu", i);
        CHECK(req.keep_alive == cases[i].kept, "case %zu", i);
    }
}

static void test_refusals(void)
{
    static const struct { const char *text; int status; } cases[] = {
        {LINE HOST "\r\n", 0},
        {LINE HOST, -2},
        {LINE "\n", -1},                                        /* a bare line feed */
        {"GET / HTTP/1.1\nHost: h\r\n\r\n", -1},
        {LINE HOST "a: b\rc: d\r\n\r\n", -1},                   /* a bare carriage return */
        {LINE HOST "a: \x01\r\n\r\n", -1},
        {LINE HOST "a: \x7f\r\n\r\n", -1},
        {"\x16\x03\x01", -1},                                   /* TLS on the wrong port */
        {"\r\n\r\n", 400},
        {"GET /\r\n" HOST "\r\n", 400},                         /* HTTP/0.9 */
        {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
        {" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/11\r\n" HOST "\r\n", 400},
        {"GET / http/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
        {"GET a HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET http://h/ HTTP/1.1\r\n" HOST "\r\n", 400},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /\t HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400},
        {LINE "\r\n", 400},                                     /* no Host */
        {LINE "Host:\r\n\r\n", 400},
        {LINE HOST HOST "\r\n", 400},
        {LINE HOST "a b: c\r\n\r\n", 400},
        {LINE HOST "a : c\r\n\r\n", 400},                       /* read as "a" by some, passed on by others */
        {LINE HOST ": c\r\n\r\n", 400},
        {LINE HOST "abc\r\n\r\n", 400},
        {LINE HOST " a: b\r\n\r\n", 400},                       /* folded */
        {LINE HOST "a: b\r\n\tc\r\n\r\n", 400},
        {LINE HOST "Content-Length: 4096\r\n\r\n", 0},
        {LINE HOST "Content-Length: 4097\r\n\r\n", 413},
        {LINE HOST "Content-Length: 18446744073709551617\r\n\r\n", 413},
        {LINE HOST "Content-Length: 4294967301\r\n\r\n", 413},
        {LINE HOST "Content-Length: 99999999999999999999999999999999999999999999999\r\n\r\n", 413},
        {LINE HOST "Content-Length: -1\r\n\r\n", 400},
        {LINE HOST "Content-Length: +1\r\n\r\n", 400},
        {LINE HOST "Content-Length: 1 1\r\n\r\n", 400},
        {LINE HOST "Content-Length: 1, 1\r\n\r\n", 400},
        {LINE HOST "Content-Length: 0x1\r\n\r\n", 400},
        {LINE HOST "Content-Length: 99999x\r\n\r\n", 400},
        {LINE HOST "Content-Length:\r\n\r\n", 400},
        {LINE HOST "Content-Length: 1\r\ncontent-length: 1\r\n\r\n", 400},
        {LINE HOST "Transfer-Encoding: chunked\r\n\r\n", 411},
        {LINE HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {LINE HOST "Transfer-Encoding: xchunked\r\n\r\n", 501},
        {LINE HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400},
        {LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {LINE HOST "Expect: 100-Continue\r\n\r\n", 0},
        {LINE HOST "Expect: the-unexpected\r\n\r\n", 417},
        {LINE HOST "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n", 400},
        {LINE HOST "Cookie: a=b\r\nCookie: c=d\r\n\r\n", 400},
        {LINE HOST "Origin: http://h\r\nOrigin: http://i\r\n\r\n", 400},
        {LINE HOST "Accept: a\r\nAccept: b\r\n\r\n", 0},
        {LINE HOST "a: \xff\r\n\r\n", 0},                       /* obs-text */
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int got = parse_text(cases[i].text);
        CHECK(got == cases[i].status, "case %zu is %d: %s", i, got, cases[i].text);
    }
}

/* One header less than the limit, the limit, one more; the same for the target. */
static void test_limits(void)
{
    static char text[HTTP_MAX_TARGET + HTTP_MAX_HEADERS * 8 + 64];
    int more;
    for (more = -1; more <= 1; more++) {
        size_t i, at = (size_t)sprintf(text, LINE HOST), n = (size_t)((int)HTTP_MAX_HEADERS - 1 + more);
        for (i = 0; i < n; i++) at += (size_t)sprintf(text + at, "a: b\r\n");
        sprintf(text + at, "\r\n");
        CHECK(parse_text(text) == (more > 0 ? 431 : 0), "%d headers more", more);
        n = (size_t)((int)HTTP_MAX_TARGET + more);
        at = (size_t)sprintf(text, "GET ");
        memset(text + at, '/', n);
        sprintf(text + at + n, " HTTP/1.1\r\n" HOST "\r\n");
        CHECK(parse_text(text) == (more > 0 ? 414 : 0), "%d in the target more", more);
    }
}

/* However it is cut up, the end is found at the same place, and never before. */
static void test_every_prefix_and_piece(void)
{
    static const char text[] = LINE HOST "Content-Length: 3\r\n\r\nabc";
    const size_t head = sizeof text - 1 - 3;
    size_t len, cut;
    for (len = 0; len < head; len++) {
        http_request req;
        CHECK(parse_bytes(text, len, &req) == -2, "%zu bytes", len);
    }
    for (cut = 0; cut < sizeof text - 1; cut++) {
        char *in = copy_of(text, sizeof text - 1);
        size_t scanned = 0;
        long end = http_head_end(in, cut, &scanned);
        if (end == 0) end = http_head_end(in, sizeof text - 1, &scanned);
        CHECK(end == (long)head, "cut at %zu", cut);
        free(in);
    }
}

/* Whatever becomes of it, no byte beside it is looked at (the sanitizer sees to that), and what is accepted
   has a method, a path and a bounded length. */
static void test_every_bit(void)
{
    static const char text[] = "POST /login HTTP/1.1\r\nHost: localhost:1\r\n"
        "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n";
    size_t bit, accepted = 0;
    for (bit = 0; bit < 8 * (sizeof text - 1); bit++) {
        char *in = copy_of(text, sizeof text - 1);
        http_request req;
        in[bit / 8] = (char)(in[bit / 8] ^ (1 << bit % 8));
        if (parse_bytes(in, sizeof text - 1, &req) == 0) {
            accepted++;
            CHECK(req.method.len > 0 && req.path.len > 0 && req.content_length <= HTTP_MAX_BODY, "bit %zu",
                  bit);
        }
        free(in);
    }
    CHECK(accepted > 50, "%zu", accepted);
}

/* Nothing that a user wrote may begin a header of its own. */
static void test_no_header_injection(void)
{
    static const char *const evil[] = {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\x7f"};
    static http_response res;
    size_t i;
    for (i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        memset(&res, 0, sizeof res);
        http_put_header(&res, "X", evil[i]);
        CHECK(res.failed && res.head_len == 0, "case %zu", i);
    }
    memset(&res, 0, sizeof res);
    for (i = 0; i < 400; i++) http_put_header(&res, "Name", "value");
    CHECK(res.failed && res.head_len <= sizeof res.head, "a full head is noticed");
}

/* ============================================================================
   Passwords
   ========================================================================== */

/* From Python's hashlib.pbkdf2_hmac('sha256', password, bytes(range(16)), rounds). 64 and 65 letters are
   where HMAC starts to hash its key. Slices of every size must give the same. */
static void test_pbkdf2(void)
{
    static const struct { char letter; size_t len; uint32_t rounds; const char *hex; } cases[] = {
        {'p', 8, 1, "388b404e804b27cf8bba0a96dc4509e55cc694bcbb413c15a8ce821b5607c4ef"},
        {'p', 8, 2, "a68937fb5c65c7b586eb34909826c4f464fa6ceb9eae44483d94a8e76cba32e0"},
        {'p', 8, 1000, "fd81423179542088729bc0a24b39df940929230226e7d6a0578fcd73ae284aa6"},
        {'p', 64, 3, "cf8267b0b7b0504420b524b2f09734170f75c109b6fe3d4c082796d212880a0a"},
        {'p', 65, 3, "52378d08ca97ecea7c341444f72ad96e6c90dcccac9f3c00a10bfa3319ef9b5d"},
        {'p', 128, 3, "c6710f004d56b0915ffff93b676508c6762b28183883b1e0a910024a8c4ec76b"},
    };
    uint8_t salt[PASSWORD_SALT], want[TA_SHA256_SIZE];
    size_t i;
    for (i = 0; i < sizeof salt; i++) salt[i] = (uint8_t)i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char password[PASSWORD_MAX];
        uint32_t slice;
        memset(password, cases[i].letter, sizeof password);
        CHECK(hex_read(cases[i].hex, want, sizeof want), "case %zu", i);
        for (slice = 1; slice <= 1001; slice += 100) {
            password_job job;
            uint32_t slices = 1;
            password_begin(&job, password, cases[i].len, salt, cases[i].rounds);
            while (!password_work(&job, slice)) slices++;
            CHECK(memcmp(job.hash, want, sizeof want) == 0, "case %zu, slices of %u", i, (unsigned)slice);
            CHECK(slices <= cases[i].rounds / slice + 1, "%u slices", (unsigned)slices);
        }
    }
}

/* Whoever's password has fewer rounds than another's: as many slices, and the same hash. */
static void test_spare_rounds(void)
{
    static users all;
    uint8_t salt[PASSWORD_SALT] = {0};
    password_job quick, slow;
    unsigned slices = 1;
    CHECK(users_init(&all, 5000) == TA_OK && users_seed_demo(&all) == NULL, "users");
    all.list[1].iterations = 100;
    CHECK(users_rounds(&all) == 5000, "the most there are");
    all.list[2].iterations = 7000;
    CHECK(users_rounds(&all) == 7000 && all.nobody.iterations <= 7000, "nobody has fewer");
    password_begin(&quick, "p", 1, salt, 100);
    password_begin(&slow, "p", 1, salt, 100);
    slow.spare = users_rounds(&all) - 100;
    CHECK(password_work(&quick, 100), "its own rounds");
    while (!password_work(&slow, 1000)) slices++;
    CHECK(slices == 7, "%u slices", slices);
    CHECK(memcmp(quick.hash, slow.hash, sizeof quick.hash) == 0, "the same hash");
}

static const char *load_text(const char *text, users *all, unsigned *line)
{
    static const char path[] = "build/server-test/units.users";
    FILE *f = fopen(path, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) return "no file";
    if (users_init(all, 10) != TA_OK) return "no random numbers";
    return users_load(all, path, line);
}

#define SALT "000102030405060708090a0b0c0d0e0f"
#define HASH SALT SALT

static void test_users_file(void)
{
    static const struct { const char *text; unsigned line; } cases[] = {
        {"a user active 10 " SALT " " HASH "\n", 0},
        {"# none\n\na admin suspended 10 " SALT " " HASH "\r\nb user active 1 " SALT " " HASH, 0},
        {"a root active 10 " SALT " " HASH "\n", 1},
        {"a user suspende 10 " SALT " " HASH "\n", 1},
        {"a user active 0 " SALT " " HASH "\n", 1},
        {"a user active 10x " SALT " " HASH "\n", 1},
        {"a user active 99999999999999999999 " SALT " " HASH "\n", 1},
        {"a user active 10 " SALT "\n", 1},
        {"a user active 10 " SALT " " HASH " more\n", 1},
        {"a user active 10 0" SALT " " HASH "\n", 1},
        {"a user active 10 " SALT " " SALT SALT "0\n", 1},
        {"a user active 10 " SALT " " HASH "\na user active 10 " SALT " " HASH "\n", 2},
        {"A user active 10 " SALT " " HASH "\n", 1},
        {"a/b user active 10 " SALT " " HASH "\n", 1},
        {"a123456789012345678901234 user active 10 " SALT " " HASH "\n", 1},
    };
    static users all;
    unsigned line;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *problem = load_text(cases[i].text, &all, &line);
        CHECK((problem != NULL) == (cases[i].line > 0) && line == cases[i].line, "case %zu, line %u", i,
              line);
    }
    CHECK(load_text("# nobody\n", &all, &line) != NULL, "no user");
    CHECK(load_text(cases[1].text, &all, &line) == NULL && all.count == 2, "two users");
    CHECK(all.list[0].admin && all.list[0].suspended && !all.list[1].admin, "their flags");
    CHECK(users_save(&all, "build/server-test/units.saved") == NULL, "saved");
    {
        static users again;
        CHECK(users_init(&again, 10) == TA_OK, "again");
        CHECK(users_load(&again, "build/server-test/units.saved", &line) == NULL, "line %u", line);
        CHECK(again.count == 2 && memcmp(all.list, again.list, sizeof all.list) == 0, "the same users");
    }
}

/* No descriptor is left for the directory: the old file must be there still. */
static void test_new_file_or_old(void)
{
    static const char path[] = "build/server-test/units.file";
    struct rlimit limit, none;
    uint8_t *text;
    new_file f;
    size_t len;
    bool ended;
    CHECK(new_file_begin(&f, path) && fputs("old", f.stream) >= 0 && new_file_end(&f), "the first");
    CHECK(new_file_begin(&f, path) && fputs("new", f.stream) >= 0, "the second");
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0, "a limit");
    none = limit;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    ended = new_file_end(&f);
    setrlimit(RLIMIT_NOFILE, &limit);
    text = file_read(path, 3, &len);
    CHECK(!ended && text != NULL && memcmp(text, "old", 3) == 0, "ended %d", ended);
    free(text);
}

int main(void)
{
    run(test_what_is_read);
    run(test_keep_alive);
    run(test_refusals);
    run(test_limits);
    run(test_every_prefix_and_piece);
    run(test_every_bit);
    run(test_no_header_injection);
    run(test_pbkdf2);
    run(test_spare_rounds);
    run(test_users_file);
    run(test_new_file_or_old);
    printf("units: %ld passed, %ld failed\n", passed, failed);
    return failed > 0;
}
