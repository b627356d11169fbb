/* server.c - the demo server: options, start, stop. Its HTTP interface is described in README.md.
   Learn: what belongs around tokenauth.h in a real program: where the secret is kept, what a restart may
          not forget, what is bounded, what is logged.
   Build: make server     (cc -O2 -o build/server examples/server/[a-z]*.c -pthread)   Tests: tests/server.sh

   Read in this order: routes.c what the paths do · users.c passwords · store.c where sessions are kept ·
   http.c the parser and the loop, which know nothing of tokens. */
#define TOKENAUTH_IMPLEMENTATION
#include "app.h"
#include "files.h"
#include "log.h"
#include "page.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECRET_SIZE 32u
#define GRACE_MS    5000
#define SWEEP_MOST  1000

/* ============================================================================
   Options
   ========================================================================== */

static struct options {
    const char *address, *www, *data, *store, *seed_users, *origin, *log;
    long        port, capacity, connections, pbkdf2, max_sessions, drop;
    int32_t     access_s, idle_s, absolute_s, window_s, retry_s, request_s;
    bool        http_cookie, stateless, debug, help;
} opt = {.address = "127.0.0.1", .port = 8080, .capacity = 20000, .connections = HTTP_MAX_CONNECTIONS,
         .pbkdf2 = PASSWORD_ITERATIONS, .max_sessions = 16, .request_s = 10};

typedef enum kind { TEXT, NUMBER, SECONDS, FLAG } kind;

static const struct option {
    const char *name, *arg;             /* arg NULL: a flag */
    kind        kind;
    void       *to;
    long        least, most;            /* of a number */
    const char *help;
} options[] = {
    {"--port", "N", NUMBER, &opt.port, 0, 65535,
        "the port (8080); 0: any free one"},
    {"--address", "A", TEXT, &opt.address, 0, 0,
        "listen there (127.0.0.1); another than loopback wants --origin"},
    {"--origin", "URL", TEXT, &opt.origin, 0, 0,
        "what browsers call it behind a proxy, \"https://id.example\"; wants --seed-users"},
    {"--www", "DIR", TEXT, &opt.www, 0, 0,
        "where index.html, app.js, style.css are (beside this source file)"},
    {"--data", "DIR", TEXT, &opt.data, 0, 0,
        "keep secret, users and sessions there; without: all ends with the process"},
    {"--store", "WHAT", TEXT, &opt.store, 0, 0,
        "where sessions are kept: memory; with --data memory:FILE (DIR/sessions), journal:FILE"},
    {"--seed-users", "FILE", TEXT, &opt.seed_users, 0, 0,
        "users of a first start, lines \"name password [admin]\" (alice, bob, admin)"},
    {"--log", "FILE", TEXT, &opt.log, 0, 0,
        "security events, one JSON object per line (standard error)"},
    {"--access", "D", SECONDS, &opt.access_s, 0, 0,
        "an access token lives so long: 90s, 15m (15m)"},
    {"--idle", "D", SECONDS, &opt.idle_s, 0, 0,
        "a session ends when it is not used for so long (14d)"},
    {"--absolute", "D", SECONDS, &opt.absolute_s, 0, 0,
        "a session ends so long after its login (90d)"},
    {"--window", "D", SECONDS, &opt.window_s, 0, 0,
        "a spent token is answered alike for so long, 1s to 5m; 0: never (10s)"},
    {"--retry", "D", SECONDS, &opt.retry_s, 0, 0,
        "the same with a retry key; 0: never (1d)"},
    {"--max-sessions", "N", NUMBER, &opt.max_sessions, 1, 32,
        "devices per user; the least used one makes room (16)"},
    {"--stateless", NULL, FLAG, &opt.stateless, 0, 0,
        "do not look at the session when an access token comes: only the deny-list"},
    {"--http-cookie", NULL, FLAG, &opt.http_cookie, 0, 0,
        "cookies without Secure and __Host-: for browsers that want https even here"},
    {"--pbkdf2", "N", NUMBER, &opt.pbkdf2, 1, 100000000,
        "rounds of PBKDF2 for new passwords (600000)"},
    {"--capacity", "N", NUMBER, &opt.capacity, 1, 10000000,
        "sessions there is room for in memory (20000)"},
    {"--connections", "N", NUMBER, &opt.connections, 1, HTTP_MAX_CONNECTIONS,
        "at once (1200, the most)"},
    {"--request-time", "D", SECONDS, &opt.request_s, 0, 0,
        "a request must have arrived by then (10s)"},
    {"--debug", NULL, FLAG, &opt.debug, 0, 0,
        "faults on demand under /debug, this machine only: NOT for other people's tokens"},
    {"--drop-refresh-responses", "N", NUMBER, &opt.drop, 0, 1000,
        "lose the first N answers to refreshes, this machine only"},
    {"--help", NULL, FLAG, &opt.help, 0, 0,
        "this list"},
};

