/* log.h - security events, one JSON object per line. Never a token, a password, or a name that a stranger
   typed: people type passwords into the wrong field. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

typedef struct log_entry {              /* NULL: left out */
    const char *event, *user, *sid, *peer, *status, *detail;
} log_entry;

/* log_open - NULL: standard error. False: it cannot be written. */
bool log_open(const char *file);
void log_write(const log_entry *e);
/* log_close - false: a line was lost. The first time, standard error has been told. */
bool log_close(void);

/* log_recent - {"events":[...]}, the last lines, oldest first, as many as there is room for; its length. */
size_t log_recent(char *out, size_t cap);

#endif
