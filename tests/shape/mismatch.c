/* mismatch.c - must NOT link: this file was built with a larger TOKENAUTH_RECORD_TEXT than the implementing
   one, so its structs are larger. CALL, given on the command line, takes one of them.          */
#define TOKENAUTH_RECORD_TEXT 100
#include "../../tokenauth.h"

int main(void)
{
    void (*volatile f)(void) = (void (*)(void))CALL;
    return f != 0 ? 0 : 1;
}
