/* static_b.c - see static_a.c */
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int static_b(void);
int static_b(void) { return ta_equal("same", "Same", 4) ? 1 : 0; }
