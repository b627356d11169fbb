/* protocol.c - the refresh protocol, exhaustively: a few clients, one store, and every order in which
   their store calls can happen, with replies and writes that get lost, errors and clocks that jump.

   The engine is the real one (engine.h). A state is the store, how far each client is, and what an
   onlooker knows who saw all that happened; a step is one store call of one client, the beginning of a
   call, a reply that arrives or is lost, a write that lands late, a tick of the clock. All states are
   visited, depth first. Two paths that meet in one state have one future, since the engine knows only its
   arguments and answers (engine.h checks that) and all checks look at the state alone: so each state is
   gone on from once. Nothing else is left out. States are told apart by 128 bits of hash.

   It prints for each scenario the states, and the schedules they stand for (paths from the beginning to
   an end). DEPTH=1 is the short form, 2 and 3 have more clients and faults; ONLY=text picks scenarios
   by name. A violation is printed with the schedule that leads there.                         */

#include "engine.h"

#define ACTORS 5
#define JARS   6

/* The plant of a store that compares the wrong thing; see plants.txt.                             */
#ifndef STORE_SAME
#  define STORE_SAME(there, old) ((there).ver == (old).ver)
#endif

/* ---- scenarios ------------------------------------------------------------------------------------------

   A script is a row of operations, each a letter and perhaps digits. j is a jar: what a browser, a thief or
   a device has; jars 0 to 3 are ann's, 4 and 5 bob's.
     Lj  login                              Rj  refresh; again after an error or a lost reply
     Kj  the same with a retry key          Tj  refresh by a thief: he is owed nothing
     Cj  check the access token             Sij jar j becomes a copy of jar i
     Oj  logout      A   logout of ann everywhere      Hj  logout of the others      Ej  session_end
     Mj  an administrator writes the label  P   ann's password changes
     U   read ann's epoch, Q check her password, Vj login with both: three steps of one login
     +n  n seconds pass
   `timely`: honest clients are as quick as the protocol asks (a reply and the next request within the
   window together), that is: no second passes that would make one late. They must then never be logged
   out but by a logout.                                                                            */
typedef struct scenario {
    const char *name, *setup, *actor[ACTORS];
    uint8_t depth, lost, faults, late, crash, forget, timely, salted, list, cap, ahead, two_keys;
    int8_t  skew;               /* server 1's clock is ahead by this; actors 1 and 3 use server 1 */
} scenario;

