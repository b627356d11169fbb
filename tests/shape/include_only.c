/* include_only.c - what a user's file sees that only includes the header. */
#include "../../tokenauth.h"

int shape_include_only(void);
int shape_include_only(void) { return TA_VERSION > 0 ? 0 : 1; }
