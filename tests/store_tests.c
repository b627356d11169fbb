/* store_tests.c - each store of examples/stores against store_conformance, and what is its own: torn and
   damaged files, a full disk, a second opener, servers that hang, die, lie or change places.

   store_tests [--quick] [--torture] NAME...     NAME: memory journal sqlite postgres redis cluster
   Built by tests/stores.sh. The servers are started here, on free ports, in a directory of their own. */

#define _GNU_SOURCE
#include "store_conformance.h"
#include "store_disk.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define TA_JOURNAL_IMPLEMENTATION
#include TA_JOURNAL_FILE
#define TA_SQLITE_IMPLEMENTATION
#include TA_SQLITE_FILE
#define TA_REDIS_IMPLEMENTATION
#include TA_REDIS_FILE

#define TA_POSTGRES_IMPLEMENTATION
#include TA_POSTGRES_FILE

#include "store_services.h"
#include "store_proxy.h"
#include "store_fake.h"

/* One of the store's own tests; ONLY as in store_conformance.c.                                       */
#define OWN(fn) do { if (getenv("ONLY") == NULL || strcmp(getenv("ONLY"), #fn) == 0) RUN(fn); } while (0)

static char dir[200];           /* holds "/stores-", see store_disk.h */
static bool quick;

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *in_dir(const char *name)
{
    static char path[4][300];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", dir, name);
    return path[at];
}

/* ---- memory: the library's own table ------------------------------------------------------------- */

static ta_table table;
static ta_slot slots[2000];
static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;

static ta_status table_lock(void *ctx)
{
    return pthread_mutex_lock((pthread_mutex_t *)ctx) == 0 ? TA_OK : TA_ERR_STORE;
}
static void table_unlock(void *ctx) { pthread_mutex_unlock((pthread_mutex_t *)ctx); }

static void memory_wipe(void)
{
    if (ta_table_init(&table, slots, 2000) != TA_OK) exit(2);
    table.lock_ctx = &table_mutex;
    table.lock = table_lock;
    table.unlock = table_unlock;
}

static void *memory_open(void) { return &table; }
static ta_store memory_store(void *o) { return ta_table_store((ta_table *)o); }
static void memory_close(void *o) { (void)o; }

static const store_kind memory = {"memory", memory_open, memory_store, memory_close, memory_wipe,
    false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL};

/* ---- journal ---------------------------------------------------------------------------------------- */

static void journal_wipe(void)
{
    unlink(in_dir("journal"));
    unlink(in_dir("journal.new"));
}

/* The lock is let go when the killed owner is gone for good, which is not quite when it was waited for. */
static void *journal_open(void)
{
    ta_journal *j = (ta_journal *)exact(sizeof *j);
    ta_journal_opts opts = TA_ZERO;
    ta_status st = TA_ERR_BUSY;
    int tries;
    opts.spare_entries = 200;           /* so that the random operations write it anew many times */
    for (tries = 0; tries < 100 && st == TA_ERR_BUSY; tries++) {
        st = ta_journal_open(j, in_dir("journal"), &opts);
        if (st == TA_ERR_BUSY) usleep(20000);
    }
    if (st == TA_OK) return j;
    printf("journal: %s: %s\n", ta_status_name(st), ta_journal_why(j));
    free(j);
    return NULL;
}

static ta_store journal_store(void *o) { return ta_journal_store((ta_journal *)o); }
static void journal_close(void *o) { ta_journal_close((ta_journal *)o); free(o); }

static const store_kind journal = {"journal", journal_open, journal_store, journal_close, journal_wipe,
    false, true, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL};

/* Far ahead of any clock: some stores drop by their own. */
#define LATER INT64_C(4000000000)

static ta_record one(uint32_t n)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 1;
    r.created = r.rotated_at = 1700000000;
    r.idle_until = r.ends_at = LATER - TA_DAYS(1);
    memcpy(r.id, &n, 4);
    memcpy(r.text, "alice", r.sub_len = 5);
    return r;
}

static ta_status add(const ta_store *s, uint32_t n)
{
    ta_record r = one(n);
    return s->cas(s->ctx, r.id, NULL, &r, LATER);
}

/* An empty store of this kind, open, and one record put into it. */
static void *open_with_one(const store_kind *k, ta_store *s)
{
    void *opener;
    k->wipe();
    opener = k->open();
    *s = k->store(opener);
    CHECK_ST(add(s, 1), TA_OK);
    return opener;
}

static ta_status raise_gen(const ta_store *s, uint32_t n, uint32_t from)
{
    ta_record r = one(n), next;
    r.ver = r.gen = from;
    next = r;
    next.ver = next.gen = from + 1;
    return s->cas(s->ctx, r.id, &r, &next, LATER);
}

static ta_status erase(const ta_store *s, uint32_t n)
{
    ta_record r = one(n);
    return s->cas(s->ctx, r.id, &r, NULL, 0);
}

static ta_status look(const ta_store *s, uint32_t n, uint32_t *gen)
{
    ta_record r = one(n), there;
    ta_status st = s->get(s->ctx, r.id, &there);
    if (gen != NULL) *gen = there.gen;
    return st;
}

