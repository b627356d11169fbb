/* make_corpus.c - writes the first inputs of every target.   Use: make_corpus DIR
   All of them are ours: small texts that each show one rule, and, for the targets that take choices, rows of
   pseudo-random bytes from a fixed seed. What a campaign finds is added by hand as corpus/NAME/found-...
   `make fuzz-corpus` writes fuzz/corpus anew; `make fuzz-plants` checks that it is what this writes.     */
#include "fuzz.h"
#include <errno.h>
#include <sys/stat.h>

static const char *corpus_dir;

static void corpus_file(const char *target, const char *name, const void *bytes, size_t n)
{
    char path[512];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", corpus_dir, target);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) { perror(path);  exit(1); }
    snprintf(path, sizeof path, "%s/%s/%s", corpus_dir, target, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) { perror(path);  exit(1); }
}

static void corpus_text(const char *target, const char *name, const char *text)
{
    corpus_file(target, name, text, strlen(text));
}

/* Rows of choices, each of n bytes behind `head`.                                                     */
static void corpus_rows(const char *target, const char *name, int rows, size_t n, const void *head,
                        size_t head_len)
{
    static uint64_t state = 20260101;
    uint8_t bytes[1024];
    char file[64];
    size_t i;
    int row;
    for (row = 0; row < rows; row++) {
        memcpy(bytes, head, head_len);
        for (i = head_len; i < head_len + n; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            bytes[i] = (uint8_t)(state >> 56);
        }
        snprintf(file, sizeof file, "%s-%02d", name, row);
        corpus_file(target, file, bytes, head_len + n);
    }
}

static void corpus_base64url(void)
{
    static const size_t places[] = {0, 1, 15, 16, 31, 32, 47, 48, 63};
    static const char *const small[] = {"", "Z", "Zg", "Zh", "Zm8", "Zm9", "Zm9v", "Zm9v=", "Zg==", "_-8", "+/8A",
                                        "Zm9vYmE", "Zm9vYmFy", " Zg", "Zg\n"};
    char text[200], name[32];
    size_t i, n;
    for (i = 0; i < sizeof small / sizeof small[0]; i++) {
        snprintf(name, sizeof name, "small-%02lu", (unsigned long)i);
        corpus_text("base64url", name, small[i]);
    }
    for (n = 60; n <= 67; n++) {
        for (i = 0; i < n; i++) text[i] = "ABCDabcdwxyz0189-_"[i % 18];
        text[n - 1] = 'A';
        snprintf(name, sizeof name, "long-%lu", (unsigned long)n);
        corpus_file("base64url", name, text, n);
    }
    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        memset(text, 'Q', 64);
        text[places[i]] = "=+/\200 .@[`"[i];
        snprintf(name, sizeof name, "bad-at-%02lu", (unsigned long)places[i]);
        corpus_file("base64url", name, text, 64);
    }
    corpus_text("base64url", "key-hex", "hex:00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100");
    corpus_text("base64url", "key-hex-odd", "hex:001");
    corpus_text("base64url", "key-base64", "base64:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    corpus_text("base64url", "key-base64url", "base64url:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE");
    corpus_text("base64url", "key-raw", "raw:0123456789012345678901234567890123456789");
    corpus_text("base64url", "key-pem", "raw:-----BEGIN PUBLIC KEY-----MIIBIjANBgkqhkiG9w0BAQEFAAOC");
}

static void corpus_json(void)
{
    static const char *const texts[] = {
        "{}", "[]", "null", "true", "false", "0", "-0", "\"\"", " [ 1 , 2 ] ", "{\"a\":1,\"b\":[true,null,{\"c\":\"d\"}]}",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":{\"a\":{\"a\":0}}}", "[1.5,5.0,5e0,50e-1,0.05e2,1e19,-1e-2]",
        "[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809]",
        "\"\\ud83d\\ude00 \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"", "\"\\ud800\"", "\"\\u0000\"", "\"\303\251\360\237\230\200\"",
        "\"\355\240\200\"", "\"\300\200\"", "\"\364\220\200\200\"", "01", "1.", ".5", "1e", "+1", "-", "[1,]", "{\"a\":1,}",
        "{a:1}", "'a'", "NaN", "\357\273\277{}", "[1] x", "{\"a\"}", "[[[[[[[[]]]]]]]]", "[[[[[[[[[]]]]]]]]]", "\"a\nb\"",
        "\"unfinished", "tru", "\"a b c\"", "a[0].b", "[\"a\"]", "a[2]", "a[0].b[2].c", "1E400", "0.0000000000000000000001e22"
    };
    char wide[400] = "{", name[32];
    size_t i, n = 1;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        snprintf(name, sizeof name, "text-%02lu", (unsigned long)i);
        corpus_text("json", name, texts[i]);
    }
    for (i = 0; i < 17; i++) {
        n += (size_t)snprintf(wide + n, sizeof wide - n, "%s\"n%lu\":%lu", i > 0 ? "," : "", (unsigned long)i,
                              (unsigned long)i);
        if (i == 15) corpus_file("json", "sixteen-members", strcat(wide, "}"), n + 1);
        wide[n] = '\0';
    }
    corpus_file("json", "seventeen-members", strcat(wide, "}"), n + 1);
}

