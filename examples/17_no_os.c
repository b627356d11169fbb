/* 17_no_os.c - a controller without an operating system: fixed memory, its own randomness, sessions in flash.
   Learn: what the library asks of you there; what a power cut may undo; a clock that may be wrong.
   Build: cc -std=c99 -I.. 17_no_os.c -o 17 && ./17
   Prints (the checker compares it):
       the gate opens for alice: yes
       and with an empty battery: no
       saved; then alice refreshes, bob logs out, and the power goes
          TA_LOAD_RESUME                                 TA_OK
          alice, one step ahead of the flash             TA_OK
          bob, whose logout was forgotten                TA_OK
          TA_LOAD_REVOKE_ALL: everybody logs in again    TA_OK
          alice                                          TA_ERR_REVOKED
          bob                                            TA_ERR_REVOKED
       one bit of the flash flips
          TA_LOAD_RESUME                                 TA_ERR_SNAPSHOT
          alice: the table is empty, log in again        TA_ERR_ENDED
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_NO_OS_RANDOM                  /* what is left: memcpy, memset, memcmp, strlen */
#define TA_MAX_TOKEN 512                        /* what is longer is not even looked at */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>                              /* for the lesson's output only */
#include <string.h>

#define SLOTS 4
#define PAGE  256                               /* flash is written in pages: one session each */

static const int64_t  built = 1764547200;       /* 2025-12-01, when this firmware was made */
static int64_t        clock_chip = 1767268800;  /* 2026-01-01 12:00:00 UTC */
static uint8_t        flash[SLOTS * PAGE];
static size_t         flash_used;
static ta_key         access_key;
static ta_refresh_key refresh_key;
static ta_slot        slots[SLOTS];             /* all the memory there is for sessions */
static ta_table       table;
static ta_auth        auth;

/* !! Only for a lesson: anybody can foretell these. Ask the chip's generator of random numbers, and say
   TA_ERR_RANDOM as long as it is not ready. Noise from a free pin is no such thing. */
static ta_status chip_random(void *ctx, void *out, size_t len)
{
    static int n;
    (void)ctx;
    memset(out, ++n, len);
    return TA_OK;
}

static ta_status boot(void)
{
    static const char secret[] = "only for lesson 17: 32 bytes all";
    ta_auth_config cfg = TA_ZERO;
    memset(slots, 0xFF, sizeof slots);          /* what is in memory after power-on is anything */
    if (ta_key_derive(&access_key, secret, strlen(secret), "access", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_key_derive(&refresh_key.key, secret, strlen(secret), "refresh", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_table_init(&table, slots, SLOTS) != TA_OK) return TA_ERR_CONFIG;
    if (chip_random(NULL, &table.seed, sizeof table.seed) != TA_OK) return TA_ERR_RANDOM;   /* where names go */
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "controller-7";
    cfg.audience          = "controller-7";
    cfg.store             = ta_table_store(&table);
    cfg.allow_ahead       = 1;                  /* one refresh may be newer than the flash */
    cfg.random            = chip_random;
    return ta_auth_init(&auth, &cfg);
}

static void told(const char *what, ta_status st) { printf("   %-46s %s\n", what, ta_status_name(st)); }

/* A page at a time, each with a checksum. One behind the other, without a gap, they are the snapshot. */
static ta_status save(void)
{
    size_t slot = 0, n;
    flash_used = 0;
    do {
        ta_status st = ta_table_save(&table, &slot, flash + flash_used, PAGE, &n);
        if (st != TA_OK) return st;
        flash_used += n;
    } while (slot != 0 && PAGE <= sizeof flash - flash_used);
    return slot == 0 ? TA_OK : TA_ERR_SPACE;
}

/* A snapshot in which nothing has changed for an hour is not resumed: its tokens are too old to judge. */
static ta_status power_cut_and_boot(ta_load how)
{
    ta_status st = boot();
    return st == TA_OK ? ta_table_load(&table, flash, flash_used, clock_chip, how, TA_HOURS(1)) : st;
}

static void refresh(const char *who, const ta_pair *pair)
{
    ta_pair   next;
    ta_status st = ta_refresh(&auth, pair->refresh, pair->refresh_len, clock_chip, NULL, &next);
    told(who, st);
    ta_wipe(&next, sizeof next);
}

/* The token came over the wire into one buffer; it is decoded where it lies, so there is no second one.
   A clock whose battery is empty says 1970, and all old tokens would be fresh: ask it nothing. */
static bool gate_opens(char *received, size_t len)
{
    ta_jwt jwt;
    if (clock_chip < built) return false;
    return ta_check(&auth, received, len, clock_chip, received, len, &jwt) == TA_OK
        && ta_json_equals(jwt.sub, TA_LIT("alice"));
}

static bool play(ta_pair *alice, ta_pair *bob, ta_pair *newer)
{
    char    received[TA_ACCESS_CAP];
    int64_t noon = clock_chip;

    if (boot() != TA_OK) return false;
    if (ta_login(&auth, "alice", clock_chip, NULL, alice) != TA_OK) return false;
    if (ta_login(&auth, "bob", clock_chip, NULL, bob) != TA_OK) return false;
    memcpy(received, alice->access, sizeof received);
    printf("the gate opens for alice: %s\n", gate_opens(received, alice->access_len) ? "yes" : "no");
    clock_chip = 12;
    memcpy(received, alice->access, sizeof received);
    printf("and with an empty battery: %s\n", gate_opens(received, alice->access_len) ? "yes" : "no");
    clock_chip = noon;
    printf("saved; then alice refreshes, bob logs out, and the power goes\n");
    if (save() != TA_OK) return false;
    clock_chip += TA_MINUTES(15);
    if (ta_refresh(&auth, alice->refresh, alice->refresh_len, clock_chip, NULL, newer) != TA_OK) return false;
    if (ta_logout(&auth, bob->refresh, bob->refresh_len, clock_chip) != TA_OK) return false;

    /* Alice's token is newer than the flash knows: without allow_ahead that would revoke her session. And
       what ended since the save is alive again, so save after each logout, or load the careful way. */
    told("TA_LOAD_RESUME", power_cut_and_boot(TA_LOAD_RESUME));
    refresh("alice, one step ahead of the flash", newer);
    refresh("bob, whose logout was forgotten", bob);
    told("TA_LOAD_REVOKE_ALL: everybody logs in again", power_cut_and_boot(TA_LOAD_REVOKE_ALL));
    refresh("alice", newer);
    refresh("bob", bob);
    printf("one bit of the flash flips\n");
    flash[100] ^= 1;
    told("TA_LOAD_RESUME", power_cut_and_boot(TA_LOAD_RESUME));
    refresh("alice: the table is empty, log in again", newer);
    return true;
}

int main(void)
{
    ta_pair alice, bob, newer;
    bool    ok = play(&alice, &bob, &newer);
    ta_wipe(&alice, sizeof alice);
    ta_wipe(&bob, sizeof bob);
    ta_wipe(&newer, sizeof newer);
    return ok ? 0 : 1;
}
