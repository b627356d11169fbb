/* routes.c - what each path does. Read post_login, refresh and post_logout first: the rest is around them.

   Cross-site request forgery: a browser sends the refresh cookie with requests that another site made it
   send. Four things stop those, each by itself: SameSite=Strict; a Content-Type that no form can send (and
   no script of another site without asking first, which is answered with 405); Origin; Sec-Fetch-Site.
   The Host header is checked against a list, so that a name which an attacker points at 127.0.0.1 (DNS
   rebinding) does not become our own origin. */
#include "app.h"
#include "log.h"
#include "page.h"
#include "store.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define REALM        "tokenauth demo"
#define TEXT_CAP     128u               /* a name, a label, a token in a body; no good one is longer */
#define ADMIN        "admin"
#define COOKIE_TWICE "that cookie was sent twice"

typedef struct caller {                 /* whose access token it is */
    ta_jwt jwt;
    user  *user;
    char   sid[TA_SID_CAP];
    char   buf[TA_JWT_BUF(TA_ACCESS_CAP)];
} caller;

typedef struct call {                   /* what a handler is given */
    app                *app;
    const http_request *req;
    http_response      *res;
    ta_json             body;           /* checked, an object; {} if none was sent */
    caller              who;            /* where the path needs a Bearer */
} call;

typedef struct token {                  /* a refresh token that came with the request */
    const char *at;
    size_t      len;
    bool        in_body;
    char        copy[TEXT_CAP];
} token;

/* ============================================================================
   Log
   ========================================================================== */

static void note(const app *a, const char *event, const char *who, const char *sid, const char *detail)
{
    log_entry e = TA_ZERO;
    e.event  = event;
    e.user   = who;
    e.sid    = sid;
    e.peer   = a->peer;
    e.detail = detail;
    log_write(&e);
}

static void note_status(const app *a, const char *event, const char *who, ta_status st)
{
    log_entry e = TA_ZERO;
    e.event  = event;
    e.user   = who;
    e.peer   = a->peer;
    e.status = ta_status_name(st);
    log_write(&e);
}

void app_event(void *ctx, ta_event what, const ta_session *s)
{
    static const char *const names[] = {"?", "login", "window", "late_retry", "binding", "replay", "ahead",
                                        "rollback", "evicted", "ended_all"};
    size_t i = (size_t)what;
    note((const app *)ctx, names[i < sizeof names / sizeof names[0] ? i : 0], s->subject,
         s->sid[0] == '\0' ? NULL : s->sid, NULL);
}

/* ============================================================================
   Answers
   ========================================================================== */

static http_verdict fail(http_response *res, int status, const char *error, const char *message)
{
    http_error(res, status, error, message);
    return HTTP_DONE;
}

/* Ends an object that ta_json_begin has begun in res->scratch. */
static http_verdict finish(http_response *res, ta_json_writer *w, int status)
{
    size_t len;
    ta_json_put_close(w);
    if (ta_json_end(w, &len) != TA_OK || len + 1 >= sizeof res->scratch) {
        return fail(res, 500, "server_error", "the answer could not be written");
    }
    res->scratch[len] = '\n';
    res->body_len = len + 1;
    res->status   = status;
    return HTTP_DONE;
}

static void begin(http_response *res, ta_json_writer *w)
{
    ta_json_begin(w, res->scratch, sizeof res->scratch - 1);
    ta_json_put_object(w, NULL);
}

static void put_text(ta_json_writer *w, const char *name, const char *text)
{
    ta_json_put_string(w, name, text, strlen(text));
}

static http_verdict say_true(http_response *res, const char *name)
{
    ta_json_writer w;
    begin(res, &w);
    ta_json_put_bool(&w, name, true);
    return finish(res, &w, 200);
}

static void put_number_header(http_response *res, const char *name, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    http_put_header(res, name, text);
}

/* The headers that go with a failure: WWW-Authenticate with 400, 401 and 403, Retry-After with 503. */
static void put_failure_headers(http_response *res, ta_status st, int32_t retry_after_s)
{
    char challenge[160];
    size_t len;
    if (ta_www_authenticate(st, REALM, challenge, sizeof challenge, &len) != TA_OK) res->failed = true;
    else if (len > 0) http_put_header(res, "WWW-Authenticate", challenge);
    if (ta_http_code(st) == 503) put_number_header(res, "Retry-After", retry_after_s > 0 ? retry_after_s : 1);
}

static const char *error_word(ta_status st)
{
    const char *word = ta_http_error(st);
    return ta_http_code(st) == 401 ? "invalid_token" : word[0] == '\0' ? "server_error" : word;
}

/* Why is for the log, and for who learns with --debug; the client is told what to do. */
static void put_reason(const app *a, ta_json_writer *w, ta_status st)
{
    if (a->debug) put_text(w, "reason", ta_status_name(st));
}

static http_verdict refuse(call *c, ta_status st, const char *message)
{
    int code = ta_http_code(st);
    ta_json_writer w;
    put_failure_headers(c->res, st, 0);
    begin(c->res, &w);
    put_text(&w, "error", error_word(st));
    put_text(&w, "message", code == 503 ? "try again later" : message);
    put_reason(c->app, &w, st);
    return finish(c->res, &w, code);
}

static http_verdict refuse_credentials(http_response *res)
{
    put_failure_headers(res, TA_ERR_ABSENT, 0);
    return fail(res, 401, "invalid_credentials", "user name or password is wrong");
}

/* A good token that does not allow this, RFC 6750 3.1. */
static http_verdict refuse_scope(http_response *res)
{
    http_put_header(res, "WWW-Authenticate",
                    "Bearer realm=\"" REALM "\", error=\"insufficient_scope\", scope=\"" ADMIN "\"");
    return fail(res, 403, "insufficient_scope", "this is for administrators");
}

/* ============================================================================
   What came with the request
   ========================================================================== */