static const scenario scenarios[] = {
    { .name = "three tabs of a browser", .setup = "L0+20",
      .actor = {"R0", "R0", "R0", "+5+4+1"}, .depth = 1, .lost = 1, .timely = 1 },
    { .name = "three tabs, twice, a lost reply", .setup = "L0+20",
      .actor = {"R0R0", "R0R0", "R0", "+9+1"}, .depth = 1, .lost = 1, .timely = 1 },
    { .name = "three tabs, a store that fails", .setup = "L0+20",
      .actor = {"R0", "R0", "R0", "+9+1"}, .depth = 1, .faults = 2, .timely = 1 },
    { .name = "two tabs, writes that land late", .setup = "L0+20",
      .actor = {"R0", "R0", "+9+1"}, .depth = 1, .faults = 1, .late = 2, .lost = 1, .timely = 1 },
    { .name = "a server that dies in the middle", .setup = "L0+20",
      .actor = {"R0", "R0R0", "+9+1"}, .depth = 1, .crash = 2, .timely = 1 },
    { .name = "two servers, two keys, clocks 4 s apart", .setup = "L0+20",
      .actor = {"R0R0", "R0R0", "+5+1+5+1"}, .depth = 1, .lost = 1, .timely = 1, .two_keys = 1, .skew = 4 },
    { .name = "two servers, one clock set back", .setup = "L0+20",
      .actor = {"R0R0", "T0T0", "+9+11"}, .depth = 1, .two_keys = 1, .skew = -30 },
    { .name = "tabs and a logout", .setup = "L0+20",
      .actor = {"R0R0", "R0", "O0", "+9+1"}, .depth = 1, .lost = 1 },
    { .name = "tabs, a logout, a store that fails", .setup = "L0+20",
      .actor = {"R0", "R0C0", "O0", "+10"}, .depth = 1, .faults = 1, .late = 1 },
    { .name = "tabs and session_end", .setup = "L0+20",
      .actor = {"R0R0", "R0", "E0C0"}, .depth = 1, .faults = 1 },
    { .name = "tabs and a logout everywhere", .setup = "L0L1L4+20",
      .actor = {"R0R0", "R1C1", "A", "R4", "+10"}, .depth = 1 },
    { .name = "logout everywhere, a store that fails", .setup = "L0+20",
      .actor = {"R0R0", "AC0", "A", "+10"}, .depth = 1, .faults = 1, .late = 1 },
    { .name = "logout everywhere, a store with lists", .setup = "L0L1+20",
      .actor = {"R0", "R1", "A"}, .depth = 1, .list = 1 },
    { .name = "logout of the others", .setup = "L0L1+20",
      .actor = {"R0H0R0", "R1R1", "R0", "+10"}, .timely = 1, .depth = 1 },
    { .name = "logout of the others, a store that fails", .setup = "L0L1+20",
      .actor = {"H0R0", "R1", "R0"}, .timely = 1, .depth = 1, .faults = 1, .late = 1, .list = 1 },
    { .name = "both log the others out", .setup = "L0L1+20",
      .actor = {"H0R0", "H1R1", "R0"}, .timely = 1, .depth = 1 },
    { .name = "logout of the others and everywhere", .setup = "L0L1+20",
      .actor = {"H0R0", "A", "R1"}, .depth = 1 },
    { .name = "a new password, then the others out", .setup = "L0L1+20",
      .actor = {"PH0R0", "R0R0", "R1"}, .timely = 1, .depth = 1, .salted = 1 },
    { .name = "a new password during refreshes", .setup = "L0+20",
      .actor = {"R0R0", "P", "R0"}, .depth = 1, .salted = 1 },
    { .name = "a new password while keys change", .setup = "L0+20",
      .actor = {"R0", "R0R0", "R0", "P"}, .depth = 1, .salted = 1, .two_keys = 1 },
    { .name = "a login with the old password, by epoch", .setup = "",
      .actor = {"UQV0R0R0", "PA", "UQV1R1"}, .depth = 1 },
    { .name = "the same, and a store that fails", .setup = "",
      .actor = {"UQV0R0", "PA"}, .depth = 1, .faults = 2, .late = 1 },
    { .name = "a login with the old password, by salt", .setup = "",
      .actor = {"QL0R0R0", "PA", "QL1R1"}, .depth = 1, .salted = 1 },
    { .name = "metadata, tabs and a logout", .setup = "L0+20",
      .actor = {"R0", "M0", "R0", "O0"}, .depth = 1 },
    { .name = "metadata, tabs, a store that fails", .setup = "L0+20",
      .actor = {"R0", "M0", "R0"}, .depth = 1, .faults = 1, .late = 1 },
    { .name = "theft: both refresh, often", .setup = "L0S01+20",
      .actor = {"R0R0", "T1T1", "+10+10+10"}, .depth = 1 },
    { .name = "theft: the old token every nine seconds", .setup = "L0S01S02+20",
      .actor = {"R0", "T1", "T2", "+9+9"}, .depth = 1 },
    { .name = "theft: an old token, tabs, metadata", .setup = "L0S01+20R0+10R0",
      .actor = {"T1", "R0", "M0", "+10"}, .depth = 1 },
    { .name = "theft: a token two behind in the window", .setup = "L0S01+20R0+20R0",
      .actor = {"T1", "R0R0", "C0"}, .depth = 1 },
    { .name = "theft and a store that fails", .setup = "L0S01+20R0+20",
      .actor = {"T1T1", "R0R0"}, .depth = 1, .faults = 2, .late = 1 },
    { .name = "retry keys over a long outage", .setup = "L0+20",
      .actor = {"K0K0", "+50+49"}, .depth = 1, .lost = 3, .timely = 1 },
    { .name = "retry keys in two tabs", .setup = "L0+20",
      .actor = {"K0", "K0", "+50+30"}, .depth = 1, .lost = 2, .crash = 1, .timely = 1 },
    { .name = "retry keys, a thief without", .setup = "L0S01+20",
      .actor = {"K0", "T1T1", "+60+60"}, .depth = 1, .lost = 1 },
    { .name = "retry keys for ever", .setup = "L0+20",
      .actor = {"K0", "+99+1"}, .depth = 1, .lost = 1 },
    { .name = "logout of the others, an old token", .setup = "L0S01L2+20R0+20",
      .actor = {"H0", "T1", "R2"}, .depth = 1 },
    { .name = "a store that loses writes", .setup = "L0+20R0+20",
      .actor = {"R0R0", "T0", "+10+10"}, .depth = 1, .forget = 1 },
    { .name = "a store that loses writes, one forgiven", .setup = "L0+20R0+20",
      .actor = {"R0R0", "R0", "+10+10"}, .depth = 1, .forget = 1, .ahead = 1 },
    { .name = "a mark that is lost", .setup = "AL0+20",
      .actor = {"A", "AR0", "R0"}, .depth = 1, .forget = 1 },
    { .name = "two logins and a cap of one", .setup = "",
      .actor = {"L0R0", "L1R1"}, .depth = 1, .list = 1, .cap = 1 },
    { .name = "a cap of one and a store that fails", .setup = "L2+5",
      .actor = {"L0", "L1"}, .depth = 1, .list = 1, .cap = 1, .faults = 1 },
    { .name = "four tabs, two lost replies", .setup = "L0+20",
      .actor = {"R0R0", "R0R0", "R0", "R0", "+9+1"}, .depth = 2, .lost = 2, .timely = 1 },
    { .name = "four tabs, a store that fails", .setup = "L0+20",
      .actor = {"R0", "R0", "R0", "R0", "+9+1"}, .depth = 2, .faults = 2, .late = 1, .timely = 1 },
    { .name = "tabs, everywhere, others, a logout", .setup = "L0L1+20",
      .actor = {"R0R0", "H0R0", "A", "O1", "+10"}, .depth = 2, .faults = 1 },
    { .name = "three thieves' tokens and metadata", .setup = "L0S01+20R0S02+20",
      .actor = {"T1", "T2T2", "R0R0", "M0", "+10+10"}, .depth = 2, .faults = 1 },
    { .name = "three logins and a cap of two", .setup = "",
      .actor = {"L0", "L1", "L2", "A"}, .depth = 2, .list = 1, .cap = 2 },
    { .name = "four clients, everything goes wrong", .setup = "L0L1+20",
      .actor = {"R0R0", "R1", "H0R0", "A", "+9+1"}, .depth = 3, .lost = 1, .faults = 2, .late = 1 },
};

/* ---- states ------------------------------------------------------------------------------------------- */

enum phase { IDLE, CALLING, REPLYING };
enum seen { SEEN_NOTHING, SEEN_OVER, SEEN_HAND_OUT, SEEN_ROTATE, SEEN_REPLAY, SEEN_AHEAD };

typedef struct actor {
    uint8_t  pc, phase, tries;
    uint8_t  seen, seen_gen;    /* what the record said when this call read it last */
    uint8_t  was_over;          /* the session's end was acknowledged before this call began */
    uint8_t  password, stale;   /* that a login was checked with; stale: changed before this call began */
    uint8_t  doomed;            /* a logout everywhere came after this login had read its epoch, perhaps */
    uint8_t  beside;            /* a logout of the others, by this session, ran beside this call */
    uint8_t  split;             /* ... and stood between its two writes when the record was read last */
    uint8_t  none[3];           /* no padding: states are compared as bytes */
    uint16_t token;             /* the one being spent, or that of the reply */
    uint16_t access, there;     /* there: sessions that a logout found when it began, one bit each */
    uint32_t epoch, node;
    int32_t  now, began;        /* by its server's clock; by ours */
} actor;

/* What the onlooker knows of a session.                                                           */
enum fate { LIVES, MAY_END, HAS_ENDED };   /* MAY_END: somebody has begun to end it */
typedef struct witness {
    int32_t  born, rotated;
    uint16_t handed;            /* generations handed out, one bit each */
    uint8_t  gen, retry, fate, password, labelled, is_session, user, spare;
} witness;

typedef struct state {
    uint16_t rec[KEYS], before[KEYS];       /* before: what a write replaced, while the store may forget */
    witness  w[KEYS];
    actor    a[ACTORS];
    uint16_t jar[JARS], access[JARS];
    uint8_t  jar_retry[JARS];
    int32_t  clock;
    struct { uint16_t old, next; uint8_t key, actor, on, retry; int32_t now; } late;
    uint8_t password, ended_password; /* ended_password: sessions of older ones are over, acknowledged */
    uint8_t  lost, faults, late_left, crash, forget, forgot;
} state;

