/* tokenauth.c - the command line tool: make a secret, sign, verify and look into HS256 tokens.
   Learn: how each failed check of a token gets a line of its own; how secrets are read and forgotten;
          how text from a token reaches a terminal without giving it orders.
   Build: cc -O2 -o tokenauth tokenauth.c       Manual: man ./tokenauth.1       Tests: tests/cli.sh
   ISO C99 and libc; isatty where there is one. No locale is set: bytes in, bytes out. */

#define TOKENAUTH_IMPLEMENTATION
#define TOKENAUTH_NO_REFRESH
#ifndef TA_MAX_TOKEN
#  define TA_MAX_TOKEN 65535            /* a tool must be able to look at other people's tokens */
#endif
#include "../tokenauth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__unix__) || defined(__APPLE__)
#  include <unistd.h>
#  define IS_TERMINAL(fd) (isatty(fd) != 0)
#else
#  define IS_TERMINAL(fd) ((void)(fd), false)
#endif

#define USUAL_TOKEN  4096               /* what a program takes that leaves TA_MAX_TOKEN alone */
#define MAX_SECRET   4096
#define MAX_JSON     65535              /* the most that ta_json_check reads */
#define MAX_GIVEN    256
#define MAX_TIME     ((int64_t)1 << 53)
#define LAST_DATE    INT64_C(253402300799)      /* 9999-12-31T23:59:59Z */
#define DEFAULT_TTL  TA_MINUTES(15)
#define SHOWN        120u               /* bytes of a claim that a message shows */

enum { DONE = 0, REFUSED = 1, MISUSE = 2 };             /* the exit statuses */
enum { KEYGEN, SIGN, VERIFY, DECODE, COMMANDS };

/* ============================================================================
   Options: one table; --help, the parser and "did you mean" read it
   ========================================================================== */

typedef enum option_id {
    OPT_SECRET, OPT_KID, OPT_ISS, OPT_SUB, OPT_AUD, OPT_JTI, OPT_EXP, OPT_NBF, OPT_TTL, OPT_NO_EXP,
    OPT_NO_IAT, OPT_TYP, OPT_CLAIM, OPT_CLAIM_JSON, OPT_JSON, OPT_LEEWAY, OPT_MAX_AGE,
    OPT_MAX_LIFETIME, OPT_REQUIRE, OPT_ALLOW_NO_EXP, OPT_ALLOW_ANY_AUDIENCE, OPT_ALLOW_ANY_TYP,
    OPT_ALLOW_SHORT_KEY, OPT_MAC_ONLY, OPT_NOW, OPT_HELP, OPTIONS
} option_id;

#define MANY 1u                         /* may be given again and again */
#define RULE 2u                         /* has no say under --mac-only */

typedef struct option {
    const char *name, *arg;             /* arg NULL: a flag */
    unsigned    is;
    const char *help[COMMANDS];         /* NULL: that command does not have it */
} option;

#define NOT_THE_CLOCK "another time than the clock's"

static const option options[OPTIONS] = {
    [OPT_SECRET] = {"secret", "SECRET", MANY,
        {NULL, "the secret to sign with", "a secret to check with; up to four", NULL}},
    [OPT_KID] = {"kid", "ID", 0,
        {NULL, "the name of the secret, for the header", NULL, NULL}},
    [OPT_ISS] = {"iss", "TEXT", RULE,
        {NULL, "who issues it", "the issuer must be this", NULL}},
    [OPT_SUB] = {"sub", "TEXT", RULE,
        {NULL, "whom it is about", "the subject must be this", NULL}},
    [OPT_AUD] = {"aud", "TEXT", RULE,
        {NULL, "whom it is for", "the audience must be, or hold, this", NULL}},
    [OPT_JTI] = {"jti", "TEXT", 0,
        {NULL, "the token's own id", NULL, NULL}},
    [OPT_EXP] = {"exp", "T", 0,
        {NULL, "when it ends", NULL, NULL}},
    [OPT_NBF] = {"nbf", "T", 0,
        {NULL, "when it begins", NULL, NULL}},
    [OPT_TTL] = {"ttl", "D", 0,
        {NULL, "it ends so long after now (without: 15m)", NULL, NULL}},
    [OPT_NO_EXP] = {"no-exp", NULL, 0,
        {NULL, "no end is added", NULL, NULL}},
    [OPT_NO_IAT] = {"no-iat", NULL, 0,
        {NULL, "no time of issue is added", NULL, NULL}},
    [OPT_TYP] = {"typ", "TYPE", RULE,
        {NULL, "the header's typ (without: JWT)", "the header's typ must be this (else JWT or none)", NULL}},
    [OPT_CLAIM] = {"claim", "NAME=TEXT", MANY,
        {NULL, "one more claim, a text", NULL, NULL}},
    [OPT_CLAIM_JSON] = {"claim-json", "NAME=JSON", MANY,
        {NULL, "one more claim, any JSON value", NULL, NULL}},
    [OPT_JSON] = {"json", "CLAIMS", 0,
        {NULL, "more claims: a JSON object, @FILE or -", NULL, NULL}},
    [OPT_LEEWAY] = {"leeway", "D", RULE,
        {NULL, NULL, "how far clocks may differ, 300s at most", NULL}},
    [OPT_MAX_AGE] = {"max-age", "D", RULE,
        {NULL, NULL, "issued at most so long ago", NULL}},
    [OPT_MAX_LIFETIME] = {"max-lifetime", "D", RULE,
        {NULL, NULL, "made to live at most so long", NULL}},
    [OPT_REQUIRE] = {"require", "NAME", MANY | RULE,
        {NULL, NULL, "this claim must be there", NULL}},
    [OPT_ALLOW_NO_EXP] = {"allow-no-exp", NULL, RULE,
        {NULL, NULL, "take a token that never ends", NULL}},
    [OPT_ALLOW_ANY_AUDIENCE] = {"allow-any-audience", NULL, RULE,
        {NULL, NULL, "take a token for others", NULL}},
    [OPT_ALLOW_ANY_TYP] = {"allow-any-typ", NULL, RULE,
        {NULL, NULL, "take any kind of token", NULL}},
    [OPT_ALLOW_SHORT_KEY] = {"allow-short-key", NULL, 0,
        {NULL, "take a secret under 32 bytes", "take a secret under 32 bytes", NULL}},
    [OPT_MAC_ONLY] = {"mac-only", NULL, 0,
        {NULL, NULL, "check the signature alone, print the payload", NULL}},
    [OPT_NOW] = {"now", "T", RULE,
        {NULL, NOT_THE_CLOCK, NOT_THE_CLOCK, NOT_THE_CLOCK}},
    [OPT_HELP] = {"help", NULL, 0,
        {"this text", "this text", "this text", "this text"}}
};

/* Pairs that cannot both be meant. */
static const struct { option_id a, b; const char *why; } apart[] = {
    {OPT_TTL, OPT_EXP, "not together with --exp: both say when the token ends"},
    {OPT_NO_EXP, OPT_EXP, "not together with --exp"},
    {OPT_NO_EXP, OPT_TTL, "not together with --ttl"},
    {OPT_ALLOW_ANY_AUDIENCE, OPT_AUD, "not together with --aud"},
    {OPT_ALLOW_ANY_TYP, OPT_TYP, "not together with --typ"}
};

