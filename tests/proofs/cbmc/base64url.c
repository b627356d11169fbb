/* base64url.c - ta_base64url_decode, ta_base64url_encode: every text, every room. */
#include "proof.h"
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

/* What is accepted is the one spelling of what comes out: encoding gives the text back. */
void prove_decode(void)
{
    static char room[N], out_room[N];
    size_t len = any_up_to(N), cap = any_up_to(N), n, again, i;
    char *in = at_one_end_of(room, N, len), *out = at_one_end_of(out_room, N, cap), back[N + 4];
    ta_status st = ta_base64url_decode(in, len, out, cap, &n);

    claim(st == TA_OK || st == TA_ERR_ENCODING || st == TA_ERR_SPACE, "one of the results");
    claim((st == TA_ERR_SPACE) == (cap < len / 4 * 3 + (len % 4 > 1 ? len % 4 - 1 : 0)), "room is needed");
    if (st == TA_OK) {
        claim(n <= cap && n == len * 3 / 4, "three bytes of four characters");
        claim(ta_base64url_encode(out, n, back, sizeof back, &again) == TA_OK, "can be encoded");
        claim(again == len && back[len] == '\0', "to as many characters");
        for (i = 0; i < len; i++) claim(back[i] == in[i], "to the same text");
        if (len == N - 1) reached("a good text");
    } else {
        claim(n == 0, "no length after a failure");
        if (st == TA_ERR_ENCODING) {
            claim(all_zero(out, len * 3 / 4), "nothing is left of it");
            reached("a foreign character");
        }
    }
}

/* A segment of a token, in place: what was decoded is spelled again as the text that it was. */
void prove_segment(void)
{
    static char room[N], text[N];
    size_t len = any_up_to(N), n = len / 4 * 3 + (len % 4 > 1 ? len % 4 - 1 : 0), i;
    char *in = at_one_end_of(room, N, len);
    for (i = 0; i < len; i++) text[i] = in[i];
    if (tai_segment_decode(in, len, (uint8_t *)in)) {
        tai_segment_encode((const uint8_t *)in, n, in);
        for (i = 0; i < len; i++) claim(in[i] == text[i], "the same text");
        if (len == N) reached("a good text");
    } else {
        reached("another one");
    }
}

/* Decoding gives back what was encoded. */
void prove_encode(void)
{
    static char room[N], out_room[2 * N];
    size_t len = any_up_to(N), cap = any_up_to(2 * N), n, again, i;
    char *in = at_one_end_of(room, N, len), *out = at_one_end_of(out_room, 2 * N, cap), back[N];
    ta_status st = ta_base64url_encode(in, len, out, cap, &n);

    claim(st == TA_OK || st == TA_ERR_SPACE, "one of the results");
    claim((st == TA_OK) == (cap > len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0)), "room is needed");
    if (st == TA_OK) {
        claim(out[n] == '\0', "a NUL behind it");
        claim(ta_base64url_decode(out, n, back, sizeof back, &again) == TA_OK && again == len, "is good");
        for (i = 0; i < len; i++) claim(back[i] == in[i], "means the same");
        if (len == N) reached("bytes");
    } else {
        claim(n == 0 && (cap == 0 || out[0] == '\0'), "nothing after a failure");
        reached("no room");
    }
}
