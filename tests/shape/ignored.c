/* ignored.c - must NOT compile with -Werror=unused-result: the answer of a check is dropped. */
#include "../../tokenauth.h"

void shape_ignored(const ta_key *key, const char *token, size_t len, char *buf, ta_jwt *jwt);
void shape_ignored(const ta_key *key, const char *token, size_t len, char *buf, ta_jwt *jwt)
{
    ta_jwt_verify(ta_keys_of(key, 1), token, len, 1, NULL, buf, len, jwt);
}