#define OPTIONS (sizeof options / sizeof options[0])

static void print_help(void)
{
    size_t i;
    printf("usage: server [option...]\n\n"
           "A login server on tokenauth.h. Its interface: examples/server/README.md\n\n");
    for (i = 0; i < OPTIONS; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", options[i].name, options[i].arg == NULL ? "" : options[i].arg);
        printf("  %-27s %s\n", left, options[i].help);
    }
}

static void complain(const char *what, const char *problem)
{
    fprintf(stderr, "server: %s: %s\n", what, problem);
}

static bool read_number(const struct option *o, const char *text)
{
    char *end;
    long n;
    errno = 0;
    n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || n < o->least || n > o->most) {
        fprintf(stderr, "server: %s %s: a number from %ld to %ld is wanted\n",
                o->name, text, o->least, o->most);
        return false;
    }
    *(long *)o->to = n;
    return true;
}

/* 0 means "never" here, but the default in ta_auth_config. */
static bool read_seconds(const struct option *o, const char *text)
{
    int32_t s;
    if (ta_seconds(text, strlen(text), &s) != TA_OK) {
        fprintf(stderr, "server: %s %s: a duration is wanted, such as 90s, 15m, 12h, 30d\n", o->name, text);
        return false;
    }
    *(int32_t *)o->to = s == 0 ? TA_NONE : s;
    return true;
}

static bool take(const struct option *o, const char *text)
{
    switch (o->kind) {
    case FLAG:    *(bool *)o->to = true; return true;
    case NUMBER:  return read_number(o, text);
    case SECONDS: return read_seconds(o, text);
    case TEXT:    break;
    }
    *(const char **)o->to = text;
    return true;
}

static const struct option *find_option(const char *name)
{
    size_t i;
    for (i = 0; i < OPTIONS; i++) {
        if (strcmp(options[i].name, name) == 0) return &options[i];
    }
    return NULL;
}

static bool read_options(int argc, char **argv)
{
    int i;
    for (i = 1; i < argc; i++) {
        const struct option *o = find_option(argv[i]);
        if (o == NULL) { complain(argv[i], "no such option, see --help"); return false; }
        if (o->kind != FLAG && i + 1 == argc) { complain(argv[i], "wants a value"); return false; }
        if (!take(o, o->kind == FLAG ? NULL : argv[++i])) return false;
    }
    return true;
}

static bool is_loopback(const char *address)
{
    return strcmp(address, "::1") == 0 || strncmp(address, "127.", 4) == 0;
}

/* The host of an origin, or NULL when it is none. The port behind it may be missing: *port is "" then. */
static const char *host_of(const char *origin, size_t *len, const char **port)
{
    bool https = strncmp(origin, "https://", 8) == 0;
    const char *host = https ? origin + 8 : strncmp(origin, "http://", 7) == 0 ? origin + 7 : "";
    const char *colon = strrchr(host, ':');
    if (colon != NULL && strchr(colon, ']') != NULL) colon = NULL;      /* within [::1] */
    *port = colon == NULL ? "" : colon + 1;
    *len  = colon == NULL ? strlen(host) : (size_t)(colon - host);
    return *len > 0 && strcmp(*port, https ? "443" : "80") != 0 ? host : NULL;
}