static void write_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

/* Five sessions in a file, and the file's bytes.                                                      */
static uint8_t *five(size_t *n)
{
    void *o;
    ta_store s;
    uint32_t i;
    journal_wipe();
    o = journal_open();
    s = journal_store(o);
    for (i = 0; i < 5; i++) CHECK_ST(add(&s, i), TA_OK);
    journal_close(o);
    return read_file(in_dir("journal"), n);
}

static void test_journal_layout(void)
{
    size_t n;
    uint8_t *bytes = five(&n);
    CHECK_EQ(n, 32 + 5 * (TA_RECORD_SIZE + 32));
    CHECK(memcmp(bytes, "tokenauth.jrnl1\n", 16) == 0);
    CHECK_EQ(bytes[32], 'P');
    CHECK_BYTES(bytes + 32 + 8, "\0\0\0\0\xee\x6b\x28\0", 8);      /* LATER, big-endian */
    free(bytes);
}

/* Cut anywhere: the entries that are whole are there, the rest is gone, and it can be written to.       */
static void test_journal_torn_end(void)
{
    size_t n, cut, entry = TA_RECORD_SIZE + 32;
    uint8_t *bytes = five(&n);
    for (cut = 32; cut < n; cut++) {
        ta_journal j;
        ta_store s;
        uint32_t i, whole = (uint32_t)((cut - 32) / entry);
        write_file(in_dir("journal"), bytes, cut);
        CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
        s = ta_journal_store(&j);
        for (i = 0; i < 5; i++) CHECK_ST(look(&s, i, NULL), i < whole ? TA_OK : TA_ERR_NOT_FOUND);
        CHECK_ST(add(&s, 77), TA_OK);
        ta_journal_close(&j);
        CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
        s = ta_journal_store(&j);
        CHECK_ST(look(&s, 77, NULL), TA_OK);
        CHECK_EQ(j.live, whole + 1);
        ta_journal_close(&j);
    }
    free(bytes);
}

/* Sectors that never came are zeros: only a last entry without its check is torn.                     */
static void test_journal_unwritten_end(void)
{
    size_t n;
    uint8_t *bytes = five(&n);
    size_t entry = TA_RECORD_SIZE + 32, gap;
    ta_journal j;
    for (gap = 32; gap <= entry; gap += 32) {           /* the sector with its beginning never came */
        uint8_t *other = (uint8_t *)exact_copy(bytes, n);
        memset(other + n - entry, 0, gap);
        write_file(in_dir("journal"), other, n);
        CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
        CHECK_EQ(j.live, 4);
        ta_journal_close(&j);
        free(other);
    }
    memset(bytes + n - 20, 0, 20);
    write_file(in_dir("journal"), bytes, n);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    CHECK_EQ(j.live, 4);
    ta_journal_close(&j);
    {                                   /* an edge inside the check, as other lengths of a record have it */
        uint8_t e[TA_RECORD_SIZE + 32];
        memset(e, 1, sizeof e);
        memset(e + sizeof e - 10, 0, 10);
        CHECK(ta_journal_is_torn(e, 512 - (sizeof e - 10)));
        CHECK(!ta_journal_is_torn(e, 512 - (sizeof e - 11)) && !ta_journal_is_torn(e, 0));
    }
    memset(bytes + n - 2 * entry, 0, 32);               /* in the middle that is damage */
    write_file(in_dir("journal"), bytes, n);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_ERR_SNAPSHOT);
    free(bytes);
}

/* One flipped bit anywhere is refused, with the offset of its entry; also in the last, whole entry.    */
static void test_journal_damage(void)
{
    size_t n, bit, entry = TA_RECORD_SIZE + 32;
    uint8_t *bytes = five(&n);
    for (bit = 0; bit < 8 * n; bit += 3) {
        ta_journal j;
        char want[60];
        size_t at = bit / 8 < 32 ? 0 : 32 + (bit / 8 - 32) / entry * entry;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_file(in_dir("journal"), bytes, n);
        CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_ERR_SNAPSHOT);
        snprintf(want, sizeof want, "at byte %lu", (unsigned long)at);
        if (bit / 8 >= 32) CHECK(strstr(ta_journal_why(&j), want) != NULL);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    /* entries that are sound in themselves, in another order, doubled, or one left out */
    {
        ta_journal j;
        uint8_t *other = (uint8_t *)exact_copy(bytes, n);
        memcpy(other + 32, bytes + 32 + entry, entry);
        memcpy(other + 32 + entry, bytes + 32, entry);
        write_file(in_dir("journal"), other, n);
        CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_ERR_SNAPSHOT);
        memcpy(other, bytes, n);
        memcpy(other + 32 + 2 * entry, bytes + 32 + 3 * entry, 2 * entry);
        write_file(in_dir("journal"), other, n - entry);
        CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_ERR_SNAPSHOT);
        free(other);
    }
    free(bytes);
}

