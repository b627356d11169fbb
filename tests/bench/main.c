/* main.c - make bench: tokens, sessions and tables against what they cannot do without, and against others.

   bench tokens                            prints the tokens, for bench.js
   bench RESULTS SECONDS [PEER.so...]      appends to the file RESULTS; SECONDS of time for each part
   SIZES="1000 100000" in the environment: numbers of sessions                                            */

#include "form.h"
#include "measure.h"
#include "peer.h"
#include "sessions.h"
#include "table.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench_form *const forms[] = {&bench_form_default, &bench_form_portable, &bench_form_small};

static char *text(const char *a, const char *b)
{
    char *out = malloc(strlen(a) + strlen(b) + 1);
    if (out == NULL) exit(2);
    return strcat(strcpy(out, a), b);
}

static bench_row row(const char *group, const char *name, bool (*run)(void *, size_t), void *ctx, int base,
                     double goal)
{
    bench_row r = {0};
    r.group = group;
    r.name  = name;
    r.run   = run;
    r.ctx   = ctx;
    r.base  = base;
    r.goal  = goal;
    return r;
}

/* The default form against the floor; the others against their own HMAC, as the goals say.                */
static void add_form(bench_rows *all, const bench_form *f)
{
    static const double verify[] = {2.2, 2.0, 1.4, 0}, sign[] = {1.6, 1.4, 1.15, 0};
    const char *group = text("jwt, ", f->name);
    bool   is_default = f == &bench_form_default;
    size_t i;
    for (i = 0; i < BENCH_TOKENS; i++) {
        bench_token *t = &bench_token_list[i];
        int base  = bench_add(all, row(group, text("floor ", t->name), f->floor, t, -1, 0));
        int other = bench_add(all, row(group, text("HMAC ", t->name), f->hmac, t, base, 0));
        double portable = f == &bench_form_portable && i == 1 ? 1.3 : 0;
        if (!is_default) base = other;
        bench_add(all, row(group, text("verify ", t->name), f->verify, t, base,
                           is_default ? verify[i] : portable));
        bench_add(all, row(group, text("sign ", t->name), f->sign, t, base, is_default ? sign[i] : 0));
        bench_add(all, row(group, text("sign_json ", t->name), f->sign_json, t, base, 0));
    }
}

/* ---- other people's libraries ------------------------------------------------------------------------- */

typedef struct visit { const bench_peer *peer; const bench_token *token; } visit;

static bool run_verify(void *v, size_t n)
{
    const visit *p = v;
    bool good = true;
    for (; n > 0; n--) good &= p->peer->verify(p->token);
    return good;
}

static bool run_sign(void *v, size_t n)
{
    const visit *p = v;
    bool good = true;
    for (; n > 0; n--) good &= p->peer->sign(p->token);
    return good;
}

static bool run_hmac(void *v, size_t n)
{
    const visit *p = v;
    bool good = true;
    for (; n > 0; n--) good &= p->peer->hmac(p->token);
    return good;
}

/* The floor of token i is row 5 * i: the default form is the first.                                        */
static void add_peer(bench_rows *all, const bench_peer *p)
{
    size_t i;
    for (i = 0; i < BENCH_TOKENS; i++) {
        const char *token = bench_token_list[i].name;
        const char *group = text(p->hmac != NULL ? "raw HMAC, " : "jwt, ", p->name);
        int floor = 5 * (int)i;
        visit *v = malloc(sizeof *v);
        if (v == NULL) exit(2);
        v->peer  = p;
        v->token = &bench_token_list[i];
        if (p->verify != NULL) bench_add(all, row(group, text("verify ", token), run_verify, v, floor, 0));
        if (p->sign != NULL)   bench_add(all, row(group, text("sign ", token), run_sign, v, floor, 0));
        if (p->hmac != NULL)   bench_add(all, row(group, text("HMAC ", token), run_hmac, v, floor, 0));
    }
}

static void load_peer(bench_rows *all, const char *file)
{
    void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const bench_peer *p = object == NULL ? NULL : (const bench_peer *)dlsym(object, "bench_peer_entry");
    if (p != NULL && p->setup()) add_peer(all, p);
    else printf("%s does not load: %s\n", file, object == NULL ? dlerror() : "no key");
}

static void bench_jwt(const char *results, double seconds, char **peers)
{
    bench_rows all = {0};
    size_t i;
    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) add_form(&all, forms[i]);
    for (; *peers != NULL; peers++) load_peer(&all, *peers);
    bench_run(&all, "tokens", seconds);
    bench_print(&all, "Tokens: ratio to the floor (the default form, peers) or to its own HMAC", results);
    bench_free(&all);
}

