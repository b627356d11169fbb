/* off.c - must NOT link: CALL, given on the command line, is switched off in the implementing file.
   It is declared all the same, so the linker names what is missing.                            */
#include "../../tokenauth.h"

int main(void)
{
    void (*volatile f)(void) = (void (*)(void))CALL;
    return f != 0 ? 0 : 1;
}
