/* 04_claims.c - put roles, nested objects and arrays into a token, and read them where they are safe.
   Learn: the writer, paths, how an absent value flows on, why a claim's kind must be asked.
   Build: cc -std=c99 -I.. 04_claims.c -o 04 && ./04
   Prints (the checker compares it):
       "sub": "alice"
       "exp": 1767269700
       "aud": ["api","reports"]
       "scope": "read write"
       "realm_access": {"roles":["editor","admin"]}
       "https://example.com/nick": "Al \"Ace\""
       "limits": {"per_hour":500}
       scope has "write"                  yes
       scope has "writ"                   no
       realm_access.roles has "admin"     yes
       realm_access.roles[0]              editor
       ["https://example.com/nick"]       Al "Ace"
       limits.per_hour is 500             yes
       for "reports"                      yes
       absent.roles has "admin"           no
       scope as a number                  TA_ERR_KIND
       a second "sub" in more             TA_ERR_DUPLICATE
       a name twice in one object         TA_ERR_DUPLICATE
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static const int64_t now = 1767268800;          /* 2026-01-01 12:00:00 UTC. A program passes time(NULL) */

/* Everything but the registered claims. The writer escapes, counts brackets and refuses names that
   repeat; its first error sticks, so one test at the end is enough. */
static ta_status write_claims(char *out, size_t cap, size_t *len)
{
    ta_json_writer w;
    ta_json_begin(&w, out, cap);
    ta_json_put_object(&w, NULL);
        ta_json_put_array(&w, "aud");           /* several audiences are an array: RFC 7519 4.1.3 */
            ta_json_put_string(&w, NULL, TA_LIT("api"));
            ta_json_put_string(&w, NULL, TA_LIT("reports"));
        ta_json_put_close(&w);
        ta_json_put_string(&w, "scope", TA_LIT("read write"));
        ta_json_put_object(&w, "realm_access");
            ta_json_put_array(&w, "roles");
                ta_json_put_string(&w, NULL, TA_LIT("editor"));
                ta_json_put_string(&w, NULL, TA_LIT("admin"));
            ta_json_put_close(&w);
        ta_json_put_close(&w);
        ta_json_put_string(&w, "https://example.com/nick", TA_LIT("Al \"Ace\""));
        ta_json_put_object(&w, "limits");
            ta_json_put_int(&w, "per_hour", 500);
        ta_json_put_close(&w);
    ta_json_put_close(&w);
    return ta_json_end(&w, len);
}

static void told(const char *what, const char *answer) { printf("%-34s %s\n", what, answer); }
static void yes_no(const char *what, bool yes) { told(what, yes ? "yes" : "no"); }

/* A text in JSON has many spellings ("a" is also "\u0061"), so it is unescaped, never compared raw. */
static void text_at(ta_json claims, const char *path)
{
    char      text[32];
    size_t    len;
    ta_status st = ta_json_string(ta_json_at(claims, path), text, sizeof text, &len);
    told(path, st == TA_OK ? text : ta_status_name(st));
}

/* Names and values as they stand in the token, quotes and escapes and all. */
static void show(ta_json object)
{
    size_t  at = 0;
    ta_json name, value;
    while (ta_json_next(object, &at, &name, &value) == TA_OK) {
        printf("%.*s: %.*s\n", (int)name.len, name.text, (int)value.len, value.text);
    }
}

static void read_claims(const ta_jwt *jwt)
{
    ta_json c = jwt->claims;
    int64_t per_hour;
    /* "scope" is one string of words (RFC 8693 4.2). strstr would find "writ" in it; this does not. */
    yes_no("scope has \"write\"", ta_json_has(ta_json_at(c, "scope"), TA_LIT("write")));
    yes_no("scope has \"writ\"", ta_json_has(ta_json_at(c, "scope"), TA_LIT("writ")));
    yes_no("realm_access.roles has \"admin\"",
           ta_json_has(ta_json_at(c, "realm_access.roles"), TA_LIT("admin")));
    text_at(c, "realm_access.roles[0]");
    text_at(c, "[\"https://example.com/nick\"]");
    yes_no("limits.per_hour is 500",
           ta_json_int(ta_json_at(c, "limits.per_hour"), &per_hour) == TA_OK && per_hour == 500);
    yes_no("for \"reports\"", ta_jwt_is_for(jwt, "reports"));

    /* A step that is not there gives an absent value, and so does each step after it: the answer is
       no. So ask for what allows. `!ta_json_has(.., "banned")` would let in whoever lacks the claim. */
    yes_no("absent.roles has \"admin\"", ta_json_has(ta_json_at(c, "absent.roles"), TA_LIT("admin")));
    told("scope as a number", ta_status_name(ta_json_int(ta_json_at(c, "scope"), &per_hour)));
}

static void refused(const ta_key *key)
{
    ta_claims      claims = TA_ZERO;
    ta_json_writer w;
    char           token[256], json[64];
    size_t         len;

    /* Names must be unique (RFC 7519 4): of two members of one name, the reader that checks might take
       the first, and the reader that acts the last. */
    claims.subject    = "alice";
    claims.expires_at = now + TA_MINUTES(15);
    claims.more       = "{\"sub\":\"root\"}";
    claims.more_len   = strlen(claims.more);
    told("a second \"sub\" in more", ta_status_name(ta_jwt_sign(key, &claims, token, sizeof token, &len)));
    ta_json_begin(&w, json, sizeof json);
    ta_json_put_object(&w, NULL);
    ta_json_put_int(&w, "level", 1);
    ta_json_put_int(&w, "level", 9);
    ta_json_put_close(&w);
    told("a name twice in one object", ta_status_name(ta_json_end(&w, &len)));
}

static bool lesson(const ta_key *key)
{
    char      more[512], token[TA_JWT_CAP(600)], buf[TA_JWT_BUF(sizeof token)];
    ta_claims claims = TA_ZERO;
    ta_rules  rules = TA_ZERO;
    ta_jwt    jwt;
    size_t    len;
    claims.subject    = "alice";
    claims.expires_at = now + TA_MINUTES(15);
    claims.more       = more;
    if (write_claims(more, sizeof more, &claims.more_len) != TA_OK) return false;
    if (ta_jwt_sign(key, &claims, token, sizeof token, &len) != TA_OK) return false;
    rules.audience = "api";             /* any one of the array will do */
    if (ta_jwt_verify(ta_keys_of(key, 1), token, len, now, &rules, buf, sizeof buf, &jwt) != TA_OK)
        return false;
    show(jwt.claims);
    read_claims(&jwt);
    refused(key);
    return true;
}

int main(void)
{
    ta_key key = TA_ZERO;
    bool   ok = ta_key_init(&key, TA_LIT("only for lesson 4: 32 bytes long"), NULL) == TA_OK && lesson(&key);
    ta_wipe(&key, sizeof key);
    return ok ? 0 : 1;
}
