/* gate.c - a gate in the yard: it hands out tokens at its PIN pad, takes them over a serial line, and
   opens or says by name why not. Its sessions live in a table in RAM, and in flash across a power cut.

   One command per line; the answer is one line, or three after login and refresh:
       time SECONDS          what the network says it is; never earlier than what was known
       login NAME            the PIN pad has let NAME in: access token and refresh token
       open TOKEN            the gate opens, or says why not
       refresh TOKEN [KEY]   a new pair; KEY, 22 characters of the client's own, the same with each retry
       logout TOKEN
       cut                   the power goes

   make firmware builds it for a Cortex-M4 with 64 KB of flash and 16 KB of RAM, runs it under QEMU and
   compares the dialogue. TIME, FLASH and RANDOM below are what a device has to think about;
   examples/README.md says more. */
#include "board.h"

#define TOKENAUTH_NO_OS_RANDOM          /* the board's generator instead */
#define TOKENAUTH_NO_WEB
#define TOKENAUTH_NO_DENY
#define TOKENAUTH_NO_STATUS_STR         /* names say enough: 2 KB less */
#define TA_MAX_TOKEN   512
#define TA_MAX_DEPTH   8                /* less stack for the JSON check */
#define TA_MAX_MEMBERS 32
#ifdef GATE_HAS_ENGINE
#  define TOKENAUTH_SHA256_COMPRESS(state, in, blocks) board_sha256(state, in, blocks)
#endif
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

#define SESSIONS 4
#define LINE     600
#define BUILT    INT64_C(1767225600)    /* 2026-01-01: it cannot be earlier than the firmware was made */

static int64_t        now;              /* seconds since 1970 */
static char           line[LINE];
static ta_key         access_key;
static ta_refresh_key refresh_key;
static ta_slot        slots[SESSIONS];
static ta_table       table;
static ta_auth        auth;
static ta_pair        pair;

/* ---- the serial line --------------------------------------------------------------------------- */

static void say(const char *text) { board_write(text, strlen(text)); }

static void say_line(const char *a, const char *b)
{
    say(a);
    say(b);
    say("\n");
}

/* A line without its end, NUL-ended; one that is too long is dropped as a whole. */
static bool read_line(size_t *len)
{
    bool fits = true;
    char c;
    *len = 0;
    while (board_read(&c)) {
        if (c == '\r') continue;
        if (c == '\n' && !fits) { say("too long\n");  *len = 0;  fits = true;  continue; }
        if (c == '\n') { line[*len] = '\0';  return true; }
        fits = fits && *len < LINE - 1;
        if (fits) line[(*len)++] = c;
    }
    return false;
}

/* ---- FLASH: two sectors, written in turn -------------------------------------------------------------
   A write that the power interrupts leaves the other sector alone, whose digest then is the newest good one.
   Logins, logouts and every second refresh are written, the time once a day, and nothing twice. So what a
   client can cost is one write in each WINDOW_S, if it never stops: a chip of 100,000 erasures, two sectors in
   turn, lasts four and a half months of that, and 50 years at ten writes a day. */

#define DIGEST   8                      /* bytes of SHA-256 behind the image: finds a torn write */
#define KEEP_S   TA_DAYS(7)             /* what was written longer ago is not resumed */
#define IDLE_S   TA_DAYS(14)            /* a session that nobody refreshes for so long is over */
#define WINDOW_S 60                     /* a refresh token is replaced once in it at most */

typedef struct head {                   /* in front of the snapshot */
    uint32_t sequence, len;
    int64_t  time;                      /* TIME: the clock never starts before it */
} head;

static uint8_t  image[SECTOR];
static uint8_t  saved[DIGEST];          /* of the snapshot that flash has */
static int64_t  saved_at;
static uint32_t sequence;
static bool     unsaved;                /* a refresh is not in flash; allow_ahead takes one */

static bool sector_read(unsigned sector, head *h)
{
    uint8_t digest[TA_SHA256_SIZE];
    if (!board_flash_read(sector, image)) return false;
    memcpy(h, image, sizeof *h);
    if (h->len > SECTOR - sizeof *h - DIGEST) return false;
    ta_sha256_once(image, sizeof *h + h->len, digest);
    return memcmp(image + sizeof *h + h->len, digest, DIGEST) == 0;
}