/* As a browser writes it, which is how it is compared. */
static bool is_origin(const char *text)
{
    static const char host_has[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_[:]";
    const char *port, *host;
    size_t len;
    host = host_of(text, &len, &port);
    if (host == NULL || strspn(host, host_has) != strlen(host) || strlen(text) >= 120) return false;
    return port[strspn(port, "0123456789")] == '\0' && (host[len] == ':') == (port[0] != '\0');
}

/* It is not enough to listen on loopback: an origin elsewhere says that a proxy lets the world in. */
static bool is_private(void)
{
    static const char *const ours[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *port, *host;
    size_t i, len;
    if (opt.origin == NULL || !is_loopback(opt.address)) return is_loopback(opt.address);
    host = host_of(opt.origin, &len, &port);
    for (i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strlen(ours[i]) == len && memcmp(ours[i], host, len) == 0) return true;
    }
    return false;
}

/* Demo passwords stand in the source: nobody but this machine may try them. */
static const char *misfit(void)
{
    if (opt.origin != NULL && !is_origin(opt.origin)) {
        return "--origin is https://HOST or http://HOST, as browsers write it: in small letters, "
            "no port that goes without saying, no slash after it";
    }
    if (opt.request_s < 1 || opt.request_s > TA_MINUTES(10)) return "--request-time is 1s to 10m";
    if (is_private()) return NULL;
    if (opt.origin == NULL) return "wants --origin, so that requests of other sites can be told";
    if (opt.seed_users == NULL) return "wants --seed-users: the passwords of the demo users are public";
    return opt.debug || opt.drop > 0 ? "no --debug there" : NULL;
}

static bool options_fit(void)
{
    const char *problem = misfit();
    if (problem != NULL) complain(opt.origin != NULL ? opt.origin : opt.address, problem);
    return problem == NULL;
}

/* ============================================================================
   The data directory
   ========================================================================== */

static char users_path[PATH_CAP], store_text[PATH_CAP + 16];

static bool path_in_data(char *out, size_t cap, const char *before, const char *name)
{
    int n = snprintf(out, cap, "%s%s/%s", before, opt.data, name);
    return n > 0 && (size_t)n < PATH_CAP;
}

/* Two servers in one directory would each keep half of the sessions. The lock ends with the process. */
static const char *lock_data(void)
{
    char path[PATH_CAP];
    struct flock all;
    int fd;
    if (mkdir(opt.data, 0700) != 0 && errno != EEXIST) return "cannot be made";
    if (!path_in_data(path, sizeof path, "", "lock")) return "is too long a name";
    fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0) return "cannot be written to";
    memset(&all, 0, sizeof all);
    all.l_type   = F_WRLCK;
    all.l_whence = SEEK_SET;
    return fcntl(fd, F_SETLK, &all) == 0 ? NULL : "is in use by another server";
}

static const char *make_secret(const char *path, uint8_t secret[SECRET_SIZE])
{
    new_file f;
    if (ta_random(secret, SECRET_SIZE) != TA_OK) return "no random numbers";
    if (path == NULL) return NULL;
    if (!new_file_begin(&f, path)) return "the secret cannot be written";
    setvbuf(f.stream, NULL, _IONBF, 0);         /* no copy of it in a buffer */
    fwrite(secret, 1, SECRET_SIZE, f.stream);
    return new_file_end(&f) ? NULL : "the secret cannot be written";
}

/* With a data directory the secret outlives the process: sessions hang on it. */
static const char *read_secret(uint8_t secret[SECRET_SIZE])
{
    char path[PATH_CAP];
    uint8_t *text;
    size_t len;
    if (opt.data == NULL) return make_secret(NULL, secret);
    if (!path_in_data(path, sizeof path, "", "secret")) return "is too long a name";
    text = file_read(path, SECRET_SIZE, &len);
    if (text == NULL && len == 0) return make_secret(path, secret);
    if (text == NULL || len != SECRET_SIZE) {
        free(text);
        return "the file secret is not 32 bytes";
    }
    memcpy(secret, text, SECRET_SIZE);
    ta_wipe(text, SECRET_SIZE);
    free(text);
    return NULL;
}

