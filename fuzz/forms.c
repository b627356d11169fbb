/* forms.c - the header once more, in another form, so that a target can compare: the fast path of this
   machine must say what plain C says.   Build twice:
       cc -c -DFORM=fuzz_plain -DTOKENAUTH_NO_INTRINSICS forms.c -o plain.o
       cc -c -DFORM=fuzz_small -DTOKENAUTH_SMALL         forms.c -o small.o                        */
#include "fuzz.h"

const fuzz_form FORM = {
    ta_base64url_encode, ta_base64url_decode, ta_json_check, ta_jwt_sign_json, ta_jwt_verify, ta_hmac_sha256
};
