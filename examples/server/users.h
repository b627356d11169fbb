/* users.h - who may log in: names, roles, and passwords as salted PBKDF2 (RFC 8018, HMAC-SHA-256).
   A password check is slow on purpose, so it is done in slices: see password_work. */
#ifndef USERS_H
#define USERS_H

#include "../../tokenauth.h"

#define USERS_MAX        64
#define USER_NAME_CAP    25             /* 1..24 of a-z 0-9 . _ - */
#define PASSWORD_MAX     128u           /* bytes; a limit, or a megabyte of password is work for us */
#define PASSWORD_MIN     8u             /* for new ones; NIST SP 800-63B 5.1.1.2 */
#define PASSWORD_SALT    16u

/* OWASP's figure for PBKDF2 with HMAC-SHA-256 (2023). On a processor with SHA instructions it is about
   a tenth of a second of one core: fast enough for a login, slow for a thief of the users' file. */
#define PASSWORD_ITERATIONS 600000

/* What one slice does: a millisecond or a few. That long the other connections wait, not longer. */
#define PASSWORD_SLICE   8000

typedef struct user {
    char     name[USER_NAME_CAP];
    bool     admin, suspended;
    uint32_t iterations;
    uint8_t  salt[PASSWORD_SALT], hash[TA_SHA256_SIZE];
    char     shown[PASSWORD_MAX + 1];   /* the password of a built-in demo user, to be printed; or "" */
} user;

typedef struct users {
    user     list[USERS_MAX];
    size_t   count;
    uint32_t iterations;                /* for new passwords */
    user     nobody;                    /* for names that do not exist; all rounds but one are spare */
} users;

/* ---- passwords ---------------------------------------------------------------------------------- */

typedef struct password_job {
    ta_sha256 inner, outer;             /* HMAC's two states after the key: half of each round is saved */
    uint8_t   round[TA_SHA256_SIZE], hash[TA_SHA256_SIZE];
    uint32_t  left, spare;              /* rounds to do, and then some for nothing: see users_rounds */
} password_job;

void password_begin(password_job *job, const char *password, size_t len,
                    const uint8_t salt[PASSWORD_SALT], uint32_t iterations);
/* password_work - at most so many iterations; true when hash is there and the spare rounds are done too.
   password_begin sets spare to 0. */
bool password_work(password_job *job, uint32_t most);

/* ---- users -------------------------------------------------------------------------------------- */

/* users_find - NULL: nobody of that name. */
user *users_find(users *all, const char *name);

/* users_rounds - the most rounds that any user's password has. Each check takes that many, or its time
   would tell the names that exist from those that do not. */
uint32_t users_rounds(const users *all);

/* user_salt - what a session is bound to: a new password or a suspension changes it. */
#define USER_SALT_SIZE (TA_SHA256_SIZE + 1u)
void user_salt(const user *u, uint8_t out[USER_SALT_SIZE]);

/* user_set_password - a finished job becomes the password. */
void user_set_password(user *u, const password_job *job, const uint8_t salt[PASSWORD_SALT],
                       uint32_t iterations);

/* users_init - nobody, and the stand-in for nobody. */
ta_status users_init(users *all, uint32_t iterations);

/* users_have_demo - a demo user with his own password is among them: they were made by another start. */
bool users_have_demo(users *all);

/* users_seed_demo - alice, bob and admin. users_seed - from lines "name password [admin]".
   users_load, users_save - the file of a data directory; it is replaced as a whole.
   NULL on success, else what is wrong; *line is the line at fault, or 0. */
const char *users_seed_demo(users *all);
const char *users_seed(users *all, const char *file, unsigned *line);
const char *users_load(users *all, const char *file, unsigned *line);
const char *users_save(const users *all, const char *file);

#endif