static bool complain_line(const char *file, unsigned line, const char *problem)
{
    if (problem == NULL) return true;
    if (line > 0) fprintf(stderr, "server: %s, line %u: %s\n", file, line, problem);
    else complain(file, problem);
    return false;
}

/* The secret is made after the users. Where it lies alone they were lost, and the demo users, whose passwords
   are public, must not take their place. Who names others with --seed-users means to begin with those. */
static const char *find_users(bool *there)
{
    char secret[PATH_CAP];
    *there = access(users_path, F_OK) == 0;
    if (*there) return NULL;
    if (errno != ENOENT) return "cannot be looked for";
    if (opt.seed_users != NULL) return NULL;
    if (!path_in_data(secret, sizeof secret, "", "secret")) return "is too long a name";
    if (access(secret, F_OK) != 0) return errno == ENOENT ? NULL : "cannot be looked for";
    return "is lost, but the file secret is there: bring it back, or give --seed-users";
}

/* Those of the data directory; at the first start those to begin with. */
static bool fill_users(users *all, bool there)
{
    unsigned line = 0;
    const char *problem;
    if (there) {
        problem = users_load(all, users_path, &line);
        return complain_line(users_path, line, problem);
    }
    if (opt.seed_users == NULL) return complain_line("users", 0, users_seed_demo(all));
    problem = users_seed(all, opt.seed_users, &line);
    return complain_line(opt.seed_users, line, problem);
}

static bool read_users(app *a)
{
    bool there = false;
    if (users_init(&a->users, (uint32_t)opt.pbkdf2) != TA_OK) {
        return complain_line("users", 0, "no random numbers");
    }
    if (opt.data != NULL) {
        if (!path_in_data(users_path, sizeof users_path, "", "users")) {
            return complain_line(opt.data, 0, "is too long a name");
        }
        a->users_file = users_path;
        if (!complain_line(users_path, 0, find_users(&there))) return false;
    }
    if (!fill_users(&a->users, there)) return false;
    if (!is_private() && users_have_demo(&a->users)) {
        return complain_line("users", 0, "one has the password of a demo user, which is public");
    }
    return there || a->users_file == NULL || complain_line(users_path, 0, users_save(&a->users, users_path));
}

/* ============================================================================
   Start
   ========================================================================== */

static app            the_app;
static ta_key         access_key;
static ta_refresh_key refresh_key;
static ta_deny_slot   deny_slots[DENY_SLOTS];

/* What it makes of the cookies: see README.md, "Cookies". */
static void name_cookies(app *a)
{
    a->refresh_cookie.name     = opt.http_cookie ? "refresh" : "__Host-refresh";
    a->fingerprint_cookie.name = opt.http_cookie ? "fingerprint" : "__Host-fingerprint";
    a->refresh_cookie.allow_http = a->fingerprint_cookie.allow_http = opt.http_cookie;
}

static void fill_config(app *a, ta_auth_config *cfg)
{
    cfg->keys              = ta_keys_of(&access_key, 1);
    cfg->refresh_keys      = &refresh_key;
    cfg->refresh_key_count = 1;
    cfg->issuer            = "tokenauth-demo";
    cfg->audience          = "tokenauth-demo-api";
    cfg->access_s          = opt.access_s;
    cfg->idle_s            = opt.idle_s;
    cfg->absolute_s        = opt.absolute_s;
    cfg->window_s          = opt.window_s;
    cfg->retry_s           = opt.retry_s;
    cfg->max_sessions      = (uint16_t)opt.max_sessions;
    cfg->check_sessions    = !opt.stateless;
    cfg->deny              = &a->deny;
    cfg->ctx               = a;
    cfg->user              = app_user;
    cfg->event             = app_event;
}

/* The deny-list does not outlive the process. So what was issued before the start is refused: each client
   refreshes once, and no access token that was taken back is good again. iat counts whole seconds: the next
   one must have begun. */
static void deny_the_past(app *a)
{
    const struct timespec a_moment = {0, 10000000};
    time_t start = time(NULL);
    while (opt.data != NULL && time(NULL) == start) nanosleep(&a_moment, NULL);
    ta_deny_before(&a->deny, (int64_t)time(NULL));
}

