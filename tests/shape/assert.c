/* assert.c - TA_ASSERT is the user's: it may be a function call, and input never sets it off. */
static int shape_failed;
#define TA_ASSERT(x) ((x) ? (void)0 : (void)(shape_failed = 1))
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int main(void)
{
    static const char bad[] = "\xFF{[\"a\":1e,.\\u12";
    char     text[64];
    uint8_t  secret[32] = {7};
    ta_key   key;
    ta_jwt   jwt;
    size_t   len;

    if (ta_key_init(&key, secret, sizeof secret, NULL) != TA_OK) return 1;
    if (ta_jwt_verify(ta_keys_of(&key, 1), bad, sizeof bad - 1, 1, NULL, text, sizeof text, &jwt)
        == TA_OK) return 2;
    if (ta_json_check(bad, sizeof bad - 1) == TA_OK) return 3;
    if (ta_base64url_decode(bad, sizeof bad - 1, text, sizeof text, &len) == TA_OK) return 4;
    return shape_failed;
}