static bool sector_write(size_t len)    /* of the snapshot in image */
{
    uint8_t digest[TA_SHA256_SIZE];
    head h = {0, 0, 0};
    h.sequence = sequence + 1;
    h.len = (uint32_t)len;
    h.time = now;
    memcpy(image, &h, sizeof h);
    ta_sha256_once(image, sizeof h + len, digest);
    memcpy(image + sizeof h + len, digest, DIGEST);
    if (!board_flash_write(h.sequence % 2, image, sizeof h + len + DIGEST)) return false;
    sequence++;
    return true;
}

static bool table_save(void)
{
    uint8_t digest[TA_SHA256_SIZE];
    size_t slot = 0, n;
    if (ta_table_save(&table, &slot, image + sizeof(head), SECTOR - sizeof(head) - DIGEST, &n) != TA_OK
        || slot != 0) return false;
    ta_sha256_once(image + sizeof(head), n, digest);
    if (memcmp(digest, saved, DIGEST) != 0 || now - saved_at >= TA_DAYS(1)) {
        if (!sector_write(n)) return false;
        memcpy(saved, digest, DIGEST);
        saved_at = now;
    }
    unsaved = false;
    return true;
}

/* The sector that is newest and whole; -1: none. */
static int newest_sector(head *h)
{
    head other;
    bool even = sector_read(0, h), odd = sector_read(1, &other);
    if (!odd) return even ? 0 : -1;
    if (even && h->sequence > other.sequence) return 0;
    *h = other;
    return 1;
}

/* At start: the clock is no earlier than what flash says. */
static void time_restore(void)
{
    head h;
    if (newest_sector(&h) < 0) return;
    sequence = h.sequence;
    saved_at = h.time;
    if (h.time > now) now = h.time;
}

/* When the time is known, for a snapshot's age counts: since it was written. (ta_table_load looks at the newest
   change in it, which says nothing after a quiet week.) One that may not be resumed still says who was logged
   out. */
static void table_restore(void)
{
    head h;
    int sector = newest_sector(&h);
    if (sector < 0 || !sector_read((unsigned)sector, &h)) { say("no sessions in flash\n");  return; }
    if (now - h.time <= KEEP_S
        && ta_table_load(&table, image + sizeof h, h.len, now, TA_LOAD_RESUME, IDLE_S) == TA_OK) {
        say("sessions resumed\n");
    } else if (ta_table_load(&table, image + sizeof h, h.len, now, TA_LOAD_REVOKE_ALL, 0) == TA_OK) {
        say("sessions revoked\n");
    } else {
        say("sessions lost\n");
    }
}

/* ---- RANDOM, keys ---------------------------------------------------------------------------------- */

static ta_status from_chip(void *ctx, void *out, size_t len)
{
    (void)ctx;
    return board_random(out, len) ? TA_OK : TA_ERR_RANDOM;
}

/* A session that was behind flash caught up: at the next cut it must not be two behind. */
static void on_event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    (void)s;
    if (what == TA_EVENT_ROLLBACK) unsaved = true;
}

/* A device gets a secret of its own when it is made, in protected flash or fuses. Not this one. */
static ta_status start(void)
{
    static const char secret[] = "only for the gate in the example";
    ta_auth_config cfg = TA_ZERO;
    ta_status st = ta_key_derive(&access_key, secret, sizeof secret - 1, "access", NULL);
    if (st == TA_OK) st = ta_key_derive(&refresh_key.key, secret, sizeof secret - 1, "refresh", NULL);
    if (st == TA_OK) st = ta_table_init(&table, slots, SESSIONS);
    if (st == TA_OK) st = from_chip(NULL, &table.seed, sizeof table.seed);      /* or names could be made to meet */
    if (st != TA_OK) return st;
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "gate-7";
    cfg.audience          = "gate-7";
    cfg.store             = ta_table_store(&table);
    cfg.allow_ahead       = 1;
    cfg.idle_s            = IDLE_S;
    cfg.window_s          = WINDOW_S;
    cfg.event             = on_event;
    cfg.check_sessions    = true;       /* a logout counts at once: there is but one machine to ask */
    cfg.random            = from_chip;
    return ta_auth_init(&auth, &cfg);
}

