/* proof.h - what every proof of this folder stands on. The public half of tokenauth.h comes with it; the
   other half follows where the proof says so, behind its contracts. */
#ifndef PROOF_H
#define PROOF_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#define assume(x)      __CPROVER_assume(x)
#define claim(x, text) __CPROVER_assert(x, text)
#ifdef PLANTED                  /* with a bug in the header: the first property to fail ends the run */
#  define reached(text) ((void)0)
#else                           /* must fail: what was shown before it is shown of something */
#  define reached(text) __CPROVER_assert(0, "reached: " text)
#endif

#ifndef N                       /* the bounds of proofs.ini; those of other proofs in a file do not matter */
#  define N 1
#endif
#ifndef CAP
#  define CAP 1
#endif
#ifndef WORD
#  define WORD 1
#endif
#ifndef KID
#  define KID 1
#endif

typedef char proof_model_is_as_named[sizeof(int) == MODEL_INT ? 1 : -1];

size_t   nondet_size(void);
uint8_t  nondet_byte(void);
uint32_t nondet_word(void);
int64_t  nondet_time(void);
bool     nondet_bool(void);

static size_t any_up_to(size_t most)
{
    size_t n = nondet_size();
    assume(n <= most);
    return n;
}

/* Any `len` bytes, which end where their room ends: one byte further is outside. (Of an array whose length is not
   known the solver makes minutes of what takes seconds this way.) */
static char *at_end_of(void *room, size_t size, size_t len)
{
    __CPROVER_havoc_object(room);               /* what is static begins as zero */
    return (char *)room + (size - len);
}

/* The same, or they begin where it begins: then one byte before them is outside. */
static char *at_one_end_of(void *room, size_t size, size_t len)
{
    return nondet_bool() ? at_end_of(room, size, len) : at_end_of(room, size, size);
}

static bool all_zero(const void *p, size_t n)
{
    const uint8_t *bytes = (const uint8_t *)p;
    size_t i;
    for (i = 0; i < n; i++) if (bytes[i] != 0) return false;
    return true;
}

/* FIPS 180-4's compression, of which the proofs need no more than what it reads and writes; that the
   real one does no more is the proof `compress`. */
static void contract_compress(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    claim(__CPROVER_rw_ok(state, 32), "the state can be written");
    claim(blocks <= 0x1000000 && (blocks == 0 || __CPROVER_r_ok(in, blocks * 64)), "the blocks can be read");
    __CPROVER_havoc_slice(state, 32);
}
#ifndef REAL_COMPRESS
#  define TOKENAUTH_SHA256_COMPRESS(state, in, blocks) contract_compress(state, in, blocks)
#endif

#define TOKENAUTH_NO_OS_RANDOM
#include "tokenauth.h"

#endif
