/* postgres_example.c - one login and one refresh, kept in PostgreSQL.
   Build: cc -I../.. -I$(pg_config --includedir) postgres_example.c -o postgres_example -lpq -lpthread
   Run:   ./postgres_example postgres://user@host/db    twice: the first session is still there.  */

#define _POSIX_C_SOURCE 200809L
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#define TA_POSTGRES_IMPLEMENTATION
#include "postgres.h"
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    static const char secret[] = "32 bytes of /dev/urandom, please";
    static ta_postgres store;
    ta_key key;
    ta_refresh_key refresh_key = TA_ZERO;
    ta_auth_config cfg = TA_ZERO;
    ta_auth auth;
    ta_pair pair;
    ta_session list[8];
    size_t n;
    int64_t now = (int64_t)time(NULL);

    if (argc != 2 || ta_postgres_open(&store, argv[1], NULL) != TA_OK) {
        fprintf(stderr, "usage: postgres_example postgres://user@host/db   %s\n", ta_postgres_why(&store));
        return 1;
    }
    if (ta_key_init(&key, secret, 32, NULL) != TA_OK
        || ta_key_derive(&refresh_key.key, secret, 32, "refresh", NULL) != TA_OK) return 1;
    cfg.keys = ta_keys_of(&key, 1);
    cfg.refresh_keys = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.store = ta_postgres_store(&store);
    if (ta_auth_init(&auth, &cfg) != TA_OK) return 1;
    if (ta_login(&auth, "alice", now, NULL, &pair) != TA_OK
        || ta_refresh(&auth, pair.refresh, pair.refresh_len, now, NULL, &pair) != TA_OK
        || ta_session_list(&auth, "alice", now, "", list, 8, &n) != TA_OK) {
        fprintf(stderr, "%s\n", ta_postgres_why(&store));
        return 1;
    }
    printf("alice has %lu sessions\n", (unsigned long)n);
    ta_postgres_close(&store);
    return 0;
}
