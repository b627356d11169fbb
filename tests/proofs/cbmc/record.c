/* record.c - records and snapshots: bytes that a store, a disk or a thief of it has written. */
#include "proof.h"
#include "contracts.h"
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

void prove_unpack(void)
{
    size_t len = nondet_bool() ? TA_RECORD_SIZE : any_up_to(TA_RECORD_SIZE + 1), i;
    uint8_t in[TA_RECORD_SIZE + 1], back[TA_RECORD_SIZE];
    ta_record r;
    ta_status st = ta_record_unpack(in, len, &r);

    claim(st == TA_OK || st == TA_ERR_STORE, "one of the results");
    if (st == TA_OK) {
        claim(len == TA_RECORD_SIZE, "of one length");
        claim((size_t)r.sub_len + r.label_len <= sizeof r.text, "its lengths are within its text");
        ta_record_pack(&r, back);
        for (i = 0; i < TA_RECORD_SIZE; i++) claim(back[i] == in[i], "packs into the same bytes");
        if (r.kind == 1 && r.label_len > 0) reached("a session");
        if (r.kind == 2) reached("a mark");
    } else {
        claim(all_zero(&r, sizeof r), "nothing is left after a failure");
        reached("a refusal");
    }
}