static const char *start_auth(app *a, int64_t now)
{
    ta_auth_config cfg = TA_ZERO;
    uint8_t secret[SECRET_SIZE];
    const char *said, *problem = read_secret(secret);
    if (problem != NULL) return problem;
    if (ta_key_derive(&access_key, secret, sizeof secret, "access", NULL) != TA_OK ||
        ta_key_derive(&refresh_key.key, secret, sizeof secret, "refresh", NULL) != TA_OK ||
        ta_random(a->throttle_key, sizeof a->throttle_key) != TA_OK ||
        ta_deny_init(&a->deny, deny_slots, DENY_SLOTS) != TA_OK) problem = "no keys";
    ta_wipe(secret, sizeof secret);
    if (problem == NULL) deny_the_past(a);
    fill_config(a, &cfg);
    if (problem == NULL) {
        problem = open_store(opt.store, (size_t)opt.capacity, now, opt.idle_s > 0 ? opt.idle_s : TA_DAYS(14),
                             &cfg.store, &said);
    }
    if (problem != NULL) return problem;
    if (said != NULL) printf("%s\n", said);
    if (opt.debug) cfg.store = store_with_faults(cfg.store);
    return ta_auth_init(&a->auth, &cfg) == TA_OK ? NULL : "a duration is out of range: see --help";
}

static void on_signal(int number)
{
    (void)number;
    http_stop();
}

static void catch_signals(void)
{
    struct sigaction stop, ignore;
    memset(&stop, 0, sizeof stop);
    memset(&ignore, 0, sizeof ignore);
    stop.sa_handler   = on_signal;
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
#ifdef SIGXFSZ
    sigaction(SIGXFSZ, &ignore, NULL);  /* a file that may not grow: the write fails, and we go on */
#endif
}

/* A descriptor for each connection and a few more; the usual soft limit is 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)opt.connections + 32;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        fprintf(stderr, "server: only %lu files may be open here: fewer connections than asked for\n",
                (unsigned long)limit.rlim_cur);
    }
}

static void once_a_second(void *ctx)
{
    const app *a = (const app *)ctx;
    size_t done;
    ta_status st = a->auth.cfg.store.sweep == NULL ? TA_OK
        : a->auth.cfg.store.sweep(a->auth.cfg.store.ctx, (int64_t)time(NULL), SWEEP_MOST, &done);
    if (st != TA_OK) {
        log_entry e = TA_ZERO;
        e.event  = "sweep_failed";
        e.status = ta_status_name(st);
        log_write(&e);
    }
}

/* Everything from this origin, nothing inline, in no frame, and no other place to send anything to. */
static const char *fixed_headers(void)
{
    static char text[1024];
    bool https = opt.origin != NULL && strncmp(opt.origin, "https:", 6) == 0;
    snprintf(text, sizeof text, "%s%s",
             "Cache-Control: no-store\r\n"
             "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
             "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
             "require-trusted-types-for 'script'\r\n"
             "X-Content-Type-Options: nosniff\r\n"
             "X-Frame-Options: DENY\r\n"
             "Referrer-Policy: no-referrer\r\n"
             "Cross-Origin-Opener-Policy: same-origin\r\n"
             "Cross-Origin-Resource-Policy: same-origin\r\n",
             https ? "Strict-Transport-Security: max-age=31536000\r\n" : "");
    return text;
}

