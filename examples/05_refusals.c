/* 05_refusals.c - the gallery: each known way to cheat with a token, and the name of its refusal.
   Learn: what is checked, and in which order; that a good signature is only half of it.
   Build: cc -std=c99 -I.. 05_refusals.c -o 05 && ./05
   Prints (the checker compares it):
       The token as it was issued                         TA_OK
       Edited by a stranger, who has no key:
         one letter of the claims changed                 TA_ERR_SIGNATURE
         the last letter, where only spare bits change    TA_ERR_ENCODING
         with the = that plain base64 has                 TA_ERR_ENCODING
         with a fourth segment                            TA_ERR_FORMAT
         with the line's end behind it                    TA_ERR_ENCODING
         cut after the second dot                         TA_ERR_SIGNATURE
         alg none, and no signature: RFC 8725 2.1         TA_ERR_ALG
         alg twice, for two readers                       TA_ERR_DUPLICATE
       Signed with our key, and still refused:
         alg HS384                                        TA_ERR_ALG
         crit: an unknown extension                       TA_ERR_CRIT
         a refresh token as an access token               TA_ERR_TYP
         kid names a key that we do not have              TA_ERR_KID
         sub twice, once spelled s\u0075b                 TA_ERR_DUPLICATE
         expired a second ago                             TA_ERR_EXPIRED
         good from tomorrow on                            TA_ERR_EARLY
         without exp                                      TA_ERR_MISSING
         exp as a text                                    TA_ERR_CLAIM
         made to live ten years                           TA_ERR_AGE
         from another issuer                              TA_ERR_ISSUER
         for another audience                             TA_ERR_AUDIENCE
         without sub, which we require                    TA_ERR_MISSING
       Our own mistakes:
         the key of another service                       TA_ERR_SIGNATURE
         rules that forgot the audience                   TA_ERR_AUDIENCE
         a clock that was never set                       TA_ERR_CLOCK
         a secret of 19 bytes: RFC 7518 3.2               TA_ERR_KEY
         a public key's text as the secret: RFC 8725 2.1  TA_ERR_KEY
         a check with the key that this left behind       TA_ERR_KEY
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static const char secret[] = "only for lesson 5: 32 bytes long";
static ta_key     key;
static ta_rules   rules;                /* what is named in them must be there and right */
static int64_t    now = 1767268800;     /* 2026-01-01 12:00:00 UTC. A program passes time(NULL) */
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define ISSUER "\"iss\":\"https://id.example\""
#define ALICE  ISSUER ",\"aud\":\"api\",\"sub\":\"alice\""
#define TIMES  "\"iat\":1767268800,\"exp\":1767269700"
#define CLAIMS "{" ALICE "," TIMES "}"

static void told(const char *what, ta_status st) { printf("%-50s %s\n", what, ta_status_name(st)); }

static void check(const char *what, const ta_key *k, const char *token, size_t len)
{
    char   buf[TA_JWT_BUF(1024)];
    ta_jwt jwt;
    told(what, ta_jwt_verify(ta_keys_of(k, 1), token, len, now, &rules, buf, sizeof buf, &jwt));
}

/* Any header and any claims, signed with our secret or not at all: what no honest issuer makes. */
static size_t forge(const char *header, const char *claims, bool sign, char *out, size_t cap)
{
    uint8_t mac[TA_SHA256_SIZE];
    size_t  len, n;
    if (ta_base64url_encode(header, strlen(header), out, cap - 1, &len) != TA_OK) return 0;
    out[len++] = '.';
    if (ta_base64url_encode(claims, strlen(claims), out + len, cap - 1 - len, &n) != TA_OK) return 0;
    len += n;
    ta_hmac_sha256(secret, sizeof secret - 1, out, len, mac);
    out[len++] = '.';
    if (!sign) return len;
    return ta_base64url_encode(mac, sizeof mac, out + len, cap - len, &n) == TA_OK ? len + n : 0;
}

static void forged(const char *what, const char *header, const char *claims, bool sign)
{
    char token[1024];
    check(what, &key, token, forge(header, claims, sign, token, sizeof token));
}