static const scenario *sc;
static const char *violation;
static bool in_setup;
static uint16_t handed_token[KEYS][MAX_GEN + 1];

static void violated(const char *what) { if (violation == NULL) violation = what; }

static char op_of(const state *s, int i)
{
    return sc->actor[i] != NULL ? sc->actor[i][s->a[i].pc] : '\0';
}
static int op_digit(const state *s, int i, int at) { return sc->actor[i][s->a[i].pc + at] - '0'; }

static void next_op(state *s, int i)
{
    const char *script = sc->actor[i];
    actor *a = &s->a[i];
    uint8_t pc = (uint8_t)(a->pc + 1), password = a->password, doomed = a->doomed;
    uint32_t epoch = a->epoch;
    char was = script[a->pc];
    while (script[pc] >= '0' && script[pc] <= '9') pc++;
    memset(a, 0, sizeof *a);
    a->pc = pc;
    if (was == 'U' || was == 'Q') {         /* one login's steps */
        a->epoch = epoch;
        a->password = password;
        a->doomed = doomed;
    }
}

/* ---- the store ---------------------------------------------------------------------------------------- */

static bool everywhere_runs(const state *s, uint8_t user)
{
    int i;
    for (i = 0; i < ACTORS; i++) {
        char op = op_of(s, i);
        if ((s->a[i].phase == CALLING || s->a[i].tries > 0)
            && (op == 'A' || op == 'H' || (op == 'L' && sc->cap != 0)) && user == 0)
            return true;
    }
    return false;
}

static void witness_birth(state *s, uint8_t key, const ta_record *r, const actor *a)
{
    witness *w = &s->w[key];
    memset(w, 0, sizeof *w);
    w->is_session = 1;
    w->user = r->sub_len == 3 && memcmp(r->text, "ann", 3) == 0 ? 0 : 1;
    w->born = w->rotated = (int32_t)(r->rotated_at - EPOCH_0);
    w->password = a->password;
    w->fate = everywhere_runs(s, w->user) || a->doomed ? MAY_END : LIVES;
}

/* A generation is made once, from the one before it, and a session ends by its own logic only for a
   replay (or a token ahead of the store).                                                         */
static void witness_change(state *s, uint8_t key, const ta_record *old, const ta_record *next, uint8_t seen,
                           uint8_t retry, int32_t now)
{
    witness *w = &s->w[key];
    if (next->gen != w->gen) {
        if (next->gen != w->gen + 1u && !s->forgot) violated("a generation was skipped or came back");
        w->gen = (uint8_t)next->gen;
        w->rotated = now > w->born ? now : w->born;
        w->retry = retry;
    }
    if (next->state != TAI_LIVE && old->state == TAI_LIVE) {
        if (seen != SEEN_REPLAY && seen != SEEN_AHEAD) violated("a session was revoked without a replay");
        if (w->fate == LIVES) w->fate = MAY_END;
    }
}

static ta_status store_apply(state *s, uint8_t key, uint16_t old, uint16_t next, const actor *a,
                             uint8_t retry, int32_t now)
{
    ta_record there = {0}, seen, fresh;
    if (old == 0 && s->rec[key] != 0) return TA_ERR_CONFLICT;
    if (old != 0) {
        if (s->rec[key] == 0) return TA_ERR_CONFLICT;
        there = record_at(s->rec[key]);
        seen = record_at(old);
        if (!STORE_SAME(there, seen)) return TA_ERR_CONFLICT;
    }
    if (next != 0) {
        fresh = record_at(next);
        if (fresh.kind == TAI_SESSION && old == 0) witness_birth(s, key, &fresh, a);
        else if (fresh.kind == TAI_SESSION) witness_change(s, key, &there, &fresh, a->seen, retry, now);
    }
    if (s->forget > 0) s->before[key] = s->rec[key];
    s->rec[key] = next;
    return TA_OK;
}

/* ---- what a refresh must say: which token counts as what, by what really happened ----------------- */

static uint8_t judge(const state *s, const actor *a, uint8_t retry)
{
    token_text t = token_read(a->token);
    const witness *w = &s->w[t.key];
    int32_t age = a->now - w->rotated;
    int behind = (int)w->gen - (int)t.gen;
    bool young = age < WINDOW && age > -WINDOW;
    if (s->rec[t.key] == 0 || record_at(s->rec[t.key]).state != TAI_LIVE) return SEEN_OVER;
    if (behind == 0) return young ? SEEN_HAND_OUT : SEEN_ROTATE;
    if (behind == 1 && (young || (retry != 0 && retry == w->retry && age < RETRY))) return SEEN_HAND_OUT;
    if (behind < 0) return -behind <= (int)sc->ahead ? SEEN_ROTATE : SEEN_AHEAD;
    return SEEN_REPLAY;
}

static const call *call_of(const actor *a) { return (const call *)pool_at(&calls, nodes[a->node].root); }

static bool spends(char op) { return op == 'R' || op == 'K' || op == 'T' || op == 'H'; }
static bool is_honest(char op) { return op == 'R' || op == 'K' || op == 'H' || op == 'C'; }

/* Whether this session of ann's has another epoch than her mark, or, where the store fails in between, was
   tidied away as one that has.                                                                    */
static bool is_split(const state *s, uint8_t key)
{
    uint8_t id[TA_ID_SIZE], mark;
    uint32_t epoch;
    tai_user_id("ann", 3, id);
    mark = key_number(id);
    epoch = s->rec[mark] != 0 ? record_at(s->rec[mark]).epoch : 0;
    if (s->rec[key] == 0) return sc->faults > 0;
    return record_at(s->rec[key]).epoch != epoch;
}

static void see(state *s, int i, uint8_t key)
{
    actor *a = &s->a[i];
    token_text t;
    uint8_t now_seen;
    if (a->token == 0 || !spends(op_of(s, i))) return;
    t = token_read(a->token);
    if (t.key != key) return;
    a->split = is_split(s, key);
    now_seen = judge(s, a, call_of(a)->retry);
    if (now_seen == SEEN_OVER && (a->seen == SEEN_REPLAY || a->seen == SEEN_AHEAD))
        return; /* by its own write */
    a->seen = now_seen;
    a->seen_gen = s->w[key].gen;
    if (a->seen != SEEN_REPLAY && a->seen != SEEN_AHEAD) return;
    if (s->w[key].fate == LIVES) s->w[key].fate = MAY_END;
    if (sc->timely && sc->forget == 0) violated("an honest and timely client counts as a thief");
}