static void corpus_writer(void)
{
    /* {"a":{"b":[...]}}: a name of n characters is 0x80 | n << 4, then the name, four bytes, and text */
    corpus_file("json_writer", "object", "\000\000\000\000\000\220a\000\000\000\000\004\220b\000\000\000\007\000"
                "\211\000\000\000\000\002\000\000\000\000\000", 28);
    corpus_file("json_writer", "string", "\003\000\000\000\005he\"lo", 10);
    corpus_file("json_writer", "nul", "\003\000\000\000\003a\000b", 8);
    corpus_file("json_writer", "not-utf8", "\003\000\000\000\001\377", 6);
    corpus_file("json_writer", "deep", "\001\000\000\000\000\001\000\000\000\000\001\000\000\000\000\001\000\000\000\000"
                "\001\000\000\000\000\001\000\000\000\000\001\000\000\000\000\001\000\000\000\000\001\000\000\000\000", 45);
    corpus_file("json_writer", "two-at-the-top", "\006\000\000\000\000\006\000\000\000\000", 10);
    corpus_file("json_writer", "open", "\000\000\000\000\000", 5);
    corpus_file("json_writer", "close", "\002\000\000\000\000", 5);
    corpus_file("json_writer", "double", "\000\000\000\000\000\226a\000\000\000\000\226a\000\000\000\000\002\000\000\000\000",
                22);
    corpus_rows("json_writer", "row", 12, 160, "\000\000\000\000\000", 5);
}

