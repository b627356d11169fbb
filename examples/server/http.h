/* http.h - a small HTTP/1.1 server: one thread, poll(), fixed buffers. It knows nothing of tokens.
   Learn: what a server must refuse before the application sees a byte, and what it must bound.
   Read http.c for the parser (RFC 9112) and the loop. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_MAX_TARGET       1024u     /* 414 */
#define HTTP_MAX_HEAD         8192u     /* request line and headers: 431 */
#define HTTP_MAX_HEADERS      64u       /* 431 */
#define HTTP_MAX_BODY         4096u     /* 413 */
#define HTTP_MAX_ANSWER       16384u    /* what a handler writes; files are not copied */
#define HTTP_MAX_CONNECTIONS  1200u
#define HTTP_MAX_WAITING      32u       /* requests with long work to do: 503 */
#define HTTP_PEER_CAP         48u

typedef struct http_text { const char *at; size_t len; } http_text;     /* a view; no NUL after it */
typedef struct http_header { http_text name, value; } http_header;

typedef struct http_request {
    http_text   method, target, path, body;     /* path: the target up to its '?' */
    http_header headers[HTTP_MAX_HEADERS];
    size_t      header_count;
    size_t      content_length;
    bool        expects_continue;
    bool        keep_alive;
    unsigned    step;                   /* how often the handler has said HTTP_AGAIN to this request */
    const char *peer;                   /* "127.0.0.1" */
} http_request;

typedef struct http_response {
    int         status;
    const char *type;                   /* of the body */
    const char *body;                   /* in scratch, or anything that lives as long as the server */
    size_t      body_len;
    char        scratch[HTTP_MAX_ANSWER];
    char        head[2048];             /* further header lines */
    size_t      head_len;
    bool        failed;                 /* a header that did not fit or was none: becomes a 500 */
    bool        close;                  /* close the connection afterwards */
} http_response;

/* What a handler says. HTTP_AGAIN: call me again with step one higher, others come between; only one
   request at a time is in that state with step > 0, in the order of arrival. */
typedef enum http_verdict { HTTP_DONE, HTTP_AGAIN, HTTP_DROP } http_verdict;

typedef struct http_config {
    const char *address;                /* numbers: "127.0.0.1", "::1" */
    unsigned    port;                   /* 0: any free one */
    int         request_ms;             /* from the first byte of a request to its last: 408 */
    int         idle_ms;                /* between two requests */
    int         answer_ms;              /* to take the answer */
    size_t      connections;            /* at most HTTP_MAX_CONNECTIONS */
    const char *fixed_headers;          /* lines that end with \r\n, for every answer */
    http_verdict (*handler)(void *ctx, const http_request *req, http_response *res);
    void        (*tick)(void *ctx);     /* about once a second */
    void        *ctx;
} http_config;

/* http_open - listens. NULL on success, else what went wrong (errno has more). *port: the real one. */
const char *http_open(const http_config *config, unsigned *port);

/* http_run - serves until http_stop; then ends what is under way, at most grace_ms. */
void http_run(int grace_ms);

/* http_stop - may be called by a signal handler, at any time after http_open. */
void http_stop(void);

/* http_find - a header's value; at is NULL when there is none. Names without regard to case. */
http_text http_find(const http_request *req, const char *name);

/* http_is - the text is exactly this. */
bool http_is(http_text text, const char *is);

/* http_put_header - refuses line ends and other control characters: nothing a user wrote can begin a
   header of its own. The answer then becomes a 500. */
void http_put_header(http_response *res, const char *name, const char *value);

/* http_error - a status with {"error":error,"message":message}; both are the program's own words. */
void http_error(http_response *res, int status, const char *error, const char *message);

/* ---- for the tests: the parser alone ---------------------------------------------------------- */

/* http_head_end - how many bytes the head takes, with its empty line; 0: not there yet; -1: never will
   be one. *scanned starts as 0 and keeps the work linear, however small the pieces are. */
long http_head_end(const char *in, size_t len, size_t *scanned);

/* http_parse - reads a whole head. 0, or the status to refuse it with; *why says it in words. */
int http_parse(const char *in, size_t len, http_request *req, const char **why);

#endif
