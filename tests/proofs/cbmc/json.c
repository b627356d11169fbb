/* json.c - JSON text that nobody has checked: the parts of the check, the check, the walks and values. */
#include "proof.h"
#include "contracts.h"
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static char room[N];            /* texts end where it ends */

static const char *any_text(size_t *len)
{
    *len = any_up_to(N);
    __CPROVER_havoc_object(room);               /* what is static begins as zero */
    return room + (N - *len);
}

/* ---- the parts: each keeps the contract that the check is proved with ------------------------ */

void prove_string(void)
{
    size_t len, pos, end, i;
    const char *text = any_text(&len);
    pos = any_up_to(len);
    end = tai_string(text, len, pos);
    if (end == 0) { reached("no string"); return; }
    claim(end >= pos + 2 && end <= len && text[pos] == '"' && text[end - 1] == '"', "from quote to quote");
    for (i = pos + 1; i + 1 < end; i++) {
        claim((uint8_t)text[i] >= 0x20, "no control");
        claim(text[i] != '"' || text[i - 1] == '\\', "no quote");
        claim((uint8_t)text[i] < 0xF5 && (uint8_t)text[i] != 0xC0 && (uint8_t)text[i] != 0xC1, "no byte UTF-8 has not");
    }
    claim(text[end - 2] != '\\' || text[end - 3] == '\\', "the last quote is not escaped");
    if (end == len && len == N && pos == 0 && text[1] == '\\' && text[2] == 'u') reached("an escape");
}

void prove_number(void)
{
    size_t len, pos, end, i, points = 0, exponents = 0;
    const char *text = any_text(&len);
    pos = any_up_to(len);
    end = tai_number(text, len, pos);
    if (end == 0) { reached("no number"); return; }
    claim(end > pos && end <= len, "something, within the text");
    claim(text[end - 1] >= '0' && text[end - 1] <= '9', "ends with a digit");
    claim(text[pos] == '-' || (text[pos] >= '0' && text[pos] <= '9'), "begins with a sign or a digit");
    for (i = pos; i < end; i++) {
        points += text[i] == '.';
        exponents += text[i] == 'e' || text[i] == 'E';
    }
    claim(points <= 1 && exponents <= 1, "one point and one exponent at most");
    claim(end - pos == 1 || text[pos] != '0' || text[pos + 1] < '0' || text[pos + 1] > '9', "no zero in front");
    if (points == 1 && exponents == 1) reached("a fraction and an exponent");
}

/* A number as an integer: what each getter and date stands on. */
void prove_int(void)
{
    size_t len;
    const char *text = any_text(&len);
    int64_t n;
    ta_status st = ta_json_int(view(text, len), &n);
    claim(st == TA_OK || st == TA_ERR_ABSENT || st == TA_ERR_KIND || st == TA_ERR_RANGE || st == TA_ERR_JSON,
          "one of the results");
    claim(st == TA_OK || n == 0, "0 after a failure");
    if (st == TA_OK) {
        claim((n < 0) <= (text[0] == '-'), "below 0 with a sign only");
        if (n == 1200) reached("1200");
    }
    if (st == TA_ERR_RANGE) reached("a fraction");
}

/* ---- values and walks over any bytes ---------------------------------------------------------- */

void prove_json_string(void)
{
    size_t len, cap = any_up_to(N), n, i;
    const char *text = any_text(&len);
    char out[cap];
    ta_status st = ta_json_string(view(text, len), out, cap, &n);
    if (st == TA_OK) {
        claim(n < cap && out[n] == '\0', "a NUL behind it");
        for (i = 0; i < n; i++) claim(out[i] != '\0', "and none in it");
        if (text[1] == '\\' && text[2] == 'u' && n == 3) reached("an escape of three bytes");
    } else {
        claim(n == 0 && (cap == 0 || out[0] == '\0'), "nothing after a failure");
        if (st == TA_ERR_SPACE) reached("no room");
        if (st == TA_ERR_NUL) reached("a NUL");
    }
}

