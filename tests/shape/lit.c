/* lit.c - must NOT compile: TA_LIT is for literals; sizeof a pointer would be no length. */
#include "../../tokenauth.h"

bool shape_lit(ta_json v, const char *name);
bool shape_lit(ta_json v, const char *name) { return ta_json_equals(v, TA_LIT(name)); }