typedef struct request {
    int         command;
    size_t      count, keys;
    struct { option_id id; char *value; } given[MAX_GIVEN];
    const char *token;                  /* NULL: none on the command line */
    bool        stdin_is_read;
    int64_t     now;
} request;

/* Everything large or secret is here, so that one wipe at the end reaches it all. */
static struct {
    char   token[TA_MAX_TOKEN + 4];     /* with room to see a line end, and that it is too long */
    char   buf[TA_JWT_BUF(TA_MAX_TOKEN)], scratch[TA_JWT_BUF(TA_MAX_TOKEN)];
    char   spelled[MAX_SECRET + 8];     /* "raw:" and a NUL fit, too */
    char   json[MAX_JSON + 4];
    char   more[2 * MAX_JSON], out[3 * MAX_JSON];
    char   required[MAX_JSON];
    ta_key keys[TA_MAX_KEYS];
} room;

static const char *first(const request *r, option_id id)
{
    size_t i;
    for (i = 0; i < r->count; i++) {
        if (r->given[i].id == id) return r->given[i].value;
    }
    return NULL;
}

static bool given(const request *r, option_id id) { return first(r, id) != NULL; }

/* ============================================================================
   Writing: messages, colours, and text that may be hostile
   ========================================================================== */

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"
#define PLAIN  "\033[0m"

static bool out_is_terminal, colour_out, colour_err;

static void look_around(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    bool wanted = (no == NULL || no[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
    out_is_terminal = IS_TERMINAL(1);
    colour_out = wanted && out_is_terminal;
    colour_err = wanted && IS_TERMINAL(2);
}

static void paint(FILE *f, const char *colour)
{
    if (f == stdout ? colour_out : colour_err) fputs(colour, f);
}

/* The character at text, 1 to 4 bytes; 0 when it is no UTF-8. */
static size_t character(const char *text, size_t len, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t b = (uint8_t)text[0];
    size_t n = b < 0x80 ? 1 : b < 0xc0 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf8 ? 4 : 0, i;
    if (n == 0 || n > len) return 0;
    *c = n == 1 ? b : b & (0x7fu >> n);
    for (i = 1; i < n; i++) {
        if (((uint8_t)text[i] & 0xc0u) != 0x80u) return 0;
        *c = *c << 6 | ((uint8_t)text[i] & 0x3fu);
    }
    return *c >= least[n] && *c <= 0x10ffff && (*c < 0xd800 || *c > 0xdfff) ? n : 0;
}

/* What a terminal obeys instead of showing it (C0, DEL, C1), and what makes text look like other
   text (directions, line ends of Unicode, the byte order mark). */
static bool is_order(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f) || c == 0x61c
        || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Text from outside. Inside a JSON string \u009b means what the raw character meant, so JSON stays
   the same JSON. */
static void put_safe(FILE *f, const char *text, size_t len)
{
    size_t at, n;
    uint32_t c = 0;
    for (at = 0; at < len; at += n) {
        n = character(text + at, len - at, &c);
        if (n == 0) {
            fprintf(f, "\\x%02x", (unsigned)(uint8_t)text[at]);
            n = 1;
        } else if (is_order(c)) fprintf(f, "\\u%04x", (unsigned)c);
        else fwrite(text + at, 1, n, f);
    }
}

static void put_short(FILE *f, const char *text, size_t len)
{
    put_safe(f, text, len < SHOWN ? len : SHOWN);
    if (len > SHOWN) fputs("...", f);
}

/* The result itself: byte for byte into files and pipes, made harmless for eyes. */
static void put_result(const char *text, size_t len)
{
    if (out_is_terminal) put_safe(stdout, text, len);
    else fwrite(text, 1, len, stdout);
}

static int complain(int status, const char *what, const char *why)
{
    paint(stderr, RED);
    fputs("tokenauth: ", stderr);
    paint(stderr, PLAIN);
    fprintf(stderr, "%s: %s\n", what, why);
    return status;
}

static int wrong(option_id id, const char *why)
{
    char what[40];
    snprintf(what, sizeof what, "--%s", options[id].name);
    return complain(MISUSE, what, why);
}

static void warn(const char *what, const char *why)
{
    paint(stderr, YELLOW);
    fputs("tokenauth: warning: ", stderr);
    paint(stderr, PLAIN);
    fprintf(stderr, "%s: %s\n", what, why);
}

/* ============================================================================
   Help
   ========================================================================== */

static const struct { const char *name, *about, *usage, *text; } commands[COMMANDS] = {
    [KEYGEN] = {"keygen", "print a fresh secret", "tokenauth keygen",
        "Prints 32 bytes of the system's random source as base64url:... That is a secret\n"
        "of HS256: whoever has it can sign as well as verify.\n"
        "\n"
        "Examples\n"
        "  (umask 077; tokenauth keygen > key.txt)\n"
        "  tokenauth sign --secret @key.txt --sub alice\n"},
    [SIGN] = {"sign", "print a signed token", "tokenauth sign --secret SECRET [OPTION]...",
        "Prints a token. iat is added, and an exp 15 minutes from now, unless an option\n"
        "says otherwise or a claim of that name is given. A claim given twice is an\n"
        "error. The values in CLAIMS are signed as they stand.\n"
        "\n"
        "Examples\n"
        "  tokenauth sign --secret @key.txt --iss gate --sub alice --aud api --ttl 1h\n"
        "  tokenauth sign --secret env:KEY --claim role=admin --claim-json level=3\n"
        "  tokenauth sign --secret @key.txt --claim-json 'aud=[\"api\",\"web\"]' --exp +7d\n"
        "  tokenauth sign --secret @key.txt --json @claims.json --no-iat --no-exp\n"},
    [VERIFY] = {"verify", "check a token, print its claims",
        "tokenauth verify --secret SECRET... [OPTION]... [TOKEN | -]",
        "Prints the claims as they stand in the token and exits 0; or prints a line\n"
        "TA_ERR_...: text for each failed check and exits 1. Without TOKEN, or with -,\n"
        "the token is read from standard input, where one newline may follow it. What an\n"
        "option names is checked; only --allow-... takes a check away. A token with an\n"
        "aud needs --aud or --allow-any-audience.\n"
        "\n"
        "Examples\n"
        "  tokenauth verify --secret @key.txt --iss gate --aud api \"$TOKEN\"\n"
        "  tokenauth verify --secret @new.txt --secret @old.txt --leeway 30s < token.txt\n"
        "  tokenauth verify --secret env:KEY --require scope \"$TOKEN\" > claims.json\n"},
    [DECODE] = {"decode", "show what is in a token, checking nothing",
        "tokenauth decode [--now T] [TOKEN | -]",
        "Prints header and claims indented, and the times in words. It needs no secret,\n"
        "so it tells nothing about who made the token. Values stand as in the token, but\n"
        "characters that a terminal would obey are shown as \\u.... . Without TOKEN, or\n"
        "with -, the token is read from standard input.\n"
        "\n"
        "Examples\n"
        "  tokenauth decode \"$TOKEN\"\n"
        "  tokenauth decode --now +1h < token.txt\n"}
};

static const char secret_help[] =
    "SECRET  base64url:TEXT, base64:TEXT, hex:TEXT or raw:TEXT; 32 bytes or more\n"
    "        @FILE     one of these in a file, where one newline may follow it\n"
    "        @-        one of these from standard input\n"
    "        env:NAME  one of these in an environment variable\n"
    "        Other text is taken as raw:, with a warning. Others can see the command\n"
    "        line: prefer @FILE and env:NAME.\n";

static const char time_help[] =
    "T       seconds since 1970, or +D, -D: so long after or before now\n"
    "D       30s 15m 12h 7d 2w; a number alone is seconds\n";

static const char status_help[] =
    "Exit status: 0 done; 1 token refused, or output not written; 2 wrong usage.\n";

static int help_command(int command)
{
    char left[40];
    size_t i;
    printf("usage: %s\n\n%s\n", commands[command].usage, commands[command].text);
    for (i = 0; i < OPTIONS; i++) {
        if (options[i].help[command] == NULL) continue;
        snprintf(left, sizeof left, "--%s %s", options[i].name, options[i].arg != NULL ? options[i].arg : "");
        printf("  %-24s %s%s\n", left, options[i].help[command],
               (options[i].is & MANY) != 0 && i != OPT_SECRET ? "; repeatable" : "");
    }
    if (command == SIGN || command == VERIFY) printf("\n%s", secret_help);
    if (command == DECODE) putchar('\n');
    if (command != KEYGEN) fputs(time_help, stdout);
    printf("\n%s", status_help);
    return DONE;
}

static int help_all(FILE *f)
{
    size_t i;
    fputs("usage: tokenauth COMMAND [OPTION]...\n\nJSON Web Tokens with HS256.\n\n", f);
    for (i = 0; i < COMMANDS; i++) fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].about);
    fputs("\nOptions are written --name value or --name=value; -- ends them.\n"
          "tokenauth COMMAND --help says more; tokenauth --version prints the version.\n\n"
          "Examples\n"
          "  (umask 077; tokenauth keygen > key.txt)\n"
          "  TOKEN=$(tokenauth sign --secret @key.txt --sub alice)\n"
          "  tokenauth decode \"$TOKEN\"\n"
          "  tokenauth verify --secret @key.txt --sub alice \"$TOKEN\"\n\n", f);
    fputs(status_help, f);
    return DONE;
}