static uint32_t set_of_sessions(const state *s, uint8_t user)
{
    uint32_t set = 0, k;
    for (k = 1; k < KEYS; k++)
        if (s->rec[k] != 0 && s->w[k].is_session && s->w[k].user == user) set |= 1u << k;
    return set;
}

/* ---- probes: a whole call at once, on a copy of the store ------------------------------------------- */

static ta_status probe(const state *s, const call *c, uint16_t *handed)
{
    state copy;
    uint32_t n = node_begin(c);
    memcpy(&copy, s, sizeof copy);
    copy.forgot = 1;                        /* what is tried here has not happened: no witness complains */
    for (;;) {
        const request *r = &nodes[n].req;
        actor nobody = {0};
        nobody.seen = SEEN_REPLAY;
        switch (r->kind) {
        case ASK_GET:
            n = copy.rec[r->key] != 0 ? node_answer(n, TA_OK, copy.rec[r->key])
                                      : node_answer(n, TA_ERR_NOT_FOUND, 0);
            break;
        case ASK_CAS:
            n = node_answer(n, store_apply(&copy, r->key, r->old, r->next, &nobody, 0, 0), 0);
            break;
        case ASK_LIST: n = node_answer(n, TA_OK, set_of_sessions(&copy, r->key)); break;
        case ASK_USER: n = node_answer(n, TA_OK, copy.password); break;
        default:
            if (handed != NULL) *handed = r->token;
            return (ta_status)r->st;
        }
    }
}

static ta_status probe_refresh(const state *s, uint16_t token, int32_t now, uint8_t retry)
{
    call c;
    memset(&c, 0, sizeof c);
    c.kind = CALL_REFRESH;
    c.salted = sc->salted;
    c.token = token;
    c.now = now;
    c.retry = retry;
    return probe(s, &c, NULL);
}

/* ---- what holds in every state ------------------------------------------------------------------------- */

static bool has_ended(const state *s, uint8_t key)
{
    const witness *w = &s->w[key];
    return w->fate == HAS_ENDED || (w->user == 0 && w->password < s->ended_password);
}

/* Or is of a password that is no more, until a logout of the others takes it over.                */
static bool is_over(const state *s, uint8_t key)
{
    const witness *w = &s->w[key];
    return has_ended(s, key)
           || (sc->salted && w->user == 0 && w->password < s->password && w->fate != MAY_END);
}

static void check_session(const state *s, uint8_t key)
{
    const witness *w = &s->w[key];
    int32_t later = (s->clock > w->rotated ? s->clock : w->rotated) + WINDOW;
    int now_good = 0, later_good = 0, g;
    for (g = 0; g <= MAX_GEN; g++) {
        if ((w->handed >> g & 1) == 0) continue;
        now_good   += probe_refresh(s, handed_token[key][g], s->clock, 0) == TA_OK;
        later_good += probe_refresh(s, handed_token[key][g], later, 0) == TA_OK;
    }
    if (is_over(s, key) && now_good + later_good > 0)
        violated("a token works after its session's end was acknowledged");
    if (later_good > 1 && !s->forgot) violated("two generations of one session live");
    if (now_good > 2 && !s->forgot) violated("three generations in the window");
    if (w->labelled && s->rec[key] != 0 && !s->forgot && record_at(s->rec[key]).label_len == 0)
        violated("an acknowledged write was undone");
}

static void check_state(const state *s)
{
    uint8_t k;
    for (k = 1; k < KEYS; k++) if (s->w[k].is_session && s->w[k].handed != 0) check_session(s, k);
}

/* All is over: who was not logged out can go on; the cap holds.                                   */
static void check_end(const state *s)
{
    int j, i, live = 0;
    uint8_t k;
    for (i = 0; i < ACTORS; i++) if (s->a[i].phase != IDLE) violated("a client that never comes to an end");
    for (j = 0; j < JARS; j++) {
        token_text t;
        bool honest = false;
        if (s->jar[j] == 0) continue;
        for (i = 0; i < ACTORS; i++) {
            const char *p = sc->actor[i] != NULL ? strchr(sc->actor[i], '0' + j) : NULL;
            if (p != NULL && p > sc->actor[i] && is_honest(p[-1])) honest = true;
        }
        t = token_read(s->jar[j]);
        if (!honest || s->w[t.key].fate != LIVES || is_over(s, t.key) || s->forgot || !sc->timely) continue;
        if (probe_refresh(s, s->jar[j], s->clock, s->jar_retry[j]) != TA_OK)
            violated("an honest client is logged out");
    }
    for (k = 1; k < KEYS; k++) {
        if (s->w[k].is_session && s->rec[k] != 0 && record_at(s->rec[k]).state == TAI_LIVE) live++;
    }
    if (sc->cap != 0 && live > sc->cap) violated("more sessions than the cap");
}

/* ---- the beginning and the end of a call -------------------------------------------------------------- */

static bool is_everywhere(char op) { return op == 'A' || op == 'H'; }

static void may_end(state *s, uint16_t set)
{
    int k;
    for (k = 1; k < KEYS; k++) if ((set >> k & 1) != 0 && s->w[k].fate == LIVES) s->w[k].fate = MAY_END;
}

static uint16_t others_than(uint16_t set, const actor *a)
{
    return a->token != 0 ? (uint16_t)(set & ~(1u << token_read(a->token).key)) : set;
}

/* A logout of the others is two writes, the mark's and this session's: a refresh of this very session whose
   last look falls between the two is told that it is over (LOGGED_OUT), and one that has asked for the
   user's salt before that USER_CHANGED. Its token stays good, and the client's next attempt works; the
   probes of check_end see that it does.                                                           */
static bool others_out_runs(const state *s, uint8_t key)
{
    int i;
    for (i = 0; i < ACTORS; i++) {
        if (op_of(s, i) == 'H' && (s->a[i].phase == CALLING || s->a[i].tries > 0) && s->a[i].token != 0
            && token_read(s->a[i].token).key == key) return true;
    }
    return false;
}
static void mark_beside(state *s, uint8_t key)
{
    int i;
    for (i = 0; i < ACTORS; i++) {
        if (s->a[i].phase == CALLING && s->a[i].token != 0 && token_read(s->a[i].token).key == key)
            s->a[i].beside = 1;
    }
}

