/* peer.c - tokenauth.h, SQLite and OpenSSL behind one pipe: a line of words in hexadecimal in, a line out.
       json TEXT                  ta_json_check, and json_valid() of SQLite as 0 or 1
       hmac KEY TEXT              equal or different: ta_hmac_sha256 and OpenSSL's HMAC
       sign KEY CLAIMS            the token, or the name of the error
       verify KEY NOW TOKEN       "TA_OK claims", or the name of the error; NOW in decimal
   Every rule that a token may break by itself is relaxed, so that what is left is the token as such. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

#define PEER_MAX 70000

typedef struct peer_bytes { uint8_t *p; size_t n; } peer_bytes;

/* Into a block of exactly its size, so that a sanitizer sees the byte after it. */
static peer_bytes peer_hex(const char *word)
{
    peer_bytes b;
    size_t i;
    b.n = word != NULL ? strlen(word) / 2 : 0;
    b.p = (uint8_t *)malloc(b.n > 0 ? b.n : 1);
    for (i = 0; i < b.n; i++) {
        unsigned v = 0;
        if (sscanf(word + 2 * i, "%2x", &v) != 1) exit(2);
        b.p[i] = (uint8_t)v;
    }
    return b;
}

static int peer_sqlite(peer_bytes text)
{
    static sqlite3 *db;
    static sqlite3_stmt *ask;
    int answer;
    if (db == NULL && (sqlite3_open(":memory:", &db) != SQLITE_OK
                       || sqlite3_prepare_v2(db, "SELECT json_valid(?1)", -1, &ask, NULL) != SQLITE_OK)) exit(2);
    sqlite3_bind_text(ask, 1, (const char *)text.p, (int)text.n, SQLITE_TRANSIENT);
    answer = sqlite3_step(ask) == SQLITE_ROW ? sqlite3_column_int(ask, 0) : -1;
    sqlite3_reset(ask);
    return answer;
}

static void peer_hmac(peer_bytes key, peer_bytes text)
{
    uint8_t ours[TA_SHA256_SIZE], theirs[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    ta_hmac_sha256(key.p, key.n, text.p, text.n, ours);
    if (HMAC(EVP_sha256(), key.p, (int)key.n, text.p, text.n, theirs, &n) == NULL) exit(2);
    puts(n == sizeof ours && memcmp(ours, theirs, n) == 0 ? "equal" : "different");
}

static void peer_sign(const ta_key *key, peer_bytes claims)
{
    static char token[PEER_MAX * 2];
    size_t n;
    ta_status st = ta_jwt_sign_json(key, (const char *)claims.p, claims.n, token, sizeof token, &n);
    puts(st == TA_OK ? token : ta_status_name(st));
}

static void peer_verify(const ta_key *key, int64_t now, peer_bytes token)
{
    static char buf[PEER_MAX];
    ta_rules lax = TA_ZERO;
    ta_jwt jwt;
    ta_status st;
    lax.allow_no_exp = lax.allow_any_audience = lax.allow_any_typ = true;
    st = ta_jwt_verify(ta_keys_of(key, 1), (const char *)token.p, token.n, now, &lax, buf, sizeof buf, &jwt);
    if (st == TA_OK) printf("TA_OK %.*s\n", (int)jwt.claims.len, jwt.claims.text);
    else puts(ta_status_name(st));
}

int main(void)
{
    static char line[PEER_MAX * 4];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *what = strtok(line, " \n"), *one = strtok(NULL, " \n"), *two = strtok(NULL, " \n");
        char *three = strtok(NULL, " \n");
        peer_bytes a = peer_hex(one), b, c = peer_hex(three);
        ta_key key;
        int64_t now = two != NULL && what != NULL && strcmp(what, "verify") == 0 ? strtoll(two, NULL, 10) : 0;
        b = peer_hex(now != 0 ? NULL : two);
        if (what == NULL) exit(2);
        if (strcmp(what, "json") == 0) {
            printf("%s %d\n", ta_status_name(ta_json_check((const char *)a.p, a.n)), peer_sqlite(a));
        } else if (strcmp(what, "hmac") == 0) {
            peer_hmac(a, b);
        } else if (ta_key_init_short(&key, a.p, a.n, NULL) != TA_OK) {
            puts("TA_ERR_KEY");
        } else if (strcmp(what, "sign") == 0) {
            peer_sign(&key, b);
        } else {
            peer_verify(&key, now, c);
        }
        free(a.p);
        free(b.p);
        free(c.p);
        fflush(stdout);
    }
    return 0;
}
