/* demo.c - the whole story: two famous tokens taken apart, then a small server and its user alice:
   login, check, expiry, refresh, a lost answer, a thief, a suspension, logout, and three forgeries.
   Learn: which call answers which need, what each refusal is called, what the client does then.
   Build: cc -O2 -o demo examples/demo.c && ./demo          Prints: examples/demo.expected

   !! FOR A DEMO ONLY: the clock, the "random" numbers and the secret below are fixed, so that each
   !! run prints the same. Leave cfg.random NULL, read your secret from outside, pass the real time. */
#define TOKENAUTH_IMPLEMENTATION
#include "../tokenauth.h"
#include <stdio.h>
#include <string.h>

/* ---- the stage: a clock, a coin, one user -------------------------------------------------- */

static int64_t now = 1767268800;        /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */
static int     surprises;               /* answers that were not the expected ones */

static void chapter(const char *title, const char *lesson) { printf("\n%s\n  %s\n\n", title, lesson); }

static void later(int32_t seconds, const char *how_long)
{
    now += seconds;
    printf("  -- %s later, it is %02d:%02d:%02d --\n", how_long,
           (int)(now / 3600 % 24), (int)(now / 60 % 60), (int)(now % 60));
}

/* One line per call; whatever is not as foretold makes the demo fail. */
static void told(const char *what, ta_status got, ta_status expected)
{
    printf("  %-56s %s", what, ta_status_name(got));
    if (got != TA_OK) printf(" (%s)", ta_status_str(got));
    if (got != expected) {
        surprises++;
        printf("   <-- NOT EXPECTED, but %s", ta_status_name(expected));
    }
    printf("\n");
}

static void told_yes(const char *what, bool yes)
{
    printf("  %-56s %s\n", what, yes ? "yes" : "NO   <-- NOT EXPECTED");
    if (!yes) surprises++;
}

/* The JSON as it stands in the token; line ends inside it are made visible. */
static void show(const char *label, ta_json v)
{
    size_t i;
    printf("      %-8s ", label);
    for (i = 0; i < v.len; i++) {
        if (v.text[i] == '\r') printf("\\r");
        else if (v.text[i] == '\n') printf("\\n");
        else putchar(v.text[i]);
    }
    printf("\n");
}

/* A token as it travels, one line for each of its three parts. */
static void show_parts(const char *token)
{
    printf("      ");
    for (; *token != '\0'; token++) {
        if (*token == '.') printf("\n      ");
        putchar(*token);
    }
    printf("\n");
}

/* !! FOR A DEMO ONLY: anyone can foretell these numbers. */
static ta_status no_random(void *ctx, void *out, size_t len)
{
    static uint8_t counter[2];
    uint8_t digest[TA_SHA256_SIZE], *to = (uint8_t *)out;
    size_t  i;
    (void)ctx;
    for (i = 0; i < len; i++) {
        if (i % sizeof digest == 0) {
            if (++counter[0] == 0) counter[1]++;
            ta_sha256_once(counter, sizeof counter, digest);
        }
        to[i] = digest[i % sizeof digest];
    }
    return TA_OK;
}

/* A row of the server's user table. A change of password_hash ends all sessions of the user. */
typedef struct user {
    const char *name, *password_hash, *more;
    bool        suspended;
} user;

static user alice = {"alice", "$argon2id$v=19$demo", "{\"roles\":[\"editor\"]}", false};

/* At a refresh the library asks what the user table says today. */
static ta_status user_row(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    if (strcmp(s->subject, alice.name) != 0 || alice.suspended) return TA_ERR_SUSPENDED;
    out->salt     = alice.password_hash;
    out->salt_len = strlen(alice.password_hash);
    out->more     = alice.more;
    out->more_len = strlen(alice.more);
    return TA_OK;
}

/* What belongs into the server's log. */
static void event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    if (what == TA_EVENT_REPLAY) printf("      log: REPLAY in the session of %s on the %s\n", s->subject, s->label);
    if (what == TA_EVENT_LATE_RETRY) printf("      log: a late retry, from the %s\n", s->label);
}

/* ---- the server: one access key, one refresh key, the sessions in an array ------------------- */