/* ---- TIME: the network's, never backwards. A clock that is merely remembered opens nothing --------
   Between two `time` a device counts on with its tick; this one stands still, so that its dialogue is the same
   each time it is held. */

static bool time_is_known;

static void do_time(const char *text, size_t len)
{
    int64_t told;
    ta_json v;
    v.text = text;
    v.len = len;
    if (ta_json_int(v, &told) != TA_OK || told < now) {
        say("time refused: it was later already\n");
        return;
    }
    now = told;
    say("time set\n");
    if (!time_is_known) table_restore();
    time_is_known = true;
    if (now - saved_at >= TA_DAYS(1) && !table_save()) say("not in flash\n");
}

/* ---- the commands ------------------------------------------------------------------------------------- */

static void refused(ta_status st) { say_line("refused: ", ta_status_name(st)); }

static void say_pair(void)
{
    say_line("access  ", pair.access);
    say_line("refresh ", pair.refresh);
    ta_wipe(&pair, sizeof pair);
}

static void do_login(const char *name)
{
    ta_status st = time_is_known ? ta_login(&auth, name, now, NULL, &pair) : TA_ERR_CLOCK;
    if (st != TA_OK) { refused(st);  return; }
    if (!table_save()) say("not in flash\n");
    say("welcome\n");
    say_pair();
}

/* The token is decoded where it lies: no second buffer. */
static void do_open(char *token, size_t len)
{
    char name[TOKENAUTH_RECORD_TEXT + 1];
    size_t n;
    ta_jwt jwt;
    ta_status st = time_is_known ? ta_check(&auth, token, len, now, token, len, &jwt) : TA_ERR_CLOCK;
    if (st == TA_OK) st = ta_json_string(jwt.sub, name, sizeof name, &n);
    if (st == TA_OK) say_line("open for ", name);
    else refused(st);
}

/* The answer may be lost with the power, and the client come back when the window is over. With the key that it
   sent before it gets the same pair all the same. */
static void do_refresh(const char *token, size_t len)
{
    ta_refresh_opts opts = TA_ZERO;
    uint8_t key[TA_BYTES_CAP(22)];
    size_t end = 0, n = 0;
    ta_status st;
    bool save;
    while (end < len && token[end] != ' ') end++;
    if (end < len && ta_base64url_decode(token + end + 1, len - end - 1, key, sizeof key, &n) == TA_OK && n == 16)
        opts.retry_key = key;
    st = time_is_known ? ta_refresh(&auth, token, end, now, &opts, &pair) : TA_ERR_CLOCK;
    save = st == TA_ERR_REPLAY || st == TA_ERR_AHEAD || (st == TA_OK && unsaved);
    unsaved = unsaved || st == TA_OK;
    if (save && !table_save()) say("not in flash\n");
    if (st != TA_OK) { refused(st);  return; }
    say("refreshed\n");
    say_pair();
}

static void do_logout(const char *token, size_t len)
{
    ta_status st = time_is_known ? ta_logout(&auth, token, len, now) : TA_ERR_CLOCK;
    if (st != TA_OK) { refused(st);  return; }
    say(table_save() ? "goodbye\n" : "goodbye, but not in flash\n");
}

static bool is(const char *command, size_t len)
{
    return strlen(command) == len && memcmp(line, command, len) == 0;
}

static void obey(size_t len)
{
    size_t word = 0, at;
    while (word < len && line[word] != ' ') word++;
    at = word < len ? word + 1 : len;
    if      (is("time", word))    do_time(line + at, len - at);
    else if (is("login", word))   do_login(line + at);
    else if (is("open", word))    do_open(line + at, len - at);
    else if (is("refresh", word)) do_refresh(line + at, len - at);
    else if (is("logout", word))  do_logout(line + at, len - at);
    else if (is("cut", word))     board_power_off();
    else if (len > 0)             say("what?\n");
}

int gate_main(void)
{
    size_t len;
    now = BUILT;
    if (start() != TA_OK) { say("no start\n");  return 1; }
    say("gate-7\n");
    time_restore();
    while (read_line(&len)) obey(len);
    return 0;
}
