/* compress.h - the hash of a mutant's tests comes from an object that was compiled well (compress.c). */
#include <stddef.h>
#include <stdint.h>
void mutants_compress(uint32_t state[8], const uint8_t *in, size_t blocks);