static void test_journal_not_a_journal(void)
{
    ta_journal j;
    write_file(in_dir("journal"), "", 0);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_ERR_SNAPSHOT);
    write_file(in_dir("journal"), "SQLite format 3, or whatever else is longer than 32", 50);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_ERR_SNAPSHOT);
    CHECK(mkdir(in_dir("folder"), 0700) == 0);
    CHECK_ST(ta_journal_open(&j, in_dir("folder"), NULL), TA_ERR_STORE);
    CHECK_ST(ta_journal_open(&j, in_dir("none/journal"), NULL), TA_ERR_STORE);
    CHECK(ta_journal_why(&j)[0] != '\0');
    CHECK_ST(ta_journal_open(&j, "", NULL), TA_ERR_ARGUMENT);
    journal_wipe();
}

static void test_journal_one_owner(void)
{
    ta_journal a, b;
    ta_store s;
    int status;
    pid_t pid;
    journal_wipe();
    CHECK_ST(ta_journal_open(&a, in_dir("journal"), NULL), TA_OK);
    CHECK_ST(ta_journal_open(&b, in_dir("journal"), NULL), TA_ERR_BUSY);
    fflush(stdout);
    pid = fork();
    if (pid == 0) _exit(ta_journal_open(&b, in_dir("journal"), NULL) == TA_ERR_BUSY ? 0 : 1);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    ta_journal_close(&a);
    CHECK_ST(ta_journal_open(&b, in_dir("journal"), NULL), TA_OK);
    s = ta_journal_store(&b);
    CHECK_ST(add(&s, 1), TA_OK);
    unlink(in_dir("journal"));                  /* taken away from under it: no more is acknowledged */
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    CHECK_ST(look(&s, 1, NULL), TA_OK);
    ta_journal_close(&b);
}

/* A user's mark that came back on opening would end the sessions that he has made since. */
static void test_journal_swept_mark_stays_gone(void)
{
    ta_journal j;
    ta_store s;
    ta_record mark;
    size_t done = 0, all = 0, i;
    journal_wipe();
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    s = ta_journal_store(&j);
    memset(&mark, 0, sizeof mark);
    mark.kind = 2;
    mark.created = mark.rotated_at = mark.idle_until = mark.ends_at = 1700000000;
    mark.epoch = 7;
    memset(mark.id, 9, sizeof mark.id);
    CHECK_ST(s.cas(s.ctx, mark.id, NULL, &mark, 1700000001), TA_OK);
    disk.on = true;
    disk.write_error = EIO;                     /* what cannot be written down is not swept */
    for (i = 0; i < 1000; i++, all += done) CHECK_ST(s.sweep(s.ctx, 1700000002, 1, &done), TA_OK);
    disk_clear();
    CHECK_EQ(all, 0);
    for (i = 0; i < 1000; i++, all += done) CHECK_ST(s.sweep(s.ctx, 1700000002, 1, &done), TA_OK);
    CHECK_EQ(all, 1);
    ta_journal_close(&j);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    s = ta_journal_store(&j);
    CHECK_ST(s.get(s.ctx, mark.id, &mark), TA_ERR_NOT_FOUND);
    ta_journal_close(&j);
}

/* The lock ends with its owner, whatever child he has. */
static void test_journal_closed_beside_a_child(void)
{
    ta_journal j;
    int ends[2], status;
    pid_t pid;
    char c = 0;
    journal_wipe();
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        close(ends[1]);
        _exit(read(ends[0], &c, 1) == 0 ? 0 : 1);       /* until the parent has tried */
    }
    ta_journal_close(&j);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    ta_journal_close(&j);
    close(ends[1]);
    close(ends[0]);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void test_journal_written_by_another(void)
{
    ta_journal j;
    ta_store s;
    FILE *f;
    journal_wipe();
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    s = ta_journal_store(&j);
    CHECK_ST(add(&s, 1), TA_OK);
    f = fopen(in_dir("journal"), "ab");
    CHECK(f != NULL && fputs("x", f) >= 0 && fclose(f) == 0);
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    ta_journal_close(&j);
    journal_wipe();
}

/* Short writes and EINTR are gone on with; ENOSPC takes the entry back, and room makes it go again;
   a failed fsync closes the file for writing.                                                         */
