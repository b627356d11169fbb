/* form.h - one form of tokenauth.h (the default, plain C, small), measured from inside: form.c is compiled
   once for each, with TOKENAUTH_STATIC, so that the compression itself is in reach.                     */

#ifndef BENCH_FORM_H
#define BENCH_FORM_H

#include "tokens.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bench_step {             /* what a verify or a sign consists of */
    const char *name;                   /* NULL: the end of the list */
    bool (*run)(void *token, size_t n);
} bench_step;

typedef struct bench_form {
    const char *name;
    void (*setup)(void);                                /* the key; the first form fills in the tokens */
    bool (*floor)(void *token, size_t n);               /* (ceil((len + 9) / 64) + 1) compressions */
    bool (*hmac)(void *token, size_t n);                /* the MAC of header.payload */
    bool (*verify)(void *token, size_t n);
    bool (*sign)(void *token, size_t n);                /* from ta_claims */
    bool (*sign_json)(void *token, size_t n);           /* from the payload as it is */
    void (*compress)(uint32_t state[8], const uint8_t *in, size_t blocks);
    bool (*blocks)(void *count, size_t n);              /* *(size_t *)count compressions, one by one */
    const bench_step *steps;
} bench_form;

extern const bench_form bench_form_default, bench_form_portable, bench_form_small;

#endif
