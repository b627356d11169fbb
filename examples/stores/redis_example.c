/* redis_example.c - one login and one refresh, kept in Redis or a Redis Cluster.
   Build: cc -I../.. redis_example.c -o redis_example -lhiredis -lpthread
   Run:   ./redis_example redis://127.0.0.1:6379    twice: the first session is still there.  */

#define _POSIX_C_SOURCE 200809L
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#define TA_REDIS_IMPLEMENTATION
#include "redis.h"
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    static const char secret[] = "32 bytes of /dev/urandom, please";
    static ta_redis store;
    ta_key key;
    ta_refresh_key refresh_key = TA_ZERO;
    ta_auth_config cfg = TA_ZERO;
    ta_auth auth;
    ta_pair pair;
    ta_session list[8];
    size_t n;
    int64_t now = (int64_t)time(NULL);
    signal(SIGPIPE, SIG_IGN);           /* a connection that breaks must not end the program */

    if (argc != 2 || ta_redis_open(&store, argv[1], NULL) != TA_OK) {
        fprintf(stderr, "usage: redis_example redis://host:port   %s\n", ta_redis_why(&store));
        return 1;
    }
    if (ta_key_init(&key, secret, 32, NULL) != TA_OK
        || ta_key_derive(&refresh_key.key, secret, 32, "refresh", NULL) != TA_OK) return 1;
    cfg.keys = ta_keys_of(&key, 1);
    cfg.refresh_keys = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.store = ta_redis_store(&store);
    if (ta_auth_init(&auth, &cfg) != TA_OK) return 1;
    if (ta_login(&auth, "alice", now, NULL, &pair) != TA_OK
        || ta_refresh(&auth, pair.refresh, pair.refresh_len, now, NULL, &pair) != TA_OK
        || ta_session_list(&auth, "alice", now, "", list, 8, &n) != TA_OK) {
        fprintf(stderr, "%s\n", ta_redis_why(&store));
        return 1;
    }
    printf("alice has %lu sessions\n", (unsigned long)n);
    ta_redis_close(&store);
    return 0;
}