static void test_journal_bad_disk(void)
{
    ta_journal j;
    ta_store s;
    uint32_t gen, i;
    journal_wipe();
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    s = ta_journal_store(&j);
    disk_clear();
    disk.on = disk.eintr = disk.little = true;
    for (i = 0; i < 4; i++) CHECK_ST(add(&s, i), TA_OK);
    disk_clear();
    disk.on = true;
    disk.write_error = ENOSPC;
    for (i = 0; i < 100; i += 33) {
        disk.partly = (long)i;
        CHECK_ST(add(&s, 10), TA_ERR_FULL);
        CHECK_ST(raise_gen(&s, 0, 0), TA_ERR_STORE);
        CHECK_ST(look(&s, 10, NULL), TA_ERR_NOT_FOUND);
        CHECK_ST(erase(&s, 3), TA_ERR_STORE);
        CHECK_ST(look(&s, 3, NULL), TA_OK);
    }
    disk_clear();
    CHECK_ST(add(&s, 10), TA_OK);
    CHECK_ST(raise_gen(&s, 0, 0), TA_OK);
    disk.on = true;
    disk.sync_error = EIO;
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    disk_clear();
    CHECK_ST(raise_gen(&s, 2, 0), TA_ERR_STORE);        /* still closed */
    CHECK_ST(add(&s, 20), TA_ERR_STORE);
    CHECK_ST(look(&s, 1, &gen), TA_OK);
    CHECK_EQ(gen, 0);
    CHECK(strstr(ta_journal_why(&j), "fsync") != NULL);
    ta_journal_close(&j);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    s = ta_journal_store(&j);
    CHECK_ST(look(&s, 0, &gen), TA_OK);
    CHECK_EQ(gen, 1);
    CHECK_ST(look(&s, 1, &gen), TA_OK);         /* either: it was unknown */
    CHECK(gen <= 1);
    CHECK_ST(look(&s, 20, NULL), TA_ERR_NOT_FOUND);
    CHECK_ST(raise_gen(&s, 2, 0), TA_OK);
    disk.on = true;                             /* neither written nor taken back */
    disk.write_error = EIO;
    disk.partly = 50;
    disk.truncate_error = EIO;
    CHECK_ST(add(&s, 30), TA_ERR_STORE);
    disk_clear();
    CHECK_ST(add(&s, 31), TA_ERR_STORE);
    ta_journal_close(&j);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    ta_journal_close(&j);
}

/* Written anew while full: whatever fails on the way, the old file goes on.                           */
static void test_journal_compaction(void)
{
    ta_journal j;
    ta_journal_opts opts = TA_ZERO;
    ta_store s;
    uint32_t gen, i;
    long after;
    journal_wipe();
    opts.spare_entries = 50;
    opts.max_records = 3;
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), &opts), TA_OK);
    s = ta_journal_store(&j);
    for (i = 0; i < 3; i++) CHECK_ST(add(&s, i), TA_OK);
    CHECK_ST(add(&s, 3), TA_ERR_FULL);
    for (i = 0; i < 500; i++) CHECK_ST(raise_gen(&s, 1, i), TA_OK);
    CHECK(j.entries < 60);
    for (after = 0; after < 3; after++) {
        disk.on = true;
        disk.write_error = ENOSPC;
        disk.write_after = after;
        CHECK_ST(ta_journal_compact(&j), after < 2 ? TA_ERR_STORE : TA_OK);
        disk_clear();
        CHECK(access(in_dir("journal.new"), F_OK) != 0);
        CHECK_ST(raise_gen(&s, 1, i++), TA_OK);
    }
    ta_journal_close(&j);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), &opts), TA_OK);
    s = ta_journal_store(&j);
    CHECK_ST(look(&s, 1, &gen), TA_OK);
    CHECK_EQ(gen, 503);
    CHECK_ST(ta_journal_compact(&j), TA_OK);
    CHECK_EQ(j.entries, 3);
    ta_journal_close(&j);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), &opts), TA_OK);
    CHECK_EQ(j.live, 3);
    ta_journal_close(&j);
}

/* A disk that stays full while the file wants to be written anew: not all of it is copied at each write. */
static void test_journal_full_disk_is_not_copied_to(void)
{
    ta_journal j;
    ta_journal_opts opts = TA_ZERO;
    ta_store s;
    uint32_t i;
    long writes;
    journal_wipe();
    opts.spare_entries = 50;
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), &opts), TA_OK);
    s = ta_journal_store(&j);
    for (i = 0; i < 20; i++) CHECK_ST(add(&s, i), TA_OK);
    CHECK(mkdir(in_dir("journal.new"), 0700) == 0);     /* in the way */
    for (i = 0; i < 400; i++) CHECK_ST(raise_gen(&s, 1, i), TA_OK);
    CHECK_EQ(j.entries, 420);
    CHECK(j.tidy_at > 420 && j.tidy_at <= 420 + 70);
    CHECK(rmdir(in_dir("journal.new")) == 0);
    writes = disk.writes;
    for (; i < 500; i++) CHECK_ST(raise_gen(&s, 1, i), TA_OK);
    CHECK(j.entries < 120 && j.tidy_at == 0);
    CHECK(disk.writes - writes < 110);
    ta_journal_close(&j);
}

/* The program goes elsewhere; the file does not. */
static void test_journal_stays_where_it_was_opened(void)
{
    ta_journal j;
    ta_store s;
    char was[300];
    CHECK(getcwd(was, sizeof was) != NULL);
    journal_wipe();
    CHECK(chdir(dir) == 0);
    CHECK_ST(ta_journal_open(&j, "journal", NULL), TA_OK);
    CHECK(chdir("/") == 0);
    s = ta_journal_store(&j);
    CHECK_ST(add(&s, 1), TA_OK);
    CHECK_ST(ta_journal_compact(&j), TA_OK);
    CHECK_ST(add(&s, 2), TA_OK);
    ta_journal_close(&j);
    CHECK(chdir(was) == 0);
    CHECK_ST(ta_journal_open(&j, in_dir("journal"), NULL), TA_OK);
    CHECK_EQ(j.live, 2);
    ta_journal_close(&j);
    CHECK(symlink(in_dir("journal"), in_dir("link")) == 0);
    CHECK_ST(ta_journal_open(&j, in_dir("link"), NULL), TA_ERR_STORE);
    CHECK(strstr(ta_journal_why(&j), "link") != NULL);
    unlink(in_dir("link"));
}