static void begin_call(state *s, int i, call *c)
{
    actor *a = &s->a[i];
    char op = op_of(s, i);
    c->server = sc->two_keys ? (uint8_t)(i & 1) : 0;
    c->now    = s->clock + ((i & 1) != 0 ? sc->skew : 0);
    c->salted = sc->salted;
    c->password = a->password;
    a->now    = c->now;
    a->began  = s->clock;
    a->phase  = CALLING;
    a->token  = c->token;
    a->stale  = sc->salted && a->token != 0 && s->w[token_read(a->token).key].password < s->password;
    a->was_over = a->token != 0 && has_ended(s, token_read(a->token).key);
    if (is_everywhere(op)) {
        a->there = others_than((uint16_t)set_of_sessions(s, 0), a);
        may_end(s, a->there);
    }
    if (op == 'O' || op == 'E') may_end(s, (uint16_t)(1u << token_read(a->token).key));
    if (op == 'H') mark_beside(s, token_read(a->token).key);
    if (spends(op)) a->beside = others_out_runs(s, token_read(a->token).key);
    if (op == 'L' && sc->cap != 0) may_end(s, (uint16_t)set_of_sessions(s, 0));
    a->node = node_begin(c);
}

static void end_all(state *s, uint16_t set)
{
    int k;
    for (k = 1; k < KEYS; k++) if ((set >> k & 1) != 0) s->w[k].fate = HAS_ENDED;
}

static void hand_over(state *s, const actor *a)
{
    token_text t = token_read(a->token);
    s->w[t.key].handed |= (uint16_t)(1u << t.gen);
    handed_token[t.key][t.gen] = a->token;
}

static void doom_logins(state *s)
{
    int i;
    for (i = 0; i < ACTORS; i++) {
        char op = op_of(s, i);
        if (op == 'Q' || op == 'V' || ((op == 'L' || op == 'U') && s->a[i].phase == CALLING))
            s->a[i].doomed = 1;
    }
}

static void end_login(state *s, int i, const request *r)
{
    actor *a = &s->a[i];
    token_text t;
    if (r->st == TA_ERR_STORE || r->st == TA_ERR_BUSY) { a->phase = IDLE; a->tries++; return; }
    if (r->st != TA_OK) { violated("a login failed"); return; }
    a->token = r->token;
    a->access = r->access;
    hand_over(s, a);
    t = token_read(r->token);
    if (s->w[t.key].fate == LIVES && !is_over(s, t.key) && !a->doomed
        && probe_refresh(s, r->token, s->clock, 0) != TA_OK && a->password == s->password)
        violated("an acknowledged login is not in the store");
    a->phase = REPLYING;
}

static bool may_be_told_beside(const actor *a, int32_t st)
{
    if (st == TA_ERR_LOGGED_OUT) return a->split != 0;
    return st == TA_ERR_USER_CHANGED || (st == TA_ERR_ENDED && sc->faults > 0);
}

static void end_refresh(state *s, int i, const request *r)
{
    actor *a = &s->a[i];
    token_text old = token_read(a->token), fresh;
    const witness *w = &s->w[old.key];
    if (r->st == TA_ERR_REPLAY || r->st == TA_ERR_AHEAD) {
        if (a->seen != (r->st == TA_ERR_REPLAY ? SEEN_REPLAY : SEEN_AHEAD))
            violated("no replay, and called one");
        if (s->forgot == 0 || r->st == TA_ERR_AHEAD) s->w[old.key].fate = HAS_ENDED;
    } else if (r->st != TA_OK && is_honest(op_of(s, i)) && w->fate == LIVES && !is_over(s, old.key)
               && !a->stale && !(a->beside && may_be_told_beside(a, r->st))) {
        violated("an honest client is refused");
    }
    if (r->st != TA_OK) { next_op(s, i); return; }
    fresh = token_read(r->token);
    if (a->was_over) violated("a refresh worked that began after the session's end was acknowledged");
    if (a->stale && w->password < s->password) violated("a refresh worked with the password of before");
    if (a->seen == SEEN_REPLAY) violated("a replay was not detected");
    if (a->seen == SEEN_AHEAD) violated("a token ahead of the store was accepted");
    if (a->seen == SEEN_OVER) violated("a session that is over was refreshed");
    if (a->seen == SEEN_HAND_OUT && fresh.gen != a->seen_gen)
        violated("not the current token was handed out");
    if (a->seen == SEEN_ROTATE && fresh.gen != old.gen + 1)
        violated("a rotation to another than the next generation");
    if (fresh.gen > w->gen && !s->forgot) violated("a token was handed out that the store does not have");
    a->token = r->token;
    a->access = r->access;
    hand_over(s, a);
    if (w->fate == LIVES && !is_over(s, old.key) && !a->beside && !s->forgot
        && (sc->timely || fresh.gen == w->gen) && probe_refresh(s, r->token, s->clock, 0) != TA_OK)
        violated("a token was handed out that does not work");
    a->phase = REPLYING;
}

static void end_other(state *s, int i, const request *r)
{
    actor *a = &s->a[i];
    char op = op_of(s, i);
    if (op == 'C') {
        if (r->st == TA_OK && a->was_over) violated("an access token was good after the session's end");
        if (r->st != TA_OK && s->w[token_read(a->token).key].fate == LIVES
            && !is_over(s, token_read(a->token).key))
            violated("a good access token was refused");
    }
    if (op == 'H' && (r->st == TA_ERR_REPLAY || r->st == TA_ERR_AHEAD)) {
        s->w[token_read(a->token).key].fate = HAS_ENDED;
        next_op(s, i);
        return;
    }
    if (op == 'H' && r->st != TA_OK && s->w[token_read(a->token).key].fate == LIVES)
        violated("an honest client is refused");
    if (r->st != TA_OK) { next_op(s, i); return; }
    if (op == 'O' || op == 'E') end_all(s, (uint16_t)(1u << token_read(a->token).key));
    if (is_everywhere(op)) {
        end_all(s, a->there);
        doom_logins(s);
    }
    if (op == 'A' && a->stale == 0 && a->password != 0) s->ended_password = a->password;
    if (op == 'H') {
        uint8_t key = token_read(a->token).key;
        s->w[key].password = s->password;
        if (s->w[key].fate == LIVES && probe_refresh(s, a->token, a->now, 0) != TA_OK)
            violated("logout of the others ended this session too");
    }
    if (op == 'M') s->w[token_read(a->token).key].labelled = s->rec[token_read(a->token).key] != 0;
    if (op == 'U') a->epoch = r->epoch;
    next_op(s, i);
}

