/* 01_base64url.c - turn bytes into the letters of a token by hand, then see what a strict reader refuses.
   Learn: six bits make one letter; why there is no "="; why bytes must have one spelling and no more.
   Build: cc -std=c99 -I.. 01_base64url.c -o 01 && ./01
   Prints (the checker compares it):
       bytes    01001101 01100001 01101110   Man
       letters  010011 010110 000101 101110  TWFu

       f        Zg       the library says the same: yes
       fo       Zm8      the library says the same: yes
       foo      Zm9v     the library says the same: yes
       foob     Zm9vYg   the library says the same: yes

       {"alg":"HS256","typ":"JWT"}
       eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9

       Zg       TA_OK
       Zh       TA_ERR_ENCODING  the four spare bits are not 0
       Zg==     TA_ERR_ENCODING  padding
       Z        TA_ERR_ENCODING  six bits are no byte
       Zm9 v    TA_ERR_ENCODING  white space
       +/8      TA_ERR_ENCODING  letters of plain base64
       -_8      TA_OK
   base64url hides nothing: whoever holds a token can read it. Never put a secret into one. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

/* RFC 4648 section 5. Plain base64 ends with + and /, and both mean something in a URL. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Bits come in by eights and leave by sixes. What is left at the end is filled up with zeros; the
   length tells how many, so RFC 7515 section 2 leaves out the "=" of plain base64.
   out has room for TA_BASE64URL_CAP(len) characters. */
static void by_hand(const char *in, size_t len, char *out)
{
    uint32_t held = 0;          /* only its lowest `bits` bits still count */
    unsigned bits = 0;
    size_t   i, n = 0;

    for (i = 0; i < len; i++) {
        held = held << 8 | (uint8_t)in[i];
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out[n++] = alphabet[held >> bits & 63];
        }
    }
    if (bits > 0) out[n++] = alphabet[held << (6 - bits) & 63];
    out[n] = '\0';
}

/* The same bits, parted by eights or by sixes. */
static void show_bits(const char *in, size_t len, size_t group)
{
    size_t bit;
    for (bit = 0; bit < 8 * len; bit++) {
        if (bit > 0 && bit % group == 0) putchar(' ');
        putchar(((uint8_t)in[bit / 8] >> (7 - bit % 8) & 1) != 0 ? '1' : '0');
    }
}

static bool encode(const char *text)
{
    char   mine[TA_BASE64URL_CAP(64)], theirs[TA_BASE64URL_CAP(64)];
    size_t n;
    if (strlen(text) > 64) return false;
    by_hand(text, strlen(text), mine);
    if (ta_base64url_encode(text, strlen(text), theirs, sizeof theirs, &n) != TA_OK) return false;
    printf("%-8s %-8s the library says the same: %s\n", text, mine, strcmp(mine, theirs) == 0 ? "yes" : "NO");
    return true;
}

/* A reader that forgives takes "Zg", "Zh" and "Zg==" all for "f". Then one token has many spellings,
   and a list of forbidden token texts, or a cache keyed by them, can be walked around. */
static void decode(const char *text, const char *why)
{
    uint8_t   out[8];
    size_t    n;
    ta_status st = ta_base64url_decode(text, strlen(text), out, sizeof out, &n);
    printf("%-8s %s%s%s\n", text, ta_status_name(st), why[0] != '\0' ? "  " : "", why);
}

int main(void)
{
    static const char man[] = "Man", header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    char text[TA_BASE64URL_CAP(sizeof header)];

    by_hand(man, 3, text);
    printf("bytes    ");    show_bits(man, 3, 8);    printf("   %s\n", man);
    printf("letters  ");    show_bits(man, 3, 6);    printf("  %s\n\n", text);

    /* The first vectors of RFC 4648 section 10. One byte more, and the last letter changes its sense. */
    if (!encode("f") || !encode("fo") || !encode("foo") || !encode("foob")) return 1;

    /* Why so many tokens begin with eyJ: it is {" and the upper bits of the next letter. */
    by_hand(header, sizeof header - 1, text);
    printf("\n%s\n%s\n\n", header, text);

    decode("Zg", "");
    decode("Zh", "the four spare bits are not 0");      /* RFC 4648 section 3.5 */
    decode("Zg==", "padding");
    decode("Z", "six bits are no byte");
    decode("Zm9 v", "white space");
    decode("+/8", "letters of plain base64");
    decode("-_8", "");
    return 0;
}
