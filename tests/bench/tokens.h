/* tokens.h - the four tokens everybody makes and reads.
   T1  the default of jwt.io: 155 characters      T2  nine claims: 337 characters
   T3  4 KiB of payload: nine claims and a long text      T3m  4 KiB in 110 members                 */

#ifndef BENCH_TOKENS_H
#define BENCH_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_TOKENS    4
#define BENCH_PAYLOAD   4096
#define BENCH_TOKEN_CAP 6144
#define BENCH_CLAIMS    110
#define BENCH_NOW       1700000000      /* the time of all checks */

typedef struct bench_claim {
    const char *name, *text;            /* text NULL: a number */
    int64_t     number;
} bench_claim;

typedef struct bench_token {
    const char *name;
    bench_claim claims[BENCH_CLAIMS];
    size_t      claim_count;
    char        json[BENCH_PAYLOAD + 64];       /* the payload */
    size_t      json_len;
    char        more[BENCH_PAYLOAD + 64];       /* the claims that ta_claims has no field for, as an object */
    size_t      more_len;
    char        token[BENCH_TOKEN_CAP];         /* filled in by the default form of tokenauth.h */
    size_t      token_len, signed_len;          /* signed_len: of header.payload */
} bench_token;

extern const uint8_t bench_secret[32];
extern bench_token   bench_token_list[BENCH_TOKENS];

void bench_tokens_make(void);           /* claims and payloads */

#endif