static ta_key         access_key;
static ta_refresh_key refresh_key[1];
static ta_slot        slots[100];
static ta_table       table;
static ta_auth        server;           /* signs, checks, refreshes */
static ta_auth        strict;           /* the same, but ta_check looks at the session as well */
static ta_auth        payments;         /* another service of the house: another audience */

static ta_status start(void)
{
    static const char master[] = "not a secret: it stands in a public file";
    ta_auth_config cfg = TA_ZERO;
    ta_status st;

    refresh_key[0].id = 1;
    st = ta_key_derive(&access_key, master, sizeof master - 1, "access", "2026-01");
    if (st == TA_OK) st = ta_key_derive(&refresh_key[0].key, master, sizeof master - 1, "refresh", NULL);
    if (st == TA_OK) st = ta_table_init(&table, slots, sizeof slots / sizeof slots[0]);
    if (st != TA_OK) return st;

    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    cfg.user              = user_row;
    cfg.event             = event;
    cfg.random            = no_random;
    st = ta_auth_init(&server, &cfg);
    cfg.check_sessions = true;
    if (st == TA_OK) st = ta_auth_init(&strict, &cfg);
    cfg.check_sessions = false;
    cfg.audience       = "https://payments.example";
    if (st == TA_OK) st = ta_auth_init(&payments, &cfg);
    return st;
}

/* ---- the clients ------------------------------------------------------------------------------ */

typedef struct device {
    const char *label;
    ta_pair     pair;                   /* the tokens it holds now */
    uint8_t     retry_key[16];          /* kept beside the token; a new one for each new token */
    ta_client   todo;                   /* what the last answer told it to do */
} device;

static device laptop, phone;

static ta_status login(device *d)
{
    ta_login_opts opts = TA_ZERO;
    opts.label    = d->label;
    opts.salt     = alice.password_hash;        /* the bytes the password was just checked against */
    opts.salt_len = strlen(alice.password_hash);
    opts.more     = alice.more;
    opts.more_len = strlen(alice.more);
    return ta_login(&server, alice.name, now, &opts, &d->pair);
}

/* Spends the refresh token; what comes back is in *answer, and reaches the device or does not. */
static ta_status ask(const device *d, ta_pair *answer)
{
    ta_refresh_opts opts = TA_ZERO;
    opts.retry_key = d->retry_key;
    return ta_refresh(&server, d->pair.refresh, d->pair.refresh_len, now, &opts, answer);
}

static ta_status refresh(device *d)
{
    ta_pair   answer;
    ta_status st = ask(d, &answer);
    d->todo = answer.client;
    if (answer.client == TA_CLIENT_SET) {
        d->pair = answer;
        d->retry_key[0]++;              /* !! for a demo only: take 16 random bytes */
    }
    return st;
}

static ta_status check(const ta_auth *a, const ta_pair *pair)
{
    char   buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt jwt;
    return ta_check(a, pair->access, pair->access_len, now, buf, sizeof buf, &jwt);
}

/* ---- the story ---------------------------------------------------------------------------------- */