static bool read_body(call *c)
{
    bool empty = c->req->body.len == 0;
    ta_status st = ta_json_find(empty ? "{}" : c->req->body.at, empty ? 2 : c->req->body.len, "", &c->body);
    if (st == TA_OK && ta_json_kind(c->body) == TA_OBJECT) return true;
    fail(c->res, 400, "invalid_request",
         st == TA_OK ? "the body is no JSON object" : st == TA_ERR_DUPLICATE ? "a member stands there twice" :
         st == TA_ERR_LIMIT ? "the JSON is too deep or too wide" : "the body is not JSON");
    return false;
}

static void fail_member(http_response *res, const char *name, const char *problem)
{
    char message[96];
    snprintf(message, sizeof message, "%s %s", name, problem);
    fail(res, 400, "invalid_request", message);
}

/* A text that may be missing: then it is "". False: it is no text, or too long, and res says so. */
static bool want_text(call *c, const char *name, char *out, size_t cap)
{
    size_t len;
    ta_status st = ta_json_string(ta_json_at(c->body, name), out, cap, &len);
    if (st == TA_OK || st == TA_ERR_ABSENT) return true;
    fail_member(c->res, name, st == TA_ERR_SPACE ? "is too long"
                            : st == TA_ERR_NUL ? "holds U+0000" : "is no string");
    return false;
}

static bool need_text(call *c, const char *name, char *out, size_t cap)
{
    if (!want_text(c, name, out, cap)) return false;
    if (out[0] != '\0') return true;
    fail_member(c->res, name, "is missing or empty");
    return false;
}

static bool want_bool(call *c, const char *name, bool *out)
{
    ta_status st = ta_json_bool(ta_json_at(c->body, name), out);
    if (st == TA_OK || st == TA_ERR_ABSENT) return true;
    fail_member(c->res, name, "is neither true nor false");
    return false;
}

static ta_status find_cookie(const http_request *req, const char *name, const char **at, size_t *len)
{
    http_text header = http_find(req, "Cookie");
    return header.at == NULL ? TA_ERR_ABSENT : ta_cookie_get(header.at, header.len, name, at, len);
}

/* Only a browser adds these, always adds one to a POST, and lets no script take them out. It gets its refresh
   token in the cookie alone: a script that broke into the page cannot ask for it in the body. */
static bool is_browser(const http_request *req)
{
    return http_find(req, "Origin").at != NULL || http_find(req, "Sec-Fetch-Site").at != NULL;
}

static bool body_token(call *c, token *t)
{
    char other[TEXT_CAP];
    if (!want_text(c, "refresh_token", t->copy, sizeof t->copy)) return false;
    if (!want_text(c, "refreshToken", other, sizeof other)) return false;
    if (t->copy[0] != '\0' && other[0] != '\0') {
        fail(c->res, 400, "invalid_request", "refresh_token and refreshToken are the same");
        return false;
    }
    if (other[0] != '\0') memcpy(t->copy, other, sizeof other);
    ta_wipe(other, sizeof other);
    t->at  = t->copy;
    t->len = strlen(t->copy);
    t->in_body = t->len > 0;
    return true;
}

/* The refresh token from the body, else from the cookie; *st is TA_ERR_ABSENT when there is none. False:
   the request is malformed, and res says so. */
static bool find_token(call *c, token *t, ta_status *st)
{
    memset(t, 0, sizeof *t);
    *st = TA_OK;
    if (!body_token(c, t)) return false;
    if (t->in_body) return true;
    *st = find_cookie(c->req, c->app->refresh_cookie.name, &t->at, &t->len);
    if (*st != TA_ERR_DUPLICATE) return true;
    fail(c->res, 400, "invalid_request", COOKIE_TWICE);
    return false;
}

/* 16 bytes as base64url, from the body or the header. *there: there is one. False: it is malformed. */
static bool find_retry_key(call *c, uint8_t key[16], bool *there)
{
    http_text header = http_find(c->req, "Refresh-Retry-Key");
    char text[TEXT_CAP];
    uint8_t bytes[TA_BYTES_CAP(TEXT_CAP)];
    size_t len;
    if (!want_text(c, "retryKey", text, sizeof text)) return false;
    *there = text[0] != '\0' || header.at != NULL;
    if (!*there) return true;
    if (text[0] != '\0') {
        header.at  = text;
        header.len = strlen(text);
    }
    if (header.len < TEXT_CAP && ta_base64url_decode(header.at, header.len, bytes, sizeof bytes,
                                                     &len) == TA_OK &&
        len == 16) {
        memcpy(key, bytes, 16);
        return true;
    }
    fail(c->res, 400, "invalid_request", "the retry key is not 16 bytes of base64url");
    return false;
}

/* ---- the access token --------------------------------------------------------------------------- */

static ta_status check_fingerprint(const app *a, const ta_jwt *jwt)
{
    ta_status st = ta_fingerprint_check(jwt, a->fingerprint == NULL ? "" : a->fingerprint,
                                        a->fingerprint_len);
    return st == TA_ERR_MISSING ? TA_OK : st;       /* this session is not bound to a browser */
}

static ta_status check_caller(call *c, const char *access, size_t len)
{
    char subject[TOKENAUTH_RECORD_TEXT + 1];
    size_t n;
    ta_status st = len < TA_ACCESS_CAP ? TA_OK : TA_ERR_LIMIT;
    if (st == TA_OK) {
        st = ta_check(&c->app->auth, access, len, c->app->now, c->who.buf, sizeof c->who.buf, &c->who.jwt);
    }
    if (st == TA_OK) st = check_fingerprint(c->app, &c->who.jwt);
    if (st == TA_OK) st = ta_json_string(c->who.jwt.sub, subject, sizeof subject, &n);
    if (st == TA_OK) st = ta_json_string(c->who.jwt.sid, c->who.sid, sizeof c->who.sid, &n);
    if (st != TA_OK) return st;
    c->who.user = users_find(&c->app->users, subject);
    if (c->who.user == NULL) return TA_ERR_USER_CHANGED;
    return c->who.user->suspended ? TA_ERR_SUSPENDED : TA_OK;
}

/* Whose access token came; c->who.user is NULL if none that is good. */
static ta_status find_caller(call *c)
{
    http_text header = http_find(c->req, "Authorization");
    const char *access;
    size_t len;
    ta_status st = header.at == NULL ? TA_ERR_ABSENT : ta_bearer(header.at, header.len, &access, &len);
    if (st == TA_OK) st = check_caller(c, access, len);
    if (st != TA_OK) c->who.user = NULL;
    return st;
}