/* A stranger meets form, base64url and header first, and then the MAC. No claim of his is ever read. */
static void strangers(char *t, size_t len)
{
    printf("Edited by a stranger, who has no key:\n");
    t[50]++;        check("  one letter of the claims changed", &key, t, len);               t[50]--;
    t[len - 1]++;   check("  the last letter, where only spare bits change", &key, t, len);  t[len - 1]--;
    memcpy(t + len, "=.", 2);
    check("  with the = that plain base64 has", &key, t, len + 1);
    check("  with a fourth segment", &key, t, len + 2);
    t[len] = '\n';
    check("  with the line's end behind it", &key, t, len + 1);
    check("  cut after the second dot", &key, t, len - 43);
    forged("  alg none, and no signature: RFC 8725 2.1", "{\"alg\":\"none\"}", CLAIMS, false);
    forged("  alg twice, for two readers", "{\"alg\":\"none\",\"alg\":\"HS256\"}", CLAIMS, false);
}

/* By a colleague's program, or for another purpose: the MAC is good, and says only who signed it. */
static void colleagues(void)
{
    printf("Signed with our key, and still refused:\n");
    forged("  alg HS384", "{\"alg\":\"HS384\"}", CLAIMS, true);
    forged("  crit: an unknown extension", "{\"alg\":\"HS256\",\"crit\":[\"b64\"]}", CLAIMS, true);
    forged("  a refresh token as an access token", "{\"alg\":\"HS256\",\"typ\":\"rt+jwt\"}", CLAIMS, true);
    forged("  kid names a key that we do not have", "{\"alg\":\"HS256\",\"kid\":\"2019\"}", CLAIMS, true);
    forged("  sub twice, once spelled s\\u0075b", HEADER, "{\"s\\u0075b\":1," ALICE "," TIMES "}", true);
    forged("  expired a second ago", HEADER, "{" ALICE ",\"exp\":1767268799}", true);
    forged("  good from tomorrow on", HEADER, "{" ALICE "," TIMES ",\"nbf\":1767355200}", true);
    forged("  without exp", HEADER, "{" ALICE ",\"iat\":1767268800}", true);
    forged("  exp as a text", HEADER, "{" ALICE ",\"exp\":\"1767269700\"}", true);
    rules.max_lifetime_s = TA_HOURS(1);
    forged("  made to live ten years", HEADER, "{" ALICE ",\"iat\":1767268800,\"exp\":2082628800}", true);
    rules.max_lifetime_s = 0;
    forged("  from another issuer", HEADER, "{\"iss\":\"me\",\"aud\":\"api\",\"sub\":\"x\"," TIMES "}", true);
    forged("  for another audience", HEADER, "{" ISSUER ",\"aud\":[\"shop\"],\"sub\":\"x\"," TIMES "}", true);
    forged("  without sub, which we require", HEADER, "{" ISSUER ",\"aud\":\"api\"," TIMES "}", true);
}

/* A check that cannot be made is not a check that was passed. */
static void ourselves(const char *token, size_t len)
{
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
    ta_key other;
    if (ta_key_init(&other, TA_LIT("another service has its own secret"), NULL) != TA_OK) return;
    printf("Our own mistakes:\n");
    check("  the key of another service", &other, token, len);
    rules.audience = NULL;      /* RFC 7519 4.1.3: a token that is meant for somebody is not for everybody */
    check("  rules that forgot the audience", &key, token, len);
    now = 0;                    /* 1970: every token would be fresh */
    check("  a clock that was never set", &key, token, len);
    told("  a secret of 19 bytes: RFC 7518 3.2", ta_key_init(&other, TA_LIT("your-256-bit-secret"), NULL));
    told("  a public key's text as the secret: RFC 8725 2.1", ta_key_init(&other, pem, sizeof pem - 1, NULL));
    check("  a check with the key that this left behind", &other, token, len);
}

int main(void)
{
    char   token[1024];
    size_t len = forge(HEADER, CLAIMS, true, token, sizeof token);
    if (len == 0 || ta_key_init(&key, secret, sizeof secret - 1, "2026-01") != TA_OK) return 1;
    rules.issuer   = "https://id.example";
    rules.audience = "api";
    rules.required = "sub";
    check("The token as it was issued", &key, token, len);
    strangers(token, len);
    colleagues();
    ourselves(token, len);
    ta_wipe(&key, sizeof key);
    return 0;
}