static void famous_tokens(void)
{
    static const char jwt_io[] =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
        ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
        ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    static const char rfc_7515[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char rfc_secret[] =
        "base64url:AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    char     buf[TA_JWT_BUF(sizeof rfc_7515)];
    ta_rules rules = TA_ZERO;
    ta_key   key;
    ta_jwt   jwt;

    chapter("1. Two tokens that everybody knows",
            "A token is header, claims and MAC, with dots between. All can read it; who has the key can check it.");
    show_parts(jwt_io);
    told("jwt.io's token, only taken apart, trusted in nothing",
         ta_jwt_decode_unverified(jwt_io, sizeof jwt_io - 1, buf, sizeof buf, &jwt), TA_OK);
    show("header", jwt.header);
    show("claims", jwt.claims);
    told("its secret has 19 bytes, and 32 are asked for",
         ta_key_init(&key, TA_LIT("your-256-bit-secret"), NULL), TA_ERR_KEY);
    told("ta_key_init_short takes it, for lessons like this",
         ta_key_init_short(&key, TA_LIT("your-256-bit-secret"), NULL), TA_OK);
    told("verified: a good MAC, but no exp: it would never end",
         ta_jwt_verify(ta_keys_of(&key, 1), jwt_io, sizeof jwt_io - 1, now, NULL, buf, sizeof buf, &jwt),
         TA_ERR_MISSING);
    rules.allow_no_exp = true;
    told("verified with rules.allow_no_exp",
         ta_jwt_verify(ta_keys_of(&key, 1), jwt_io, sizeof jwt_io - 1, now, &rules, buf, sizeof buf, &jwt),
         TA_OK);
    printf("\n");

    show_parts(rfc_7515);
    told("the token of RFC 7515 A.1, taken apart",
         ta_jwt_decode_unverified(rfc_7515, sizeof rfc_7515 - 1, buf, sizeof buf, &jwt), TA_OK);
    show("header", jwt.header);
    show("claims", jwt.claims);
    told("its secret, as it stands in the RFC",
         ta_key_init_text(&key, rfc_secret, sizeof rfc_secret - 1, NULL), TA_OK);
    told("verified one second before its exp, in March 2011",
         ta_jwt_verify(ta_keys_of(&key, 1), rfc_7515, sizeof rfc_7515 - 1, 1300819379, NULL,
                       buf, sizeof buf, &jwt), TA_OK);
    told("verified today",
         ta_jwt_verify(ta_keys_of(&key, 1), rfc_7515, sizeof rfc_7515 - 1, now, NULL,
                       buf, sizeof buf, &jwt), TA_ERR_EXPIRED);
    ta_wipe(&key, sizeof key);
}

static void two_devices(void)
{
    ta_cookie  cookie = TA_ZERO;
    ta_session list[4];
    char       header[256];
    size_t     i, n;

    chapter("2. Alice logs in on two devices",
            "Each gets an access token for minutes, and a refresh token that buys the next one.");
    laptop.label = "laptop";
    phone.label  = "phone";
    told("laptop: ta_login", login(&laptop), TA_OK);
    printf("      access   %.24s...  %u characters, good for %ld s\n", laptop.pair.access,
           (unsigned)laptop.pair.access_len, (long)laptop.pair.access_s);
    printf("      refresh  %.24s...  %u characters, good for %ld days\n", laptop.pair.refresh,
           (unsigned)laptop.pair.refresh_len, (long)(laptop.pair.refresh_s / 86400));
    cookie.name = "__Host-refresh";
    told("  as a cookie: ta_cookie_put",
         ta_cookie_put(&cookie, &laptop.pair, header, sizeof header, &n), TA_OK);
    printf("      Set-Cookie: %.24s...%s\n", header, strchr(header, ';') != NULL ? strchr(header, ';') : "");
    told("phone: ta_login", login(&phone), TA_OK);

    told("her devices: ta_session_list",
         ta_session_list(&server, alice.name, now, "", list, 4, &n), TA_OK);
    for (i = 0; i < n; i++) printf("      %s  %s\n", list[i].sid, list[i].label);
}

static void check_and_expiry(void)
{
    char   buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt jwt;

    chapter("3. The API checks her access token",
            "It needs the key and the time. It asks no database.");
    told("laptop: ta_check",
         ta_check(&server, laptop.pair.access, laptop.pair.access_len, now, buf, sizeof buf, &jwt), TA_OK);
    show("claims", jwt.claims);
    told_yes("is she an editor?", ta_json_has(ta_json_at(jwt.claims, "roles"), TA_LIT("editor")));
    later(TA_MINUTES(15), "15 minutes");
    told("laptop: ta_check", check(&server, &laptop.pair), TA_ERR_EXPIRED);
}

static void refresh_and_loss(void)
{
    ta_pair lost, again;

    chapter("4. A refresh gives a new pair, even if the answer is lost",
            "Each refresh replaces the refresh token; a lost answer must not lock her out.");
    told("laptop: ta_refresh", refresh(&laptop), TA_OK);
    told("laptop: ta_check with the new access token", check(&server, &laptop.pair), TA_OK);

    told("phone: ta_refresh, but the answer never arrives", ask(&phone, &lost), TA_OK);
    later(3, "3 seconds");
    told("phone: the same refresh once more", ask(&phone, &again), TA_OK);
    told_yes("the same refresh token as in the lost answer?", strcmp(lost.refresh, again.refresh) == 0);
    later(TA_HOURS(2), "2 hours");
    told("phone: that was lost too; it woke up, same retry key", refresh(&phone), TA_OK);
    told_yes("still the same refresh token?", strcmp(lost.refresh, phone.pair.refresh) == 0);
}

static void thief(void)
{
    device stolen;

    chapter("5. A thief copied the laptop's refresh token",
            "Two hold the same token. The second to use it shows an old one: that ends the session.");
    stolen = laptop;
    memset(stolen.retry_key, 9, sizeof stolen.retry_key);
    told("laptop: ta_refresh, so the copy is an old token now", refresh(&laptop), TA_OK);
    later(TA_MINUTES(1), "a minute");
    told("thief: ta_refresh with the old token", refresh(&stolen), TA_ERR_REPLAY);
    told("laptop: its session is over; nobody knows who is who", refresh(&laptop), TA_ERR_REVOKED);
    told_yes("is it told to ask for a login?", laptop.todo == TA_CLIENT_LOGIN);
    told("phone: another session, untouched", refresh(&phone), TA_OK);
}

static void suspension(void)
{
    chapter("6. Alice is suspended for a while",
            "At each refresh the server's user table is asked.");
    later(TA_MINUTES(1), "a minute");
    alice.suspended = true;
    told("phone: ta_refresh", refresh(&phone), TA_ERR_SUSPENDED);
    alice.suspended = false;
    told("phone: ta_refresh, the suspension being lifted", refresh(&phone), TA_OK);
}

static void logout_everywhere(void)
{
    chapter("7. Logout, here and everywhere",
            "No refresh succeeds from then on. Access tokens that are out live on for minutes, if you let them.");
    told("laptop: ta_login, a new session", login(&laptop), TA_OK);
    told("laptop: ta_logout",
         ta_logout(&server, laptop.pair.refresh, laptop.pair.refresh_len, now), TA_OK);
    told("laptop: ta_refresh", refresh(&laptop), TA_ERR_ENDED);
    told("laptop: ta_login, and one more session", login(&laptop), TA_OK);
    told("alice: ta_logout_all", ta_logout_all(&server, alice.name, now), TA_OK);
    told("laptop: ta_refresh", refresh(&laptop), TA_ERR_ENDED);
    told("phone: ta_refresh", refresh(&phone), TA_ERR_ENDED);
    told("laptop: ta_check; access tokens live to their end", check(&server, &laptop.pair), TA_OK);
    told("laptop: ta_check with cfg.check_sessions", check(&strict, &laptop.pair), TA_ERR_ENDED);
}

static void forgeries(void)
{
    static const char none[] = "{\"alg\":\"none\",\"typ\":\"JWT\"}";
    ta_pair good, bad;
    char   *dot;
    size_t  len = 0;

    chapter("8. What is forged is refused by name",
            "The name is for your log. The client learns \"invalid_token\" and no more.");
    told("laptop: ta_login", login(&laptop), TA_OK);
    good = laptop.pair;
    told("ta_check of the token as it was issued", check(&server, &good), TA_OK);

    bad = good;
    dot = strchr(bad.access, '.');
    dot[10] = dot[10] == 'A' ? 'B' : 'A';               /* one letter of the claims */
    told("one letter changed", check(&server, &bad), TA_ERR_SIGNATURE);

    /* {"alg":"none"}, the same claims, no signature: what broke many libraries once */
    told("  the header of a forger: ta_base64url_encode",
         ta_base64url_encode(none, sizeof none - 1, bad.access, sizeof bad.access, &len), TA_OK);
    dot = strchr(good.access, '.');
    bad.access_len = (uint16_t)(len + (size_t)(strrchr(good.access, '.') - dot) + 1);
    memcpy(bad.access + len, dot, bad.access_len - len);
    told("alg none, and no signature", check(&server, &bad), TA_ERR_ALG);

    told("a good token, shown to the payment service", check(&payments, &good), TA_ERR_AUDIENCE);
}

int main(void)
{
    ta_status st = start();
    if (st != TA_OK) {
        printf("the server did not start: %s\n", ta_status_name(st));
        return 1;
    }
    printf("tokenauth %s: the clock and the random numbers of this demo are fake.\n", TA_VERSION_TEXT);
    famous_tokens();
    two_devices();
    check_and_expiry();
    refresh_and_loss();
    thief();
    suspension();
    logout_everywhere();
    forgeries();
    if (surprises > 0) {
        printf("\n%d answers were not the expected ones.\n", surprises);
        return 1;
    }
    printf("\nEvery answer was the expected one.\n");
    return 0;
}