/* A limit of the system's own, not one of store_disk.h: a child may make no file larger than this one is. */
static void check_no_room(const store_kind *k)
{
    ta_store s;
    void *o;
    int status;
    pid_t pid;
    k->wipe();
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct rlimit limit;
        struct stat at;
        uint32_t gen, i;
        signal(SIGXFSZ, SIG_IGN);
        check.bad = 0;
        o = k->open();
        s = k->store(o);
        for (i = 0; i < 3; i++) CHECK_ST(add(&s, i), TA_OK);
        CHECK(stat(in_dir(k == &journal ? "journal" : "db-wal"), &at) == 0);
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = (rlim_t)at.st_size + 100;
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        CHECK_ST(add(&s, 7), k == &journal ? TA_ERR_FULL : TA_ERR_STORE);
        CHECK_ST(raise_gen(&s, 0, 0), TA_ERR_STORE);
        CHECK_ST(erase(&s, 1), TA_ERR_STORE);
        CHECK_ST(look(&s, 0, &gen), TA_OK);
        CHECK_EQ(gen, 0);
        CHECK_ST(look(&s, 7, NULL), TA_ERR_NOT_FOUND);
        limit.rlim_cur = limit.rlim_max;
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        CHECK_ST(add(&s, 7), TA_OK);
        CHECK_ST(raise_gen(&s, 0, 0), TA_OK);
        k->close(o);
        fflush(stdout);
        _exit(check.bad == 0 ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    o = k->open();
    s = k->store(o);
    CHECK_ST(look(&s, 1, NULL), TA_OK);
    CHECK_ST(look(&s, 7, NULL), TA_OK);
    k->close(o);
}

static void test_journal_no_room(void) { check_no_room(&journal); }

/* ---- SQLite ------------------------------------------------------------------------------------------ */

static void sqlite_wipe(void)
{
    unlink(in_dir("db"));
    unlink(in_dir("db-wal"));
    unlink(in_dir("db-shm"));
}

static void *sqlite_open(void)
{
    ta_sqlite *s = (ta_sqlite *)exact(sizeof *s);
    ta_sqlite_opts opts = TA_ZERO;
    opts.wait_ms = 20000;
    if (ta_sqlite_open(s, in_dir("db"), &opts) == TA_OK) return s;
    printf("sqlite: %s\n", ta_sqlite_why(s));
    free(s);
    return NULL;
}

static ta_store sqlite_store(void *o) { return ta_sqlite_store((ta_sqlite *)o); }
static void sqlite_close(void *o) { ta_sqlite_close((ta_sqlite *)o); free(o); }

static sqlite3_stmt *sqlite_ask(sqlite3 **db, const char *sql)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_open(in_dir("db"), db) != SQLITE_OK || sqlite3_busy_timeout(*db, 10000) != SQLITE_OK
        || sqlite3_prepare_v2(*db, sql, -1, &q, NULL) != SQLITE_OK) { puts("sqlite_ask"); exit(2); }
    return q;
}

static bool sqlite_peek(const uint8_t id[TA_ID_SIZE], uint8_t bytes[TA_RECORD_SIZE])
{
    sqlite3 *db;
    sqlite3_stmt *q = sqlite_ask(&db, "SELECT record FROM ta_record WHERE id = ?1");
    bool ok;
    sqlite3_bind_blob(q, 1, id, TA_ID_SIZE, SQLITE_STATIC);
    ok = sqlite3_step(q) == SQLITE_ROW && sqlite3_column_bytes(q, 0) == TA_RECORD_SIZE;
    if (ok) memcpy(bytes, sqlite3_column_blob(q, 0), TA_RECORD_SIZE);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return ok;
}

