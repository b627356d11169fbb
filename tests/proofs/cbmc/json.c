/* json.c - JSON text that nobody has checked: the parts of the check, the check, the walks and values. */
#include "proof.h"
#include "contracts.h"

struct tai_scan;
static size_t contract_tai_scan_members(struct tai_scan *s, size_t pos);
#ifdef TOKENAUTH_SMALL
static bool contract_tai_scan_is_new(struct tai_scan *s, ta_json name, uint8_t hash);
#else
static bool contract_tai_scan_is_new(struct tai_scan *s, ta_json name, uint8_t hash, bool plain);
#endif

#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static char room[N], word_room[WORD + 1];

static const char *any_text(size_t *len)
{
    *len = any_up_to(N);
    return at_one_end_of(room, N, *len);
}

/* ---- the parts: each keeps the contract that the check is proved with ------------------------ */

void prove_char(void)
{
    size_t len, n, k;
    const char *text = any_text(&len);
    ta_json rest = view(text, len);
    uint8_t out[4];
    assume(len > 0);
    n = tai_char(&rest, out);
    k = (size_t)(rest.text - text);
    claim(k <= len && rest.len == len - k && n <= 4, "goes on within the text");
    if (n == 0) { reached("no character"); return; }
    claim(k > 0 && n <= k, "never more bytes than they were spelled with");
    claim(is_spelling(text, k), "as RFC 8259 spells it");
    claim(k != 1 || out[0] == (uint8_t)text[0], "plain ones stand for themselves");
    if (k == 12 && n == 4) reached("a pair of escapes");
    if (k == 6 && n == 1 && out[0] == 'A') reached("an escape");
    if (k == 4 && n == 4) reached("four bytes");
}

/* Where a run of characters that stand for themselves ends: exactly there. */
void prove_plain_end(void)
{
    size_t len, pos, end, i;
    const char *text = any_text(&len);
    pos = any_up_to(len);
    end = tai_plain_end(text, len, pos);
    claim(end >= pos && end <= len, "onwards, within the text");
    for (i = pos; i < end; i++) claim(is_plain(text[i]), "all before it are plain");
    claim(end == len || !is_plain(text[end]), "and it is not");
    if (end == N - 1 && pos == 0) reached("a long one");
}

void prove_strings_equal(void)
{
    size_t len, m;
    const char *text = any_text(&len);
    m = any_up_to(N);
    assume(m > 0 && len > 0);
    if (tai_strings_equal(view(text, len), view(at_one_end_of(word_room, WORD + 1, m), m)))
        reached("the same");
}

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
        claim(tai_number(text, len, 0) == len, "of a number alone");
        claim((n < 0) <= (text[0] == '-'), "below 0 with a sign only");
        if (n == 1200) reached("1200");
    }
    if (st == TA_ERR_RANGE) reached("a fraction");
}

/* ---- values and walks over any bytes ---------------------------------------------------------- */