/* Each step alone: together they are more than the call, in which the processor begins one before the other
   has ended.                                                                                               */
static void bench_steps(const char *results, double seconds)
{
    const bench_form *f = &bench_form_default;
    bench_rows all = {0};
    const bench_step *s;
    size_t i;
    for (i = 0; i < 3; i++) {
        bench_token *t = &bench_token_list[i];
        const char *group = text("steps of ", t->name);
        int floor = bench_add(&all, row(group, text("floor ", t->name), f->floor, t, -1, 0));
        for (s = f->steps; s->name != NULL; s++) bench_add(&all, row(group, s->name, s->run, t, floor, 0));
    }
    bench_run(&all, "steps", seconds);
    bench_print(&all, "Where the time of a verify and a sign goes, the default form: ratio to the floor", results);
    bench_free(&all);
}

/* ---- sessions - */

/* How many compressions a call takes, counted. */
static size_t compressions_of(size_t call)
{
    const bench_call *c = &bench_sessions_counted.calls[call];
    size_t before;
    if (c->before != NULL) c->before(NULL, 1);
    before = bench_sessions_counted.compressions();
    if (!c->run(NULL, 1)) bench_wrong++;
    return bench_sessions_counted.compressions() - before;
}

static void bench_auth(const char *results, double seconds)
{
    static size_t count[16];
    bench_rows all = {0};
    size_t i;
    if (!bench_sessions_timed.setup() || !bench_sessions_counted.setup()) {
        bench_wrong++;
        return;
    }
    printf("\nCompressions of one call, counted\n");
    for (i = 0; bench_sessions_timed.calls[i].name != NULL; i++) {
        const bench_call *c = &bench_sessions_timed.calls[i];
        bench_row r = row("table of 1000 sessions", c->name, c->run, NULL, 0, i == 0 ? 2.0 : 0);
        char name[64];
        count[i] = compressions_of(i);
        printf("  %-34s %4zu\n", c->name, count[i]);
        snprintf(name, sizeof name, "%zu compressions", count[i]);
        r.base   = bench_add(&all, row(r.group, text(name, ""), bench_form_default.blocks, &count[i], -1, 0));
        r.before = c->before;
        r.after  = c->after;
        r.most   = BENCH_SESSION_BATCH;
        bench_add(&all, r);
    }
    if (count[0] == 15) {
        printf("  A rotation: 2 the tag that came, 1 the session's id, 1 the user's, 3 the seal, 2 the new tag, 6 the\n"
               "  access token. Each is over other bytes; a MAC is one block more than its text fills.\n");
    }
    bench_run(&all, "sessions", seconds);
    bench_print(&all, "Sessions: ratio to their own compressions", results);
    bench_free(&all);
}

/* ---- all - */

static void bench_sizes(const char *results, double seconds, const char *sizes)
{
    char *end;
    size_t count;
    printf("\nTables: ratio to one dependent random touch of a 128-byte record in an array as long\n");
    for (; (count = strtoul(sizes, &end, 10)) > 0; sizes = end) bench_table(results, count, seconds);
    bench_table_hostile(results, getenv("QUICK") != NULL ? 2000 : 100000, seconds);
}

/* For the packages of npm: name, secret, time, token, length that is signed, claims. */
static int print_tokens(void)
{
    const bench_token *t;
    for (t = bench_token_list; t < bench_token_list + BENCH_TOKENS; t++) {
        printf("%s\t%.32s\t%d\t%s\t%zu\t%s\n", t->name, (const char *)bench_secret, BENCH_NOW, t->token,
               t->signed_len, t->json);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *sizes = getenv("SIZES");
    double seconds;
    size_t i;

    bench_tokens_make();
    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) forms[i]->setup();
    if (argc == 2 && strcmp(argv[1], "tokens") == 0) return print_tokens();
    if (argc < 3) {
        fprintf(stderr, "bench RESULTS SECONDS [PEER.so...], or bench tokens: see make bench\n");
        return 2;
    }
    seconds = atof(argv[2]);
    bench_jwt(argv[1], seconds * 2, argv + 3);
    bench_steps(argv[1], seconds);
    bench_auth(argv[1], seconds);
    bench_sizes(argv[1], seconds, sizes == NULL || *sizes == '\0' ? "1000 100000 1000000" : sizes);
    if (bench_wrong > 0) printf("FAILED %zu rows gave a wrong result\n", bench_wrong);
    printf("\ngoals: %zu reached, %zu missed\n", bench_reached, bench_missed);
    printf("bench: %zu passed, %zu failed\n", bench_right, bench_wrong);
    return bench_wrong > 0;
}