static bool open_http(app *a)
{
    http_config cfg;
    const char *problem;
    memset(&cfg, 0, sizeof cfg);
    cfg.address       = opt.address;
    cfg.port          = (unsigned)opt.port;
    cfg.request_ms    = (int)opt.request_s * 1000;
    cfg.idle_ms       = 60000;
    cfg.answer_ms     = 20000;
    cfg.connections   = (size_t)opt.connections;
    cfg.fixed_headers = fixed_headers();
    cfg.handler       = app_handle;
    cfg.tick          = once_a_second;
    cfg.ctx           = a;
    problem = http_open(&cfg, &a->port);
    if (problem == NULL) return true;
    fprintf(stderr, "server: %s port %ld: %s%s%s\n", opt.address, opt.port, problem,
            errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return false;
}

static void say_hello(const app *a)
{
    bool six = strchr(opt.address, ':') != NULL;
    size_t i;
    if (opt.origin != NULL) printf("tokenauth demo server: %s\n", opt.origin);
    printf("tokenauth demo server: http://%s%s%s:%u/\n", six ? "[" : "",
           strcmp(opt.address, "127.0.0.1") == 0 ? "localhost" : opt.address, six ? "]" : "", a->port);
    for (i = 0; i < a->users.count; i++) {
        const user *u = &a->users.list[i];
        if (u->shown[0] != '\0') printf("  user %-8s password %s\n", u->name, u->shown);
    }
    if (opt.debug) printf("  --debug: faults on demand, and a cookie for the asking\n");
    printf("  stop it with Ctrl-C\n");
    fflush(stdout);
}

/* ============================================================================
   main
   ========================================================================== */

/* The page beside this file, wherever the compiler found it. */
static const char *default_www(void)
{
    static char path[PATH_CAP];
    const char *slash = strrchr(__FILE__, '/');
    snprintf(path, sizeof path, "%.*swww", slash == NULL ? 0 : (int)(slash - __FILE__) + 1, __FILE__);
    return path;
}

static bool fill_in_options(void)
{
    if (opt.www == NULL) opt.www = default_www();
    if (opt.store != NULL) {
        bool keeps = strchr(opt.store, ':') != NULL;    /* with a FILE, or a database */
        return !keeps || opt.data != NULL ||
            complain_line("--store", 0, "wants --data, too: without its secret no session is any good");
    }
    opt.store = "memory";
    if (opt.data == NULL) return true;
    opt.store = store_text;
    return path_in_data(store_text, sizeof store_text, "memory:", "sessions") ||
        complain_line(opt.data, 0, "is too long a name");
}

/* The port first: when it is taken, nothing has happened yet. */
static bool start(app *a)
{
    const char *problem;
    if (!log_open(opt.log)) return complain_line(opt.log, 0, "cannot be written");
    problem = opt.data == NULL ? NULL : lock_data();
    if (problem != NULL) return complain_line(opt.data, 0, problem);
    raise_descriptor_limit();
    problem = page_load(opt.www);
    if (problem != NULL) return complain_line(opt.www, 0, "a page cannot be read");
    if (!page_is_there()) complain(opt.www, "the page is not there: --www DIR says where it is");
    if (!open_http(a)) return false;
    catch_signals();
    if (!read_users(a)) return false;
    snprintf(a->address, sizeof a->address, strchr(opt.address, ':') == NULL ? "%s" : "[%s]", opt.address);
    if (opt.origin != NULL) snprintf(a->origin, sizeof a->origin, "%s", opt.origin);
    a->debug = opt.debug;
    a->drop  = (unsigned long)opt.drop;
    name_cookies(a);
    return complain_line("sessions", 0, start_auth(a, (int64_t)time(NULL)));
}

/* Keeps the sessions, and leaves no secret behind. */
static bool stop(app *a)
{
    bool ok = complain_line("sessions", 0, close_store());
    page_free();
    if (!log_close()) ok = false;
    ta_wipe(a, sizeof *a);
    ta_wipe(&access_key, sizeof access_key);
    ta_wipe(&refresh_key, sizeof refresh_key);
    return ok;
}

/* Whoever starts us may have closed 0, 1 or 2. The next file or pipe would get that number, and what is
   printed would go into it. */
static bool have_standard_descriptors(void)
{
    int fd;
    do fd = open("/dev/null", O_RDWR); while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    bool ok;
    if (!have_standard_descriptors()) return 1;
    umask(077);                         /* log and data are for our eyes only */
    if (!read_options(argc, argv)) return 2;
    if (opt.help) {
        print_help();
        return 0;
    }
    if (!options_fit() || !fill_in_options()) return 2;
    ok = start(&the_app);
    if (ok) {
        say_hello(&the_app);
        http_run(GRACE_MS);
    }
    return stop(&the_app) && ok ? 0 : 1;
}
