/* mismatch.c - this file was built with a larger TOKENAUTH_RECORD_TEXT than the implementing one, so
   its structs are larger. Either the program does not link, or the table refuses to start.     */
#define TOKENAUTH_RECORD_TEXT 100
#include "../../tokenauth.h"

int main(void)
{
    static ta_slot slots[4];
    ta_table table;
    return ta_table_init(&table, slots, 4) == TA_OK ? 1 : 0;
}
