/* include_then_define.c - another header of the user's had included it already, as prototypes. */
#include "../../tokenauth.h"
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int main(void) { return ta_equal("same", "same", 4) ? 0 : 1; }
