/* replay.c - every target over files, without a fuzzer: any C compiler does.
   Use     replay FILE...      the directory that a file lies in names its target: corpus/json/nested
   A broken promise ends the program and names the file; VERBOSE=1 names each, to find a crash.       */
#include "fuzz.h"

#define LLVMFuzzerTestOneInput fuzz_base64url
#include "fuzz_base64url.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_json
#include "fuzz_json.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_json_writer
#include "fuzz_json_writer.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_jwt
#include "fuzz_jwt.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_refresh
#include "fuzz_refresh.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_sessions
#include "fuzz_sessions.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_table
#include "fuzz_table.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_web
#include "fuzz_web.c"
#undef LLVMFuzzerTestOneInput

#define REPLAY_MAX 65536

static const struct { const char *name; int (*run)(const uint8_t *, size_t); } replay_targets[] = {
    {"base64url", fuzz_base64url}, {"json", fuzz_json}, {"json_writer", fuzz_json_writer}, {"jwt", fuzz_jwt},
    {"refresh", fuzz_refresh}, {"sessions", fuzz_sessions}, {"table", fuzz_table}, {"web", fuzz_web}
};

/* The target of the directory that path lies in, or -1.                                             */
static int replay_target(const char *path)
{
    const char *end = strrchr(path, '/');
    size_t i, n;
    for (i = 0; end != NULL && i < sizeof replay_targets / sizeof replay_targets[0]; i++) {
        n = strlen(replay_targets[i].name);
        if ((size_t)(end - path) > n && end[-1 - (long)n] == '/'
            && memcmp(end - n, replay_targets[i].name, n) == 0) return (int)i;
    }
    return -1;
}

int main(int argc, char **argv)
{
    static uint8_t data[REPLAY_MAX];
    long failed = 0;
    int i;
    for (i = 1; i < argc; i++) {
        int target = replay_target(argv[i]);
        FILE *f = target >= 0 ? fopen(argv[i], "rb") : NULL;
        size_t n;
        if (f == NULL) {
            printf("FAILED %s: %s\n", argv[i], target >= 0 ? "cannot be read" : "no target has this name");
            failed++;
            continue;
        }
        n = fread(data, 1, sizeof data, f);
        fclose(f);
        fuzz_input = argv[i];
        if (getenv("VERBOSE") != NULL) fprintf(stderr, "%s\n", argv[i]);       /* for a crash */
        (void)replay_targets[target].run(data, n);
    }
    if (argc < 2) puts("use: replay FILE...");
    printf("fuzz_replay: %ld passed, %ld failed\n", (long)argc - 1 - failed, failed);
    return failed == 0 && argc > 1 ? 0 : 1;
}
