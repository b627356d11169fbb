/* table.c - snapshots: whatever a disk gives back. */
#include "proof.h"
#include "contracts.h"

static ta_status contract_ta_record_unpack(const void *in, size_t len, ta_record *out);
static ta_status contract_tai_table_insert(const ta_table *t, const ta_record *r, int64_t expires, size_t max_probes);

#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static unsigned inserted;

static ta_status contract_ta_record_unpack(const void *in, size_t len, ta_record *out)
{
    claim(len == TA_RECORD_SIZE && __CPROVER_r_ok(in, len), "unpack: a record's bytes");
    havoc(out, sizeof *out);
    if (nondet_bool()) return TA_ERR_STORE;
    assume(out->kind == 1 || out->kind == 2);
    assume(out->created >= 1 && out->created <= (int64_t)1 << 53);
    assume(out->rotated_at >= out->created && out->rotated_at - out->created <= (int64_t)UINT32_MAX);
    assume(out->idle_until >= out->created && out->idle_until - out->created <= (int64_t)UINT32_MAX);
    assume(out->ends_at >= out->created && out->ends_at - out->created <= (int64_t)UINT32_MAX);
    return TA_OK;
}

static ta_status contract_tai_table_insert(const ta_table *t, const ta_record *r, int64_t expires, size_t max_probes)
{
    claim(r->kind == 1 || r->kind == 2, "insert: a good record");
    havoc(t->slots, t->count * sizeof *t->slots);
    inserted++;
    return nondet_bool() ? TA_OK : nondet_bool() ? TA_ERR_FULL : TA_ERR_CONFLICT;
}

static char room[N];

/* One piece or more, of 52 bytes and its records. */
static bool is_pieces(size_t len)
{
    size_t n;
    for (n = 1; 52 * n <= N; n++) {
        if (len >= 52 * n && (len - 52 * n) % TA_RECORD_SIZE == 0) return true;
    }
    return false;
}

void prove_load(void)
{
    static ta_slot slots[2];
    ta_table t = TA_ZERO;
    size_t len = any_up_to(N);
    ta_load how = nondet_bool() ? TA_LOAD_RESUME : TA_LOAD_REVOKE_ALL;
    int64_t now = nondet_time();
    int32_t max_age_s = (int32_t)nondet_word();
    ta_status st;

    __CPROVER_havoc_object(slots);
    t.slots = slots;
    t.count = 2;
    t.mask = 3;
    t.seed = 7;
    st = ta_table_load(&t, at_one_end_of(room, N, len), len, now, how, max_age_s);
    claim(st == TA_OK || st == TA_ERR_SNAPSHOT || st == TA_ERR_CLOCK || st == TA_ERR_ARGUMENT, "one of the results");
    if (st == TA_OK) {
        claim(is_pieces(len), "whole pieces of whole records");
        claim(now > 0, "at a time");
        if (inserted == 1) reached("a record");
    }
    if (st == TA_ERR_SNAPSHOT) {
        claim(tai_word(&t, tai_free_at(&t)) == 1, "an empty table after a failure");
        reached("a refusal");
    }
}
