/* fuzz_base64url.c - bytes to text, text to bytes, and secrets as configuration spells them.

   Promises   decode(encode(x)) = x; what decodes encodes into the same text; a decoder written bit by bit
              gives the same verdict; one byte of room too little fails; nothing is left after a failure;
              decoding in place is decoding; every form of the header says the same.
   Input      any bytes, taken as bytes, as text, and as a key's text                                  */
#include "fuzz.h"

static const char b64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static int b64_value(int c, char c62, char c63)
{
    const char *p = c != 0 ? strchr(b64_letters, c) : NULL;
    return p != NULL ? (int)(p - b64_letters) : c == c62 ? 62 : c == c63 ? 63 : -1;
}

/* One bit after the other. Gives the number of bytes, or -1.                                         */
static long b64_naive(const uint8_t *in, size_t n, char c62, char c63, uint8_t *out)
{
    size_t bits = n * 6 / 8 * 8, i;
    if (n % 4 == 1) return -1;
    memset(out, 0, bits / 8);
    for (i = 0; i < n * 6; i++) {
        int v = b64_value(in[i / 6], c62, c63), bit;
        if (v < 0) return -1;
        bit = v >> (5 - i % 6) & 1;
        if (i < bits) out[i / 8] = (uint8_t)(out[i / 8] | bit << (7 - i % 8));
        else if (bit != 0) return -1;                   /* a spare bit */
    }
    return (long)(bits / 8);
}

static void b64_encode(const uint8_t *in, size_t n)
{
    size_t chars = (n * 8 + 5) / 6, len, other_len, i;
    char    *text = (char *)fuzz_room(chars + 1), *other = (char *)fuzz_room(TA_BASE64URL_CAP(n));
    uint8_t *back = (uint8_t *)fuzz_room(n);

    PROMISE(ta_base64url_encode(in, n, text, chars + 1, &len) == TA_OK);
    PROMISE(len == chars && text[len] == '\0' && strlen(text) == len);
    for (i = 0; i < len; i++) PROMISE(b64_value(text[i], '-', '_') >= 0);
    PROMISE(ta_base64url_decode(text, len, back, n, &i) == TA_OK && fuzz_same(in, n, back, i));
    PROMISE(fuzz_plain.encode(in, n, other, TA_BASE64URL_CAP(n), &other_len) == TA_OK);
    PROMISE(fuzz_same(text, len, other, other_len));
    PROMISE(fuzz_small.encode(in, n, other, TA_BASE64URL_CAP(n), &other_len) == TA_OK);
    PROMISE(fuzz_same(text, len, other, other_len));
    PROMISE(ta_base64url_encode(in, n, text, chars, &len) == TA_ERR_SPACE);
    PROMISE(len == 0 && (chars == 0 || text[0] == '\0'));
    free(text);
    free(other);
    free(back);
}

static void b64_decode(const char *in, size_t n)
{
    uint8_t *want = (uint8_t *)fuzz_room(n), *out = (uint8_t *)fuzz_room(n);
    char    *place = (char *)fuzz_copy(in, n), *again = (char *)fuzz_room(n + 1);
    long bytes = b64_naive((const uint8_t *)in, n, '-', '_', want);
    size_t room = n * 6 / 8, len = 77, len2;
    ta_status st = ta_base64url_decode(in, n, out, room, &len);

    PROMISE(st == (bytes >= 0 ? TA_OK : TA_ERR_ENCODING));
    PROMISE(fuzz_plain.decode(in, n, again, room, &len2) == st && len2 == len);
    PROMISE(fuzz_small.decode(in, n, again, room, &len2) == st && len2 == len);
    PROMISE(ta_base64url_decode(place, n, place, room, &len2) == st && len2 == len);
    if (st == TA_OK) {
        PROMISE(fuzz_same(out, len, want, (size_t)bytes) && fuzz_same(place, len, want, len));
        PROMISE(fuzz_all(out + len, n - len, 0xA5));
        PROMISE(ta_base64url_encode(out, len, again, n + 1, &len2) == TA_OK && fuzz_same(again, len2, in, n));
        memset(out, 0xA5, n);
        if (len > 0) {
            PROMISE(ta_base64url_decode(in, n, out, len - 1, &len2) == TA_ERR_SPACE && len2 == 0);
            PROMISE(fuzz_all(out, n, 0xA5));
        }
    } else {
        PROMISE(len == 0 && fuzz_cleared(out, n));
    }
    free(want);
    free(out);
    free(place);
    free(again);
}

/* ---- "hex:", "base64:", "base64url:", "raw:" -------------------------------------------------- */

static long key_hex(const char *p, size_t n, uint8_t *out)
{
    size_t i;
    if (n % 2 != 0) return -1;
    for (i = 0; i < n; i++) {
        int c = p[i], v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (v < 0) return -1;
        out[i / 2] = (uint8_t)(i % 2 == 0 ? v << 4 : out[i / 2] | v);
    }
    return (long)(n / 2);
}

static long key_base64(const char *p, size_t n, uint8_t *out)
{
    if (n % 4 != 0) return -1;
    if (n > 0 && p[n - 1] == '=') n--;
    if (n % 4 == 3 && p[n - 1] == '=') n--;
    return b64_naive((const uint8_t *)p, n, '+', '/', out);
}

/* The bytes that a key's text spells, or -1.                                                         */
static long key_spells(const char *p, size_t n, uint8_t *out)
{
    if (n >= 4 && memcmp(p, "raw:", 4) == 0) {
        memcpy(out, p + 4, n - 4);
        return (long)(n - 4);
    }
    if (n >= 4 && memcmp(p, "hex:", 4) == 0) return key_hex(p + 4, n - 4, out);
    if (n >= 7 && memcmp(p, "base64:", 7) == 0) return key_base64(p + 7, n - 7, out);
    if (n >= 10 && memcmp(p, "base64url:", 10) == 0)
        return b64_naive((const uint8_t *)p + 10, n - 10, '-', '_', out);
    return -1;
}

static void key_text(const char *in, size_t n)
{
    uint8_t *bytes = (uint8_t *)fuzz_room(n);
    long spelled = key_spells(in, n, bytes);
    ta_key key, want;
    ta_status st = ta_key_init_text(&key, in, n, NULL);

    if (spelled < 0) {          /* too long may be said before it is read */
        PROMISE(st == TA_ERR_ENCODING || (st == TA_ERR_LIMIT && n > 256));
    } else if (spelled > 256 && in[0] != 'r') {
        PROMISE(st == TA_ERR_LIMIT);
    } else {
        PROMISE(st == ta_key_init(&want, bytes, (size_t)spelled, NULL));
        PROMISE(memcmp(key.inner, want.inner, sizeof key.inner) == 0 && key.ready == want.ready);
    }
    if (st != TA_OK) PROMISE(fuzz_all(&key, sizeof key, 0));
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *in = (char *)fuzz_copy(data, size);
    b64_encode((const uint8_t *)in, size);
    b64_decode(in, size);
    key_text(in, size);
    free(in);
    return 0;
}