static bool authorize(call *c, bool admin)
{
    ta_status st = find_caller(c);
    if (st != TA_OK) {
        if (st != TA_ERR_ABSENT && st != TA_ERR_EXPIRED) note_status(c->app, "access_refused", NULL, st);
        refuse(c, st, "the access token is missing or no longer good");
        return false;
    }
    if (!admin || ta_json_has(ta_json_at(c->who.jwt.claims, "roles"), TA_LIT(ADMIN))) return true;
    note(c->app, "admin_refused", c->who.user->name, c->who.sid, NULL);
    refuse_scope(c->res);
    return false;
}

/* When the list is full, every access token there is ends: a refresh each, and nobody is logged out. */
static void deny(app *a, const ta_jwt *jwt)
{
    if (ta_deny_add(&a->deny, jwt, a->now) != TA_ERR_FULL) return;
    ta_deny_before(&a->deny, a->now + 1);
    note(a, "deny_list_full", NULL, NULL, NULL);
}

/* ============================================================================
   Passwords: not more than a few guesses, whether or not the name exists
   ========================================================================== */

#define FREE_GUESSES 5u
#define LONGEST_WAIT 30

static throttle *throttle_of(app *a, const char *name)
{
    uint8_t mac[TA_SHA256_SIZE];
    throttle *t;
    ta_hmac_sha256(a->throttle_key, sizeof a->throttle_key, name, strlen(name), mac);
    t = &a->throttles[(mac[0] * 256u + mac[1]) % THROTTLE_SLOTS];
    if (a->now > t->until + TA_MINUTES(5)) t->failures = 0;
    return t;
}

static void count_failure(app *a, const char *name)
{
    throttle *t = throttle_of(a, name);
    unsigned over;
    t->failures++;
    t->until = a->now;
    if (t->failures < FREE_GUESSES) return;
    over = t->failures - FREE_GUESSES;
    t->until += over < 5 ? INT64_C(1) << over : LONGEST_WAIT;
}

static bool is_throttled(call *c, const char *name)
{
    const throttle *t = throttle_of(c->app, name);
    if (t->failures < FREE_GUESSES || c->app->now >= t->until) return false;
    put_number_header(c->res, "Retry-After", t->until - c->app->now);
    note(c->app, "login_throttled", NULL, NULL, NULL);
    fail(c->res, 429, "slow_down", "too many wrong passwords for that name: wait a moment");
    return true;
}

/* The record is copied: what the password is checked against, the session is bound to. */
static void begin_check(app *a, const user *u, const char *password)
{
    a->job_user    = u != NULL ? *u : a->users.nobody;
    a->job_checked = false;
    password_begin(&a->job, password, strlen(password), a->job_user.salt, a->job_user.iterations);
    a->job.spare = users_rounds(&a->users) - a->job_user.iterations;
}

static bool is_right(app *a)
{
    bool right = ta_equal(a->job.hash, a->job_user.hash, sizeof a->job.hash);
    ta_wipe(&a->job, sizeof a->job);
    return right;
}

/* ============================================================================
   Login
   ========================================================================== */

ta_status app_user(void *ctx, const ta_session *s, ta_user *out)
{
    app *a = (app *)ctx;
    const user *u = users_find(&a->users, s->subject);
    char claim[TA_FINGERPRINT_CAP] = "";
    bool bound = s->app[0] == 1;
    int n;
    if (a->must_be != NULL && strcmp(a->must_be, s->subject) != 0) return TA_ERR_SUBJECT;
    if (u == NULL) return TA_ERR_USER_CHANGED;
    if (u->suspended) return TA_ERR_SUSPENDED;
    if (bound) ta_fingerprint_claim(a->fingerprint == NULL ? "" : a->fingerprint, a->fingerprint_len, claim);
    n = snprintf(a->claims, sizeof a->claims, "{\"roles\":[\"user\"%s]%s%s%s}",
                 u->admin ? ",\"" ADMIN "\"" : "",
                 bound ? ",\"fingerprint\":\"" : "", claim, bound ? "\"" : "");
    user_salt(u, a->salt);
    out->salt     = a->salt;
    out->salt_len = sizeof a->salt;
    out->more     = a->claims;
    out->more_len = (size_t)n;
    memcpy(a->subject, s->subject, sizeof a->subject);
    return TA_OK;
}

static void put_cookie(http_response *res, const char *value, size_t len)
{
    if (len > 0) http_put_header(res, "Set-Cookie", value);
}

/* The access token in the body; the refresh token in a cookie, or in the body for who sent it there, or
   both for a client that is no browser and may have no cookies. */
static http_verdict answer_pair(call *c, int status, const char *name, bool in_body, const ta_pair *pair)
{
    const user *u = users_find(&c->app->users, name);
    char cookie[TA_COOKIE_CAP];
    ta_json_writer w;
    size_t len;
    if (!in_body) {
        if (ta_cookie_put(&c->app->refresh_cookie, pair, cookie, sizeof cookie, &len) != TA_OK) {
            c->res->failed = true;
        } else {
            put_cookie(c->res, cookie, len);
        }
        ta_wipe(cookie, sizeof cookie);
    }
    begin(c->res, &w);
    ta_json_put_string(&w, "accessToken", pair->access, pair->access_len);
    put_text(&w, "tokenType", "Bearer");
    ta_json_put_int(&w, "expiresIn", pair->access_s);
    put_text(&w, "username", name);
    put_text(&w, "sid", pair->sid);
    ta_json_put_array(&w, "roles");
    put_text(&w, NULL, "user");
    if (u != NULL && u->admin) put_text(&w, NULL, ADMIN);
    ta_json_put_close(&w);
    if (in_body || !is_browser(c->req)) {
        ta_json_put_string(&w, "refreshToken", pair->refresh, pair->refresh_len);
    }
    ta_json_put_int(&w, "refreshExpiresIn", pair->refresh_s);
    put_text(&w, "client", "set");
    return finish(c->res, &w, status);
}

