/* static_a.c and static_b.c - two files of one program, each with functions of its own. */
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int static_b(void);

int main(void) { return ta_equal("same", "same", 4) ? static_b() : 1; }