/* A result that says "again later" sends the client back to the beginning of this operation.      */
static bool comes_again(state *s, int i, const request *r)
{
    actor *a = &s->a[i];
    uint8_t tries = a->tries, pc = a->pc, password = a->password, doomed = a->doomed;
    uint32_t epoch = a->epoch;
    if (r->st != TA_ERR_STORE && r->st != TA_ERR_BUSY) return false;
    if (sc->faults == 0 && sc->late == 0) violated("the store did not fail, and was said to");
    if (op_of(s, i) == 'H')
        may_end(s, (uint16_t)(1u << token_read(a->token).key)); /* between its two writes */
    memset(a, 0, sizeof *a);
    a->pc = pc;
    a->tries = (uint8_t)(tries + 1);
    a->password = password;
    a->doomed = doomed;
    a->epoch = epoch;
    if (a->tries > 9) violated("a client that comes again for ever");
    return true;
}

static void settle(state *s, int i)
{
    const request *r = &nodes[s->a[i].node].req;
    request done;
    char op = op_of(s, i);
    if (r->kind != DONE) return;
    done = *r;
    if (comes_again(s, i, &done)) return;
    if (op == 'L' || op == 'V') end_login(s, i, &done);
    else if (op == 'R' || op == 'K' || op == 'T') end_refresh(s, i, &done);
    else end_other(s, i, &done);
}

/* ---- steps ------------------------------------------------------------------------------------------- */

enum step {
    BEGIN,
    ANSWER,
    FAIL,
    DONE_FAIL,
    LATE,
    CRASH,
    DELIVER,
    LOSE,
    LAND,
    FORGET_LAST,
    FORGET_ALL,
    STEPS
};
static const char *const step_names[STEPS] = { "begins",
                                               "is answered",
                                               "STORE, not applied",
                                               "STORE, but applied",
                                               "STORE, may land later",
                                               "server dies",
                                               "reply arrives",
                                               "reply is lost",
                                               "lands late",
                                               "the store forgets the last write of",
                                               "the store forgets" };

/* No second may pass that would make an honest client late.                                       */
static bool makes_late(const state *s, uint16_t token, int32_t dt, bool keyed)
{
    token_text t;
    const witness *w;
    if (token == 0) return false;
    t = token_read(token);
    w = &s->w[t.key];
    if (w->gen <= t.gen) return false;
    return w->gen > t.gen + 1
           || s->clock + dt - w->rotated >= (keyed ? RETRY : WINDOW) - (sc->skew > 0 ? sc->skew : 0);
}

static bool may_pass(const state *s, int32_t dt)
{
    int i;
    if (!sc->timely) return true;
    if (s->late.on && s->clock + dt - s->late.now >= WINDOW) return false;
    for (i = 0; i < JARS; i++) if (makes_late(s, s->jar[i], dt, s->jar_retry[i] != 0)) return false;
    for (i = 0; i < ACTORS; i++) {
        const actor *a = &s->a[i];
        char op = op_of(s, i);
        if (a->phase != IDLE && s->clock + dt - a->began >= WINDOW - (sc->skew > 0 ? sc->skew : 0))
            return false;
        if (a->phase == CALLING && makes_late(s, a->token, dt, op == 'K')) return false;
    }
    return true;
}

/* The retry key stands beside the token, so it is one for each generation; two tabs share it.     */
static uint8_t retry_for(uint16_t token) { return (uint8_t)(token_read(token).gen + 1); }

static bool begin_waiting(state *s, int i)
{
    const char *p = sc->actor[i] + s->a[i].pc + 1;
    int32_t dt = 0;
    while (*p >= '0' && *p <= '9') dt = dt * 10 + (*p++ - '0');
    if (!may_pass(s, dt)) return false;
    s->clock += dt;
    next_op(s, i);
    return true;
}

static bool begin_local(state *s, int i, char op)
{
    if (op == '+') return begin_waiting(s, i);
    if (op == 'P') s->password = 1;
    if (op == 'Q') s->a[i].password = s->password;
    if (op == 'S') {
        s->jar[op_digit(s, i, 2)] = s->jar[op_digit(s, i, 1)];
        s->access[op_digit(s, i, 2)] = s->access[op_digit(s, i, 1)];
    }
    next_op(s, i);
    return true;
}

/* No two calls that draw secrets draw the same ones.                                              */
static uint16_t seed_for(const state *s, int i)
{
    return (uint16_t)(2 + (((in_setup ? ACTORS : i) * 16 + s->a[i].pc) * 4 + s->a[i].tries % 4));
}

/* The call of this operation. false: there is nothing to call with, as the login had failed.      */
static bool make_call(state *s, int i, call *c)
{
    static const struct { char op; uint8_t kind; } kinds[] = {
        {'L', CALL_LOGIN}, {'V', CALL_LOGIN}, {'R', CALL_REFRESH}, {'T', CALL_REFRESH}, {'K', CALL_REFRESH},
        {'C', CALL_CHECK}, {'O', CALL_LOGOUT}, {'A', CALL_LOGOUT_ALL}, {'H', CALL_LOGOUT_OTHERS},
        {'E', CALL_END}, {'M', CALL_LABEL}, {'U', CALL_EPOCH}
    };
    char op = op_of(s, i);
    int j = op == 'A' || op == 'U' ? 0 : op_digit(s, i, 1);
    size_t k = 0;
    memset(c, 0, sizeof *c);
    while (kinds[k].op != op) if (++k == sizeof kinds / sizeof kinds[0]) die("an unknown operation");
    c->kind = kinds[k].kind;
    c->user = j < 4 ? 0 : 1;
    c->seed = c->kind == CALL_LOGIN || is_everywhere(op) ? seed_for(s, i) : 1;
    if (op == 'V') {
        c->with_epoch = 1;
        c->epoch = s->a[i].epoch;
    }
    if (c->kind == CALL_LOGIN || op == 'A' || op == 'U') return true;
    c->token = s->jar[j];
    if (op == 'C') c->access = s->access[j];
    if (op == 'K' && c->token != 0) c->retry = s->jar_retry[j] = retry_for(c->token);
    return c->token != 0;
}

static bool begin(state *s, int i)
{
    char op = op_of(s, i);
    call c;
    if (s->a[i].phase != IDLE || op == '\0') return false;
    if (strchr("+PQS", op) != NULL) return begin_local(s, i, op);
    if (!make_call(s, i, &c)) {
        next_op(s, i);
        return true;
    }
    /* what is ended when a logout everywhere is acknowledged; what a login is checked with */
    if (op == 'A' || (op == 'L' && s->a[i].tries == 0 && !sc->salted)) s->a[i].password = s->password;
    begin_call(s, i, &c);
    settle(s, i);
    return true;
}

