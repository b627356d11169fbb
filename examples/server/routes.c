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

static http_verdict refuse(const app *a, http_response *res, ta_status st, const char *message)
{
    int code = ta_http_code(st);
    ta_json_writer w;
    put_failure_headers(res, st, 0);
    begin(res, &w);
    put_text(&w, "error", error_word(st));
    put_text(&w, "message", code == 503 ? "try again later" : message);
    put_reason(a, &w, st);
    return finish(res, &w, code);
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

static bool read_body(const http_request *req, http_response *res, ta_json *out)
{
    bool empty = req->body.len == 0;
    ta_status st = ta_json_find(empty ? "{}" : req->body.at, empty ? 2 : req->body.len, "", out);
    if (st == TA_OK && ta_json_kind(*out) == TA_OBJECT) return true;
    fail(res, 400, "invalid_request",
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
static bool want_text(ta_json body, const char *name, char *out, size_t cap, http_response *res)
{
    size_t len;
    ta_status st = ta_json_string(ta_json_at(body, name), out, cap, &len);
    if (st == TA_OK || st == TA_ERR_ABSENT) return true;
    fail_member(res, name, st == TA_ERR_SPACE ? "is too long" : st == TA_ERR_NUL ? "holds U+0000" : "is no string");
    return false;
}

static bool need_text(ta_json body, const char *name, char *out, size_t cap, http_response *res)
{
    if (!want_text(body, name, out, cap, res)) return false;
    if (out[0] != '\0') return true;
    fail_member(res, name, "is missing or empty");
    return false;
}

static bool want_bool(ta_json body, const char *name, bool *out, http_response *res)
{
    ta_status st = ta_json_bool(ta_json_at(body, name), out);
    if (st == TA_OK || st == TA_ERR_ABSENT) return true;
    fail_member(res, name, "is neither true nor false");
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

static bool body_token(ta_json body, token *t, http_response *res)
{
    char other[TEXT_CAP];
    if (!want_text(body, "refresh_token", t->copy, sizeof t->copy, res)) return false;
    if (!want_text(body, "refreshToken", other, sizeof other, res)) return false;
    if (t->copy[0] != '\0' && other[0] != '\0') {
        fail(res, 400, "invalid_request", "refresh_token and refreshToken are the same");
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
static bool find_token(const app *a, const http_request *req, ta_json body, token *t, ta_status *st, http_response *res)
{
    memset(t, 0, sizeof *t);
    *st = TA_OK;
    if (!body_token(body, t, res)) return false;
    if (t->in_body) return true;
    *st = find_cookie(req, a->refresh_cookie.name, &t->at, &t->len);
    if (*st != TA_ERR_DUPLICATE) return true;
    fail(res, 400, "invalid_request", COOKIE_TWICE);
    return false;
}

/* 16 bytes as base64url, from the body or the header. *there: there is one. False: it is malformed. */
static bool find_retry_key(const http_request *req, ta_json body, uint8_t key[16], bool *there, http_response *res)
{
    http_text header = http_find(req, "Refresh-Retry-Key");
    char text[TEXT_CAP];
    uint8_t bytes[TA_BYTES_CAP(TEXT_CAP)];
    size_t len;
    if (!want_text(body, "retryKey", text, sizeof text, res)) return false;
    *there = text[0] != '\0' || header.at != NULL;
    if (!*there) return true;
    if (text[0] != '\0') {
        header.at  = text;
        header.len = strlen(text);
    }
    if (header.len < TEXT_CAP && ta_base64url_decode(header.at, header.len, bytes, sizeof bytes, &len) == TA_OK &&
        len == 16) {
        memcpy(key, bytes, 16);
        return true;
    }
    fail(res, 400, "invalid_request", "the retry key is not 16 bytes of base64url");
    return false;
}

/* ---- the access token --------------------------------------------------------------------------- */

static ta_status check_fingerprint(const app *a, const ta_jwt *jwt)
{
    ta_status st = ta_fingerprint_check(jwt, a->fingerprint == NULL ? "" : a->fingerprint, a->fingerprint_len);
    return st == TA_ERR_MISSING ? TA_OK : st;       /* this session is not bound to a browser */
}

static ta_status check_caller(app *a, const char *access, size_t len, caller *who)
{
    char subject[TOKENAUTH_RECORD_TEXT + 1];
    size_t n;
    ta_status st = len < TA_ACCESS_CAP ? TA_OK : TA_ERR_LIMIT;
    if (st == TA_OK) st = ta_check(&a->auth, access, len, a->now, who->buf, sizeof who->buf, &who->jwt);
    if (st == TA_OK) st = check_fingerprint(a, &who->jwt);
    if (st == TA_OK) st = ta_json_string(who->jwt.sub, subject, sizeof subject, &n);
    if (st == TA_OK) st = ta_json_string(who->jwt.sid, who->sid, sizeof who->sid, &n);
    if (st != TA_OK) return st;
    who->user = users_find(&a->users, subject);
    if (who->user == NULL) return TA_ERR_USER_CHANGED;
    return who->user->suspended ? TA_ERR_SUSPENDED : TA_OK;
}

/* Whose access token came; who->user is NULL if none that is good. */
static ta_status find_caller(app *a, const http_request *req, caller *who)
{
    http_text header = http_find(req, "Authorization");
    const char *access;
    size_t len;
    ta_status st = header.at == NULL ? TA_ERR_ABSENT : ta_bearer(header.at, header.len, &access, &len);
    if (st == TA_OK) st = check_caller(a, access, len, who);
    if (st != TA_OK) who->user = NULL;
    return st;
}

static bool authorize(app *a, const http_request *req, http_response *res, bool admin, caller *who)
{
    ta_status st = find_caller(a, req, who);
    if (st != TA_OK) {
        if (st != TA_ERR_ABSENT && st != TA_ERR_EXPIRED) note_status(a, "access_refused", NULL, st);
        refuse(a, res, st, "the access token is missing or no longer good");
        return false;
    }
    if (!admin || ta_json_has(ta_json_at(who->jwt.claims, "roles"), TA_LIT(ADMIN))) return true;
    note(a, "admin_refused", who->user->name, who->sid, NULL);
    refuse_scope(res);
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

static bool is_throttled(app *a, const char *name, http_response *res)
{
    const throttle *t = throttle_of(a, name);
    if (t->failures < FREE_GUESSES || a->now >= t->until) return false;
    put_number_header(res, "Retry-After", t->until - a->now);
    fail(res, 429, "slow_down", "too many wrong passwords for that name: wait a moment");
    return true;
}

/* The record is copied: what the password is checked against, the session is bound to. */
static void begin_check(app *a, const user *u, const char *password)
{
    a->job_user    = u != NULL ? *u : a->users.nobody;
    a->job_checked = false;
    password_begin(&a->job, password, strlen(password), a->job_user.salt, a->job_user.iterations);
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
    n = snprintf(a->claims, sizeof a->claims, "{\"roles\":[\"user\"%s]%s%s%s}", u->admin ? ",\"" ADMIN "\"" : "",
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
static http_verdict answer_pair(app *a, const http_request *req, http_response *res, int status, const char *name,
                                bool in_body, const ta_pair *pair)
{
    const user *u = users_find(&a->users, name);
    char cookie[TA_COOKIE_CAP];
    ta_json_writer w;
    size_t len;
    if (!in_body) {
        if (ta_cookie_put(&a->refresh_cookie, pair, cookie, sizeof cookie, &len) != TA_OK) res->failed = true;
        else put_cookie(res, cookie, len);
        ta_wipe(cookie, sizeof cookie);
    }
    begin(res, &w);
    ta_json_put_string(&w, "accessToken", pair->access, pair->access_len);
    put_text(&w, "tokenType", "Bearer");
    ta_json_put_int(&w, "expiresIn", pair->access_s);
    put_text(&w, "username", name);
    put_text(&w, "sid", pair->sid);
    ta_json_put_array(&w, "roles");
    put_text(&w, NULL, "user");
    if (u != NULL && u->admin) put_text(&w, NULL, ADMIN);
    ta_json_put_close(&w);
    if (in_body || !is_browser(req)) ta_json_put_string(&w, "refreshToken", pair->refresh, pair->refresh_len);
    ta_json_put_int(&w, "refreshExpiresIn", pair->refresh_s);
    put_text(&w, "client", "set");
    return finish(res, &w, status);
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
    static const char *const systems[][2] = {{"Android", " on Android"}, {"iPhone", " on iPhone"}, {"iPad", " on iPad"},
        {"Windows", " on Windows"}, {"Mac OS X", " on macOS"}, {"Linux", " on Linux"}, {NULL, NULL}};
    snprintf(out, cap, "%s%s", first_of(agent, browsers, "unknown client"), first_of(agent, systems, ""));
}

/* A new random fingerprint goes into a cookie; the session, and each access token, is bound to it. */
static bool bind_browser(app *a, http_response *res, char value[32])
{
    uint8_t random[16];
    char cookie[TA_COOKIE_CAP];
    size_t len, cookie_len;
    if (ta_random(random, sizeof random) != TA_OK) return false;
    if (ta_base64url_encode(random, sizeof random, value, 32, &len) != TA_OK) return false;
    if (ta_cookie_set(&a->fingerprint_cookie, value, len, a->auth.cfg.absolute_s, cookie, sizeof cookie, &cookie_len) != TA_OK) {
        return false;
    }
    put_cookie(res, cookie, cookie_len);
    a->fingerprint     = value;
    a->fingerprint_len = len;
    return true;
}

/* The password was right. */
static http_verdict open_session(app *a, const http_request *req, http_response *res, const char *label, bool bind)
{
    ta_login_opts opts = TA_ZERO;
    ta_session s = TA_ZERO;
    ta_user facts = TA_ZERO;
    ta_pair pair = TA_ZERO;
    char fingerprint[32];
    ta_status st;
    if (bind && !bind_browser(a, res, fingerprint)) return fail(res, 500, "server_error", "no random numbers");
    memcpy(s.subject, a->job_user.name, sizeof a->job_user.name);
    s.app[0] = opts.app[0] = bind;
    st = app_user(a, &s, &facts);
    user_salt(&a->job_user, a->salt);
    opts.label    = label;
    opts.salt     = a->salt;
    opts.salt_len = sizeof a->salt;
    opts.more     = facts.more;
    opts.more_len = facts.more_len;
    opts.client     = bind ? a->fingerprint : NULL;
    opts.client_len = bind ? a->fingerprint_len : 0;
    if (find_cookie(req, a->refresh_cookie.name, &opts.replaces, &opts.replaces_len) != TA_OK) opts.replaces = NULL;
    if (st == TA_OK) st = ta_login(&a->auth, s.subject, a->now, &opts, &pair);
    if (st == TA_OK) answer_pair(a, req, res, 200, s.subject, false, &pair);
    else refuse(a, res, st, "the login failed");
    ta_wipe(&pair, sizeof pair);
    return HTTP_DONE;
}

static http_verdict login_result(app *a, const http_request *req, http_response *res, const char *name,
                                 const char *label, bool bind)
{
    char device[48];
    if (!is_right(a)) {
        count_failure(a, name);
        note(a, "login_failed", a->job_user.name[0] == '\0' ? NULL : a->job_user.name, NULL,
             a->job_user.name[0] == '\0' ? "unknown user" : "wrong password");
        return refuse_credentials(res);
    }
    throttle_of(a, name)->failures = 0;
    if (a->job_user.suspended) {
        note(a, "login_failed", a->job_user.name, NULL, "suspended");
        return fail(res, 403, "access_denied", "this account is suspended");
    }
    device_label(http_find(req, "User-Agent"), device, sizeof device);
    return open_session(a, req, res, label[0] == '\0' ? device : label, bind);
}

/* Called again and again until the password is checked; others have their turn in between. */
static http_verdict post_login(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    char name[TEXT_CAP], password[PASSWORD_MAX + 1], label[TEXT_CAP];
    bool bind = false;
    (void)who;
    if (!need_text(body, "username", name, sizeof name, res)) return HTTP_DONE;
    if (!want_text(body, "label", label, sizeof label, res)) return HTTP_DONE;
    if (!want_bool(body, "bind", &bind, res)) return HTTP_DONE;
    if (!need_text(body, "password", password, sizeof password, res)) return HTTP_DONE;
    if (req->step == 1) begin_check(a, users_find(&a->users, name), password);
    ta_wipe(password, sizeof password);
    if (req->step <= 1 && is_throttled(a, name, res)) return HTTP_DONE;
    if (req->step == 0 || !password_work(&a->job, PASSWORD_SLICE)) return HTTP_AGAIN;
    return login_result(a, req, res, name, label, bind);
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
static http_verdict refuse_refresh(const app *a, http_response *res, ta_status st, const ta_pair *pair)
{
    int code = ta_http_code(st);
    ta_client client = st == TA_ERR_ABSENT ? TA_CLIENT_LOGIN : pair->client;
    ta_json_writer w;
    put_failure_headers(res, st, pair->retry_after_s);
    begin(res, &w);
    put_text(&w, "error", code == 401 ? "invalid_grant" : error_word(st));
    put_text(&w, "message", client == TA_CLIENT_LOGIN ? "log in again" : "try again later");
    put_text(&w, "client", client_word(client));
    if (pair->retry_after_s > 0) ta_json_put_int(&w, "retryAfter", pair->retry_after_s);
    put_reason(a, &w, st);
    return finish(res, &w, code);
}

/* For --debug: the session has gone on, but the client never hears of it. */
static bool is_dropped(app *a)
{
    if (a->drop == 0) return false;
    a->drop--;
    note(a, "answer_dropped", a->subject, NULL, "by request");
    return true;
}

static http_verdict refresh_with(app *a, const http_request *req, http_response *res, const token *t, ta_status st,
                                 const uint8_t *retry_key, int status)
{
    ta_refresh_opts opts = TA_ZERO;
    ta_pair pair = TA_ZERO;
    http_verdict verdict = HTTP_DROP;
    opts.client     = a->fingerprint;
    opts.client_len = a->fingerprint_len;
    opts.retry_key  = retry_key;
    if (st == TA_OK) st = ta_refresh(&a->auth, t->at, t->len, a->now, &opts, &pair);
    if (st != TA_OK) {
        if (st != TA_ERR_ABSENT) note_status(a, "refresh_refused", NULL, st);
        verdict = refuse_refresh(a, res, st, &pair);
    } else if (!is_dropped(a)) {
        verdict = answer_pair(a, req, res, status, a->subject, t->in_body, &pair);
    }
    ta_wipe(&pair, sizeof pair);
    return verdict;
}

static http_verdict refresh(app *a, const http_request *req, http_response *res, ta_json body, int status)
{
    token t;
    uint8_t retry_key[16];
    bool retries;
    ta_status st;
    http_verdict verdict;
    if (!find_token(a, req, body, &t, &st, res)) return HTTP_DONE;
    if (!find_retry_key(req, body, retry_key, &retries, res)) return HTTP_DONE;
    verdict = refresh_with(a, req, res, &t, st, retries ? retry_key : NULL, status);
    ta_wipe(&t, sizeof t);
    return verdict;
}

static http_verdict post_refresh(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    (void)who;
    return refresh(a, req, res, body, 201);
}

/* The same for who names the user: another's token is refused, and is not spent. */
static http_verdict post_token(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    char name[TEXT_CAP];
    http_verdict verdict;
    (void)who;
    if (!need_text(body, "username", name, sizeof name, res)) return HTTP_DONE;
    a->must_be = name;
    verdict = refresh(a, req, res, body, 200);
    a->must_be = NULL;
    return verdict;
}

static void clear_cookie(const app *a, http_response *res)
{
    char cookie[TA_COOKIE_CAP];
    size_t len;
    if (ta_cookie_clear(&a->refresh_cookie, cookie, sizeof cookie, &len) != TA_OK) res->failed = true;
    else put_cookie(res, cookie, len);
}

/* The session ends, and with it the access token that came along. */
static http_verdict post_logout(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    token t;
    ta_status st, known = find_caller(a, req, who);
    if (!find_token(a, req, body, &t, &st, res)) return HTTP_DONE;
    if (st == TA_OK) st = ta_logout(&a->auth, t.at, t.len, a->now);
    if (st == TA_OK) {
        if (known == TA_OK) deny(a, &who->jwt);
        note(a, "logout", known == TA_OK ? who->user->name : NULL, known == TA_OK ? who->sid : NULL, NULL);
        if (!t.in_body) clear_cookie(a, res);
        say_true(res, "loggedOut");
    } else {
        refuse_refresh(a, res, st, &(ta_pair){.client = ta_http_code(st) == 401 ? TA_CLIENT_LOGIN : TA_CLIENT_KEEP});
    }
    ta_wipe(&t, sizeof t);
    return HTTP_DONE;
}

static http_verdict post_logout_all(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    ta_status st = ta_logout_all(&a->auth, who->user->name, a->now);
    (void)req;
    (void)body;
    if (st != TA_OK) return refuse(a, res, st, "not logged out");
    deny(a, &who->jwt);
    clear_cookie(a, res);
    return say_true(res, "loggedOut");
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

static http_verdict get_sessions(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    ta_session list[PAGE];
    char after[TA_SID_CAP] = "";
    size_t n = PAGE, i;
    ta_json_writer w;
    (void)req;
    (void)body;
    begin(res, &w);
    ta_json_put_array(&w, "sessions");
    while (n == PAGE) {
        ta_status st = ta_session_list(&a->auth, who->user->name, a->now, after, list, PAGE, &n);
        if (st != TA_OK) return refuse(a, res, st, "no list");
        for (i = 0; i < n; i++) put_session(&w, &list[i], who->sid);
        if (n > 0) memcpy(after, list[n - 1].sid, sizeof after);
    }
    ta_json_put_close(&w);
    return finish(res, &w, 200);
}

/* Another user's session looks like one that never was. */
static http_verdict delete_session(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    http_text id = req->path;
    bool current;
    ta_status st;
    (void)body;
    id.at  += sizeof "/sessions/" - 1;
    id.len -= sizeof "/sessions/" - 1;
    current = http_is(id, who->sid);
    st = ta_session_end(&a->auth, who->user->name, id.at, id.len, a->now);
    if (st == TA_ERR_NOT_FOUND || st == TA_ERR_ARGUMENT) return fail(res, 404, "not_found", "you have no such session");
    if (st != TA_OK) return refuse(a, res, st, "not ended");
    note(a, "session_ended", who->user->name, current ? who->sid : NULL, current ? "its own" : "another of his");
    if (current) {
        deny(a, &who->jwt);
        clear_cookie(a, res);
    }
    return say_true(res, "ended");
}

/* ============================================================================
   Account
   ========================================================================== */

static bool save_users(app *a, http_response *res)
{
    const char *problem = a->users_file == NULL ? NULL : users_save(&a->users, a->users_file);
    if (problem == NULL) return true;
    note(a, "users_not_saved", NULL, NULL, problem);
    put_failure_headers(res, TA_ERR_STORE, 5);
    fail(res, 503, "temporarily_unavailable", "the change could not be kept");
    return false;
}

/* Each session of this user hangs on the old password and will not refresh any more, whatever happens here.
   The marks end their access tokens too; this one session goes on if its refresh token came along. */
static bool end_other_sessions(app *a, const http_request *req, ta_json body, http_response *res, caller *who)
{
    ta_refresh_opts opts = TA_ZERO;
    uint8_t old_salt[USER_SALT_SIZE];
    token t;
    ta_status st;
    if (!find_token(a, req, body, &t, &st, res)) st = TA_ERR_ABSENT;
    user_salt(&a->job_user, old_salt);
    opts.old_salt     = old_salt;
    opts.old_salt_len = sizeof old_salt;
    opts.client       = a->fingerprint;
    opts.client_len   = a->fingerprint_len;
    a->must_be = who->user->name;
    if (st == TA_OK) st = ta_logout_others(&a->auth, t.at, t.len, a->now, &opts);
    a->must_be = NULL;
    ta_wipe(&t, sizeof t);
    if (st == TA_OK) return true;
    st = ta_logout_all(&a->auth, who->user->name, a->now);
    if (st != TA_OK) note_status(a, "sessions_not_ended", who->user->name, st);
    return false;
}

static http_verdict change_password(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    user before = *who->user;
    ta_json_writer w;
    bool kept;
    user_set_password(who->user, &a->job, a->job_salt, a->users.iterations);
    ta_wipe(&a->job, sizeof a->job);
    if (!save_users(a, res)) {
        *who->user = before;
        return HTTP_DONE;
    }
    kept = end_other_sessions(a, req, body, res, who);
    note(a, "password_changed", who->user->name, who->sid, NULL);
    if (!kept) clear_cookie(a, res);
    begin(res, &w);
    ta_json_put_bool(&w, "changed", true);
    put_text(&w, "thisSession", kept ? "kept" : "ended");
    return finish(res, &w, 200);
}

/* Two jobs one after the other: is the old password right, and what is the hash of the new one. */
static http_verdict work_on_password(app *a, http_response *res, const char *old, const char *fresh, caller *who,
                                     unsigned step, bool *done)
{
    *done = false;
    if (step == 1) begin_check(a, who->user, old);
    if (!password_work(&a->job, PASSWORD_SLICE)) return HTTP_AGAIN;
    if (a->job_checked) {
        *done = true;
        return HTTP_DONE;
    }
    if (!is_right(a)) {
        count_failure(a, who->user->name);
        note(a, "password_change_failed", who->user->name, who->sid, "wrong password");
        return refuse_credentials(res);
    }
    if (ta_random(a->job_salt, sizeof a->job_salt) != TA_OK) return fail(res, 500, "server_error", "no random numbers");
    password_begin(&a->job, fresh, strlen(fresh), a->job_salt, a->users.iterations);
    a->job_checked = true;
    return HTTP_AGAIN;
}

static http_verdict post_password(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    char old[PASSWORD_MAX + 1], fresh[PASSWORD_MAX + 1];
    http_verdict verdict = HTTP_AGAIN;
    bool done = false;
    if (!need_text(body, "oldPassword", old, sizeof old, res)) return HTTP_DONE;
    if (!need_text(body, "newPassword", fresh, sizeof fresh, res)) return HTTP_DONE;
    if (strlen(fresh) < PASSWORD_MIN) verdict = fail(res, 400, "invalid_request", "newPassword has fewer than 8 bytes");
    else if (req->step <= 1 && is_throttled(a, who->user->name, res)) verdict = HTTP_DONE;
    else if (req->step > 0) verdict = work_on_password(a, res, old, fresh, who, req->step, &done);
    ta_wipe(old, sizeof old);
    ta_wipe(fresh, sizeof fresh);
    return done ? change_password(a, req, res, body, who) : verdict;
}

/* ============================================================================
   Administrators
   ========================================================================== */

/* Nothing is written to the sessions: app_user says no to each of them, check_caller to their access tokens.
   When the suspension is lifted, they go on. */
static http_verdict post_suspend(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    char name[TEXT_CAP];
    bool suspended = true, before;
    user *u;
    ta_json_writer w;
    (void)req;
    if (!need_text(body, "username", name, sizeof name, res)) return HTTP_DONE;
    if (!want_bool(body, "suspended", &suspended, res)) return HTTP_DONE;
    u = users_find(&a->users, name);
    if (u == NULL) return fail(res, 404, "not_found", "there is no such user");
    if (u == who->user) return fail(res, 409, "conflict", "you cannot suspend yourself");
    before = u->suspended;
    u->suspended = suspended;
    if (!save_users(a, res)) {
        u->suspended = before;
        return HTTP_DONE;
    }
    note(a, suspended ? "suspended" : "unsuspended", u->name, NULL, who->user->name);
    begin(res, &w);
    put_text(&w, "username", u->name);
    ta_json_put_bool(&w, "suspended", u->suspended);
    return finish(res, &w, 200);
}

static ta_status reject_access(app *a, const char *access)
{
    caller other;
    ta_status st = strlen(access) < TA_ACCESS_CAP ? TA_OK : TA_ERR_LIMIT;
    if (st == TA_OK) st = ta_check(&a->auth, access, strlen(access), a->now, other.buf, sizeof other.buf, &other.jwt);
    if (st == TA_OK) deny(a, &other.jwt);
    return ta_http_code(st) == 401 && other.jwt.failed != 0 ? TA_OK : st;       /* ours, and over already */
}

static http_verdict post_reject(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    char access[TA_ACCESS_CAP];
    token t = TA_ZERO;
    ta_status st;
    (void)req;
    if (!want_text(body, "accessToken", access, sizeof access, res) || !body_token(body, &t, res)) return HTTP_DONE;
    if ((access[0] != '\0') == t.in_body) {
        return fail(res, 400, "invalid_request", "one of refreshToken and accessToken is wanted");
    }
    st = t.in_body ? ta_logout(&a->auth, t.at, t.len, a->now) : reject_access(a, access);
    ta_wipe(&t, sizeof t);
    ta_wipe(access, sizeof access);
    if (ta_http_code(st) == 401) return fail(res, 400, "invalid_request", "that is no token of this server");
    if (st != TA_OK) return refuse(a, res, st, "not rejected");
    note(a, "token_rejected", NULL, NULL, who->user->name);
    return say_true(res, "rejected");
}

/* ============================================================================
   What a login is good for
   ========================================================================== */

static http_verdict get_users(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    ta_json_writer w;
    size_t i;
    (void)req;
    (void)body;
    begin(res, &w);
    ta_json_put_array(&w, "users");
    for (i = 0; i < a->users.count; i++) {
        const user *u = &a->users.list[i];
        ta_json_put_object(&w, NULL);
        put_text(&w, "username", u->name);
        ta_json_put_array(&w, "roles");
        put_text(&w, NULL, "user");
        if (u->admin) put_text(&w, NULL, ADMIN);
        ta_json_put_close(&w);
        if (who->user->admin) ta_json_put_bool(&w, "suspended", u->suspended);
        ta_json_put_close(&w);
    }
    ta_json_put_close(&w);
    return finish(res, &w, 200);
}

static http_verdict get_test_jwt(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    int n = snprintf(res->scratch, sizeof res->scratch, "{\"valid\":true,\"claims\":%.*s}\n",
                     (int)who->jwt.claims.len, who->jwt.claims.text);
    (void)a;
    (void)req;
    (void)body;
    if (n < 0 || (size_t)n >= sizeof res->scratch) return fail(res, 500, "server_error", "too many claims");
    res->status   = 200;
    res->body_len = (size_t)n;
    return HTTP_DONE;
}

static http_verdict get_healthz(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    static const uint8_t any[TA_ID_SIZE];
    ta_record record;
    ta_status st = a->auth.cfg.store.get(a->auth.cfg.store.ctx, any, &record);
    ta_json_writer w;
    (void)req;
    (void)body;
    (void)who;
    if (st != TA_OK && st != TA_ERR_NOT_FOUND) return refuse(a, res, TA_ERR_STORE, "");
    begin(res, &w);
    put_text(&w, "status", "ok");
    return finish(res, &w, 200);
}

/* ============================================================================
   Faults on demand: --debug only
   ========================================================================== */

static bool need_count(ta_json body, const char *name, unsigned long *out, http_response *res)
{
    int64_t n;
    if (ta_json_int(ta_json_at(body, name), &n) != TA_OK || n < 0 || n > 1000) {
        fail_member(res, name, "is no number from 0 to 1000");
        return false;
    }
    *out = (unsigned long)n;
    return true;
}

static http_verdict get_debug(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    ta_json_writer w;
    (void)req;
    (void)body;
    (void)who;
    begin(res, &w);
    ta_json_put_bool(&w, "debug", true);
    ta_json_put_int(&w, "windowS", a->auth.cfg.window_s);
    ta_json_put_int(&w, "accessS", a->auth.cfg.access_s);
    ta_json_put_int(&w, "idleS", a->auth.cfg.idle_s);
    ta_json_put_int(&w, "drop", (int64_t)a->drop);
    ta_json_put_int(&w, "fail", (int64_t)store_faults);
    return finish(res, &w, 200);
}

static http_verdict get_debug_events(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    (void)a;
    (void)req;
    (void)body;
    (void)who;
    res->body_len = log_recent(res->scratch, sizeof res->scratch);
    res->status   = 200;
    return HTTP_DONE;
}

static http_verdict post_debug_drop(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    return need_count(body, "count", &a->drop, res) ? get_debug(a, req, res, body, who) : HTTP_DONE;
}

static http_verdict post_debug_store(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    return need_count(body, "fail", &store_faults, res) ? get_debug(a, req, res, body, who) : HTTP_DONE;
}

static http_verdict post_debug_steal(app *a, const http_request *req, http_response *res, ta_json body, caller *who)
{
    const char *at;
    size_t len;
    ta_json_writer w;
    (void)body;
    (void)who;
    if (find_cookie(req, a->refresh_cookie.name, &at, &len) != TA_OK) {
        return fail(res, 404, "not_found", "no refresh cookie came along");
    }
    begin(res, &w);
    ta_json_put_string(&w, "refreshToken", at, len);
    return finish(res, &w, 200);
}

/* ============================================================================
   The table of routes, and what is checked before one of them is called
   ========================================================================== */

#define BEARER 1u
#define ADMINS 3u                       /* and a bearer of course */
#define DEBUG  4u

typedef http_verdict handler(app *, const http_request *, http_response *, ta_json, caller *);

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
static const struct route *find_route(const app *a, const http_request *req, http_response *res)
{
    size_t i;
    const char *allow = page_find(req->path, res) ? "GET, HEAD" : NULL;
    for (i = 0; i < ROUTES; i++) {
        if (!is_path(a, &routes[i], req->path)) continue;
        if (is_method(req->method, routes[i].method)) return &routes[i];
        allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
    }
    if (allow == NULL) fail(res, 404, "not_found", "there is no such path");
    else {
        http_put_header(res, "Allow", allow);
        fail(res, 405, "method_not_allowed", "that path has other methods, see Allow");
    }
    return NULL;
}

static bool is_origin(const app *a, http_text host, http_text origin)
{
    char expected[160];
    if (a->origin[0] != '\0') return http_is(origin, a->origin);
    if (host.len > 64) return false;
    snprintf(expected, sizeof expected, "http://%.*s", (int)host.len, host.at);
    return http_is(origin, expected);
}

/* Those names of this machine that a browser resolves by itself; or the one of --origin. */
static bool is_our_host(const app *a, http_text host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    char expected[32];
    size_t i;
    const char *given = strstr(a->origin, "://");
    if (given != NULL && http_is(host, given + 3)) return true;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(expected, sizeof expected, "%s:%u", names[i], a->port);
        if (http_is(host, expected) || (a->port == 80 && http_is(host, names[i]))) return true;
    }
    return false;
}

static bool is_cross_site(const app *a, const http_request *req)
{
    http_text origin = http_find(req, "Origin"), site = http_find(req, "Sec-Fetch-Site");
    if (site.at != NULL && !http_is(site, "same-origin") && !http_is(site, "none")) return true;
    return origin.at != NULL && !is_origin(a, http_find(req, "Host"), origin);
}

/* "application/json", with or without parameters, in any case. */
static bool is_json(const http_request *req)
{
    static const char type[] = "application/json";
    http_text given = http_find(req, "Content-Type");
    size_t i, len = sizeof type - 1;
    if (given.len < len || (given.len > len && given.at[len] != ';' && given.at[len] != ' ')) return false;
    for (i = 0; i < len; i++) {
        char c = given.at[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != type[i]) return false;
    }
    return true;
}

/* What holds for everything that changes something. */
static bool is_welcome(app *a, const http_request *req, http_response *res)
{
    if (http_is(req->method, "GET") || http_is(req->method, "HEAD")) return true;
    if (is_cross_site(a, req)) {
        note(a, "cross_site_refused", NULL, NULL, NULL);
        fail(res, 403, "cross_site", "this request comes from another site");
        return false;
    }
    if (!http_is(req->method, "POST") || is_json(req)) return true;
    fail(res, 415, "invalid_request", "send Content-Type: application/json");
    return false;
}

static http_verdict run(app *a, const struct route *r, const http_request *req, http_response *res)
{
    caller who;
    ta_json body;
    http_verdict verdict;
    if (!is_welcome(a, req, res)) return HTTP_DONE;
    if ((r->needs & BEARER) != 0 && !authorize(a, req, res, (r->needs & ADMINS) == ADMINS, &who)) return HTTP_DONE;
    if (!read_body(req, res, &body)) return HTTP_DONE;
    verdict = r->run(a, req, res, body, &who);
    ta_wipe(&who, sizeof who);
    return verdict;
}

http_verdict app_handle(void *ctx, const http_request *req, http_response *res)
{
    app *a = (app *)ctx;
    const struct route *r;
    a->now     = (int64_t)time(NULL);
    a->peer    = req->peer;
    a->must_be = NULL;
    a->fingerprint_len = 0;
    if (find_cookie(req, a->fingerprint_cookie.name, &a->fingerprint, &a->fingerprint_len) != TA_OK) a->fingerprint = NULL;
    if (!is_our_host(a, http_find(req, "Host"))) return fail(res, 421, "invalid_request", "that Host is not served here");
    if (is_method(req->method, "GET") && page_find(req->path, res)) return HTTP_DONE;
    r = find_route(a, req, res);
    return r == NULL ? HTTP_DONE : run(a, r, req, res);
}