void prove_json_equals(void)
{
    size_t len, n = any_up_to(WORD);
    const char *text = any_text(&len);
    char word[n];
    bool same = ta_json_equals(view(text, len), word, n), flag;
    ta_status st = ta_json_bool(view(text, len), &flag);
    claim(!same || (len >= n + 2 && text[0] == '"'), "a string, and long enough");
    claim(st == TA_OK || !flag, "false after a failure");
    if (same && n == 2 && len == 8) reached("spelled with an escape");
    if (same && n == 0) reached("two empty ones");
}

void prove_json_has(void)
{
    size_t len, n = any_up_to(WORD);
    const char *text = any_text(&len);
    char word[n];
    bool has = ta_json_has(view(text, len), word, n);
    claim(!has || text[0] == '"' || text[0] == '[', "a string or an array");
    if (has && text[0] == '[') reached("in an array");
    if (has && n == 1 && len == 5) reached("a word of a string");
}

/* One step, from anywhere: it moves on, and stays within the text. */
void prove_json_next(void)
{
    size_t len, at = nondet_size(), before = at;
    const char *text = any_text(&len);
    ta_json name, value;
    bool named = nondet_bool();
    ta_status st;
    assume(at <= len);
    st = ta_json_next(view(text, len), &at, named ? &name : NULL, &value);
    if (st == TA_OK) {
        claim(at > before && at <= len, "moves on, within the text");
        claim(value.len > 0 && is_within(value.text, value.len, text, len), "a value in the text");
        claim(!named || is_absent(name) || is_within(name.text, name.len, text, len), "a name in it");
        claim(!named || (name.len > 0) == (text[0] == '{'), "a name where there is one");
        if (named && name.len == 3 && value.len == 2) reached("a member");
    } else {
        claim(is_absent(value) && (!named || is_absent(name)), "nothing at the end");
        claim(at == before, "and no step");
        if (st == TA_ERR_ABSENT && len == N) reached("the end");
    }
}

void prove_json_at(void)
{
    size_t len, n = any_up_to(WORD);
    const char *text = any_text(&len);
    char path[n + 1];
    ta_json v;
    path[n] = '\0';
    v = ta_json_at(view(text, len), path);
    claim(v.len == 0 || is_within(v.text, v.len, text, len), "absent, or in the text");
    if (n == 3 && path[0] == '[' && v.len == 1) reached("an element");
    if (n == 1 && v.len == 1) reached("a member");
}

/* ---- the check: the parts by contract ---------------------------------------------------------- */

/* Brackets outside strings, as far as one counts without reading anything else. */
static size_t deepest(const char *text, size_t len)
{
    size_t depth = 0, most = 0, i;
    bool inside = false;
    for (i = 0; i < len; i++) {
        if (text[i] == '"') inside = !inside;
        else if (!inside && (text[i] == '[' || text[i] == '{')) depth++;
        else if (!inside && depth > 0 && (text[i] == ']' || text[i] == '}')) depth--;
        if (depth > most) most = depth;
    }
    return most;
}

void prove_json_check(void)
{
    size_t len, i;
    const char *text = any_text(&len);
    bool plain = true;
    ta_status st;
    for (i = 0; i < len; i++) plain = plain && text[i] != '\\';
    st = ta_json_check(text, len);
    claim(st == TA_OK || st == TA_ERR_JSON || st == TA_ERR_DUPLICATE || st == TA_ERR_LIMIT, "one of the results");
    if (st == TA_OK) {
        claim(len > 0, "not nothing");
        claim(!plain || deepest(text, len) <= TA_MAX_DEPTH, "not deeper than the bound");
        for (i = 0; i < len; i++) claim((uint8_t)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\r' || text[i] == '\t', "no control");
        if (len == N && text[0] == '{') reached("an object");
        if (len == N && text[0] == '[' && text[1] == '[') reached("arrays");
    }
    if (st == TA_ERR_LIMIT) reached("too deep");
    if (st == TA_ERR_DUPLICATE) reached("a name twice");
}
