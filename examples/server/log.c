/* log.c - the header's JSON writer escapes what it is given, so no text can end its line or begin another.
   At most LINES_PER_SECOND: a flood must not fill the disk. What is left out is counted. */
#include "log.h"
#include "../../tokenauth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINES_PER_SECOND 200
#define LINE_CAP         512
#define RECENT           24

static FILE *out;
static bool lost;
static time_t second;
static unsigned written, left_out;
static char recent[RECENT][LINE_CAP];   /* a ring */
static size_t lines;                    /* ever written */

bool log_open(const char *file)
{
    out = file == NULL ? stderr : fopen(file, "a");
    if (out != NULL) setvbuf(out, NULL, _IOLBF, BUFSIZ);
    return out != NULL;
}

static void put(ta_json_writer *w, const char *name, const char *text)
{
    if (text != NULL) ta_json_put_string(w, name, text, strlen(text));
}

/* Said once: the disk that is full for the log may be that of standard error. */
static void lose(void)
{
    if (!lost) fprintf(stderr, "server: the log cannot be written: %s\n", strerror(errno));
    lost = true;
    clearerr(out);
}

static void write_line(const log_entry *e, time_t now)
{
    char *line = recent[lines % RECENT], when[24] = "";
    ta_json_writer w;
    struct tm utc;
    size_t len;
    if (gmtime_r(&now, &utc) != NULL && strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        when[0] = '\0';
    }
    ta_json_begin(&w, line, LINE_CAP);
    ta_json_put_object(&w, NULL);
    put(&w, "time", when);
    put(&w, "event", e->event);
    put(&w, "user", e->user);
    put(&w, "sid", e->sid);
    put(&w, "peer", e->peer);
    put(&w, "status", e->status);
    put(&w, "detail", e->detail);
    ta_json_put_close(&w);
    if (ta_json_end(&w, &len) != TA_OK) snprintf(line, LINE_CAP, "{\"event\":\"log_failed\"}");
    lines++;
    if (fprintf(out, "%s\n", line) < 0 || fflush(out) != 0) lose();
}

size_t log_recent(char *to, size_t cap)
{
    size_t at = (size_t)snprintf(to, cap, "{\"events\":["), i = lines < RECENT ? 0 : lines - RECENT;
    bool first = true;
    for (; i < lines; i++) {
        const char *line = recent[i % RECENT];
        if (strlen(line) + 8 > cap - at) continue;
        at += (size_t)snprintf(to + at, cap - at, "%s%s", first ? "" : ",", line);
        first = false;
    }
    return at + (size_t)snprintf(to + at, cap - at, "]}\n");
}

static void tell_left_out(time_t now)
{
    char count[32];
    log_entry e = TA_ZERO;
    if (left_out == 0) return;
    snprintf(count, sizeof count, "%u lines", left_out);
    e.event  = "log_left_out";
    e.detail = count;
    left_out = 0;
    write_line(&e, now);
}

void log_write(const log_entry *e)
{
    time_t now = time(NULL);
    if (now != second) {
        tell_left_out(now);
        second  = now;
        written = 0;
    }
    if (written++ < LINES_PER_SECOND) write_line(e, now);
    else left_out++;
}

bool log_close(void)
{
    tell_left_out(time(NULL));
    if (out != NULL && out != stderr) fclose(out);      /* each line was flushed */
    out = NULL;
    return !lost;
}