static bool sqlite_poke(const uint8_t id[TA_ID_SIZE], const uint8_t bytes[TA_RECORD_SIZE])
{
    sqlite3 *db;
    sqlite3_stmt *q = sqlite_ask(&db, "UPDATE ta_record SET record = ?2 WHERE id = ?1");
    bool ok;
    sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
    sqlite3_bind_blob(q, 1, id, TA_ID_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(q, 2, bytes, TA_RECORD_SIZE, SQLITE_STATIC);
    ok = sqlite3_step(q) == SQLITE_DONE && sqlite3_changes(db) == 1;
    sqlite3_finalize(q);
    sqlite3_close(db);
    return ok;
}

static const store_kind sqlite = {"sqlite", sqlite_open, sqlite_store, sqlite_close, sqlite_wipe,
    true, true, false, sqlite_peek, sqlite_poke, NULL, NULL, NULL, NULL, 0, NULL};

static void test_sqlite_refuses_what_it_is_not(void)
{
    ta_sqlite s;
    sqlite3 *db;
    sqlite_wipe();
    write_file(in_dir("db"), "this is no database, but it is long enough to be looked at as one, is it not? "
                             "a header has a hundred bytes, so here are some more of them", 137);
    CHECK_ST(ta_sqlite_open(&s, in_dir("db"), NULL), TA_ERR_SNAPSHOT);
    CHECK(ta_sqlite_why(&s)[0] != '\0');
    CHECK_ST(ta_sqlite_open(&s, in_dir("none/db"), NULL), TA_ERR_STORE);
    CHECK_ST(ta_sqlite_open(&s, ":memory:", NULL), TA_ERR_STORE);      /* no WAL there */
    CHECK_ST(ta_sqlite_open(&s, "", NULL), TA_ERR_ARGUMENT);
    sqlite_wipe();
    CHECK(sqlite3_open(in_dir("db"), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "CREATE TABLE ta_record(id TEXT, name TEXT)", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    CHECK_ST(ta_sqlite_open(&s, in_dir("db"), NULL), TA_ERR_SNAPSHOT);
    sqlite_wipe();
}

/* Columns that say other than the bytes: somebody wrote by hand.                                        */
static void test_sqlite_row_that_disagrees(void)
{
    static const char *const by_hand[] = {
        "UPDATE ta_record SET ver = ver + 1", "UPDATE ta_record SET sub = x'00' WHERE sub IS NOT NULL",
        "UPDATE ta_record SET sub = NULL", "UPDATE ta_record SET record = x''",
        "UPDATE ta_record SET record = record || x'00'", "UPDATE ta_record SET record = 'text'" };
    size_t i;
    for (i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
        sqlite3 *db;
        void *o;
        ta_store s;
        sqlite_wipe();
        o = sqlite_open();
        s = sqlite_store(o);
        CHECK_ST(add(&s, 1), TA_OK);
        CHECK(sqlite3_open(in_dir("db"), &db) == SQLITE_OK);
        CHECK(sqlite3_exec(db, by_hand[i], NULL, NULL, NULL) == SQLITE_OK);
        sqlite3_close(db);
        CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
        sqlite_close(o);
    }
}

/* Another process holds the write lock: refused in time, nothing written, and again when it lets go.   */
/* What a forked process inherits would break the locks of SQLite: it may not open, until the parent closed first. */
static void test_sqlite_in_a_child(void)
{
    ta_sqlite a, b;
    int open_before, status;
    pid_t pid;
    sqlite_wipe();
    for (open_before = 0; open_before < 2; open_before++) {
        if (open_before) CHECK_ST(ta_sqlite_open(&a, in_dir("db"), NULL), TA_OK);
        fflush(stdout);
        pid = fork();
        if (pid == 0) {
            ta_status st = ta_sqlite_open(&b, in_dir("db"), NULL);
            if (!open_before) _exit(st == TA_OK ? 0 : 1);
            ta_sqlite_close(&b);                /* it never opened: nothing happens */
            _exit(st == TA_ERR_STORE && strstr(ta_sqlite_why(&b), "forked") != NULL ? 0 : 1);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    ta_sqlite_close(&a);
    ta_sqlite_close(&a);
}

static void test_sqlite_made_by_many_at_once(void)
{
    enum { MANY = 8 };
    pid_t pid[MANY];
    int round, i, status;
    for (round = 0; round < 12; round++) {
        sqlite_wipe();
        fflush(stdout);
        for (i = 0; i < MANY; i++) {
            pid[i] = fork();
            if (pid[i] == 0) {
                ta_sqlite s;
                _exit(ta_sqlite_open(&s, in_dir("db"), NULL) == TA_OK ? 0 : 1);
            }
        }
        for (i = 0; i < MANY; i++) CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
}

static void test_sqlite_busy(void)
{
    ta_sqlite s;
    ta_sqlite_opts opts = TA_ZERO;
    ta_store store;
    sqlite3 *db;
    sqlite_wipe();
    opts.wait_ms = 50;
    CHECK_ST(ta_sqlite_open(&s, in_dir("db"), &opts), TA_OK);
    store = ta_sqlite_store(&s);
    CHECK_ST(add(&store, 1), TA_OK);
    CHECK(sqlite3_open(in_dir("db"), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    CHECK_ST(add(&store, 2), TA_ERR_STORE);
    CHECK_ST(raise_gen(&store, 1, 0), TA_ERR_STORE);
    CHECK_ST(look(&store, 1, NULL), TA_OK);             /* readers are not kept out */
    CHECK(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    CHECK_ST(look(&store, 2, NULL), TA_ERR_NOT_FOUND);
    CHECK_ST(add(&store, 2), TA_OK);
    CHECK_ST(raise_gen(&store, 1, 0), TA_OK);
    ta_sqlite_close(&s);
}

static void test_sqlite_bad_disk(void)
{
    void *o, *p;
    ta_store s, t;
    uint32_t gen;
    sqlite_wipe();
    o = sqlite_open();
    s = sqlite_store(o);
    CHECK_ST(add(&s, 1), TA_OK);
    disk_clear();
    disk.on = true;
    disk.write_error = ENOSPC;
    CHECK_ST(add(&s, 2), TA_ERR_FULL);
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    disk_clear();
    disk.on = true;
    disk.sync_error = EIO;
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    disk_clear();
    CHECK_ST(look(&s, 1, &gen), TA_OK);
    p = sqlite_open();                          /* what was not acknowledged is the same for everybody */
    t = sqlite_store(p);
    {
        uint32_t seen;
        CHECK_ST(look(&t, 1, &seen), TA_OK);
        CHECK_EQ(seen, gen);
        CHECK_ST(raise_gen(&t, 1, gen), TA_OK);
        CHECK_ST(look(&s, 1, &seen), TA_OK);
        CHECK_EQ(seen, gen + 1);
    }
    disk.on = disk.eintr = true;
    CHECK_ST(add(&s, 3), TA_OK);
    disk_clear();
    CHECK_ST(look(&t, 3, NULL), TA_OK);
    sqlite_close(p);
    sqlite_close(o);
}

static void test_sqlite_no_room(void) { check_no_room(&sqlite); }

/* ---- acknowledged means on the disk ---------------------------------------------------------------- */

static void check_synced(const store_kind *k)
{
    void *o;
    ta_store s;
    uint32_t i, n = k == &journal ? 300 : 40;
    k->wipe();
    o = k->open();
    s = k->store(o);
    CHECK_ST(add(&s, 0), TA_OK);
    CHECK_EQ(disk_dirty(), 0);
    for (i = 0; i < n; i++) {
        long before = disk.syncs;
        CHECK_ST(raise_gen(&s, 0, i), TA_OK);
        CHECK_EQ(disk_dirty(), 0);
        CHECK(disk.syncs > before);
        CHECK_ST(add(&s, i + 1), TA_OK);
        CHECK_EQ(disk_dirty(), 0);
        CHECK_ST(erase(&s, i + 1), TA_OK);
        CHECK_EQ(disk_dirty(), 0);
    }
    k->close(o);
}

static void test_journal_acknowledges_what_is_synced(void) { check_synced(&journal); }
static void test_sqlite_acknowledges_what_is_synced(void) { check_synced(&sqlite); }

/* ---- a bad link --------------------------------------------------------------------------------- */

static ta_record a_mark(uint32_t n)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 2;
    memcpy(r.id, &n, 4);
    r.created = r.rotated_at = r.idle_until = 1700000000;
    r.ends_at = LATER - TA_DAYS(1);
    r.epoch = 7;
    return r;
}

/* For every store with a server, opened through the proxy, with much patience; *link_ms is how much, and
   less only where a call is meant to give up.                                                         */
static int *link_ms;

static void check_late_write(const ta_store *s)
{
    ta_record m = a_mark(1), there;
    CHECK_ST(add(s, 5), TA_OK);                 /* the link is up */
    proxy_hold(true);
    *link_ms = 500;
    CHECK_ST(s->cas(s->ctx, m.id, NULL, &m, LATER), TA_ERR_STORE);
    *link_ms = STORE_PATIENT_MS;
    CHECK_ST(s->get(s->ctx, m.id, &there), TA_ERR_NOT_FOUND);
    CHECK_ST(s->cas(s->ctx, m.id, NULL, &m, LATER), TA_OK);
    CHECK_ST(s->cas(s->ctx, m.id, &m, NULL, 0), TA_OK);
    proxy_hold(false);                          /* only now does the first one reach the server */
    usleep(300000);
    CHECK_ST(s->get(s->ctx, m.id, &there), TA_ERR_NOT_FOUND);
}

static void check_bad_link(const ta_store *s)
{
    uint32_t gen, at = 0, i;
    CHECK_ST(add(s, 1), TA_OK);
    for (i = 0; i < 10; i++) {                  /* the answer is lost: done, and nobody was told */
        ta_status st;
        proxy.cut = true;
        st = raise_gen(s, 1, at);
        CHECK_ST(st, TA_ERR_STORE);
        CHECK_ST(look(s, 1, &gen), TA_OK);
        CHECK(gen == at || gen == at + 1);
        at = gen;
        CHECK_ST(raise_gen(s, 1, at), TA_OK);
        at++;
    }
    for (i = 0; i < 6; i++) {                   /* the answer to a read is lost: asked again */
        proxy.cut = true;
        CHECK_ST(look(s, 1, &gen), TA_OK);
        CHECK_EQ(gen, at);
    }
    proxy.dribble = true;
    CHECK_ST(look(s, 1, &gen), TA_OK);
    CHECK_ST(raise_gen(s, 1, at), TA_OK);
    proxy.dribble = false;
    at++;
    *link_ms = 1500;
    proxy.garble = true;
    CHECK_ST(look(s, 1, NULL), TA_ERR_STORE);
    CHECK_ST(raise_gen(s, 1, at), TA_ERR_STORE);
    CHECK_ST(add(s, 9), TA_ERR_STORE);
    proxy.garble = false;
    *link_ms = STORE_PATIENT_MS;
    CHECK_ST(look(s, 1, &gen), TA_OK);
    CHECK(gen == at || gen == at + 1);
    at = gen;
    CHECK_ST(raise_gen(s, 1, at), TA_OK);
}

static const store_kind *torture_kind;  /* the one at hand, for tests that are the same for all */

#include "store_redis.h"
#include "store_postgres.h"
#include "store_moves.h"
#include "store_torture.h"
#include "store_scale.h"

/* ---- all of it --------------------------------------------------------------------------------------- */

static void own_journal(void)
{
    OWN(test_journal_layout);
    OWN(test_journal_torn_end);
    OWN(test_journal_unwritten_end);
    OWN(test_journal_damage);
    OWN(test_journal_not_a_journal);
    OWN(test_journal_one_owner);
    OWN(test_journal_swept_mark_stays_gone);
    OWN(test_journal_closed_beside_a_child);
    OWN(test_journal_written_by_another);
    OWN(test_journal_bad_disk);
    OWN(test_journal_compaction);
    OWN(test_journal_full_disk_is_not_copied_to);
    OWN(test_journal_stays_where_it_was_opened);
    OWN(test_journal_no_room);
    OWN(test_journal_acknowledges_what_is_synced);
}

static void own_sqlite(void)
{
    OWN(test_sqlite_refuses_what_it_is_not);
    OWN(test_sqlite_row_that_disagrees);
    OWN(test_sqlite_busy);
    OWN(test_sqlite_in_a_child);
    OWN(test_sqlite_made_by_many_at_once);
    OWN(test_sqlite_bad_disk);
    OWN(test_sqlite_no_room);
    OWN(test_sqlite_acknowledges_what_is_synced);
}

static bool start_redis(void)
{
    static const char *const extra[] = {"--repl-diskless-sync-delay", "0", NULL};
    make_home(&redis_server, dir, "redis", NULL);
    redis_server.extra = extra;
    return redis_start(&redis_server);
}

static bool start_cluster(void) { return cluster_start(&cluster_servers, dir); }

static bool start_postgres(void) { return pg_init(&pg_server, dir); }

static void stop_services(void)
{
    int i;
    pg_kill(&pg_server);
    end_service(&redis_server);
    for (i = 0; i < CLUSTER_NODES; i++) end_service(&cluster_servers.node[i]);
}

static const struct { const store_kind *kind; void (*own)(void); bool (*start)(void); } stores[] = {
    {&memory, NULL, NULL}, {&journal, own_journal, NULL}, {&sqlite, own_sqlite, NULL},
    {&postgres, own_postgres, start_postgres}, {&redis, own_redis, start_redis},
    {&cluster, own_cluster, start_cluster}
};

/* Several demo servers on one store: a script, which is told the store's name.                        */
static void test_servers(void)
{
    char where[300];
    snprintf(where, sizeof where, "%s", in_dir("servers"));
    CHECK(mkdir(where, 0700) == 0 || errno == EEXIST);
    CHECK(setenv("STORE", store_name(torture_kind), 1) == 0 && setenv("DIR", where, 1) == 0);
    torture_kind->wipe();
    fflush(stdout);
    CHECK_EQ(system("sh tests/store_servers.sh"), 0);
}

static void test_torture(void) { run_torture(torture_kind); }

int main(int argc, char **argv)
{
    const char *base = getenv("STORES_DIR");
    int i, rc;
    size_t j;
    long passed = 0, failed = 0;
    bool torture_only = false;
    if (getenv("ONLY") != NULL) setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(dir, sizeof dir, "%s/stores-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(dir) == NULL) { perror(dir); return 2; }
    signal(SIGPIPE, SIG_IGN);
    if (chmod(dir, 0711) != 0) return 2;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) { quick = true; continue; }
        if (strncmp(argv[i], "--scale=", 8) == 0) { scale_most = strtoul(argv[i] + 8, NULL, 10); continue; }
        if (strcmp(argv[i], "--torture") == 0) { torture_only = true; continue; }
        for (j = 0; j < sizeof stores / sizeof *stores && strcmp(argv[i], stores[j].kind->name) != 0; j++) { }
        if (j == sizeof stores / sizeof *stores) { printf("no store is called %s\n", argv[i]); return 2; }
        if (stores[j].start != NULL && !stores[j].start()) {
            failed++;
            break;
        }
        if (scale_most > 0) {
            torture_kind = stores[j].kind;
            RUN(test_scale);
            continue;
        }
        if (torture_only) {
            torture_kind = stores[j].kind;
            RUN(test_torture);
            if (stores[j].kind->several && access("build/server-stores", X_OK) == 0) RUN(test_servers);
            continue;
        }
        store_conformance(stores[j].kind, quick, &passed, &failed);
        if (stores[j].own != NULL) stores[j].own();
        own_moves(stores[j].kind);
    }
    stop_services();
    check.passed += passed;
    check.failed += failed;
    rc = check_done("stores");
    {
        char command[260];
        snprintf(command, sizeof command, "rm -rf '%s'", dir);
        if (system(command) != 0) rc = 2;
    }
    return rc;
}
