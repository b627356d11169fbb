/* traces.c - on a chip under QEMU: the same work with several secrets. trace_plugin.c hashes the program
   counters and the data addresses of each stretch between BEGIN and END; they must agree for all secrets.
   This sees the very instructions that are shipped.                                             */

#include "../ports/port.h"

__attribute__((noinline)) void trace_begin(void);
__attribute__((noinline)) void trace_end(void);
void trace_begin(void) { __asm__ volatile(""); }
void trace_end(void)   { __asm__ volatile(""); }
static const char *current;

#define SECRET(p, n) ((void)(p))
#define PUBLIC(p, n) ((void)(p))
#define BEGIN()      (port_say(current), trace_begin())    /* its name, outside of what is looked at */
#define END()        trace_end()

#define TOKENAUTH_STATIC
#define TOKENAUTH_NO_OS_RANDOM
#define TOKENAUTH_NO_TABLE
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include "cases.h"

#define SECRETS 6

/* All zeros, all ones, and bytes of no pattern; the index of what differs wanders, too.           */
static void make_noise(unsigned secret)
{
    uint32_t r = 2463534242u + secret;
    size_t i;
    for (i = 0; i < sizeof noise; i++) {
        r ^= r << 13; r ^= r >> 17; r ^= r << 5;
        noise[i] = secret == 0 ? 0 : secret == 1 ? 0xFF : (uint8_t)(r >> 11);
    }
}

static const struct { const char *name; void (*run)(void); } cases[] = {
    {"equal\n", case_equal}, {"key\n", case_key}, {"key from raw:\n", case_key_raw},
    {"key from hex:\n", case_key_hex}, {"key from base64:\n", case_key_base64},
    {"key from base64url:\n", case_key_base64url}, {"derived key\n", case_derive}, {"hmac\n", case_hmac},
    {"encode\n", case_encode}, {"decode\n", case_decode}, {"decode foreign\n", case_decode_foreign},
    {"verify\n", case_verify}, {"fingerprint\n", case_fingerprint}, {"refresh tag\n", case_tag},
    {"seal\n", case_seal},
/* A signature is part of a token that is sent; where it is spelled by table (not in the small form), the
   addresses tell it a moment earlier, so signing is not looked at there.                          */
#if TAI_SMALL
    {"sign\n", case_sign}
#endif
};

int port_main(void)
{
    unsigned secret;
    size_t i;
    for (secret = 0; secret < SECRETS; secret++) {
        make_noise(secret);
        for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            current = cases[i].name;
            cases[i].run();
        }
    }
    (void)case_sign;
    return 0;
}