void prove_json_string(void)
{
    static char out_room[N];
    size_t len, cap = any_up_to(N), n, i;
    const char *text = any_text(&len);
    char *out = at_one_end_of(out_room, N, cap);
    ta_status st = ta_json_string(view(text, len), out, cap, &n);
    if (st == TA_OK) {
        claim(n < cap && out[n] == '\0', "a NUL behind it");
        for (i = 0; i < n; i++) claim(out[i] != '\0', "and none in it");
        if (len > 6 && text[1] == '\\' && n == 3) reached("an escape of three bytes");
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
    char *word = at_one_end_of(word_room, WORD + 1, n);
    bool same = ta_json_equals(view(text, len), word, n), flag;
    ta_status st = ta_json_bool(view(text, len), &flag);
    claim(!same || (text[0] == '"' && len > n), "a string, spelled in as many bytes at least");
    claim(st == TA_OK || !flag, "false after a failure");
    if (same && n == 2 && len == 8) reached("spelled with an escape");
    if (same && n == 0) reached("two empty ones");
}

void prove_json_has(void)
{
    size_t len, n = any_up_to(WORD);
    const char *text = any_text(&len);
    char *word = at_one_end_of(word_room, WORD + 1, n);
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
    char *path = at_one_end_of(word_room, WORD + 1, n + 1);
    ta_json v;
    path[n] = '\0';
    v = ta_json_at(view(text, len), path);
    claim(v.len == 0 || is_within(v.text, v.len, text, len), "absent, or in the text");
    if (n == 3 && path[0] == '[' && v.len == 1) reached("an element");
    if (n == 1 && v.len == 1) reached("a member");
    if (n == 5 && path[1] == '"' && v.len == 1) reached("a member with a quoted name");
}

/* ---- the check: the parts by contract ---------------------------------------------------------- */

/* Which of the names seen so far is looked at: any, but the same one all the time. What holds of it holds of all. */
static unsigned some_name;

static bool is_name_sound(const tai_scan *s, unsigned i)
{
#ifdef TOKENAUTH_SMALL
    (void)s;
    (void)i;
    return true;                                /* it is found by walking over the object again */
#else
    return i >= s->names || (s->name_at[i] < s->len && s->text[s->name_at[i]] == '"');
#endif
}

/* What holds between two steps of a check, inside some container. */
static bool is_sound(const tai_scan *s)
{
    return s->depth > 0 && s->depth <= TA_MAX_DEPTH && s->names <= TAI_NAMES
        && s->members[s->depth - 1] <= s->names && s->bracket[s->depth - 1] < s->len
        && is_name_sound(s, some_name);
}

#ifdef TOKENAUTH_SMALL
static bool contract_tai_scan_is_new(tai_scan *s, ta_json name, uint8_t hash)
#else
static bool contract_tai_scan_is_new(tai_scan *s, ta_json name, uint8_t hash, bool plain)
#endif
{
    uint32_t less = nondet_word();
    claim(is_sound(s), "is_new: the names before it");
    claim(name.len >= 2 && is_within(name.text, name.len, s->text, s->len), "is_new: a name in the text");
    claim(name.text[0] == '"', "is_new: from its quote on");
    assume(less <= s->patience);
    s->patience -= less;
    return nondet_bool();
}

/* From the first name of an object, or the one behind a comma, to a place where the check goes on, or to the last
   of all its values. */
static size_t contract_tai_scan_members(tai_scan *s, size_t pos)
{
    size_t end = any_up_to(s->len);
    unsigned depth = s->depth;
    uint8_t mine = nondet_byte();
    claim(is_sound(s) && pos <= s->len && !s->complete, "members: a place in the text");
    claim(tai_scan_in_object(s), "members: in an object");
    s->complete = nondet_bool();
    s->fault = nondet_bool() ? TA_ERR_JSON : nondet_bool() ? TA_ERR_LIMIT : TA_ERR_DUPLICATE;
    if (nondet_bool()) return 0;
    assume(mine >= s->members[depth - 1] && mine <= TA_MAX_MEMBERS);
    s->names += (unsigned)(mine - s->members[depth - 1]);
    s->members[depth - 1] = mine;
#ifndef TOKENAUTH_SMALL
    if (some_name < TAI_NAMES) s->name_at[some_name] = (uint16_t)nondet_word();
    assume(!s->complete || (end < s->len && s->text[end] == '}'));
#else
    s->complete = false;
#endif
    assume(end > pos && is_sound(s));
    return end;
}

/* Any state of a check that is inside an object, with any names seen before, and one member wanted or none. */
static tai_scan any_scan(const char *text, size_t len)
{
    tai_scan s;
#ifndef TOKENAUTH_SMALL
    static const tai_want wants[] = {{3, 0x657870}};
    static ta_json values[1];
    s.wants = wants;
    s.values = values;
    s.want_count = any_up_to(1);
    s.want_next = 0;
    s.wanted = nondet_bool() && s.want_count > 0 ? values : NULL;
    values[0] = nondet_bool() ? view(text, nondet_size()) : view(NULL, 0);
#endif
    s.text = text;
    s.len = len;
    s.want_seen = any_up_to(2);
    s.fault = TA_ERR_JSON;
    s.complete = false;
    some_name = (unsigned)nondet_size();
    assume(is_sound(&s) && text[s.bracket[s.depth - 1]] == '{');
    return s;
}

void prove_members(void)
{
    size_t len, pos, end;
    const char *text = any_text(&len);
    tai_scan s = any_scan(text, len);
    tai_scan before = s;
    unsigned inner = s.depth - 1, level = (unsigned)any_up_to(TA_MAX_DEPTH - 1);
    pos = any_up_to(len);
    saw_chars = true;                   /* of names, which tai_string_rest has been over */
    end = tai_scan_members(&s, pos);
    claim(s.depth == before.depth && s.bracket[level] == before.bracket[level], "no level more or less, or another");
    claim(level == inner || s.members[level] == before.members[level], "nor more members in another");
    if (end == 0) {
        claim(s.fault == TA_ERR_JSON || s.fault == TA_ERR_LIMIT || s.fault == TA_ERR_DUPLICATE, "a fault with a name");
        if (s.fault == TA_ERR_DUPLICATE) reached("a name twice");
        return;
    }
    claim(s.members[inner] >= before.members[inner] && s.members[inner] <= TA_MAX_MEMBERS
          && s.names - before.names == (unsigned)(s.members[inner] - before.members[inner]), "each name is counted twice");
    claim(end > pos && end <= len && is_sound(&s), "onwards, within the text, and the names are sound");
#ifndef TOKENAUTH_SMALL
    claim(!s.complete || (end < len && text[end] == '}'), "complete at the bracket");
    if (s.complete) reached("the last value");
#endif
    reached("a name");
}

#ifndef TOKENAUTH_SMALL
/* A name beside the ones before it: up to WORD of them, each a string somewhere in the text. */
void prove_is_new(void)
{
    size_t len;
    unsigned i;
    tai_scan s;
    const char *text = any_text(&len);
    ta_json name = any_view(text, len);
    uint32_t patience = s.patience;
    bool is_new;
    s.text = text;
    s.len = len;
    assume(s.names <= WORD && is_sound(&s));
    for (i = 0; i < s.names; i++) {
        size_t closes = any_up_to(len);
        assume(is_name_sound(&s, i) && closes > s.name_at[i] && closes < len && text[closes] == '"');
    }
    saw_strings = true;
    is_new = tai_scan_is_new(&s, name, nondet_byte(), nondet_bool());
    claim(s.patience <= patience, "patience only shrinks");
    if (!is_new && s.patience > 0 && s.names == WORD) reached("twice");
    if (is_new && s.names == WORD) reached("new");
}
#endif

/* The steps between values; that TA_MAX_DEPTH holds is shown by the arrays of that size. */
void prove_json_check(void)
{
    size_t len;
    const char *text = any_text(&len);
    ta_status st;
    some_name = (unsigned)nondet_size();
    st = ta_json_check(text, len);
    claim(st == TA_OK || st == TA_ERR_JSON || st == TA_ERR_DUPLICATE || st == TA_ERR_LIMIT, "one of the results");
    if (st == TA_OK) {
        claim(len > 0, "not nothing");
        if (len == N && text[0] == '{') reached("an object");
        if (len == N && text[0] == '[' && text[1] == '[') reached("arrays");
    }
    if (st == TA_ERR_LIMIT) reached("too deep");
    if (st == TA_ERR_DUPLICATE) reached("a name twice");
}
