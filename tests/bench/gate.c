/* gate.c - the instructions of CALLS calls, counted by callgrind: they repeat, and time does not.
   gate.sh compiles it with form.c, sessions.c and tokens.c, once for each form, and reads the dumps.
   So many, because one alone would be counted with what prepares it, which is a tenth of a short one.   */

#include "form.h"
#include "sessions.h"
#include <stdio.h>
#include <valgrind/callgrind.h>

extern const bench_form gate_form;

/* Twice untold, so that tables are in place and sessions have a past; then counted. */
static bool count(const char *name, bool (*run)(void *, size_t), void *ctx)
{
    bool good = run(ctx, 1) && run(ctx, 1);
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    good = run(ctx, CALLS) && good;
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
    if (!good) printf("FAILED %s: a wrong result\n", name);
    return good;
}

int main(void)
{
    char name[32];
    bool good;
    size_t i;
    bench_tokens_make();
    gate_form.setup();
    good = bench_sessions_timed.setup();
    for (i = 0; i < 3; i++) {
        bench_token *t = &bench_token_list[i];
        snprintf(name, sizeof name, "verify-%s", t->name);
        good = count(name, gate_form.verify, t) && good;
        snprintf(name, sizeof name, "sign-%s", t->name);
        good = count(name, gate_form.sign, t) && good;
    }
    good = count("refresh", bench_sessions_timed.calls[0].run, NULL) && good;
    return !good;
}
