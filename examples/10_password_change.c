/* 10_password_change.c - roles change, accounts are suspended, passwords are changed. What do sessions do?
   Learn: the `user` hook; the salt; logout of all but this device; the login that comes too late.
   Build: cc -std=c99 -I.. 10_password_change.c -o 10 && ./10
   Prints (the checker compares it):
       What the user may do now
          laptop                                         TA_OK
          laptop, after her promotion                    TA_OK, as an editor
          laptop, alice being suspended                  TA_ERR_SUSPENDED
          laptop, and no longer suspended                TA_OK, as an editor
       A new password, set on the laptop
          ta_logout_others                               TA_OK
          laptop                                         TA_OK, as an editor
          phone                                          TA_ERR_ENDED
       A new password, set by the link in a mail
          laptop                                         TA_ERR_USER_CHANGED
       A login with the old password overtakes the change
          its first refresh, with the salt it was given  TA_ERR_USER_CHANGED
          ta_logout_all, while a password is checked     TA_OK
          its first refresh, with the epoch it was given TA_ERR_LOGGED_OUT
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static int64_t        now = 1767268800;         /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */
static ta_key         access_key;
static ta_refresh_key refresh_key;
static ta_slot        slots[16];
static ta_table       table;
static ta_auth        auth;

/* One row of the user table. */
static struct {
    const char *password_hash, *claims;
    bool        suspended;
} alice = {"$argon2id$first", "{\"roles\":[\"reader\"]}", false};

/* Asked at each refresh: what does the user table say today? The salt is any bytes that change with the
   credentials. Each session is sealed with the salt of its login, so another salt ends it. */
static ta_status user_row(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    if (strcmp(s->subject, "alice") != 0 || alice.suspended) return TA_ERR_SUSPENDED;
    out->salt     = alice.password_hash;
    out->salt_len = strlen(alice.password_hash);
    out->more     = alice.claims;
    out->more_len = strlen(alice.claims);
    return TA_OK;
}

static ta_status start(const void *secret, size_t len)
{
    ta_auth_config cfg = TA_ZERO;
    if (ta_key_derive(&access_key, secret, len, "access", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_key_derive(&refresh_key.key, secret, len, "refresh", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return TA_ERR_CONFIG;
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    cfg.user              = user_row;
    return ta_auth_init(&auth, &cfg);
}

static void told(const char *what, ta_status st) { printf("   %-46s %s\n", what, ta_status_name(st)); }

/* hash: the very bytes that the password was checked against, read once and not again. */
static bool login(const char *hash, ta_pair *out)
{
    ta_login_opts opts = TA_ZERO;
    opts.salt     = hash;
    opts.salt_len = strlen(hash);
    opts.more     = alice.claims;
    opts.more_len = strlen(alice.claims);
    return ta_login(&auth, "alice", now, &opts, out) == TA_OK;
}

static void refresh(const char *what, ta_pair *pair)
{
    char      buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt    jwt = TA_ZERO;
    ta_pair   next;
    ta_status st;
    now += TA_MINUTES(15);
    st = ta_refresh(&auth, pair->refresh, pair->refresh_len, now, NULL, &next);
    printf("   %-46s %s", what, ta_status_name(st));
    if (st == TA_OK) *pair = next;
    if (st == TA_OK) st = ta_check(&auth, next.access, next.access_len, now, buf, sizeof buf, &jwt);
    if (ta_json_has(ta_json_at(jwt.claims, "roles"), TA_LIT("editor"))) printf(", as an editor");
    printf("\n");
    ta_wipe(&next, sizeof next);
}

static bool play(ta_pair *laptop, ta_pair *phone, ta_pair *late)
{
    ta_refresh_opts opts = TA_ZERO;
    ta_login_opts   by_epoch = TA_ZERO;
    const char     *old;
    uint32_t        epoch;
    printf("What the user may do now\n");
    if (!login(alice.password_hash, laptop) || !login(alice.password_hash, phone)) return false;
    refresh("laptop", laptop);
    alice.claims = "{\"roles\":[\"reader\",\"editor\"]}";
    refresh("laptop, after her promotion", laptop);
    alice.suspended = true;
    refresh("laptop, alice being suspended", laptop);
    alice.suspended = false;
    refresh("laptop, and no longer suspended", laptop);

    /* A new password ends every session, also the one that set it. This call takes that one over. */
    printf("A new password, set on the laptop\n");
    old = alice.password_hash;
    alice.password_hash = "$argon2id$second";
    opts.old_salt     = old;
    opts.old_salt_len = strlen(old);
    told("ta_logout_others", ta_logout_others(&auth, laptop->refresh, laptop->refresh_len, now, &opts));
    refresh("laptop", laptop);
    refresh("phone", phone);

    printf("A new password, set by the link in a mail\n");
    alice.password_hash = "$argon2id$third";
    refresh("laptop", laptop);

    /* The hash was read, the slow check of the password ran, and meanwhile the password was changed. */
    printf("A login with the old password overtakes the change\n");
    old = alice.password_hash;
    alice.password_hash = "$argon2id$fourth";
    if (!login(old, late)) return false;
    refresh("its first refresh, with the salt it was given", late);

    /* Without a salt the epoch does it: it changes with each ta_logout_all. Read it before the check. */
    if (ta_user_epoch(&auth, "alice", &epoch) != TA_OK) return false;
    told("ta_logout_all, while a password is checked", ta_logout_all(&auth, "alice", now));
    by_epoch.epoch = &epoch;
    if (ta_login(&auth, "alice", now, &by_epoch, late) != TA_OK) return false;
    refresh("its first refresh, with the epoch it was given", late);
    return true;
}

int main(void)
{
    ta_pair pair[3];
    bool    ok = start(TA_LIT("only for lesson 10: 32 bytes all")) == TA_OK
              && play(&pair[0], &pair[1], &pair[2]);
    ta_wipe(pair, sizeof pair);
    return ok ? 0 : 1;
}