static void corpus_jwt(void)
{
    static const struct { const char *name, *settings, *header, *claims; } cases[] = {
        {"full", "\xFF\x55\0\0\2\x58", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"a\"}", "{\"iss\":\"i\",\"sub\":\"s\","
         "\"aud\":[\"b\",\"a\"],\"exp\":900,\"nbf\":1.5e2,\"iat\":590,\"x\":1,\"y\":2,\"jti\":\"j\",\"sid\":\"d\"}"},
        {"common", "\0\0\0\0\0\1", "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"sub\":\"s\",\"exp\":3}"},
        {"last-second", "\0\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"exp\":2}"},
        {"fraction", "\0\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"exp\":2.000000000000000000001,\"nbf\":1.99}"},
        {"early", "\1\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"nbf\":3}"},
        {"no-exp", "\0\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{}"},
        {"exp-text", "\0\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"exp\":\"5\"}"},
        {"exp-large", "\0\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"exp\":1e99}"},
        {"exp-before-iat", "\0\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"exp\":5,\"iat\":5}"},
        {"age", "\1\4\0\0\1\0", "{\"alg\":\"HS256\"}", "{\"iat\":190}"},
        {"future", "\1\4\0\0\1\0", "{\"alg\":\"HS256\"}", "{\"iat\":258}"},
        {"lifetime", "\0\20\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"iat\":1,\"exp\":62}"},
        {"aud-uninvited", "\1\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"aud\":\"a\"}"},
        {"aud-wrong", "\41\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"aud\":[\"b\",1,null]}"},
        {"typ-media", "\101\0\0\0\0\1", "{\"alg\":\"HS256\",\"typ\":\"Application/AT+jwt\"}", "{}"},
        {"typ-wrong", "\1\0\0\0\0\1", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "{}"},
        {"alg-none", "\1\0\0\0\0\1", "{\"alg\":\"none\"}", "{}"},
        {"alg-escaped", "\1\0\0\0\0\1", "{\"\\u0061lg\":\"HS\\u0032\\u0035\\u0036\"}", "{}"},
        {"crit", "\1\0\0\0\0\1", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{}"},
        {"kid-wrong", "\1\0\0\0\0\1", "{\"alg\":\"HS256\",\"kid\":\"q\"}", "{}"},
        {"kid-other", "\1\100\0\0\0\1", "{\"alg\":\"HS256\",\"kid\":\"b\"}", "{}"},
        {"key-without-kid", "\1\200\0\0\0\1", "{\"alg\":\"HS256\",\"kid\":\"q\"}", "{}"},
        {"double", "\1\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"sub\":\"a\",\"sub\":\"b\"}"},
        {"double-alg", "\1\0\0\0\0\1", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{}"},
        {"array", "\1\0\0\0\0\1", "{\"alg\":\"HS256\"}", "[1]"},
        {"spaces", "\1\0\0\0\0\1", " {\"alg\" : \"HS256\"}\n", "\t{ \"sub\" : \"s\" } "},
        {"required-null", "\201\0\0\0\0\1", "{\"alg\":\"HS256\"}", "{\"x\":null,\"y\":0}"}
    };
    char bytes[600];
    size_t i, n;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(bytes, cases[i].settings, 6);
        n = strlen(cases[i].header);
        memcpy(bytes + 6, cases[i].header, n + 1);
        n += 7;
        memcpy(bytes + n, cases[i].claims, strlen(cases[i].claims));
        corpus_file("jwt", cases[i].name, bytes, n + strlen(cases[i].claims));
    }
}

static void corpus_refresh(void)
{
    char text[80];
    memset(text, 'A', sizeof text);
    memcpy(text, "\0E", 2);                     /* version 1, key 1, and no tag of ours */
    corpus_file("refresh", "no-tag", text, 51);
    corpus_file("refresh", "short", text, 50);
    memcpy(text, "\1rt_E", 5);
    corpus_file("refresh", "prefix", text, 54);
    corpus_file("refresh", "no-prefix", "\1E", 2);
    text[53] = 'B';
    corpus_file("refresh", "spare-bits", text, 54);
    memcpy(text, "\0EwAA", 5);
    corpus_file("refresh", "no-such-key", text, 51);
    text[1] = 'I';
    corpus_file("refresh", "version", text, 51);
    corpus_rows("refresh", "row", 80, 30, "\200", 1);
    corpus_rows("refresh", "fresh", 24, 24, "\200\000\001\000\000\000\000\000\000", 9);
}

/* Choices: kind and times of a record that lives for long, then calls.                                   */
static void corpus_table(void)
{
    static const uint8_t snapshot[] = {0x81, 0x00, 0x00, 0x02, 0x00, 0x01, 0xFF, 0x20, 0x12, 0xFF};
    static ta_slot slots[4];
    static uint8_t bytes[2 + TA_SNAPSHOT_CAP(4)] = {0x43, 0x00};
    ta_table t;
    ta_store s;
    ta_record r;
    size_t slot = 0, n, i;
    if (ta_table_init(&t, slots, 4) != TA_OK) exit(1);
    s = ta_table_store(&t);
    for (i = 0; i < 3; i++) {
        memset(&r, 0, sizeof r);
        memset(r.id, (int)i, sizeof r.id);
        r.kind = 1;
        r.created = r.rotated_at = 100000;
        r.idle_until = r.ends_at = 200000;
        r.sub_len = 1;
        r.text[0] = 'a';
        if (s.cas(s.ctx, r.id, NULL, &r, 300000) != TA_OK) exit(1);
    }
    if (ta_table_save(&t, &slot, bytes + 2, sizeof bytes - 2, &n) != TA_OK) exit(1);
    corpus_file("table", "saved", bytes, n + 2);
    bytes[1] = 1;
    corpus_file("table", "saved-resume", bytes, n + 2);
    corpus_file("table", "saved-cut", bytes, n + 1);
    bytes[60] ^= 1;
    corpus_file("table", "saved-damaged", bytes, n + 2);
    corpus_file("table", "made", snapshot, sizeof snapshot);
    corpus_rows("table", "made", 12, 30, "\203", 1);
    corpus_rows("table", "calls", 16, 120, "\005\000", 2);
    corpus_rows("table", "one-slot", 4, 60, "\000\000", 2);
}

/* Steps of three bytes; the upper half of the first is what goes wrong in it.                             */
static void corpus_sessions(void)
{
    static const uint8_t simple[] = {
        0x00, 0x00, 0, 0,  0x0F, 2, 0,  0x03, 0, 0,  0x0F, 2, 0,  0x03, 0, 0,  0x0F, 2, 0,      /* rotate, twice */
        0x0C, 0, 0,  0x03, 2, 0,  0x03, 0, 0                                            /* and replay the first */
    };
    static const uint8_t tabs[] = {0x00, 0x00, 0, 0,  0x0F, 2, 0,  0x03, 0, 0,  0x03, 1, 0,  0x0F, 2, 0,  0x03, 1, 0};
    static const uint8_t retry[] = {0x00, 0x00, 0, 0,  0x0F, 2, 2,  0x03, 0, 2,  0x0F, 3, 0,  0x03, 1, 2,  0x03, 1, 0};
    static const uint8_t outs[] = {0x00, 0x00, 0, 0,  0x00, 0, 0,  0x00, 1, 0,  0x09, 1, 0,  0x03, 1, 0,
                                   0x0A, 0, 0,  0x03, 0, 0,  0x03, 2, 0};
    static const uint8_t others[] = {0x00, 0x00, 0, 0,  0x00, 0, 0,  0x0B, 0, 4,  0x03, 0, 0,  0x03, 1, 0,
                                     0x0D, 0, 0,  0x03, 0, 0};
    static const uint8_t bound[] = {0x00, 0x00, 2, 0,  0x03, 0, 1,  0x03, 0, 0,  0x0E, 0, 0,  0x03, 0, 0};
    static const uint8_t cap[] = {0x00, 0x00, 0, 0,  0x00, 0, 0,  0x00, 0, 0,  0x00, 0, 0,  0x00, 0, 0,  0x03, 4, 0};
    corpus_file("sessions", "replay", simple, sizeof simple);
    corpus_file("sessions", "two-tabs", tabs, sizeof tabs);
    corpus_file("sessions", "late-retry", retry, sizeof retry);
    corpus_file("sessions", "logouts", outs, sizeof outs);
    corpus_file("sessions", "password", others, sizeof others);
    corpus_file("sessions", "bound", bound, sizeof bound);
    corpus_file("sessions", "cap", cap, sizeof cap);
    corpus_rows("sessions", "row", 24, 240, "\000", 1);
    corpus_rows("sessions", "checked", 8, 240, "\010", 1);
    corpus_rows("sessions", "rejecting", 4, 240, "\024", 1);
}

static void corpus_web(void)
{
    static const char *const bearer[] = {"Bearer abc", "bearer  a.b-c_d~e+f/g==", "Bearer", "Bearer a b", "Bearer =",
                                         "Basic abc", "Bearerish x", " Bearer\tx", "Bearer a=b"};
    static const char *const seconds[] = {"15m", "12h", "30d", "1w", "900", "900s", "0", "00", "1", "-1", "m", "1y", "9999999999",
                                          "3551w", "3550w", "2147483647", "2147483648s", "1.5h", ""};
    static const struct { const char *name, *header; } cookie[] = {
        {"sid", "a=b; sid=x1; c=d"}, {"sid", "sid=1; sid=2"}, {"sid", "sid=\"quoted\""}, {"sid", "xsid=1;sid2=2; sid"},
        {"sid", "sid=a b"}, {"sid", "sid="}, {"s d", "sid=1"}, {"sid", ";;  sid=\"\" ;"}};
    char bytes[200], name[32];
    size_t i, n;
    for (i = 0; i < sizeof bearer / sizeof bearer[0]; i++) {
        snprintf(name, sizeof name, "bearer-%lu", (unsigned long)i);
        n = (size_t)snprintf(bytes, sizeof bytes, "%c%s", 6, bearer[i]);
        corpus_file("web", name, bytes, n);
    }
    for (i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        snprintf(name, sizeof name, "seconds-%02lu", (unsigned long)i);
        n = (size_t)snprintf(bytes, sizeof bytes, "%c%s", 4, seconds[i]);
        corpus_file("web", name, bytes, n);
    }
    for (i = 0; i < sizeof cookie / sizeof cookie[0]; i++) {
        snprintf(name, sizeof name, "cookie-%lu", (unsigned long)i);
        n = (size_t)snprintf(bytes, sizeof bytes, "\1%s%c%s", cookie[i].name, 0, cookie[i].header);
        corpus_file("web", name, bytes, n);
    }
    corpus_file("web", "set", "\2\0\0\0\3\204__Host-rt\0\0abc", 19);
    corpus_file("web", "set-path", "\2\1\0\0\0\0rt\0/auth\0abc", 18);
    corpus_file("web", "set-host-path", "\2\1\0\0\0\0__Host-rt\0/auth\0abc", 25);
    corpus_file("web", "set-injection", "\2\1\0\0\0\0rt\0/; Domain=x\0abc", 24);
    corpus_file("web", "set-value", "\2\0\0\0\0\0rt\0\0a; b", 13);
    corpus_file("web", "set-http", "\2\7\0\0\0\0__Secure-rt\0/\0abc", 23);
    corpus_file("web", "realm", "\3\033api", 5);
    corpus_file("web", "realm-quote", "\3\033a\"b", 5);
    corpus_file("web", "realm-session", "\3\060api", 5);
    corpus_file("web", "realm-absent", "\3\016api", 5);
    corpus_file("web", "fingerprint", "\5abc", 4);
}

int main(int argc, char **argv)
{
    if (argc != 2) { fputs("use: make_corpus DIR\n", stderr);  return 2; }
    corpus_dir = argv[1];
    corpus_base64url();
    corpus_json();
    corpus_writer();
    corpus_jwt();
    corpus_refresh();
    corpus_sessions();
    corpus_table();
    corpus_web();
    return 0;
}
