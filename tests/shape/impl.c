/* impl.c - the implementation and nothing else; the other half of two linked files. */
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"