/* ============================================================================
   The command line
   ========================================================================== */

static bool starts(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len >= n && memcmp(text, with, n) == 0;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* How many letters to add, drop or change to make b of a; more than 9 for long ones. */
static size_t distance(const char *a, size_t len, const char *b)
{
    size_t row[32], wide = strlen(b), i, j, diagonal, best;
    if (len > 30 || wide > 30) return 99;
    for (j = 0; j <= wide; j++) row[j] = j;
    for (i = 1; i <= len; i++) {
        diagonal = row[0];
        row[0] = i;
        for (j = 1; j <= wide; j++) {
            best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[wide];
}

/* Which of the names was meant: the nearest, if it is near; else one that begins alike, as iss and
   --issuer. A name of NULL is passed over. */
static const char *similar(const char *typed, size_t len, const char *const *names, size_t count)
{
    size_t i, d, least = len < 5 ? 1 : 2;
    const char *best = NULL;
    for (i = 0; i < count; i++) {
        d = names[i] != NULL ? distance(typed, len, names[i]) : 99;
        if (d > least || (d == least && best != NULL)) continue;
        best  = names[i];
        least = d;
    }
    for (i = 0; i < count && best == NULL && len > 1; i++) {
        if (names[i] == NULL) continue;
        if (starts(typed, len, names[i]) || strncmp(typed, names[i], len) == 0) best = names[i];
    }
    return best;
}

static const char *similar_command(const char *typed)
{
    const char *names[COMMANDS];
    size_t i;
    for (i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
    return similar(typed, strlen(typed), names, COMMANDS);
}

static const char *similar_option(int command, const char *typed, size_t len)
{
    const char *names[OPTIONS];
    size_t i;
    for (i = 0; i < OPTIONS; i++) names[i] = options[i].help[command] != NULL ? options[i].name : NULL;
    return similar(typed, len, names, OPTIONS);
}

static bool is_named(const char *typed, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(typed, name, len) == 0;
}

static option_id find_option(int command, const char *typed, size_t len)
{
    size_t i;
    for (i = 0; i < OPTIONS; i++) {
        if (options[i].help[command] != NULL && is_named(typed, len, options[i].name)) return (option_id)i;
    }
    return OPTIONS;
}

static int point_to_help(int command)
{
    fprintf(stderr, "Try: tokenauth %s --help\n", commands[command].name);
    return MISUSE;
}

/* As much of it as could be a name: no more of --secretraw:... than --secretraw. */
static size_t name_length(const char *typed, size_t len)
{
    size_t n = 0;
    while (n < len && n < 24 && (typed[n] == '-' || (lower(typed[n]) >= 'a' && lower(typed[n]) <= 'z'))) n++;
    return n;
}

static int unknown_option(int command, const char *typed, size_t len)
{
    const char *like = len > 2 ? similar_option(command, typed + 2, len - 2) : NULL;
    int other;
    fprintf(stderr, "tokenauth: %s: unknown option %.*s", commands[command].name,
            (int)name_length(typed, len), typed);
    for (other = 0; other < COMMANDS && len > 2; other++) {
        if (find_option(other, typed + 2, len - 2) != OPTIONS) break;
    }
    if (len > 2 && other < COMMANDS) fprintf(stderr, ": it belongs to tokenauth %s", commands[other].name);
    else if (like != NULL) fprintf(stderr, ": did you mean --%s?", like);
    fputc('\n', stderr);
    return point_to_help(command);
}

static int misused(int command, option_id id, const char *why)
{
    (void)wrong(id, why);
    return point_to_help(command);
}

/* arg is --name, --name=value or -x; next what follows it. *used: next was its value. */
static int take_option(request *r, char *arg, char *next, bool *used)
{
    static char  flag[] = "";
    char        *equals = strchr(arg, '=');
    size_t       len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
    option_id    id = strcmp(arg, "-h") == 0 ? OPT_HELP
                    : starts(arg, len, "--") ? find_option(r->command, arg + 2, len - 2) : OPTIONS;
    char        *value = equals != NULL ? equals + 1 : next;

    *used = false;
    if (id == OPTIONS) return unknown_option(r->command, arg, len);
    if (options[id].arg == NULL) {
        if (equals != NULL) return misused(r->command, id, "takes no value");
        value = flag;
    } else if (equals == NULL) {
        if (next == NULL) return misused(r->command, id, "needs a value");
        if (starts(next, strlen(next), "--"))           /* rather a value forgotten than one like that */
            return misused(r->command, id, "needs a value (one that begins with -- is written --name=value)");
        *used = true;
    }
    if ((options[id].is & MANY) == 0 && options[id].arg != NULL && given(r, id))
        return misused(r->command, id, "given twice");
    if (r->count == MAX_GIVEN) return misused(r->command, id, "too many options");
    r->given[r->count].id = id;
    r->given[r->count++].value = value;
    return DONE;
}

/* A word that is no option: the token, where the command has one. It is not repeated in a message,
   for it may be a secret that lost its --secret. */
static int take_word(request *r, const char *word)
{
    if (r->command != VERIFY && r->command != DECODE) {
        (void)complain(MISUSE, commands[r->command].name, "takes options only, no other word");
        return point_to_help(r->command);
    }
    if (r->token != NULL) {
        (void)complain(MISUSE, commands[r->command].name, "takes one token, and there are two words");
        return point_to_help(r->command);
    }
    r->token = word;
    return DONE;
}

static int parse(request *r, int argc, char **argv)
{
    bool words_only = false, used;
    int i, rc = DONE;
    for (i = 2; i < argc && rc == DONE; i++) {
        used = false;
        if (!words_only && strcmp(argv[i], "--") == 0) words_only = true;
        else if (!words_only && argv[i][0] == '-' && argv[i][1] != '\0')
            rc = take_option(r, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used);
        else rc = take_word(r, argv[i]);
        if (used) i++;
    }
    return rc;
}

static int check_pairs(const request *r)
{
    size_t i;
    for (i = 0; i < sizeof apart / sizeof apart[0]; i++) {
        if (given(r, apart[i].a) && given(r, apart[i].b)) return wrong(apart[i].a, apart[i].why);
    }
    for (i = 0; i < OPTIONS && given(r, OPT_MAC_ONLY); i++) {
        if ((options[i].is & RULE) != 0 && given(r, (option_id)i))
            return wrong((option_id)i, "not together with --mac-only, which looks at no claim and no time");
    }
    return DONE;
}

/* ============================================================================
   Values: durations, times, files
   ========================================================================== */

static int get_duration(const request *r, option_id id, int32_t least, int32_t most, int32_t *out)
{
    const char *value = first(r, id);
    if (value == NULL) return DONE;
    if (ta_seconds(value, strlen(value), out) != TA_OK)
        return wrong(id, "not a duration such as 30s, 15m, 12h, 7d (2147483647 seconds at most)");
    if (*out < least) return wrong(id, "must be longer than 0");    /* to a rule, 0 means no limit */
    return *out <= most ? DONE : wrong(id, "300s at most");
}

static int get_time(const request *r, option_id id, int64_t now, int64_t *out)
{
    const char *value = first(r, id);
    ta_json v;
    int32_t span = 0;
    bool good;
    if (value == NULL) return DONE;
    if (value[0] == '+' || value[0] == '-') {
        good = ta_seconds(value + 1, strlen(value + 1), &span) == TA_OK;
        *out = value[0] == '+' ? now + span : now - span;
    } else {
        good = ta_json_find(value, strlen(value), "", &v) == TA_OK && ta_json_int(v, out) == TA_OK;
    }
    return good && *out > 0 && *out <= MAX_TIME ? DONE
         : wrong(id, "not a time: seconds since 1970, or +15m, -1h to count from now");
}

static int set_now(request *r)
{
    const char *value = first(r, OPT_NOW);
    bool  needs_clock = value == NULL || value[0] == '+' || value[0] == '-';
    int64_t clock = needs_clock ? (int64_t)time(NULL) : 0;
    if (needs_clock && clock <= 0)
        return complain(REFUSED, "the clock", "does not know the time; --now T sets it");
    r->now = clock;
    return get_time(r, OPT_NOW, clock, &r->now);
}

/* All of a file ("-": standard input), at most cap bytes; *len == cap: there was too much.
   NULL, or why it could not be read. No buffer of stdio keeps a copy. */
static const char *read_file(request *r, const char *path, char *out, size_t cap, size_t *len)
{
    bool  is_stdin = strcmp(path, "-") == 0;
    FILE *f = is_stdin ? stdin : NULL;
    const char *why = NULL;
    *len = 0;
    if (is_stdin && r->stdin_is_read) return "standard input can be read only once";
    if (is_stdin) r->stdin_is_read = true;
    else f = fopen(path, "rb");
    if (f == NULL) return strerror(errno);
    setvbuf(f, NULL, _IONBF, 0);
    errno = 0;
    *len = fread(out, 1, cap, f);
    if (ferror(f)) why = errno != 0 ? strerror(errno) : "read error";
    if (!is_stdin) fclose(f);
    return why;
}

/* One line end, as every editor and echo leave it. */
static void chomp(const char *text, size_t *len)
{
    if (*len > 0 && text[*len - 1] == '\n') {
        (*len)--;
        if (*len > 0 && text[*len - 1] == '\r') (*len)--;
    }
}

/* ============================================================================
   Secrets: from the command line, a file or the environment to a ta_key. None is ever shown.
   ========================================================================== */

static const char *const spellings[] = {"base64url:", "base64:", "hex:", "raw:"};
#define SPELLINGS (sizeof spellings / sizeof spellings[0])
static const char public_key[] = "it is the text of a public key: whoever has that could sign";

static const char *spelling_of(const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < SPELLINGS; i++) {
        if (starts(text, len, spellings[i])) return spellings[i];
    }
    return NULL;
}

/* "HEX:", "Env:": raw text could be meant, but hardly is. */
static bool is_misspelt(const char *value)
{
    size_t i, n;
    for (i = 0; i <= SPELLINGS; i++) {
        const char *name = i < SPELLINGS ? spellings[i] : "env:";
        for (n = 0; name[n] != '\0' && lower(value[n]) == name[n]; n++) { }
        if (name[n] == '\0') return true;
    }
    return false;
}

static const char *copy_secret(const char *prefix, const char *text, size_t *len)
{
    size_t p = strlen(prefix), n = strlen(text);
    if (n > MAX_SECRET) return "longer than 4096 bytes";
    memcpy(room.spelled, prefix, p);
    memcpy(room.spelled + p, text, n);
    *len = p + n;
    return NULL;
}

static const char *secret_of_file(request *r, const char *path, size_t *len)
{
    static char why[160];
    const char *error = read_file(r, path, room.spelled, MAX_SECRET + 3, len);
    if (error != NULL) {
        snprintf(why, sizeof why, "the file behind @ cannot be read: %s", error);
        return why;
    }
    chomp(room.spelled, len);
    if (*len == 0) return "the file is empty";
    if (*len > MAX_SECRET) return "the file is longer than 4096 bytes";
    if (room.spelled[*len - 1] == '\n') return "the file ends with more than one newline: one at most";
    return NULL;
}

/* The secret's text into room.spelled, in one of the four spellings if all is well. */
static const char *fetch_secret(request *r, const char *what, const char *value, size_t *len)
{
    const char *text = starts(value, strlen(value), "env:") ? getenv(value + 4) : value;
    if (value[0] == '\0') return "it is empty";
    if (value[0] == '@') return secret_of_file(r, value + 1, len);
    if (text == NULL) return "the environment has no variable of that name";
    if (text != value || spelling_of(value, strlen(value)) != NULL) return copy_secret("", text, len);
    if (is_misspelt(value)) return "base64url:, base64:, hex:, raw: and env: are written in small letters";
    warn(what, "taken as raw text, and seen by others on the command line; better @FILE or env:NAME");
    return copy_secret("raw:", value, len);
}

static int hex_digit(char c) { return c <= '9' ? c - '0' : lower(c) - 'a' + 10; }

/* A well-formed spelling into bytes, where it stands. Only for what ta_key_init_text found too short:
   it spells out 32 bytes or nothing. */
static ta_status respell(char **text, size_t *len)
{
    const char *spelling = spelling_of(*text, *len);
    char  *s = *text += strlen(spelling);
    size_t n = *len -= strlen(spelling), i;
    if (spelling[0] == 'r') return TA_OK;
    if (spelling[0] == 'h') {
        for (i = 0; i < n; i += 2) s[i / 2] = (char)(hex_digit(s[i]) << 4 | hex_digit(s[i + 1]));
        *len = n / 2;
        return TA_OK;
    }
    while (n > 0 && s[n - 1] == '=') n--;
    for (i = 0; i < n; i++) s[i] = s[i] == '+' ? '-' : s[i] == '/' ? '_' : s[i];
    return ta_base64url_decode(s, n, s, n, len);
}

/* ta_key_init_text, and what it lacks: short secrets. On TA_ERR_KEY text and len are the bytes. */
static ta_status make_key(ta_key *key, char **text, size_t *len, const char *kid, bool allow_short)
{
    ta_status st = ta_key_init_text(key, *text, *len, kid);
    if (st == TA_ERR_KEY) st = respell(text, len) == TA_OK ? TA_ERR_KEY : TA_ERR_ENCODING;
    return st == TA_ERR_KEY && allow_short ? ta_key_init_short(key, *text, *len, kid) : st;
}

static bool has_space(const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        if (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')) return true;
    }
    return false;
}

static const char *explain_text(const char *text, size_t len)
{
    if (starts(text, len, "-----BEGIN ") || starts(text, len, "ssh-")) return public_key;
    if (spelling_of(text, len) == NULL) return "it must begin with base64url:, base64:, hex: or raw:";
    if (has_space(text, len)) return "there is white space in it";
    return "not canonical: base64url: has no = at its end, base64: is padded, hex: is of even length";
}

/* text and len as make_key left them */
static const char *explain_secret(ta_status st, const char *text, size_t len, bool allow_short)
{
    static char why[160];
    if (st == TA_ERR_ENCODING) return explain_text(text, len);
    if (st == TA_ERR_LIMIT) return "it spells more than 256 bytes";
    if (len == 0) return "it is empty";
    if (len >= 32 || allow_short) return public_key;
    snprintf(why, sizeof why, "%zu bytes; HS256 needs 32 or more (RFC 7518 3.2). "
             "tokenauth keygen makes them, --allow-short-key takes less", len);
    return why;
}

static int load_key(request *r, const char *what, char *value, ta_key *key)
{
    bool  allow_short = given(r, OPT_ALLOW_SHORT_KEY);
    char *text = room.spelled;
    size_t len = 0;
    ta_status st = TA_OK;
    const char *why = fetch_secret(r, what, value, &len);

    ta_wipe(value, strlen(value));                      /* ps shows it no longer */
    if (why == NULL) st = make_key(key, &text, &len, first(r, OPT_KID), allow_short);
    if (st != TA_OK && st != TA_ERR_ARGUMENT) why = explain_secret(st, text, len, allow_short);
    ta_wipe(room.spelled, sizeof room.spelled);
    if (why != NULL) return complain(MISUSE, what, why);
    return st == TA_OK ? DONE : wrong(OPT_KID, "1 to 64 printable ASCII characters, neither \" nor \\");
}

static size_t count_secrets(const request *r)
{
    size_t i, n = 0;
    for (i = 0; i < r->count; i++) n += r->given[i].id == OPT_SECRET;
    return n;
}

/* Those in files, or all the others. */
static int load_some(request *r, bool in_files)
{
    char what[48] = "--secret";
    size_t i, n = 0;
    int rc = DONE;
    for (i = 0; i < r->count && rc == DONE; i++) {
        char *value = r->given[i].value;
        if (r->given[i].id != OPT_SECRET) continue;
        if (n > 0) snprintf(what, sizeof what, "--secret number %d", (int)n + 1);
        if ((value[0] == '@') == in_files) rc = load_key(r, what, value, &room.keys[n]);
        n++;
    }
    return rc;
}

/* Called before anything else is read, and what stands on the command line itself goes first: ps shows it
   until then, and a file may be a pipe that keeps us waiting. */
static int load_keys(request *r, size_t most)
{
    int rc;
    r->keys = count_secrets(r);
    if (r->keys == 0) return misused(r->command, OPT_SECRET, "is needed");
    if (r->keys > most) return wrong(OPT_SECRET, most == 1 ? "sign takes one" : "four at most");
    rc = load_some(r, false);
    return rc == DONE ? load_some(r, true) : rc;
}

/* ============================================================================
   keygen
   ========================================================================== */

static int run_keygen(request *r)
{
    uint8_t secret[32];
    char    text[TA_BASE64URL_CAP(sizeof secret)];
    size_t  len;
    ta_status st = ta_random(secret, sizeof secret);
    (void)r;
    if (st == TA_OK) st = ta_base64url_encode(secret, sizeof secret, text, sizeof text, &len);
    ta_wipe(secret, sizeof secret);
    if (st != TA_OK) return complain(REFUSED, ta_status_name(st), ta_status_str(st));
    printf("base64url:%s\n", text);
    ta_wipe(text, sizeof text);
    return DONE;
}

/* ============================================================================
   sign: the claims of --json, --claim and --claim-json become one object in room.more
   ========================================================================== */

typedef struct text { size_t len; bool full; } text;    /* what of room.more is written */

static void add(text *t, const char *s, size_t n)
{
    if (n > sizeof room.more - t->len) t->full = true;
    if (t->full) return;
    memcpy(room.more + t->len, s, n);
    t->len += n;
}

static ta_status add_quoted(text *t, const char *s, size_t n)
{
    ta_json_writer w;
    size_t len = 0;
    ta_status st;
    ta_json_begin(&w, room.more + t->len, sizeof room.more - t->len);
    ta_json_put_string(&w, NULL, s, n);
    st = ta_json_end(&w, &len);
    t->len += len;
    if (st == TA_ERR_SPACE || st == TA_ERR_LIMIT) t->full = true;
    return t->full ? TA_OK : st;
}

/* NAME=TEXT or NAME=JSON */
static int add_claim(text *t, option_id id, const char *given_text)
{
    const char *equals = strchr(given_text, '=');
    ta_json v = TA_ZERO;
    ta_status st = TA_OK;
    if (equals == NULL || equals == given_text)
        return wrong(id, id == OPT_CLAIM ? "NAME=TEXT is needed" : "NAME=JSON is needed");
    v.text = equals + 1;
    v.len  = strlen(v.text);
    if (id == OPT_CLAIM_JSON) st = ta_json_find(equals + 1, strlen(equals + 1), "", &v);
    if (st == TA_ERR_DUPLICATE) return wrong(id, "two members of one name in the value");
    if (st == TA_ERR_LIMIT) return wrong(id, "the value is too long, too deep or too wide");
    if (st != TA_OK) return wrong(id, "the value is not strict JSON (for a text: --claim NAME=TEXT)");
    if (t->len > 1) add(t, ",", 1);
    st = add_quoted(t, given_text, (size_t)(equals - given_text));
    add(t, ":", 1);
    if (id == OPT_CLAIM_JSON) add(t, v.text, v.len);
    else if (st == TA_OK) st = add_quoted(t, v.text, v.len);
    return st == TA_OK ? DONE : wrong(id, "not UTF-8");
}

/* --json CLAIMS, @FILE or - */
static int add_object(request *r, text *t, const char *value)
{
    const char *json = value, *why;
    size_t len = strlen(value), at = 0;
    ta_json v, one;
    ta_status st;
    if (value[0] == '@' || strcmp(value, "-") == 0) {
        why = read_file(r, value[0] == '@' ? value + 1 : value, room.json, sizeof room.json, &len);
        if (why != NULL) return wrong(OPT_JSON, why);
        json = room.json;
    }
    st = ta_json_find(json, len, "", &v);
    if (st == TA_ERR_DUPLICATE) return wrong(OPT_JSON, "two members of one name");
    if (st == TA_ERR_LIMIT) return wrong(OPT_JSON, "longer than 65535 bytes, too deep or too wide");
    if (st != TA_OK || ta_json_kind(v) != TA_OBJECT) return wrong(OPT_JSON, "not a strict JSON object");
    if (ta_json_next(v, &at, NULL, &one) == TA_OK) add(t, v.text + 1, v.len - 2);
    return DONE;
}

static int gather_claims(request *r, ta_json *more)
{
    text   t = {0, false};
    size_t i;
    int rc = DONE;
    add(&t, "{", 1);
    if (given(r, OPT_JSON)) rc = add_object(r, &t, first(r, OPT_JSON));
    for (i = 0; i < r->count && rc == DONE; i++) {
        if (r->given[i].id == OPT_CLAIM || r->given[i].id == OPT_CLAIM_JSON)
            rc = add_claim(&t, r->given[i].id, r->given[i].value);
    }
    add(&t, "}", 1);
    more->text = room.more;
    more->len  = t.len;
    return rc == DONE && t.full ? complain(MISUSE, "sign", "the claims are too long") : rc;
}

/* exp, nbf, iat. `more` may have its own, and may still be wrong JSON: looking is safe. */
static int set_times(const request *r, ta_json more, ta_claims *c)
{
    int32_t ttl = DEFAULT_TTL;
    int rc = get_duration(r, OPT_TTL, 1, INT32_MAX, &ttl);
    bool add_iat = !given(r, OPT_NO_IAT) && ta_json_at(more, "iat").len == 0;
    bool add_exp = !given(r, OPT_NO_EXP) && ta_json_at(more, "exp").len == 0;
    if (add_iat) c->issued_at = r->now;
    if (add_exp || given(r, OPT_TTL)) c->expires_at = r->now + ttl;
    c->allow_no_exp = true;             /* where it is left out, an option or CLAIMS said so */
    if (rc == DONE) rc = get_time(r, OPT_EXP, r->now, &c->expires_at);
    if (rc == DONE) rc = get_time(r, OPT_NBF, r->now, &c->not_before);
    if (rc != DONE || c->expires_at <= MAX_TIME) return rc;
    return wrong(OPT_NOW, "too late: the token's end would not fit");
}

/* The member of `more` at `name` repeats one before it, or a claim that an option has set. */
static bool is_repeated(const request *r, ta_json more, const ta_claims *c, ta_json name)
{
    char     *plain = room.json;        /* what it held is in room.more */
    ta_json   other, value;
    size_t    len, at = 0;
    option_id id;
    if (ta_json_string(name, plain, sizeof room.json, &len) != TA_OK) return false;
    id = find_option(SIGN, plain, len);
    if (id >= OPT_ISS && id <= OPT_NBF && given(r, id)) return true;    /* these are named like claims */
    if (c->expires_at != 0 && ta_json_equals(name, TA_LIT("exp"))) return true;
    while (ta_json_next(more, &at, &other, &value) == TA_OK && other.text != name.text) {
        if (ta_json_equals(other, plain, len)) return true;
    }
    return false;
}

static int twice(const request *r, ta_json more, const ta_claims *c)
{
    ta_json name, value;
    size_t at = 0;
    while (ta_json_next(more, &at, &name, &value) == TA_OK) {
        if (!is_repeated(r, more, c, name)) continue;
        fputs("tokenauth: sign: the claim ", stderr);
        put_short(stderr, name.text, name.len);
        fputs(" is given twice\n", stderr);
        return MISUSE;
    }
    return complain(MISUSE, "sign", "a claim is given twice");
}

static int explain_sign(ta_status st)
{
    const char *why = NULL;
    if (st == TA_ERR_AGE) why = "exp must be later than iat and nbf (--now sets iat)";
    if (st == TA_ERR_CLAIM) why = "exp, nbf and iat must be numbers (--claim-json exp=...)";
    if (st == TA_ERR_JSON) why = "a text is not UTF-8";
    if (st == TA_ERR_SPACE || st == TA_ERR_LIMIT) why = "the claims are too long, too deep or too many";
    if (st == TA_ERR_ARGUMENT) return wrong(OPT_TYP, "a media type such as at+jwt, of at most 30 characters");
    if (why == NULL) return complain(REFUSED, ta_status_name(st), ta_status_str(st));
    return complain(MISUSE, "sign", why);
}

static void warn_of_length(size_t len)
{
    if (len > USUAL_TOKEN && len <= TA_MAX_TOKEN)
        warn("the token", "longer than 4096 bytes: programs with the default TA_MAX_TOKEN refuse it");
}

static int run_sign(request *r)
{
    ta_claims c = TA_ZERO;
    ta_json   more;
    size_t    len;
    ta_status st;
    int rc = load_keys(r, 1);
    if (rc == DONE) rc = gather_claims(r, &more);
    if (rc == DONE) rc = set_times(r, more, &c);
    if (rc != DONE) return rc;
    c.issuer   = first(r, OPT_ISS);
    c.subject  = first(r, OPT_SUB);
    c.audience = first(r, OPT_AUD);
    c.id       = first(r, OPT_JTI);
    c.typ      = first(r, OPT_TYP);
    c.more     = more.text;
    c.more_len = more.len;
    st = ta_jwt_sign(room.keys, &c, room.out, sizeof room.out, &len);
    if (st == TA_ERR_DUPLICATE) return twice(r, more, &c);
    if (st != TA_OK) return explain_sign(st);
    warn_of_length(len);
    puts(room.out);
    return DONE;
}

/* ============================================================================
   The token, and its times in words
   ========================================================================== */

static int get_token(request *r, size_t *len)
{
    const char *why = NULL;
    bool from_stdin = r->token == NULL || strcmp(r->token, "-") == 0;
    *len = 0;
    if (from_stdin) {
        if (IS_TERMINAL(0)) fputs("tokenauth: reading a token from standard input\n", stderr);
        why = read_file(r, "-", room.token, sizeof room.token, len);
        chomp(room.token, len);
    } else {
        while (*len < sizeof room.token && r->token[*len] != '\0') (*len)++;
        memcpy(room.token, r->token, *len);
    }
    warn_of_length(*len);
    return why == NULL ? DONE : complain(MISUSE, "the token", why);
}

static const struct date { const char *claim, *past, *future; } dates[] = {
    {"exp", "expired ", "expires "}, {"nbf", "began ", "begins "}, {"iat", "issued ", "issued "}
};
#define DATES (sizeof dates / sizeof dates[0])

/* A date of the token, up to the next full second; false when it has none that is a number. */
static bool date_of(const ta_jwt *jwt, const char *claim, int64_t *t)
{
    ta_status st = ta_json_int(ta_json_at(jwt->claims, claim), t);
    if (st == TA_ERR_RANGE) *t = claim[0] == 'e' ? jwt->exp : claim[0] == 'n' ? jwt->nbf : jwt->iat;
    return st == TA_OK || (st == TA_ERR_RANGE && *t != 0);      /* 0: beyond 64 bits */
}

static int days_of_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
}

/* 2026-01-01T12:00:00Z; t is 0..LAST_DATE */
static void put_date(FILE *f, int64_t t)
{
    int days = (int)(t / 86400), second = (int)(t % 86400), year = 1970, month = 0;
    int length[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (; days >= days_of_year(year); year++) days -= days_of_year(year);
    length[1] = days_of_year(year) - 337;
    for (; days >= length[month]; month++) days -= length[month];
    fprintf(f, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month + 1, days + 1,
            second / 3600, second / 60 % 60, second % 60);
}

/* "3 days ago", "in 15 minutes", "now": the largest unit of which there are two, or exactly one */
static void put_words(FILE *f, int64_t from_now)
{
    static const struct { int64_t seconds; const char *name; } units[] = {
        {31536000, "year"}, {2592000, "month"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}
    };
    int64_t n = from_now < 0 ? -from_now : from_now;
    size_t i = 0;
    if (n == 0) { fputs("now", f);  return; }
    while (n < 2 * units[i].seconds && n != units[i].seconds) i++;
    n /= units[i].seconds;
    fprintf(f, "%s%ld %s%s%s", from_now > 0 ? "in " : "", (long)n, units[i].name, n == 1 ? "" : "s",
            from_now < 0 ? " ago" : "");
}

static void put_when(FILE *f, int64_t t, int64_t now)
{
    if (t < 0) { fputs("before 1970", f);  return; }
    if (t > LAST_DATE) { fputs("after the year 9999", f);  return; }
    put_words(f, t - now);
    fputs(", ", f);
    put_date(f, t);
}

/* ============================================================================
   Refusals: TA_ERR_...: text, and what helps
   ========================================================================== */

static void put_status(ta_status st)
{
    paint(stderr, RED);
    fputs(ta_status_name(st), stderr);
    paint(stderr, PLAIN);
    fprintf(stderr, ": %s", ta_status_str(st));
}

static const char *hint(size_t len)
{
    if (len == 0) return "nothing was given";
    if (starts(room.token, len, "Bearer ")) return "give the token alone, without Bearer";
    if (room.token[0] == '"' || room.token[0] == '\'') return "there are quotes around it";
    return has_space(room.token, len) ? "there is white space in it" : NULL;
}

/* No check of claims failed, for none was made. */
static int refuse(ta_status st, size_t len)
{
    const char *help = st == TA_ERR_FORMAT || st == TA_ERR_ENCODING ? hint(len) : NULL;
    put_status(st);
    if (help != NULL) fprintf(stderr, " (%s)", help);
    fputc('\n', stderr);
    return REFUSED;
}

static const struct check { unsigned bit; ta_status st; const char *claim; } checks[] = {
    {TA_FAILED_EXP, TA_ERR_EXPIRED, "exp"}, {TA_FAILED_NBF, TA_ERR_EARLY, "nbf"},
    {TA_FAILED_IAT, TA_ERR_EARLY, "iat"},   {TA_FAILED_AGE, TA_ERR_AGE, "iat"},
    {TA_FAILED_LIFETIME, TA_ERR_AGE, "exp"}, {TA_FAILED_ISS, TA_ERR_ISSUER, "iss"},
    {TA_FAILED_SUB, TA_ERR_SUBJECT, "sub"}, {TA_FAILED_AUD, TA_ERR_AUDIENCE, "aud"},
    {TA_FAILED_TYP, TA_ERR_TYP, "typ"},     {TA_FAILED_REQUIRED, TA_ERR_MISSING, NULL},
    {TA_FAILED_KIND, TA_ERR_CLAIM, NULL}
};

/* (exp 3 days ago, 2026-01-01T12:00:00Z), (iss "gate"), (no iss) */
static void put_found(const ta_jwt *jwt, const char *claim, int64_t now)
{
    ta_json v = strcmp(claim, "typ") == 0 ? jwt->typ : ta_json_at(jwt->claims, claim);
    int64_t t;
    size_t i;
    fprintf(stderr, v.len == 0 ? " (no %s)" : " (%s ", claim);
    if (v.len == 0) return;
    for (i = 0; i < DATES && strcmp(dates[i].claim, claim) != 0; i++) { }
    if (i < DATES && date_of(jwt, claim, &t)) put_when(stderr, t, now);
    else put_short(stderr, v.text, v.len);
    fputc(')', stderr);
}

static bool is_missing(const request *r, size_t len, const char *name)
{
    ta_rules rules = TA_ZERO;
    ta_jwt   jwt;
    rules.required = name;
    rules.allow_no_exp = rules.allow_any_audience = rules.allow_any_typ = true;
    if (ta_jwt_verify(ta_keys_of(room.keys, r->keys), room.token, len, r->now, &rules,
                      room.scratch, sizeof room.scratch, &jwt) == TA_OK) return false;
    return (jwt.failed & TA_FAILED_REQUIRED) != 0;
}

static void say_missing(const request *r, size_t len, const char *name)
{
    if (!is_missing(r, len, name)) return;
    put_status(TA_ERR_MISSING);
    fputs(": ", stderr);
    put_short(stderr, name, strlen(name));
    fputc('\n', stderr);
}

/* True when --require has said this name already, before item `end`. */
static bool is_required(const request *r, const char *name, size_t end)
{
    size_t i;
    for (i = 0; i < end; i++) {
        if (r->given[i].id == OPT_REQUIRE && strcmp(r->given[i].value, name) == 0) return true;
    }
    return false;
}

/* ta_jwt.failed_name is the first missing name; here each is asked for on its own. */
static void say_all_missing(const request *r, size_t len, const ta_rules *rules)
{
    bool needs_iat = rules->max_age_s > 0 || rules->max_lifetime_s > 0;
    size_t i;
    for (i = 0; i < r->count; i++) {
        const char *name = r->given[i].value;
        if (r->given[i].id == OPT_REQUIRE && !is_required(r, name, i)) say_missing(r, len, name);
    }
    if (!rules->allow_no_exp && !is_required(r, "exp", r->count)) say_missing(r, len, "exp");
    if (needs_iat && !is_required(r, "iat", r->count)) say_missing(r, len, "iat");
}

/* The MAC was good, so reading the token once more shows what its signer wrote. */
static int say_failed(const request *r, size_t len, const ta_rules *rules, unsigned failed)
{
    ta_jwt jwt;
    size_t i;
    bool readable = ta_jwt_decode_unverified(room.token, len, room.buf, sizeof room.buf, &jwt) == TA_OK;
    for (i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if ((failed & checks[i].bit) == 0) continue;
        if (checks[i].bit == TA_FAILED_REQUIRED) {
            say_all_missing(r, len, rules);
            continue;
        }
        put_status(checks[i].st);
        if (readable && checks[i].claim != NULL) put_found(&jwt, checks[i].claim, r->now);
        fputc('\n', stderr);
    }
    return REFUSED;
}

/* ============================================================================
   verify
   ========================================================================== */

static int get_required(const request *r, ta_rules *rules)
{
    size_t i, n, len = 0;
    for (i = 0; i < r->count; i++) {
        const char *name = r->given[i].value;
        if (r->given[i].id != OPT_REQUIRE) continue;
        n = strlen(name);
        if (n == 0 || strchr(name, ' ') != NULL) return wrong(OPT_REQUIRE, "one name, without spaces");
        if (n + 2 > sizeof room.required - len) return wrong(OPT_REQUIRE, "the names are too long");
        memcpy(room.required + len, name, n);
        len += n;
        room.required[len++] = ' ';
        rules->required = room.required;
    }
    room.required[len] = '\0';
    return DONE;
}

static int get_rules(const request *r, ta_rules *rules)
{
    int rc = get_duration(r, OPT_LEEWAY, 0, 300, &rules->leeway_s);
    if (rc == DONE) rc = get_duration(r, OPT_MAX_AGE, 1, INT32_MAX, &rules->max_age_s);
    if (rc == DONE) rc = get_duration(r, OPT_MAX_LIFETIME, 1, INT32_MAX, &rules->max_lifetime_s);
    if (rc == DONE) rc = get_required(r, rules);
    rules->issuer   = first(r, OPT_ISS);
    rules->subject  = first(r, OPT_SUB);
    rules->audience = first(r, OPT_AUD);
    rules->typ      = first(r, OPT_TYP);
    rules->allow_no_exp       = given(r, OPT_ALLOW_NO_EXP);
    rules->allow_any_audience = given(r, OPT_ALLOW_ANY_AUDIENCE);
    rules->allow_any_typ      = given(r, OPT_ALLOW_ANY_TYP);
    return rc;
}

/* Any bytes; nothing is added to them in a file or pipe. */
static int verify_mac(ta_keys keys, size_t len)
{
    size_t n;
    ta_status st = ta_jws_verify(keys, room.token, len, room.buf, sizeof room.buf, &n);
    if (st != TA_OK) return refuse(st, len);
    put_result(room.buf, n);
    if (out_is_terminal) putchar('\n');
    return DONE;
}

static int verify_claims(const request *r, ta_keys keys, size_t len, const ta_rules *rules)
{
    ta_jwt jwt;
    ta_status st = ta_jwt_verify(keys, room.token, len, r->now, rules, room.buf, sizeof room.buf, &jwt);
    if (st != TA_OK && jwt.failed != 0) return say_failed(r, len, rules, jwt.failed);
    if (st != TA_OK) return refuse(st, len);
    put_result(jwt.claims.text, jwt.claims.len);
    putchar('\n');
    return DONE;
}

static int run_verify(request *r)
{
    ta_rules rules = TA_ZERO;
    size_t len = 0;
    int rc = get_rules(r, &rules);
    if (rc == DONE) rc = load_keys(r, TA_MAX_KEYS);
    if (rc == DONE) rc = get_token(r, &len);
    if (rc != DONE) return rc;
    return given(r, OPT_MAC_ONLY) ? verify_mac(ta_keys_of(room.keys, r->keys), len)
                                  : verify_claims(r, ta_keys_of(room.keys, r->keys), len, &rules);
}

/* ============================================================================
   decode
   ========================================================================== */

static void indent(int depth) { printf("\n%*s", 2 * depth, ""); }

/* A checked value, its numbers and strings as they stand. As deep as TA_MAX_DEPTH allows. */
static void show(ta_json v, int depth)
{
    bool   object = ta_json_kind(v) == TA_OBJECT, some = false;
    size_t at = 0;
    ta_json name, value;
    if (!object && ta_json_kind(v) != TA_ARRAY) {
        put_safe(stdout, v.text, v.len);
        return;
    }
    putchar(object ? '{' : '[');
    while (ta_json_next(v, &at, &name, &value) == TA_OK) {
        if (some) putchar(',');
        some = true;
        indent(depth + 1);
        if (object) {
            paint(stdout, CYAN);
            put_safe(stdout, name.text, name.len);
            paint(stdout, PLAIN);
            fputs(": ", stdout);
        }
        show(value, depth + 1);
    }
    if (some) indent(depth);
    putchar(object ? '}' : ']');
}

static void show_times(const ta_jwt *jwt, int64_t now)
{
    const char *before = "\n";
    int64_t t;
    size_t i;
    for (i = 0; i < DATES; i++) {
        if (!date_of(jwt, dates[i].claim, &t)) continue;
        printf("%s%s  ", before, dates[i].claim);
        before = "";
        /* good now: not yet expired, already begun, already issued */
        paint(stdout, (t > now) == (i == 0) ? GREEN : RED);
        fputs(t <= now ? dates[i].past : dates[i].future, stdout);
        put_when(stdout, t, now);
        paint(stdout, PLAIN);
        putchar('\n');
    }
}

static int run_decode(request *r)
{
    ta_jwt jwt;
    size_t len;
    ta_status st;
    int rc = get_token(r, &len);
    if (rc != DONE) return rc;
    st = ta_jwt_decode_unverified(room.token, len, room.buf, sizeof room.buf, &jwt);
    if (st != TA_OK) return refuse(st, len);
    paint(stdout, YELLOW);
    fputs("NOT VERIFIED: anyone can have written this; signature and times were not checked", stdout);
    paint(stdout, PLAIN);
    fputs("\n\nheader\n", stdout);
    show(jwt.header, 0);
    fputs("\n\nclaims\n", stdout);
    show(jwt.claims, 0);
    putchar('\n');
    show_times(&jwt, r->now);
    return DONE;
}

/* ============================================================================
   main
   ========================================================================== */

static int find_command(const char *typed)
{
    int i;
    for (i = 0; i < COMMANDS; i++) {
        if (strcmp(typed, commands[i].name) == 0) return i;
    }
    return COMMANDS;
}

/* What was typed may be a token or a secret, so it is not shown. */
static int unknown_command(const char *typed)
{
    const char *like = similar_command(typed);
    if (typed[0] == '-') (void)complain(MISUSE, "unknown option", "the command comes first");
    else if (like != NULL) fprintf(stderr, "tokenauth: unknown command: did you mean %s?\n", like);
    else (void)complain(MISUSE, "unknown command", "keygen, sign, verify or decode");
    fputs("Try: tokenauth --help\n", stderr);
    return MISUSE;
}

static int run_command(request *r)
{
    int rc = check_pairs(r);
    if (rc == DONE && r->command != KEYGEN) rc = set_now(r);
    if (rc != DONE) return rc;
    switch (r->command) {
    case SIGN:   return run_sign(r);
    case VERIFY: return run_verify(r);
    case DECODE: return run_decode(r);
    default:     return run_keygen(r);
    }
}

static int run(request *r, int argc, char **argv)
{
    bool wants_help;
    int rc;
    if (argc < 2) { (void)help_all(stderr);  return MISUSE; }
    wants_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0;
    if (strcmp(argv[1], "--version") == 0) {
        puts("tokenauth " TA_VERSION_TEXT);
        return DONE;
    }
    if (wants_help && argc == 2) return help_all(stdout);
    r->command = find_command(argv[wants_help ? 2 : 1]);
    if (r->command == COMMANDS) return unknown_command(argv[wants_help ? 2 : 1]);
    if (wants_help) return help_command(r->command);
    rc = parse(r, argc, argv);
    if (rc == DONE && given(r, OPT_HELP)) return help_command(r->command);
    return rc == DONE ? run_command(r) : rc;
}

/* Output that did not arrive is a failure: a full disk, a closed descriptor. */
static int close_output(int rc)
{
    bool lost;
    errno = 0;
    lost = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (!lost && fclose(stdout) != 0) lost = errno != EBADF;    /* closed, but nothing was to be written */
    if (!lost) return rc;
    (void)complain(REFUSED, "the output cannot be written", errno != 0 ? strerror(errno) : "write error");
    return rc == DONE ? REFUSED : rc;
}

int main(int argc, char **argv)
{
    static request r;
    int rc;
    look_around();
    rc = run(&r, argc, argv);
    ta_wipe(&room, sizeof room);
    return close_output(rc);
}
