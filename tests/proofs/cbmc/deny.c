/* deny.c - the deny-list and the fingerprint, on any token that was read. */
#include "proof.h"
#include "contracts.h"

struct tai_date;
static void contract_tai_read_date(ta_json v, struct tai_date *d);

#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static void contract_tai_read_date(ta_json v, tai_date *d)
{
    claim(readable(v.text, v.len), "read_date");
    d->there = v.len > 0 && nondet_bool();
    d->bad = v.len > 0 && !d->there;
    d->ceil = d->there ? nondet_time() : 0;
    d->fraction = d->there && nondet_bool();
    assume(!d->fraction || d->ceil > INT64_MIN);
}

static char jti[N], claims[N];

static ta_jwt any_jwt(void)
{
    ta_jwt jwt = TA_ZERO;
    size_t n = any_up_to(N), m = any_up_to(N);
    jwt.jti = view(at_one_end_of(jti, N, n), n);
    jwt.claims = view(at_one_end_of(claims, N, m), m);
    jwt.exp = nondet_time();
    return jwt;
}

void prove_deny(void)
{
    ta_deny_slot slots[3];
    ta_deny list;
    ta_jwt jwt = any_jwt();
    int64_t now = nondet_time();
    size_t before;
    ta_status st;

    claim(ta_deny_init(&list, slots, 3) == TA_OK, "an empty list");
    list.used = before = any_up_to(3);
    list.before = nondet_time();
    st = ta_deny_add(&list, &jwt, now);
    claim(list.used <= 3, "within its slots");
    claim(st == TA_OK || list.used <= before, "nothing is added after a failure");
    if (st == TA_OK) {
        claim(jwt.jti.len > 0 && now > 0, "a jti and a time");
        reached("added");
    }
    if (st == TA_ERR_FULL) reached("full");
    ta_deny_before(&list, nondet_time());
    if (!ta_deny_has(&list, &jwt)) {
        claim(jwt.jti.len > 0, "only a token with a jti passes");
        reached("not on the list");
    }
}

void prove_fingerprint(void)
{
    static char room[N];
    size_t len = any_up_to(N);
    const char *value = at_one_end_of(room, N, len);
    ta_jwt jwt = any_jwt();
    char claim_text[TA_FINGERPRINT_CAP];
    ta_status st = ta_fingerprint_check(&jwt, value, len);

    ta_fingerprint_claim(value, len, claim_text);
    claim(claim_text[43] == '\0' && claim_text[42] != '\0', "43 characters, whatever it is made of");
    claim(st == TA_OK || st == TA_ERR_BINDING || st == TA_ERR_MISSING, "one of the results");
    if (st == TA_OK) {
        claim(len > 0, "not for nothing");
        reached("the same");
    }
}
