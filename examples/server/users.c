/* users.c - PBKDF2 from the header's SHA-256, and a text file of users. */
#include "users.h"
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ============================================================================
   PBKDF2, RFC 8018 5.2, one block: T = U1 ^ U2 ^ ... with U1 = HMAC(P, salt . 00000001)
   ========================================================================== */

/* HMAC's key block is hashed once here; each round then takes two compressions instead of four. */
static void begin_key(password_job *job, const char *password, size_t len)
{
    uint8_t block[64], digest[TA_SHA256_SIZE];
    size_t i;
    memset(block, 0, sizeof block);
    if (len <= sizeof block) {
        memcpy(block, password, len);
    } else {
        ta_sha256_once(password, len, digest);
        memcpy(block, digest, sizeof digest);
    }
    for (i = 0; i < sizeof block; i++) block[i] ^= 0x36;
    ta_sha256_init(&job->inner);
    ta_sha256_update(&job->inner, block, sizeof block);
    for (i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;
    ta_sha256_init(&job->outer);
    ta_sha256_update(&job->outer, block, sizeof block);
    ta_wipe(block, sizeof block);
    ta_wipe(digest, sizeof digest);
}

static void round_of(password_job *job, const uint8_t *in, size_t len)
{
    ta_sha256 c = job->inner;
    ta_sha256_update(&c, in, len);
    ta_sha256_final(&c, job->round);
    c = job->outer;
    ta_sha256_update(&c, job->round, sizeof job->round);
    ta_sha256_final(&c, job->round);
}

void password_begin(password_job *job, const char *password, size_t len,
                    const uint8_t salt[PASSWORD_SALT], uint32_t iterations)
{
    static const uint8_t one[4] = {0, 0, 0, 1};
    uint8_t first[PASSWORD_SALT + sizeof one];
    begin_key(job, password, len);
    memcpy(first, salt, PASSWORD_SALT);
    memcpy(first + PASSWORD_SALT, one, sizeof one);
    round_of(job, first, sizeof first);
    memcpy(job->hash, job->round, sizeof job->hash);
    job->left  = iterations - 1;
    job->spare = 0;
}

bool password_work(password_job *job, uint32_t most)
{
    uint8_t nowhere[TA_SHA256_SIZE] = {0};
    size_t i;
    for (; job->left + job->spare > 0 && most > 0; most--) {
        uint8_t *sum = job->left > 0 ? job->hash : nowhere;
        round_of(job, job->round, sizeof job->round);
        for (i = 0; i < sizeof job->hash; i++) sum[i] ^= job->round[i];
        --*(job->left > 0 ? &job->left : &job->spare);
    }
    return job->left + job->spare == 0;
}

/* ============================================================================
   Users
   ========================================================================== */

user *users_find(users *all, const char *name)
{
    size_t i;
    for (i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].name, name) == 0) return &all->list[i];
    }
    return NULL;
}

uint32_t users_rounds(const users *all)
{
    uint32_t most = 1;
    size_t i;
    for (i = 0; i < all->count; i++) {
        if (all->list[i].iterations > most) most = all->list[i].iterations;
    }
    return most;
}

void user_salt(const user *u, uint8_t out[USER_SALT_SIZE])
{
    memcpy(out, u->hash, sizeof u->hash);
    out[sizeof u->hash] = u->suspended;
}

void user_set_password(user *u, const password_job *job, const uint8_t salt[PASSWORD_SALT],
                       uint32_t iterations)
{
    memcpy(u->hash, job->hash, sizeof u->hash);
    memcpy(u->salt, salt, PASSWORD_SALT);
    u->iterations = iterations;
    ta_wipe(u->shown, sizeof u->shown);
}

/* Nobody's hash is random: no password gives it. */
ta_status users_init(users *all, uint32_t iterations)
{
    memset(all, 0, sizeof *all);
    all->iterations = iterations;
    all->nobody.iterations = 1;
    if (ta_random(all->nobody.salt, sizeof all->nobody.salt) != TA_OK) return TA_ERR_RANDOM;
    return ta_random(all->nobody.hash, sizeof all->nobody.hash);
}

static bool is_name(const char *name)
{
    size_t i, len = strlen(name);
    for (i = 0; i < len; i++) {
        char c = name[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && strchr("._-", c) == NULL) return false;
    }
    return len > 0 && len < USER_NAME_CAP;
}

/* A new one at the end, still without a password. */
static const char *add(users *all, const char *name, bool admin, user **out)
{
    if (all->count == USERS_MAX) return "too many users";
    if (!is_name(name)) return "a name is 1 to 24 of a-z 0-9 . _ -";
    if (users_find(all, name) != NULL) return "that name is there already";
    *out = &all->list[all->count++];
    memset(*out, 0, sizeof **out);
    memcpy((*out)->name, name, strlen(name));
    (*out)->admin = admin;
    return NULL;
}

static const char *seed_one(users *all, const char *name, const char *password, bool admin)
{
    password_job job;
    uint8_t salt[PASSWORD_SALT];
    size_t len = strlen(password);
    user *u;
    const char *problem = add(all, name, admin, &u);
    if (problem != NULL) return problem;
    if (len < PASSWORD_MIN || len > PASSWORD_MAX) return "a password has 8 to 128 bytes";
    if (ta_random(salt, sizeof salt) != TA_OK) return "no random numbers";
    password_begin(&job, password, len, salt, all->iterations);
    while (!password_work(&job, PASSWORD_SLICE)) continue;
    user_set_password(u, &job, salt, all->iterations);
    ta_wipe(&job, sizeof job);
    return NULL;
}