static bool find_word(http_text in, const char *word)
{
    size_t i, len = strlen(word);
    for (i = 0; in.len >= len && i <= in.len - len; i++) {
        if (memcmp(in.at + i, word, len) == 0) return true;
    }
    return false;
}

static const char *first_of(http_text in, const char *const (*words)[2], const char *otherwise)
{
    size_t i;
    for (i = 0; words[i][0] != NULL; i++) {
        if (find_word(in, words[i][0])) return words[i][1];
    }
    return otherwise;
}

/* "Firefox on Linux" from a User-Agent, made of our own words. The order matters: each browser also says it
   is those further down. */
static void device_label(http_text agent, char *out, size_t cap)
{
    static const char *const browsers[][2] = {{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"},
        {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}, {NULL, NULL}};
    static const char *const systems[][2] = {{"Android", " on Android"}, {"iPhone", " on iPhone"},
                                             {"iPad", " on iPad"},
        {"Windows", " on Windows"}, {"Mac OS X", " on macOS"}, {"Linux", " on Linux"}, {NULL, NULL}};
    snprintf(out, cap, "%s%s", first_of(agent, browsers, "unknown client"), first_of(agent, systems, ""));
}

/* A new random fingerprint, and the cookie it goes into; the session, and each access token, is bound to
   it. The cookie is for who has logged in: it takes the place of another, to which a session may be bound. */
static bool bind_browser(call *c, char value[32], char cookie[TA_COOKIE_CAP], size_t *cookie_len)
{
    uint8_t random[16];
    size_t len;
    if (ta_random(random, sizeof random) != TA_OK) return false;
    if (ta_base64url_encode(random, sizeof random, value, 32, &len) != TA_OK) return false;
    if (ta_cookie_set(&c->app->fingerprint_cookie, value, len, c->app->auth.cfg.absolute_s, cookie,
                      TA_COOKIE_CAP, cookie_len) != TA_OK) {
        return false;
    }
    c->app->fingerprint     = value;
    c->app->fingerprint_len = len;
    return true;
}

/* The password was right. */
static http_verdict open_session(call *c, const char *label, bool bind)
{
    ta_login_opts opts = TA_ZERO;
    ta_session s = TA_ZERO;
    ta_user facts = TA_ZERO;
    ta_pair pair = TA_ZERO;
    char fingerprint[32], cookie[TA_COOKIE_CAP];
    size_t cookie_len = 0;
    ta_status st;
    if (bind && !bind_browser(c, fingerprint, cookie, &cookie_len)) {
        return fail(c->res, 500, "server_error", "no random numbers");
    }
    memcpy(s.subject, c->app->job_user.name, sizeof c->app->job_user.name);
    s.app[0] = opts.app[0] = bind;
    st = app_user(c->app, &s, &facts);
    user_salt(&c->app->job_user, c->app->salt);
    opts.label    = label;
    opts.salt     = c->app->salt;
    opts.salt_len = sizeof c->app->salt;
    opts.more     = facts.more;
    opts.more_len = facts.more_len;
    opts.client     = bind ? c->app->fingerprint : NULL;
    opts.client_len = bind ? c->app->fingerprint_len : 0;
    if (find_cookie(c->req, c->app->refresh_cookie.name, &opts.replaces, &opts.replaces_len) != TA_OK) {
        opts.replaces = NULL;
    }
    if (st == TA_OK) st = ta_login(&c->app->auth, s.subject, c->app->now, &opts, &pair);
    if (st == TA_OK) {
        put_cookie(c->res, cookie, cookie_len);
        answer_pair(c, 200, s.subject, false, &pair);
    } else {
        refuse(c, st, "the login failed");
    }
    ta_wipe(&pair, sizeof pair);
    return HTTP_DONE;
}

static http_verdict login_result(call *c, const char *name, const char *label, bool bind)
{
    char device[48];
    if (!is_right(c->app)) {
        count_failure(c->app, name);
        note(c->app, "login_failed", c->app->job_user.name[0] == '\0' ? NULL : c->app->job_user.name, NULL,
             c->app->job_user.name[0] == '\0' ? "unknown user" : "wrong password");
        return refuse_credentials(c->res);
    }
    throttle_of(c->app, name)->failures = 0;
    if (c->app->job_user.suspended) {
        note(c->app, "login_failed", c->app->job_user.name, NULL, "suspended");
        return fail(c->res, 403, "access_denied", "this account is suspended");
    }
    device_label(http_find(c->req, "User-Agent"), device, sizeof device);
    return open_session(c, label[0] == '\0' ? device : label, bind);
}

/* Called again and again until the password is checked; others have their turn in between. */
static http_verdict post_login(call *c)
{
    char name[TEXT_CAP], password[PASSWORD_MAX + 1], label[TEXT_CAP];
    bool bind = false;
    if (!need_text(c, "username", name, sizeof name)) return HTTP_DONE;
    if (!want_text(c, "label", label, sizeof label)) return HTTP_DONE;
    if (!want_bool(c, "bind", &bind)) return HTTP_DONE;
    if (!need_text(c, "password", password, sizeof password)) return HTTP_DONE;
    if (c->req->step == 1) begin_check(c->app, users_find(&c->app->users, name), password);
    ta_wipe(password, sizeof password);
    if (c->req->step <= 1 && is_throttled(c, name)) return HTTP_DONE;
    if (c->req->step == 0 || !password_work(&c->app->job, PASSWORD_SLICE)) return HTTP_AGAIN;
    return login_result(c, name, label, bind);
}

/* ============================================================================
   Refresh, logout
   ========================================================================== */

static const char *client_word(ta_client client)
{
    return client == TA_CLIENT_LOGIN ? "login" : client == TA_CLIENT_SET ? "set" :
           client == TA_CLIENT_CLEAR ? "clear" : "keep";
}

/* Every 401 of a refresh is the same to the client; which it was stands in the log. */
static http_verdict refuse_refresh(call *c, ta_status st, const ta_pair *pair)
{
    int code = ta_http_code(st);
    ta_client client = st == TA_ERR_ABSENT ? TA_CLIENT_LOGIN : pair->client;
    ta_json_writer w;
    put_failure_headers(c->res, st, pair->retry_after_s);
    begin(c->res, &w);
    put_text(&w, "error", code == 401 ? "invalid_grant" : error_word(st));
    put_text(&w, "message", client == TA_CLIENT_LOGIN ? "log in again" : "try again later");
    put_text(&w, "client", client_word(client));
    if (pair->retry_after_s > 0) ta_json_put_int(&w, "retryAfter", pair->retry_after_s);
    put_reason(c->app, &w, st);
    return finish(c->res, &w, code);
}

/* For --debug: the session has gone on, but the client never hears of it. */
static bool is_dropped(app *a)
{
    if (a->drop == 0) return false;
    a->drop--;
    note(a, "answer_dropped", a->subject, NULL, "by request");
    return true;
}

static http_verdict refresh_with(call *c, const token *t, ta_status st, const uint8_t *retry_key, int status)
{
    ta_refresh_opts opts = TA_ZERO;
    ta_pair pair = TA_ZERO;
    http_verdict verdict = HTTP_DROP;
    opts.client     = c->app->fingerprint;
    opts.client_len = c->app->fingerprint_len;
    opts.retry_key  = retry_key;
    if (st == TA_OK) st = ta_refresh(&c->app->auth, t->at, t->len, c->app->now, &opts, &pair);
    if (st != TA_OK) {
        if (st != TA_ERR_ABSENT) note_status(c->app, "refresh_refused", NULL, st);
        verdict = refuse_refresh(c, st, &pair);
    } else if (!is_dropped(c->app)) {
        verdict = answer_pair(c, status, c->app->subject, t->in_body, &pair);
    }
    ta_wipe(&pair, sizeof pair);
    return verdict;
}

static http_verdict refresh(call *c, int status)
{
    token t;
    uint8_t retry_key[16];
    bool retries;
    ta_status st;
    http_verdict verdict;
    if (!find_token(c, &t, &st)) return HTTP_DONE;
    if (!find_retry_key(c, retry_key, &retries)) return HTTP_DONE;
    verdict = refresh_with(c, &t, st, retries ? retry_key : NULL, status);
    ta_wipe(&t, sizeof t);
    return verdict;
}

static http_verdict post_refresh(call *c)
{
    return refresh(c, 201);
}

/* The same for who names the user: another's token is refused, and is not spent. */
static http_verdict post_token(call *c)
{
    char name[TEXT_CAP];
    http_verdict verdict;
    if (!need_text(c, "username", name, sizeof name)) return HTTP_DONE;
    c->app->must_be = name;
    verdict = refresh(c, 200);
    c->app->must_be = NULL;
    return verdict;
}

static void clear_cookie(call *c)
{
    char cookie[TA_COOKIE_CAP];
    size_t len;
    if (ta_cookie_clear(&c->app->refresh_cookie, cookie, sizeof cookie, &len) != TA_OK) c->res->failed = true;
    else put_cookie(c->res, cookie, len);
}

/* The session ends, and with it the access token that came along. That may be of another login: its session
   is named in the log when it is the one that has ended. */
static http_verdict logged_out(call *c, bool in_body, bool known)
{
    ta_session s;
    ta_status st = TA_ERR_ABSENT;
    bool same;
    if (known) {
        deny(c->app, &c->who.jwt);
        st = ta_session_get(&c->app->auth, c->who.user->name, c->who.sid, strlen(c->who.sid),
                            c->app->now, &s);
    }
    same = known && st != TA_OK && ta_http_code(st) != 503;
    note(c->app, "logout", same ? c->who.user->name : NULL, same ? c->who.sid : NULL,
         st == TA_OK ? "another session than the access token's" : NULL);
    if (!in_body) clear_cookie(c);
    return say_true(c->res, "loggedOut");
}

static http_verdict post_logout(call *c)
{
    token t;
    ta_pair none = TA_ZERO;
    ta_status st;
    bool known = find_caller(c) == TA_OK;
    if (!find_token(c, &t, &st)) return HTTP_DONE;
    if (st == TA_OK) st = ta_logout(&c->app->auth, t.at, t.len, c->app->now);
    none.client = ta_http_code(st) == 401 ? TA_CLIENT_LOGIN : TA_CLIENT_KEEP;
    if (st == TA_OK) logged_out(c, t.in_body, known);
    else refuse_refresh(c, st, &none);
    ta_wipe(&t, sizeof t);
    return HTTP_DONE;
}

static http_verdict post_logout_all(call *c)
{
    ta_status st = ta_logout_all(&c->app->auth, c->who.user->name, c->app->now);
    if (st != TA_OK) return refuse(c, st, "not logged out");
    deny(c->app, &c->who.jwt);
    clear_cookie(c);
    return say_true(c->res, "loggedOut");
}

/* ============================================================================
   Devices
   ========================================================================== */

#define PAGE 16u                        /* as many as a user may have, if --max-sessions is not larger */

static void put_session(ta_json_writer *w, const ta_session *s, const char *current)
{
    ta_json_put_object(w, NULL);
    put_text(w, "id", s->sid);
    put_text(w, "label", s->label);
    ta_json_put_int(w, "created", s->created);
    ta_json_put_int(w, "lastUsed", s->last_used);
    ta_json_put_int(w, "endsAt", s->ends_at);
    ta_json_put_bool(w, "current", strcmp(s->sid, current) == 0);
    ta_json_put_close(w);
}

static http_verdict get_sessions(call *c)
{
    ta_session list[PAGE];
    char after[TA_SID_CAP] = "";
    size_t n = PAGE, i;
    ta_json_writer w;
    begin(c->res, &w);
    ta_json_put_array(&w, "sessions");
    while (n == PAGE) {
        ta_status st = ta_session_list(&c->app->auth, c->who.user->name, c->app->now, after, list, PAGE, &n);
        if (st != TA_OK) return refuse(c, st, "no list");
        for (i = 0; i < n; i++) put_session(&w, &list[i], c->who.sid);
        if (n > 0) memcpy(after, list[n - 1].sid, sizeof after);
    }
    ta_json_put_close(&w);
    return finish(c->res, &w, 200);
}

/* Another user's session looks like one that never was. */
static http_verdict delete_session(call *c)
{
    http_text id = c->req->path;
    bool current;
    ta_status st;
    id.at  += sizeof "/sessions/" - 1;
    id.len -= sizeof "/sessions/" - 1;
    current = http_is(id, c->who.sid);
    st = ta_session_end(&c->app->auth, c->who.user->name, id.at, id.len, c->app->now);
    if (st == TA_ERR_NOT_FOUND || st == TA_ERR_ARGUMENT) {
        return fail(c->res, 404, "not_found", "you have no such session");
    }
    if (st != TA_OK) return refuse(c, st, "not ended");
    note(c->app, "session_ended", c->who.user->name, current ? c->who.sid : NULL,
         current ? "its own" : "another of his");
    if (current) {
        deny(c->app, &c->who.jwt);
        clear_cookie(c);
    }
    return say_true(c->res, "ended");
}

/* ============================================================================
   Account
   ========================================================================== */

static bool save_users(call *c)
{
    const char *problem = c->app->users_file == NULL ? NULL : users_save(&c->app->users, c->app->users_file);
    if (problem == NULL) return true;
    note(c->app, "users_not_saved", NULL, NULL, problem);
    put_failure_headers(c->res, TA_ERR_STORE, 5);
    fail(c->res, 503, "temporarily_unavailable", "the change could not be kept");
    return false;
}

/* Each session of this user hangs on the old password and will not refresh any more, whatever happens here.
   The marks end their access tokens too; this one session goes on if its refresh token came along. */
static bool end_other_sessions(call *c)
{
    ta_refresh_opts opts = TA_ZERO;
    uint8_t old_salt[USER_SALT_SIZE];
    token t;
    ta_status st;
    if (!find_token(c, &t, &st)) st = TA_ERR_ABSENT;
    user_salt(&c->app->job_user, old_salt);
    opts.old_salt     = old_salt;
    opts.old_salt_len = sizeof old_salt;
    opts.client       = c->app->fingerprint;
    opts.client_len   = c->app->fingerprint_len;
    c->app->must_be = c->who.user->name;
    if (st == TA_OK) st = ta_logout_others(&c->app->auth, t.at, t.len, c->app->now, &opts);
    c->app->must_be = NULL;
    ta_wipe(&t, sizeof t);
    if (st == TA_OK) return true;
    st = ta_logout_all(&c->app->auth, c->who.user->name, c->app->now);
    if (st != TA_OK) note_status(c->app, "sessions_not_ended", c->who.user->name, st);
    return false;
}

static http_verdict change_password(call *c)
{
    user before = *c->who.user;
    ta_json_writer w;
    bool kept;
    user_set_password(c->who.user, &c->app->job, c->app->job_salt, c->app->users.iterations);
    ta_wipe(&c->app->job, sizeof c->app->job);
    if (!save_users(c)) {
        *c->who.user = before;
        return HTTP_DONE;
    }
    kept = end_other_sessions(c);
    note(c->app, "password_changed", c->who.user->name, c->who.sid, NULL);
    if (!kept) clear_cookie(c);
    begin(c->res, &w);
    ta_json_put_bool(&w, "changed", true);
    put_text(&w, "thisSession", kept ? "kept" : "ended");
    return finish(c->res, &w, 200);
}

/* Two jobs one after the other: is the old password right, and what is the hash of the new one. */
static http_verdict work_on_password(call *c, const char *old, const char *fresh, bool *done)
{
    *done = false;
    if (c->req->step == 1) begin_check(c->app, c->who.user, old);
    if (!password_work(&c->app->job, PASSWORD_SLICE)) return HTTP_AGAIN;
    if (c->app->job_checked) {
        *done = true;
        return HTTP_DONE;
    }
    if (!is_right(c->app)) {
        count_failure(c->app, c->who.user->name);
        note(c->app, "password_change_failed", c->who.user->name, c->who.sid, "wrong password");
        return refuse_credentials(c->res);
    }
    if (ta_random(c->app->job_salt, sizeof c->app->job_salt) != TA_OK) {
        return fail(c->res, 500, "server_error", "no random numbers");
    }
    password_begin(&c->app->job, fresh, strlen(fresh), c->app->job_salt, c->app->users.iterations);
    c->app->job_checked = true;
    return HTTP_AGAIN;
}

static http_verdict post_password(call *c)
{
    char old[PASSWORD_MAX + 1], fresh[PASSWORD_MAX + 1];
    http_verdict verdict = HTTP_AGAIN;
    bool done = false;
    if (!need_text(c, "oldPassword", old, sizeof old)) return HTTP_DONE;
    if (!need_text(c, "newPassword", fresh, sizeof fresh)) return HTTP_DONE;
    if (strlen(fresh) < PASSWORD_MIN) {
        verdict = fail(c->res, 400, "invalid_request", "newPassword has fewer than 8 bytes");
    } else if (c->req->step <= 1 && is_throttled(c, c->who.user->name)) {
        verdict = HTTP_DONE;
    } else if (c->req->step > 0) {
        verdict = work_on_password(c, old, fresh, &done);
    }
    ta_wipe(old, sizeof old);
    ta_wipe(fresh, sizeof fresh);
    return done ? change_password(c) : verdict;
}

/* ============================================================================
   Administrators
   ========================================================================== */

/* Nothing is written to the sessions: app_user says no to each of them, check_caller to their access tokens.
   When the suspension is lifted, they go on. */
static http_verdict post_suspend(call *c)
{
    char name[TEXT_CAP];
    bool suspended = true, before;
    user *u;
    ta_json_writer w;
    if (!need_text(c, "username", name, sizeof name)) return HTTP_DONE;
    if (!want_bool(c, "suspended", &suspended)) return HTTP_DONE;
    u = users_find(&c->app->users, name);
    if (u == NULL) return fail(c->res, 404, "not_found", "there is no such user");
    if (u == c->who.user) return fail(c->res, 409, "conflict", "you cannot suspend yourself");
    before = u->suspended;
    u->suspended = suspended;
    if (!save_users(c)) {
        u->suspended = before;
        return HTTP_DONE;
    }
    note(c->app, suspended ? "suspended" : "unsuspended", u->name, NULL, c->who.user->name);
    begin(c->res, &w);
    put_text(&w, "username", u->name);
    ta_json_put_bool(&w, "suspended", u->suspended);
    return finish(c->res, &w, 200);
}

static ta_status reject_access(app *a, const char access[TA_ACCESS_CAP])
{
    caller other;
    ta_status st = ta_check(&a->auth, access, strlen(access), a->now, other.buf, sizeof other.buf, &other.jwt);
    if (st == TA_OK) deny(a, &other.jwt);
    return ta_http_code(st) == 401 && other.jwt.failed != 0 ? TA_OK : st;       /* ours, and over already */
}

static http_verdict post_reject(call *c)
{
    char access[TA_ACCESS_CAP];
    token t = TA_ZERO;
    ta_status st;
    if (!want_text(c, "accessToken", access, sizeof access) || !body_token(c, &t)) return HTTP_DONE;
    if ((access[0] != '\0') == t.in_body) {
        return fail(c->res, 400, "invalid_request", "one of refreshToken and accessToken is wanted");
    }
    st = t.in_body ? ta_logout(&c->app->auth, t.at, t.len, c->app->now) : reject_access(c->app, access);
    ta_wipe(&t, sizeof t);
    ta_wipe(access, sizeof access);
    if (ta_http_code(st) == 401) {
        return fail(c->res, 400, "invalid_request", "that is no token of this server");
    }
    if (st != TA_OK) return refuse(c, st, "not rejected");
    note(c->app, "token_rejected", NULL, NULL, c->who.user->name);
    return say_true(c->res, "rejected");
}

/* ============================================================================
   What a login is good for
   ========================================================================== */

static http_verdict get_users(call *c)
{
    ta_json_writer w;
    size_t i;
    begin(c->res, &w);
    ta_json_put_array(&w, "users");
    for (i = 0; i < c->app->users.count; i++) {
        const user *u = &c->app->users.list[i];
        ta_json_put_object(&w, NULL);
        put_text(&w, "username", u->name);
        ta_json_put_array(&w, "roles");
        put_text(&w, NULL, "user");
        if (u->admin) put_text(&w, NULL, ADMIN);
        ta_json_put_close(&w);
        if (c->who.user->admin) ta_json_put_bool(&w, "suspended", u->suspended);
        ta_json_put_close(&w);
    }
    ta_json_put_close(&w);
    return finish(c->res, &w, 200);
}

static http_verdict get_test_jwt(call *c)
{
    int n = snprintf(c->res->scratch, sizeof c->res->scratch, "{\"valid\":true,\"claims\":%.*s}\n",
                     (int)c->who.jwt.claims.len, c->who.jwt.claims.text);
    if (n < 0 || (size_t)n >= sizeof c->res->scratch) {
        return fail(c->res, 500, "server_error", "too many claims");
    }
    c->res->status   = 200;
    c->res->body_len = (size_t)n;
    return HTTP_DONE;
}

static http_verdict get_healthz(call *c)
{
    static const uint8_t any[TA_ID_SIZE];
    ta_record record;
    ta_status st = c->app->auth.cfg.store.get(c->app->auth.cfg.store.ctx, any, &record);
    ta_json_writer w;
    if (st != TA_OK && st != TA_ERR_NOT_FOUND) return refuse(c, TA_ERR_STORE, "");
    begin(c->res, &w);
    put_text(&w, "status", "ok");
    return finish(c->res, &w, 200);
}

/* ============================================================================
   Faults on demand: --debug only
   ========================================================================== */

static bool need_count(call *c, const char *name, unsigned long *out)
{
    int64_t n;
    if (ta_json_int(ta_json_at(c->body, name), &n) != TA_OK || n < 0 || n > 1000) {
        fail_member(c->res, name, "is no number from 0 to 1000");
        return false;
    }
    *out = (unsigned long)n;
    return true;
}

static http_verdict get_debug(call *c)
{
    ta_json_writer w;
    begin(c->res, &w);
    ta_json_put_bool(&w, "debug", true);
    ta_json_put_int(&w, "windowS", c->app->auth.cfg.window_s);
    ta_json_put_int(&w, "accessS", c->app->auth.cfg.access_s);
    ta_json_put_int(&w, "idleS", c->app->auth.cfg.idle_s);
    ta_json_put_int(&w, "drop", (int64_t)c->app->drop);
    ta_json_put_int(&w, "fail", (int64_t)store_faults);
    return finish(c->res, &w, 200);
}

static http_verdict get_debug_events(call *c)
{
    c->res->body_len = log_recent(c->res->scratch, sizeof c->res->scratch);
    c->res->status   = 200;
    return HTTP_DONE;
}

static http_verdict post_debug_drop(call *c)
{
    return need_count(c, "count", &c->app->drop) ? get_debug(c) : HTTP_DONE;
}

static http_verdict post_debug_store(call *c)
{
    return need_count(c, "fail", &store_faults) ? get_debug(c) : HTTP_DONE;
}

static http_verdict post_debug_steal(call *c)
{
    const char *at;
    size_t len;
    ta_json_writer w;
    if (find_cookie(c->req, c->app->refresh_cookie.name, &at, &len) != TA_OK) {
        return fail(c->res, 404, "not_found", "no refresh cookie came along");
    }
    begin(c->res, &w);
    ta_json_put_string(&w, "refreshToken", at, len);
    return finish(c->res, &w, 200);
}

/* ============================================================================
   The table of routes, and what is checked before one of them is called
   ========================================================================== */

#define BEARER 1u
#define ADMINS 3u                       /* and a bearer of course */
#define DEBUG  4u

typedef http_verdict handler(call *);

static const struct route {
    const char *method, *path;          /* a path that ends with a slash: something follows it */
    unsigned    needs;
    handler    *run;
} routes[] = {
    {"POST",   "/login",            0,      post_login},
    {"POST",   "/auth/refresh",     0,      post_refresh},
    {"POST",   "/refresh_token",    0,      post_refresh},
    {"POST",   "/token",            0,      post_token},
    {"POST",   "/token/reject",     ADMINS, post_reject},
    {"POST",   "/logout",           0,      post_logout},
    {"POST",   "/logout/all",       BEARER, post_logout_all},
    {"GET",    "/sessions",         BEARER, get_sessions},
    {"DELETE", "/sessions/",        BEARER, delete_session},
    {"POST",   "/account/password", BEARER, post_password},
    {"POST",   "/admin/suspend",    ADMINS, post_suspend},
    {"GET",    "/users",            BEARER, get_users},
    {"GET",    "/test_jwt",         BEARER, get_test_jwt},
    {"GET",    "/healthz",          0,      get_healthz},
    {"GET",    "/debug",            DEBUG,  get_debug},
    {"GET",    "/debug/events",     DEBUG,  get_debug_events},
    {"POST",   "/debug/drop",       DEBUG,  post_debug_drop},
    {"POST",   "/debug/store",      DEBUG,  post_debug_store},
    {"POST",   "/debug/steal",      DEBUG,  post_debug_steal},
};

#define ROUTES (sizeof routes / sizeof routes[0])

static bool is_path(const app *a, const struct route *r, http_text path)
{
    size_t len = strlen(r->path);
    if ((r->needs & DEBUG) != 0 && !a->debug) return false;
    if (r->path[len - 1] != '/') return http_is(path, r->path);
    return path.len > len && memcmp(path.at, r->path, len) == 0;
}

/* HEAD is a GET whose body is not sent. */
static bool is_method(http_text given, const char *method)
{
    return http_is(given, method) || (http_is(given, "HEAD") && strcmp(method, "GET") == 0);
}

/* The route, or NULL: then res is 404, or 405 with the methods there are. */
static const struct route *find_route(call *c)
{
    size_t i;
    const char *allow = page_find(c->req->path, c->res) ? "GET, HEAD" : NULL;
    for (i = 0; i < ROUTES; i++) {
        if (!is_path(c->app, &routes[i], c->req->path)) continue;
        if (is_method(c->req->method, routes[i].method)) return &routes[i];
        allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
    }
    if (allow == NULL) {
        fail(c->res, 404, "not_found", "there is no such path");
    } else {
        http_put_header(c->res, "Allow", allow);
        fail(c->res, 405, "method_not_allowed", "that path has other methods, see Allow");
    }
    return NULL;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool is_origin(const app *a, http_text host, http_text origin)
{
    char expected[160];
    if (a->origin[0] != '\0') return http_is(origin, a->origin);
    if (host.len > 64) return false;
    snprintf(expected, sizeof expected, "http://%.*s", (int)host.len, host.at);
    return http_is(origin, expected);
}

/* Names of hosts have no case. */
static bool is_host(http_text given, const char *name)
{
    size_t i;
    if (given.len != strlen(name)) return false;
    for (i = 0; i < given.len; i++) {
        if (lower(given.at[i]) != name[i]) return false;
    }
    return true;
}

/* Names of this machine that no attacker can give an address: loopback, where we listen, that of --origin. */
static bool is_our_host(const app *a, http_text host)
{
    const char *const names[] = {"localhost", "127.0.0.1", "[::1]", a->address};
    char expected[80];
    size_t i;
    const char *given = strstr(a->origin, "://");
    if (given != NULL && is_host(host, given + 3)) return true;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(expected, sizeof expected, "%s:%u", names[i], a->port);
        if (is_host(host, expected) || (a->port == 80 && is_host(host, names[i]))) return true;
    }
    return false;
}

static bool is_cross_site(call *c)
{
    http_text origin = http_find(c->req, "Origin"), site = http_find(c->req, "Sec-Fetch-Site");
    if (site.at != NULL && !http_is(site, "same-origin") && !http_is(site, "none")) return true;
    return origin.at != NULL && !is_origin(c->app, http_find(c->req, "Host"), origin);
}

/* "application/json", with or without parameters, in any case. */
static bool is_json(const http_request *req)
{
    static const char type[] = "application/json";
    http_text given = http_find(req, "Content-Type");
    size_t i, len = sizeof type - 1;
    if (given.len < len || (given.len > len && given.at[len] != ';' && given.at[len] != ' ')) return false;
    for (i = 0; i < len; i++) {
        if (lower(given.at[i]) != type[i]) return false;
    }
    return true;
}

/* What holds for everything that changes something. */
static bool is_welcome(call *c)
{
    if (http_is(c->req->method, "GET") || http_is(c->req->method, "HEAD")) return true;
    if (is_cross_site(c)) {
        note(c->app, "cross_site_refused", NULL, NULL, NULL);
        fail(c->res, 403, "cross_site", "this request comes from another site");
        return false;
    }
    if (!http_is(c->req->method, "POST") || is_json(c->req)) return true;
    fail(c->res, 415, "invalid_request", "send Content-Type: application/json");
    return false;
}

static http_verdict run(call *c, const struct route *r)
{
    http_verdict verdict;
    if (!is_welcome(c)) return HTTP_DONE;
    if ((r->needs & BEARER) != 0 && !authorize(c, (r->needs & ADMINS) == ADMINS)) return HTTP_DONE;
    if (!read_body(c)) return HTTP_DONE;
    verdict = r->run(c);
    ta_wipe(&c->who, sizeof c->who);
    return verdict;
}

static void begin_request(app *a, const http_request *req)
{
    a->now     = (int64_t)time(NULL);
    a->peer    = req->peer;
    a->must_be = NULL;
    a->fingerprint_len = 0;
    if (find_cookie(req, a->fingerprint_cookie.name, &a->fingerprint, &a->fingerprint_len) != TA_OK) {
        a->fingerprint = NULL;
    }
}

http_verdict app_handle(void *ctx, const http_request *req, http_response *res)
{
    call c;
    const struct route *r;
    c.app = (app *)ctx;
    c.req = req;
    c.res = res;
    begin_request(c.app, req);
    if (!is_our_host(c.app, http_find(req, "Host"))) {
        return fail(res, 421, "invalid_request", "that Host is not served here");
    }
    if (is_method(req->method, "GET") && page_find(req->path, res)) return HTTP_DONE;
    r = find_route(&c);
    return r == NULL ? HTTP_DONE : run(&c, r);
}
