/* peer.h - another library behind one struct. Each is a file in peers/, built into a shared object of its own
   and loaded by name, so that two that share symbol names can stand side by side.                         */

#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "tokens.h"
#include <stdbool.h>

typedef struct bench_peer {
    const char *name;
    bool (*setup)(void);                                /* the key, from bench_secret */
    bool (*verify)(const bench_token *t);               /* MAC, claims read, exp looked at where it can */
    bool (*sign)(const bench_token *t);                 /* from the claims, one by one, where it can */
    bool (*hmac)(const bench_token *t);                 /* the MAC of header.payload alone; NULL: none */
} bench_peer;

extern const bench_peer bench_peer_entry;               /* each shared object has one */

#endif