static const char *const demo[][2] = {
    {"alice", "alice-likes-tea"}, {"bob", "bob-likes-coffee"}, {"admin", "admin-sees-all"}};
#define DEMO (sizeof demo / sizeof demo[0])

bool users_have_demo(users *all)
{
    password_job job;
    bool found = false;
    size_t i;
    for (i = 0; i < DEMO && !found; i++) {
        const user *u = users_find(all, demo[i][0]);
        if (u == NULL) continue;
        password_begin(&job, demo[i][1], strlen(demo[i][1]), u->salt, u->iterations);
        while (!password_work(&job, PASSWORD_SLICE)) continue;
        found = memcmp(job.hash, u->hash, sizeof job.hash) == 0;
    }
    return found;
}

const char *users_seed_demo(users *all)
{
    size_t i;
    for (i = 0; i < DEMO; i++) {
        bool admin = strcmp(demo[i][0], "admin") == 0;
        const char *problem = seed_one(all, demo[i][0], demo[i][1], admin);
        if (problem != NULL) return problem;
        memcpy(all->list[i].shown, demo[i][1], strlen(demo[i][1]));
    }
    return NULL;
}

/* ============================================================================
   Files of users: one line each, words with single spaces between them
   ========================================================================== */

#define WORDS 6

/* Cuts the line up in place. 0: a comment, or nothing; over WORDS: too many. */
static size_t words_of(char *line, char *word[WORDS])
{
    size_t n = 0;
    char *next = line;
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '#' || line[0] == '\0') return 0;
    while (next != NULL) {
        char *here = next;
        next = strchr(here, ' ');
        if (next != NULL) *next++ = '\0';
        if (n < WORDS) word[n] = here;
        n++;
    }
    return n;
}

/* Calls line_of for each line. What it says ends the reading, unless it is NULL. */
static const char *each_line(const char *file, const char *(*line_of)(users *, char **, size_t), users *all,
                             unsigned *number)
{
    char line[512], *word[WORDS];
    const char *problem = NULL;
    FILE *f = fopen(file, "r");
    *number = 0;
    if (f == NULL) return "cannot be read";
    while (problem == NULL && fgets(line, sizeof line, f) != NULL) {
        size_t n;
        ++*number;
        if (strlen(line) == sizeof line - 1) problem = "the line is too long";
        else if ((n = words_of(line, word)) > 0) problem = line_of(all, word, n);
    }
    if (problem == NULL) *number = 0;
    ta_wipe(line, sizeof line);
    fclose(f);
    return problem == NULL && all->count == 0 ? "has no user" : problem;
}

static const char *seed_line(users *all, char **word, size_t n)
{
    bool admin = n == 3 && strcmp(word[2], "admin") == 0;
    if (n != 2 && !admin) return "a line is: name password [admin]";
    return seed_one(all, word[0], word[1], admin);
}

const char *users_seed(users *all, const char *file, unsigned *line)
{
    return each_line(file, seed_line, all, line);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

static bool hex_read(const char *text, uint8_t *out, size_t len)
{
    size_t i;
    if (strlen(text) != 2 * len) return false;
    for (i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static void hex_write(const uint8_t *in, size_t len, char *out)
{
    size_t i;
    for (i = 0; i < len; i++) snprintf(out + 2 * i, 3, "%02x", in[i]);
}

/* The word is one or the other; *second: the other. */
static bool is_either(const char *word, const char *one, const char *other, bool *second)
{
    *second = strcmp(word, other) == 0;
    return *second || strcmp(word, one) == 0;
}

static const char *saved_line(users *all, char **word, size_t n)
{
    static const char form[] = "a line is: name user|admin active|suspended iterations salt hash";
    user *u;
    const char *problem;
    char *end;
    unsigned long iterations;
    bool is_admin, is_suspended;
    if (n != WORDS || !is_either(word[1], "user", "admin", &is_admin)) return form;
    if (!is_either(word[2], "active", "suspended", &is_suspended)) return form;
    problem = add(all, word[0], is_admin, &u);
    if (problem != NULL) return problem;
    u->suspended = is_suspended;
    iterations = strtoul(word[3], &end, 10);
    if (*end != '\0' || iterations < 1 || iterations > 100000000) return form;
    u->iterations = (uint32_t)iterations;
    if (!hex_read(word[4], u->salt, sizeof u->salt)) return form;
    return hex_read(word[5], u->hash, sizeof u->hash) ? NULL : form;
}

const char *users_load(users *all, const char *file, unsigned *line)
{
    return each_line(file, saved_line, all, line);
}

const char *users_save(const users *all, const char *file)
{
    char salt[2 * PASSWORD_SALT + 1], hash[2 * TA_SHA256_SIZE + 1];
    new_file out;
    size_t i;
    if (!new_file_begin(&out, file)) return "cannot be written";
    for (i = 0; i < all->count; i++) {
        const user *u = &all->list[i];
        hex_write(u->salt, sizeof u->salt, salt);
        hex_write(u->hash, sizeof u->hash, hash);
        fprintf(out.stream, "%s %s %s %lu %s %s\n", u->name, u->admin ? "admin" : "user",
                u->suspended ? "suspended" : "active", (unsigned long)u->iterations, salt, hash);
    }
    return new_file_end(&out) ? NULL : "cannot be written";
}
