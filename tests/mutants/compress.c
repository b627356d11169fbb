/* compress.c - the hash of tokenauth.h, unchanged, for the tests of mutants: see mutate.py. */
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include "compress.h"

void mutants_compress(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    tai_sha256_blocks(state, in, blocks);
}
