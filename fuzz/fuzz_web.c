/* fuzz_web.c - headers, cookies, durations.

   Promises   naive readers of the same grammars say the same; nothing put into a header can break out of its
              place; what seconds_put writes, seconds reads; room of exactly the length is enough, one byte
              less fails and leaves nothing; views lie inside the header.
   Input      which, then the text; parts of it are parted by a byte 00                                */
#include "fuzz.h"

static bool web_any(int c, const char *set) { return c > 0 && strchr(set, c) != NULL; }

static bool web_alnum(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool web_is_token(const char *t)         /* RFC 7230 */
{
    size_t i = 0;
    while (web_alnum(t[i]) || web_any(t[i], "!#$%&'*+-.^_`|~")) i++;
    return i > 0 && t[i] == '\0';
}

static bool web_is_value(const char *t, size_t n)       /* RFC 6265: cookie-octet */
{
    size_t i = 0;
    while (i < n && t[i] > 0x20 && t[i] < 0x7F && !web_any(t[i], "\",;\\")) i++;
    return i == n;
}

static char *web_text(fuzz_in part)             /* with a NUL; free it */
{
    char *t = (char *)fuzz_room(part.n + 1);
    memcpy(t, part.p, part.n);
    t[part.n] = '\0';
    return t;
}

static fuzz_in web_trim(fuzz_in t)
{
    while (t.n > 0 && web_any(t.p[0], " \t")) { t.p++;  t.n--; }
    while (t.n > 0 && web_any(t.p[t.n - 1], " \t")) t.n--;
    return t;
}

static bool web_begins(const char *text, size_t n, const char *lower)
{
    size_t i;
    for (i = 0; lower[i] != '\0'; i++) {
        if (i == n || (text[i] != lower[i] && (text[i] < 'A' || text[i] > 'Z' || text[i] + 32 != lower[i])))
            return false;
    }
    return true;
}

/* ---- Authorization ---------------------------------------------------------------------------- */

static void web_bearer(fuzz_in in)
{
    fuzz_in t = web_trim(in);
    size_t i = 6, start, len = 77;
    const char *token = "x";
    ta_status want = TA_ERR_ABSENT, st = ta_bearer((const char *)in.p, in.n, &token, &len);
    if (web_begins((const char *)t.p, t.n, "bearer") && (t.n == 6 || web_any(t.p[6], " \t"))) {
        want = TA_ERR_FORMAT;
        while (i < t.n && t.p[i] == ' ') i++;
        start = i;
        while (i < t.n && (web_alnum(t.p[i]) || web_any(t.p[i], "-._~+/"))) i++;
        if (i > start) {
            while (i < t.n && t.p[i] == '=') i++;
            if (i == t.n) want = TA_OK;
        }
        if (want == TA_OK) PROMISE(token == (const char *)t.p + start && len == t.n - start);
    }
    PROMISE(st == want);
    if (st != TA_OK) PROMISE(token == NULL && len == 0);
}

/* ---- Cookie ------------------------------------------------------------------------------------ */

static void web_cookie_get(fuzz_in in)
{
    char *name = web_text(fuzz_until(&in, 0));
    const char *header = (const char *)in.p, *value = "x", *eq;
    size_t len = 77, n = in.n, found = 0, name_len = strlen(name);
    fuzz_in rest = in, piece, hit;
    ta_status want = TA_ERR_ABSENT, st = ta_cookie_get(header, n, name, &value, &len);
    hit.p = NULL;
    hit.n = 0;
    while (rest.n > 0) {
        piece = web_trim(fuzz_until(&rest, ';'));
        eq = piece.n > 0 ? (const char *)memchr(piece.p, '=', piece.n) : NULL;
        if (eq == NULL || !fuzz_same(piece.p, (size_t)(eq - (const char *)piece.p), name, name_len)) continue;
        if (found++ == 0) {
            hit.p = piece.p + name_len + 1;
            hit.n = piece.n - name_len - 1;
        }
    }
    if (hit.n >= 2 && hit.p[0] == '"' && hit.p[hit.n - 1] == '"') { hit.p++;  hit.n -= 2; }
    if (!web_is_token(name)) want = TA_ERR_ARGUMENT;
    else if (found > 1) want = TA_ERR_DUPLICATE;
    else if (found == 1) want = web_is_value((const char *)hit.p, hit.n) ? TA_OK : TA_ERR_FORMAT;
    PROMISE(st == want);
    if (st == TA_OK) PROMISE(value == (const char *)hit.p && len == hit.n);
    else PROMISE(value == NULL && len == 0);
    free(name);
}

static bool web_cookie_is_good(const ta_cookie *c)
{
    size_t i, n = strlen(c->name);
    bool root = c->path == NULL || strcmp(c->path, "/") == 0;
    if (!web_is_token(c->name)) return false;
    if (c->path != NULL && c->path[0] != '/') return false;
    for (i = 0; c->path != NULL && c->path[i] != '\0'; i++) {
        if (c->path[i] < 0x20 || c->path[i] > 0x7E || c->path[i] == ';') return false;
    }
    if (web_begins(c->name, n, "__host-")) return root && !c->allow_http;
    return !web_begins(c->name, n, "__secure-") || !c->allow_http;
}

static void web_cookie_set(fuzz_in in)
{
    uint8_t flags = fuzz_byte(&in);
    int32_t age = (int32_t)fuzz_u32(&in);
    char *name = web_text(fuzz_until(&in, 0)), *path = web_text(fuzz_until(&in, 0)), *out, *want;
    size_t room = strlen(name) + strlen(path) + in.n + 120, len = 77, n;
    ta_cookie c = TA_ZERO;
    ta_status st;
    c.name = name;
    c.path = (flags & 1) != 0 ? path : NULL;
    c.allow_cross_site = (flags & 2) != 0;
    c.allow_http = (flags & 4) != 0;
    c.allow_script = (flags & 8) != 0;
    out = (char *)fuzz_room(room);
    want = (char *)fuzz_room(room);
    st = ta_cookie_set(&c, (const char *)in.p, in.n, age, out, room, &len);
    PROMISE(st == (age >= 0 && web_cookie_is_good(&c) && web_is_value((const char *)in.p, in.n)
                   ? TA_OK : TA_ERR_ARGUMENT));
    if (st == TA_OK) {
        n = (size_t)snprintf(want, room, "%s=%.*s; Path=%s; Max-Age=%ld%s%s; SameSite=%s", name, (int)in.n,
                             in.n > 0 ? (const char *)in.p : "", c.path != NULL ? path : "/", (long)age,
                             c.allow_http ? "" : "; Secure", c.allow_script ? "" : "; HttpOnly",
                             c.allow_cross_site ? "Lax" : "Strict");
        PROMISE(fuzz_same(out, len, want, n) && out[len] == '\0');
        PROMISE(ta_cookie_set(&c, (const char *)in.p, in.n, age, out, len + 1, &n) == TA_OK && n == len);
        PROMISE(ta_cookie_set(&c, (const char *)in.p, in.n, age, out, len, &n) == TA_ERR_SPACE);
        PROMISE(n == 0 && out[0] == '\0');
    } else {
        PROMISE(len == 0 && out[0] == '\0');
    }
    free(name);
    free(path);
    free(out);
    free(want);
}

/* ---- WWW-Authenticate ----------------------------------------------------------------------------- */

static void web_authenticate(fuzz_in in)
{
    ta_status st = (ta_status)-(int)(fuzz_byte(&in) % 80);
    char *realm = web_text(in), out[600], want[600] = "";
    int code = ta_http_code(st);
    const char *error = ta_http_error(st);
    size_t len = 77, i, n = strlen(realm);
    bool good = n < 500;
    if (code == 401 && error[0] != '\0') error = "invalid_token";      /* whatever a token endpoint would say */
    for (i = 0; i < n; i++) good = good && realm[i] >= 0x20 && realm[i] <= 0x7E && !web_any(realm[i], "\"\\");
    PROMISE(code == 200 || code == 400 || code == 401 || code == 403 || code == 500 || code == 503);
    if (n < 500) {
        PROMISE(ta_www_authenticate(st, realm, out, sizeof out, &len) == (good ? TA_OK : TA_ERR_ARGUMENT));
        if (good && code >= 400 && code <= 403)
            snprintf(want, sizeof want, "Bearer realm=\"%s\"%s%s%s", realm,
                     error[0] != '\0' ? ", error=\"" : "", error, error[0] != '\0' ? "\"" : "");
        PROMISE(fuzz_same(out, len, want, strlen(want)) && out[len] == '\0');
    }
    free(realm);
}

/* ---- durations, fingerprints ------------------------------------------------------------------------ */

static void web_seconds_read(fuzz_in in)
{
    static const char letters[] = "smhdw";
    static const int64_t worth[] = {1, 60, 3600, 86400, 604800};
    size_t i, digits = 0;
    int64_t n = 0, unit = 1;
    int32_t got = 77;
    ta_status want = TA_OK, st = ta_seconds((const char *)in.p, in.n, &got);
    while (digits < in.n && in.p[digits] >= '0' && in.p[digits] <= '9') digits++;
    for (i = 0; i < digits; i++) n = n > INT64_C(1) << 40 ? n : n * 10 + (in.p[i] - '0');
    if (digits == 0 || (digits > 1 && in.p[0] == '0') || in.n > digits + 1) want = TA_ERR_FORMAT;
    if (want == TA_OK && in.n > digits) {
        const char *l = in.p[digits] != 0 ? strchr(letters, in.p[digits]) : NULL;
        if (l == NULL) want = TA_ERR_FORMAT;
        else unit = worth[l - letters];
    }
    if (want == TA_OK && n * unit > INT32_MAX) want = TA_ERR_RANGE;
    PROMISE(st == want);
    PROMISE(got == (st == TA_OK ? (int32_t)(n * unit) : 0));
}

static void web_seconds_put(int32_t seconds)
{
    char out[12];
    size_t len = 77, n;
    int32_t back = 77;
    ta_status st = ta_seconds_put(seconds, out, sizeof out, &len);
    PROMISE(st == (seconds >= 0 ? TA_OK : TA_ERR_ARGUMENT));
    if (st != TA_OK) {
        PROMISE(len == 0 && out[0] == '\0');
        return;
    }
    PROMISE(ta_seconds(out, len, &back) == TA_OK && back == seconds);
    PROMISE(ta_seconds_put(seconds, out, len, &n) == TA_ERR_SPACE && n == 0 && out[0] == '\0');
}

static void web_fingerprint(fuzz_in in)
{
    char claim[TA_FINGERPRINT_CAP], json[64];
    uint8_t digest[32];
    ta_jwt jwt = TA_ZERO;
    size_t n;
    ta_fingerprint_claim((const char *)in.p, in.n, claim);
    ta_sha256_once(in.p, in.n, digest);
    snprintf(json, sizeof json, "{\"fingerprint\":\"%s\"}", claim);
    jwt.claims.text = json;
    jwt.claims.len = strlen(json);
    PROMISE(ta_base64url_decode(claim, 43, json + 0, 0, &n) == TA_ERR_SPACE && claim[43] == '\0');
    PROMISE(ta_fingerprint_check(&jwt, (const char *)in.p, in.n) == (in.n > 0 ? TA_OK : TA_ERR_BINDING));
    if (in.n > 1) PROMISE(ta_fingerprint_check(&jwt, (const char *)in.p, in.n - 1) == TA_ERR_BINDING);
    PROMISE(ta_base64url_decode(claim, 43, json, sizeof json, &n) == TA_OK && fuzz_same(json, n, digest, 32));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = (uint8_t *)fuzz_copy(data, size);
    fuzz_in in;
    in.p = copy;
    in.n = size;
    switch (fuzz_byte(&in) % 6) {
    case 0: web_bearer(in);  break;
    case 1: web_cookie_get(in);  break;
    case 2: web_cookie_set(in);  break;
    case 3: web_authenticate(in);  break;
    case 4: web_seconds_read(in);  web_seconds_put((int32_t)fuzz_u32(&in));  break;
    default: web_fingerprint(in);
    }
    free(copy);
    return 0;
}