static void proceed(state *s, int i, int32_t st, uint32_t value)
{
    s->a[i].node = node_answer(s->a[i].node, st, value);
    settle(s, i);
}

static bool answer_cas(state *s, int i, enum step how, const request *r)
{
    const actor *a = &s->a[i];
    ta_status st = TA_ERR_STORE;
    if (how == LATE) {
        if (s->late_left == 0 || s->late.on) return false;
        s->late_left--;
        s->late.on = 1;
        s->late.old = r->old;
        s->late.next = r->next;
        s->late.key = r->key;
        s->late.actor = (uint8_t)i;
        s->late.retry = call_of(a)->retry;
        s->late.now = a->now;
    } else {
        if (how != FAIL) st = store_apply(s, r->key, r->old, r->next, a, call_of(a)->retry, a->now);
        if (how == DONE_FAIL && st != TA_OK) return false;              /* the same as FAIL */
        if (s->late.on && s->late.key == r->key) memset(&s->late, 0, sizeof s->late);
    }
    proceed(s, i, how == ANSWER ? st : TA_ERR_STORE, 0);
    return true;
}

static bool answer_request(state *s, int i, enum step how)
{
    request r;
    if (s->a[i].phase != CALLING) return false;
    r = nodes[s->a[i].node].req;
    if (how == FAIL || how == DONE_FAIL) {
        if (s->faults == 0) return false;
        s->faults--;
    }
    if (r.kind == ASK_CAS) return answer_cas(s, i, how, &r);
    if (how == DONE_FAIL || how == LATE || (how == FAIL && r.kind == ASK_USER)) return false;
    if (how == FAIL) { proceed(s, i, TA_ERR_STORE, 0); return true; }
    if (r.kind == ASK_USER) { proceed(s, i, TA_OK, s->password); return true; }
    if (r.kind == ASK_LIST) { proceed(s, i, TA_OK, set_of_sessions(s, r.key)); return true; }
    see(s, i, r.key);
    if (s->rec[r.key] != 0) proceed(s, i, TA_OK, s->rec[r.key]);
    else proceed(s, i, TA_ERR_NOT_FOUND, 0);
    return true;
}

static void start_over(state *s, int i)
{
    uint8_t pc = s->a[i].pc, tries = s->a[i].tries;
    memset(&s->a[i], 0, sizeof s->a[i]);
    s->a[i].pc = pc;
    s->a[i].tries = (uint8_t)(tries + 1);
}

static bool server_dies(state *s, int i)
{
    if (s->a[i].phase != CALLING || s->crash == 0 || !spends(op_of(s, i))) return false;
    s->crash--;
    start_over(s, i);
    return true;
}

static bool reply(state *s, int i, enum step how)
{
    actor *a = &s->a[i];
    int j;
    if (a->phase != REPLYING) return false;
    j = op_digit(s, i, 1);
    if (how == LOSE) {
        if (s->lost == 0 || !is_honest(op_of(s, i))) return false;
        s->lost--;
        start_over(s, i);
        return true;
    }
    s->jar[j] = a->token;
    s->jar_retry[j] = 0;
    s->access[j] = strstr(sc->actor[0], "C") || strstr(sc->actor[1], "C")
                           || (sc->actor[2] && strstr(sc->actor[2], "C"))
                       ? a->access
                       : 0;
    next_op(s, i);
    return true;
}

static bool land(state *s)
{
    actor who;
    if (!s->late.on) return false;
    memcpy(&who, &s->a[s->late.actor], sizeof who);
    who.seen = SEEN_REPLAY;                 /* it was judged when it was sent */
    if (store_apply(s, s->late.key, s->late.old, s->late.next, &who, s->late.retry, s->late.now) != TA_OK)
        return false;
    memset(&s->late, 0, sizeof s->late);
    return true;
}

/* The store is set back, by a restart: calls on their way are cut, and all that was acknowledged about this
   record may be untrue now.                                                                       */
static bool forget(state *s, uint8_t key, bool all)
{
    witness *w = &s->w[key];
    int k;
    if (s->forget == 0 || s->rec[key] == 0 || (!all && s->before[key] == 0) || (all && w->is_session))
        return false;
    s->forget--;
    s->rec[key] = all ? 0 : s->before[key];
    memset(s->before, 0, sizeof s->before);
    s->forgot = 1;
    if (w->is_session) {
        ta_record r = record_at(s->rec[key]);
        w->gen = (uint8_t)r.gen;
        w->rotated = (int32_t)(r.rotated_at - EPOCH_0);
    }
    for (k = 1; k < KEYS; k++) if (s->w[k].is_session) s->w[k].fate = MAY_END;
    for (k = 0; k < ACTORS; k++) if (s->a[k].phase == CALLING) start_over(s, k);
    memset(&s->late, 0, sizeof s->late);
    return true;
}

static bool take_step(state *s, int i, enum step how)
{
    switch (how) {
    case BEGIN: return begin(s, i);
    case ANSWER: case FAIL: case DONE_FAIL: case LATE: return answer_request(s, i, how);
    case CRASH: return server_dies(s, i);
    case DELIVER: case LOSE: return reply(s, i, how);
    case LAND: return i == 0 && land(s);
    default: return false;
    }
}

/* ---- all of it ------------------------------------------------------------------------------------- */

typedef struct visit { uint64_t a, b; double schedules; } visit;
static struct { visit *v; size_t slots, n; double steps; } seen;

static struct { int actor; enum step how; char op; uint8_t key, kind; } path[4096];

static visit *visit_slot(uint64_t a, uint64_t b)
{
    size_t at = (size_t)a & (seen.slots - 1);
    while ((seen.v[at].a != 0 || seen.v[at].b != 0) && (seen.v[at].a != a || seen.v[at].b != b))
        at = (at + 1) & (seen.slots - 1);
    return &seen.v[at];
}

static void visits_grow(void)
{
    visit *old = seen.v;
    size_t n = seen.slots, i;
    seen.slots = n > 0 ? n * 2 : 65536;
    seen.v = (visit *)calloc(seen.slots, sizeof *seen.v);
    if (seen.v == NULL) die("out of memory");
    for (i = 0; i < n; i++) if (old[i].a != 0 || old[i].b != 0) *visit_slot(old[i].a, old[i].b) = old[i];
    free(old);
}

