/* implied.c - must NOT link: this file is a verifier, and signs. That it had the header before, as
   prototypes, must not bring back what the switch takes away.                                  */
#include "../../tokenauth.h"
#define TOKENAUTH_VERIFY_ONLY
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int main(void)
{
    void (*volatile f)(void) = (void (*)(void))CALL;
    return f != 0 ? 0 : 1;
}
