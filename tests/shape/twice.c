/* twice.c - the implementation is asked for, and the header comes in three times. */
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"
#include "../../tokenauth.h"
#undef TOKENAUTH_IMPLEMENTATION
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int main(void) { return ta_equal("same", "same", 4) ? 0 : 1; }