static void print_path(size_t depth)
{
    static const char *const kinds[] = {"", "get", "cas", "list", "user", ""};
    size_t i;
    for (i = 0; i < depth; i++) {
        if (path[i].how >= LAND) { printf("    -- %s %u\n", step_names[path[i].how], path[i].key); continue; }
        printf("    %d %c %s", path[i].actor, path[i].op, step_names[path[i].how]);
        if (path[i].how >= ANSWER && path[i].how <= LATE)
            printf(" (%s %u)", kinds[path[i].kind], path[i].key);
        printf("\n");
    }
}

static jmp_buf give_up;
static double explore(const state *s, size_t depth);

static double follow(const state *s, size_t depth, int i, int how, uint8_t key)
{
    state t;
    memcpy(&t, s, sizeof t);
    path[depth].actor = i;
    path[depth].how = (enum step)how;
    path[depth].op = i >= 0 ? op_of(s, i) : ' ';
    path[depth].key = key;
    path[depth].kind = 0;
    if (i >= 0 && s->a[i].phase == CALLING) {
        path[depth].kind = nodes[s->a[i].node].req.kind;
        path[depth].key = nodes[s->a[i].node].req.key;
    }
    if (how >= FORGET_LAST ? !forget(&t, key, how == FORGET_ALL) : !take_step(&t, i, (enum step)how))
        return 0;
    seen.steps++;
    if (violation != NULL) { print_path(depth + 1); longjmp(give_up, 1); }
    return explore(&t, depth + 1);
}

static double explore(const state *s, size_t depth)
{
    uint64_t a = hash_bytes(s, sizeof *s, 11), b = hash_bytes(s, sizeof *s, 77) | 1;
    double sum = 0;
    int i, how;
    uint8_t k;
    visit *v;
    if (depth + 1 >= sizeof path / sizeof path[0]) die("a schedule without an end");
    if (seen.n * 2 >= seen.slots) visits_grow();
    v = visit_slot(a, b);
    if (v->a != 0 || v->b != 0) return v->schedules;
    check_state(s);
    if (violation != NULL) { print_path(depth); longjmp(give_up, 1); }
    for (i = 0; i < ACTORS; i++) for (how = BEGIN; how <= LAND; how++) sum += follow(s, depth, i, how, 0);
    if (s->forget > 0) for (k = 1; k < KEYS; k++) {
        sum += follow(s, depth, -1, FORGET_LAST, k);
        sum += follow(s, depth, -1, FORGET_ALL, k);
    }
    if (sum == 0) {
        check_end(s);
        if (violation != NULL) { print_path(depth); longjmp(give_up, 1); }
        sum = 1;
    }
    v = visit_slot(a, b);
    v->a = a;
    v->b = b;
    v->schedules = sum;
    seen.n++;
    return sum;
}

/* ---- a scenario --------------------------------------------------------------------------------------- */

static void make_server(int i)
{
    static ta_key access;
    static ta_refresh_key keys[2][2];
    ta_auth_config c = TA_ZERO;
    uint8_t secret[32];
    int k;
    memset(secret, 1, sizeof secret);
    if (ta_key_init(&access, secret, sizeof secret, NULL) != TA_OK) die("key");
    for (k = 0; k < 2; k++) {
        keys[i][k].id = (uint8_t)(k ^ i);
        memset(secret, 2 + (k ^ i), sizeof secret);
        if (ta_key_init(&keys[i][k].key, secret, sizeof secret, NULL) != TA_OK) die("key");
    }
    c.keys = ta_keys_of(&access, 1);
    c.refresh_keys = keys[i];
    c.refresh_key_count = 2;
    c.issuer = "https://id.example";
    c.audience = "api";
    c.store.get = store_get;
    c.store.cas = store_cas;
    c.store.list = sc->list ? store_list : NULL;
    c.access_s = 1000;
    c.window_s = WINDOW;
    c.retry_s = RETRY;
    c.max_sessions = sc->cap;
    c.allow_ahead = sc->ahead;
    c.check_sessions = true;
    c.random = hook_random;
    c.user = sc->salted ? hook_user : NULL;
    c.event = hook_event;
    if (ta_auth_init(&servers[i], &c) != TA_OK) die("ta_auth_init");
}

/* The setup is a script too, of one client, to whom nothing happens.                              */
static void set_up(state *s)
{
    static scenario alone;
    const scenario *whole = sc;
    int how;
    alone = *sc;
    memset(alone.actor, 0, sizeof alone.actor);
    alone.actor[0] = whole->setup;
    alone.actor[1] = alone.actor[2] = "C";  /* only so that access tokens are kept */
    alone.timely = 0;
    sc = &alone;
    in_setup = true;
    while (op_of(s, 0) != '\0' && violation == NULL) {
        for (how = BEGIN; how <= DELIVER; how++) {
            if (how != FAIL && how != DONE_FAIL && how != LATE && how != CRASH
                && take_step(s, 0, (enum step)how))
                break;
        }
    }
    sc = whole;
    in_setup = false;
    if (violation != NULL) die(violation);
    memset(s->a, 0, sizeof s->a);
    s->lost = sc->lost;
    s->faults = sc->faults;
    s->late_left = sc->late;
    s->crash = sc->crash;
    s->forget = sc->forget;
}

static bool run_scenario(const scenario *which)
{
    static state s;
    double schedules;
    sc = which;
    violation = NULL;
    engine_clear();
    memset(&s, 0, sizeof s);
    memset(handed_token, 0, sizeof handed_token);
    free(seen.v);
    memset(&seen, 0, sizeof seen);
    make_server(0);
    make_server(1);
    set_up(&s);
    if (setjmp(give_up) != 0) {
        printf("FAILED %s: %s\n", which->name, violation);
        return false;
    }
    schedules = explore(&s, 0);
    printf("%-46s %9lu states %9.3g schedules\n", which->name, (unsigned long)seen.n, schedules);
    return true;
}

int main(void)
{
    const char *depth = getenv("DEPTH"), *only = getenv("ONLY"), *stop = getenv("STOP");
    int most = depth != NULL ? atoi(depth) : 1, passed = 0, failed = 0;
    size_t i;
    for (i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (scenarios[i].depth > most || (only != NULL && strstr(scenarios[i].name, only) == NULL)) continue;
        if (run_scenario(&scenarios[i])) passed++; else failed++;
        fflush(stdout);
        if (failed > 0 && stop != NULL) break;
    }
    printf("scenarios: %d passed, %d failed; the engine ran %ld times\n", passed, failed, engine_runs);
    return failed == 0 && passed > 0 ? 0 : 1;
}
