/* http.c - RFC 9112 as far as this server needs it, and the loop around it.

   The parser refuses whatever two programs could read differently: a bare line feed, white space before a
   colon, folded lines, a header twice, Transfer-Encoding beside Content-Length. Behind a proxy, that is
   what request smuggling is made of.
   The loop gives each connection one buffer for its request and one for the answer, and a time for each.
   While an answer is on its way nothing more is read from that connection, so nobody can make it buffer. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ============================================================================
   Text
   ========================================================================== */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool http_is(http_text text, const char *is)
{
    return text.len == strlen(is) && memcmp(text.at, is, text.len) == 0;
}

static bool same_name(http_text a, const char *b, size_t len)
{
    size_t i;
    if (a.len != len) return false;
    for (i = 0; i < len; i++) {
        if (lower(a.at[i]) != lower(b[i])) return false;
    }
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* token, RFC 9110 5.6.2 */
static bool is_token_char(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
        (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(http_text t)
{
    size_t i;
    for (i = 0; i < t.len; i++) {
        if (!is_token_char(t.at[i])) return false;
    }
    return t.len > 0;
}

/* Everything but control characters; bytes above 127 are obs-text, which old clients send. */
static bool is_value(http_text t)
{
    size_t i;
    for (i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        if ((c < ' ' && c != '\t') || c == 127) return false;
    }
    return true;
}

static bool is_printable(http_text t)
{
    size_t i;
    for (i = 0; i < t.len; i++) {
        if (t.at[i] <= ' ' || t.at[i] > '~') return false;
    }
    return true;
}

/* What is before the first c; *rest is what comes after it. False if there is none. */
static bool split(http_text t, char c, http_text *before, http_text *rest)
{
    const char *at = t.len == 0 ? NULL : memchr(t.at, c, t.len);
    if (at == NULL) return false;
    before->at  = t.at;
    before->len = (size_t)(at - t.at);
    rest->at    = at + 1;
    rest->len   = t.len - before->len - 1;
    return true;
}

static http_text trim(http_text t)
{
    while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) { t.at++; t.len--; }
    while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t')) t.len--;
    return t;
}

http_text http_find(const http_request *req, const char *name)
{
    http_text none = {NULL, 0};
    size_t i, len = strlen(name);
    for (i = 0; i < req->header_count; i++) {
        if (same_name(req->headers[i].name, name, len)) return req->headers[i].value;
    }
    return none;
}

/* A list header, "Connection: close, te", has this word. It may stand in several lines. */
static bool list_has(const http_request *req, const char *name, const char *word)
{
    size_t i, len = strlen(name), word_len = strlen(word);
    for (i = 0; i < req->header_count; i++) {
        http_text rest = req->headers[i].value, one;
        if (!same_name(req->headers[i].name, name, len)) continue;
        while (split(rest, ',', &one, &rest)) {
            if (same_name(trim(one), word, word_len)) return true;
        }
        if (same_name(trim(rest), word, word_len)) return true;
    }
    return false;
}

/* ============================================================================
   The parser: one function per rule
   ========================================================================== */

long http_head_end(const char *in, size_t len, size_t *scanned)
{
    size_t i;
    for (i = *scanned; i < len; i++) {
        unsigned char c = (unsigned char)in[i];
        if (c == '\n' && (i == 0 || in[i - 1] != '\r')) return -1;
        if (c != '\n' && i > 0 && in[i - 1] == '\r') return -1;
        if (c == 127 || (c < ' ' && c != '\r' && c != '\n' && c != '\t')) return -1;
        if (c == '\n' && i >= 3 && in[i - 2] == '\n') return (long)(i + 1);
    }
    *scanned = len;
    return 0;
}

static int refuse(int status, const char **why, const char *text)
{
    *why = text;
    return status;
}

static int parse_request_line(http_text line, http_request *req, const char **why)
{
    http_text version, query;
    if (!split(line, ' ', &req->method, &line) || !split(line, ' ', &req->target, &version)) {
        return refuse(400, why, "the request line is not METHOD TARGET VERSION");
    }
    if (!is_token(req->method)) return refuse(400, why, "the method is no token");
    if (!is_printable(version) || version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 ||
        !is_digit(version.at[5]) || version.at[6] != '.' || !is_digit(version.at[7])) {
        return refuse(400, why, "the request line does not end with HTTP/1.1");
    }
    if (version.at[5] != '1') return refuse(505, why, "this server speaks HTTP/1.1 only");
    if (req->target.len > HTTP_MAX_TARGET) return refuse(414, why, "the target is too long");
    if (req->target.len == 0 || req->target.at[0] != '/' || !is_printable(req->target)) {
        return refuse(400, why, "the target is no path that starts with a slash");
    }
    req->keep_alive = version.at[7] != '0';
    if (!split(req->target, '?', &req->path, &query)) req->path = req->target;
    return 0;
}

/* Those of which two would be two answers to one question. */
static bool is_single(http_text name)
{
    static const char *const single[] = {"Host", "Content-Length", "Transfer-Encoding", "Content-Type",
        "Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "Expect", "Refresh-Retry-Key", "User-Agent"};
    size_t i;
    for (i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (same_name(name, single[i], strlen(single[i]))) return true;
    }
    return false;
}

static bool is_repeated(const http_request *req, http_text name)
{
    size_t i;
    for (i = 0; i < req->header_count; i++) {
        if (same_name(req->headers[i].name, name.at, name.len)) return true;
    }
    return false;
}

static int parse_header(http_text line, http_request *req, const char **why)
{
    http_header h;
    if (line.at[0] == ' ' || line.at[0] == '\t') return refuse(400, why, "a header is folded over two lines");
    if (!split(line, ':', &h.name, &h.value)) return refuse(400, why, "a header has no colon");
    if (!is_token(h.name)) return refuse(400, why, "a header's name is no token");
    h.value = trim(h.value);
    if (!is_value(h.value)) return refuse(400, why, "a header's value has control characters");
    if (is_single(h.name) && is_repeated(req, h.name)) return refuse(400, why, "a header stands there twice");
    if (req->header_count == HTTP_MAX_HEADERS) return refuse(431, why, "too many headers");
    req->headers[req->header_count++] = h;
    return 0;
}

/* RFC 9112 6.3. Digits only: "+5", "5, 5" and "0x5" are what smugglers try. */
static int parse_length(http_request *req, const char **why)
{
    http_text length = http_find(req, "Content-Length"), coding = http_find(req, "Transfer-Encoding");
    size_t i;
    if (coding.at != NULL) {
        if (length.at != NULL) return refuse(400, why, "Transfer-Encoding beside Content-Length");
        if (!same_name(coding, "chunked", 7)) {
            return refuse(501, why, "that Transfer-Encoding is not known here");
        }
        return refuse(411, why, "chunked bodies are not read here: send Content-Length");
    }
    if (length.at == NULL) return 0;
    if (length.len == 0) return refuse(400, why, "Content-Length is no number");
    for (i = 0; i < length.len; i++) {
        if (!is_digit(length.at[i])) return refuse(400, why, "Content-Length is no number");
    }
    for (i = 0; i < length.len; i++) {          /* stays far from overflow: over the limit ends it */
        req->content_length = req->content_length * 10 + (size_t)(length.at[i] - '0');
        if (req->content_length > HTTP_MAX_BODY) return refuse(413, why, "the body is too long");
    }
    return 0;
}

/* What the headers say about the connection. */
static int parse_framing(http_request *req, const char **why)
{
    http_text expect = http_find(req, "Expect"), host = http_find(req, "Host");
    int status = parse_length(req, why);
    if (status != 0) return status;
    if (host.len == 0) return refuse(400, why, "there is no Host header");
    if (expect.at != NULL && !same_name(expect, "100-continue", 12)) {
        return refuse(417, why, "that Expect cannot be met");
    }
    req->expects_continue = expect.at != NULL && req->keep_alive;       /* HTTP/1.0 knows no 100 */
    if (!req->keep_alive) req->keep_alive = list_has(req, "Connection", "keep-alive");
    if (list_has(req, "Connection", "close")) req->keep_alive = false;
    return 0;
}

int http_parse(const char *in, size_t len, http_request *req, const char **why)
{
    http_text rest, line;
    int status;
    memset(req, 0, sizeof *req);
    rest.at  = in;
    rest.len = len - 2;                         /* without the empty line */
    if (!split(rest, '\n', &line, &rest)) return refuse(400, why, "there is no request line");
    line.len--;                                 /* http_head_end has seen the \r */
    status = parse_request_line(line, req, why);
    while (status == 0 && split(rest, '\n', &line, &rest)) {
        line.len--;
        status = parse_header(line, req, why);
    }
    return status != 0 ? status : parse_framing(req, why);
}

/* ============================================================================
   Answers
   ========================================================================== */

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";                              case 201: return "Created";
    case 400: return "Bad Request";                     case 401: return "Unauthorized";
    case 403: return "Forbidden";                       case 404: return "Not Found";
    case 405: return "Method Not Allowed";              case 408: return "Request Timeout";
    case 409: return "Conflict";                        case 411: return "Length Required";
    case 413: return "Content Too Large";               case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";          case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";             case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large"; case 500: return "Internal Server Error";
    case 501: return "Not Implemented";                 case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";      default:  return "Unknown";
    }
}

void http_put_header(http_response *res, const char *name, const char *value)
{
    http_text v;
    size_t room = sizeof res->head - res->head_len;
    int n;
    v.at  = value;
    v.len = strlen(value);
    n = is_value(v) ? snprintf(res->head + res->head_len, room, "%s: %s\r\n", name, value) : -1;
    if (n < 0 || (size_t)n >= room) res->failed = true;
    else res->head_len += (size_t)n;
}

void http_error(http_response *res, int status, const char *error, const char *message)
{
    int n = snprintf(res->scratch, sizeof res->scratch,
                     "{\"error\":\"%s\",\"message\":\"%s\"}\n", error, message);
    res->status   = status;
    res->type     = "application/json";
    res->body     = res->scratch;
    res->body_len = n > 0 && (size_t)n < sizeof res->scratch ? (size_t)n : 0;
}

/* Requests and answers hold passwords and tokens. The compiler may not leave this out. */
static void forget(void *p, size_t len)
{
    static void *(*const volatile fill)(void *, int, size_t) = memset;
    if (len > 0) fill(p, 0, len);
}

/* ============================================================================
   Connections
   ========================================================================== */

typedef enum conn_state {
    CONN_FREE,
    CONN_READING,       /* collects a request */
    CONN_WAITING,       /* its handler said HTTP_AGAIN */
    CONN_WRITING,
    CONN_LINGERING      /* said its last word; reads on for a moment, or the client would not see it */
} conn_state;

#define IN_CAP    (HTTP_MAX_HEAD + HTTP_MAX_BODY)
#define OUT_CAP   (4096u + HTTP_MAX_ANSWER)
#define LINGER_MS 1000
#define SPARE     16u                   /* connections that are only told that there is no room */

typedef struct conn {
    conn_state  state;
    int         fd;
    int64_t     deadline;               /* in milliseconds of the monotonic clock */
    size_t      in_len, scanned, head_len;
    size_t      out_len, out_sent;
    const char *file;                   /* a body that is not copied, after out */
    size_t      file_len, file_sent;
    bool        close_after, continued;
    char        peer[HTTP_PEER_CAP];
    http_request req;
    char        in[IN_CAP], out[OUT_CAP];
} conn;

static struct {
    http_config   config;
    int           listener, wake[2];
    int64_t       now, rest_until, next_tick;
    bool          stopping;
    size_t        used;                 /* connections in conns, free ones among them */
    size_t        open;
    conn         *waiting[HTTP_MAX_WAITING];
    size_t        waiting_count;
    char          date[40];
    conn          conns[HTTP_MAX_CONNECTIONS + SPARE];
    struct pollfd polls[HTTP_MAX_CONNECTIONS + SPARE + 2];
    conn         *polled[HTTP_MAX_CONNECTIONS + SPARE + 2];
    http_response res;
} server;

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void stop_waiting(const conn *c)
{
    size_t i, kept = 0;
    for (i = 0; i < server.waiting_count; i++) {
        if (server.waiting[i] != c) server.waiting[kept++] = server.waiting[i];
    }
    server.waiting_count = kept;
}

static void end_conn(conn *c)
{
    if (c->state == CONN_WAITING) stop_waiting(c);
    close(c->fd);
    forget(c->in, c->in_len);
    forget(c->out, c->out_len);
    c->state = CONN_FREE;
    server.open--;
}

/* Ready for the next request. Bytes of it may be in the buffer already. */
static void begin_reading(conn *c)
{
    c->state     = CONN_READING;
    c->scanned   = 0;
    c->head_len  = 0;
    c->continued = false;
    c->deadline  = server.now + (c->in_len > 0 ? server.config.request_ms : server.config.idle_ms);
}

/* Takes the finished request out of the buffer. */
static void consume(conn *c)
{
    size_t used = c->head_len + c->req.content_length, left = c->in_len - used;
    memmove(c->in, c->in + used, left);
    forget(c->in + left, used);
    c->in_len = left;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void linger(conn *c)
{
    shutdown(c->fd, SHUT_WR);
    forget(c->in, c->in_len);
    c->in_len   = 0;
    c->state    = CONN_LINGERING;
    c->deadline = server.now + LINGER_MS;
}

static void after_writing(conn *c)
{
    forget(c->out, c->out_len);
    c->out_len = c->out_sent = 0;
    c->file_len = c->file_sent = 0;
    if (c->close_after) linger(c);
    else begin_reading(c);
}

/* True when all of it has gone. Ends the connection when the other side is gone. */
static bool send_piece(conn *c, const char *from, size_t len, size_t *sent)
{
    while (*sent < len) {
        ssize_t n = send(c->fd, from + *sent, len - *sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
        if (n < 0) { end_conn(c); return false; }
        *sent += (size_t)n;
    }
    return true;
}

static void write_some(conn *c)
{
    if (!send_piece(c, c->out, c->out_len, &c->out_sent)) return;
    if (!send_piece(c, c->file, c->file_len, &c->file_sent)) return;
    after_writing(c);
}

/* HEAD is answered like GET, without the body. */
static void answer(conn *c, http_response *res)
{
    bool head_only = http_is(c->req.method, "HEAD");
    int n;
    if (res->failed) {
        res->head_len = 0;
        http_error(res, 500, "server_error", "the answer could not be written");
    }
    c->close_after = res->close || !c->req.keep_alive || server.stopping;
    n = snprintf(c->out, OUT_CAP - HTTP_MAX_ANSWER,
                 "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                 "Connection: %s\r\n%s%.*s\r\n",
                 res->status, reason(res->status), server.date, res->type, res->body_len,
                 c->close_after ? "close" : "keep-alive", server.config.fixed_headers,
                 (int)res->head_len, res->head);
    if (n < 0 || (size_t)n >= OUT_CAP - HTTP_MAX_ANSWER) { end_conn(c); return; }
    c->out_len  = (size_t)n;
    c->out_sent = c->file_len = c->file_sent = 0;
    if (!head_only && res->body == res->scratch) {
        memcpy(c->out + c->out_len, res->scratch, res->body_len);
        c->out_len += res->body_len;
    } else if (!head_only) {
        c->file     = res->body;
        c->file_len = res->body_len;
    }
    c->state    = CONN_WRITING;
    c->deadline = server.now + server.config.answer_ms;
    write_some(c);
}

/* ---- handling ---------------------------------------------------------------------------------- */

static http_response *blank_response(void)
{
    http_response *res = &server.res;
    res->status   = 500;
    res->type     = "application/json";
    res->body     = res->scratch;
    res->body_len = res->head_len = 0;
    res->failed   = res->close = false;
    return res;
}

static void forget_response(http_response *res)
{
    forget(res->head, res->head_len);
    if (res->body == res->scratch) forget(res->scratch, res->body_len);
}

/* A request that cannot be read: where the next one would begin is unknown, so the connection ends. */
static void refuse_request(conn *c, int status, const char *why)
{
    http_response *res = blank_response();
    memset(&c->req, 0, sizeof c->req);
    http_error(res, status, status == 503 ? "temporarily_unavailable" : "invalid_request", why);
    if (status == 503) http_put_header(res, "Retry-After", "1");
    res->close = true;
    answer(c, res);
}

/* The request is done with, here is what it gets. */
static void reply(conn *c, http_response *res)
{
    bool head_only = http_is(c->req.method, "HEAD");
    c->req.method.at  = "HEAD";                 /* consume takes the old text away */
    c->req.method.len = head_only ? 4 : 0;
    consume(c);
    answer(c, res);
}

static void wait_in_line(conn *c)
{
    http_response *res;
    if (c->state == CONN_WAITING) return;
    if (server.waiting_count < HTTP_MAX_WAITING) {
        c->state = CONN_WAITING;
        server.waiting[server.waiting_count++] = c;
        return;
    }
    res = blank_response();
    http_error(res, 503, "temporarily_unavailable", "too many logins at once");
    http_put_header(res, "Retry-After", "1");
    reply(c, res);
}

static void handle(conn *c)
{
    http_response *res = blank_response();
    http_verdict verdict = server.config.handler(server.config.ctx, &c->req, res);
    if (verdict == HTTP_AGAIN) {
        c->req.step++;
        wait_in_line(c);
        return;
    }
    if (c->state == CONN_WAITING) stop_waiting(c);
    c->state = CONN_READING;
    if (verdict == HTTP_DROP) end_conn(c);
    else reply(c, res);
    forget_response(res);
}

/* A client that waits for "100 Continue" before it sends its body gets it, once. */
static void say_continue(conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t sent = 0;
    if (c->continued || !c->req.expects_continue) return;
    c->continued = true;
    if (!send_piece(c, text, sizeof text - 1, &sent) && c->state != CONN_FREE) end_conn(c);
}

static void read_head(conn *c)
{
    const char *why = "";
    long end;
    int status;
    if (c->scanned == 0 && c->in_len >= 2 && c->in[0] == '\r' && c->in[1] == '\n') {
        c->in_len -= 2;                         /* RFC 9112 2.2: one empty line before a request */
        memmove(c->in, c->in + 2, c->in_len);
    }
    end = http_head_end(c->in, c->in_len, &c->scanned);
    if (end < 0) { refuse_request(c, 400, "not HTTP: a control character or a bare line end"); return; }
    if (end == 0 && c->in_len >= HTTP_MAX_HEAD) {
        bool no_line = memchr(c->in, '\n', c->in_len) == NULL;
        refuse_request(c, no_line ? 414 : 431,
                       no_line ? "the target is too long" : "the headers are too long");
        return;
    }
    if (end == 0) return;
    if ((size_t)end > HTTP_MAX_HEAD) { refuse_request(c, 431, "the headers are too long"); return; }
    status = http_parse(c->in, (size_t)end, &c->req, &why);
    if (status != 0) { refuse_request(c, status, why); return; }
    c->head_len = (size_t)end;
    c->req.peer = c->peer;
}

/* Does what the bytes in the buffer allow: at most one request, so that each connection has its turn. */
static void proceed(conn *c)
{
    if (c->head_len == 0) read_head(c);
    if (c->state != CONN_READING || c->head_len == 0) return;
    if (c->in_len - c->head_len < c->req.content_length) { say_continue(c); return; }
    c->req.body.at  = c->in + c->head_len;
    c->req.body.len = c->req.content_length;
    handle(c);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static void read_some(conn *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, IN_CAP - c->in_len, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (n <= 0) { end_conn(c); return; }
    if (c->state == CONN_LINGERING) return;     /* thrown away */
    if (c->in_len == 0) c->deadline = server.now + server.config.request_ms;
    c->in_len += (size_t)n;
    proceed(c);
}

/* ---- accepting --------------------------------------------------------------------------------- */

static conn *free_conn(void)
{
    size_t i;
    for (i = 0; i < server.used; i++) {
        if (server.conns[i].state == CONN_FREE) return &server.conns[i];
    }
    return server.used < server.config.connections + SPARE ? &server.conns[server.used++] : NULL;
}

/* When all places are taken, the one that has been idle for longest is given up: it has nothing under way. */
static void make_room(void)
{
    conn *oldest = NULL;
    size_t i;
    for (i = 0; i < server.used; i++) {
        conn *c = &server.conns[i];
        bool idle = (c->state == CONN_READING && c->in_len == 0) || c->state == CONN_LINGERING;
        if (idle && (oldest == NULL || c->deadline < oldest->deadline)) oldest = c;
    }
    if (oldest != NULL) end_conn(oldest);
}

static void name_peer(const struct sockaddr_storage *from, char out[HTTP_PEER_CAP])
{
    const void *address = from->ss_family == AF_INET6
        ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
        : (const void *)&((const struct sockaddr_in *)from)->sin_addr;
    if (inet_ntop(from->ss_family, address, out, HTTP_PEER_CAP) == NULL) snprintf(out, HTTP_PEER_CAP, "?");
}

static void make_non_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool is_full(void) { return server.open >= server.config.connections; }

static void begin_conn(int fd, const struct sockaddr_storage *from)
{
    conn *c;
    int on = 1;
    bool full;
    if (is_full()) make_room();
    full = is_full();
    c = free_conn();
    if (c == NULL) { close(fd); return; }
    make_non_blocking(fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd     = fd;
    c->in_len = c->out_len = 0;
    name_peer(from, c->peer);
    begin_reading(c);
    server.open++;
    if (full) refuse_request(c, 503, "too many connections");
}

static void accept_some(void)
{
    int i;
    for (i = 0; i < 64; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int fd = accept(server.listener, (struct sockaddr *)&from, &len);
        if (fd >= 0) { begin_conn(fd, &from); continue; }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            server.rest_until = server.now + 100;       /* it would fail again at once: let some end */
        }
        if (errno != EINTR && errno != ECONNABORTED) return;
    }
}

/* ============================================================================
   The loop
   ========================================================================== */

static void too_late(conn *c)
{
    bool begun = c->state == CONN_READING && c->in_len > 0;
    if (begun) refuse_request(c, 408, "the request did not arrive in time");
    else end_conn(c);
}

static void check_deadlines(void)
{
    size_t i;
    for (i = 0; i < server.used; i++) {
        conn *c = &server.conns[i];
        if (c->state != CONN_FREE && c->state != CONN_WAITING && server.now >= c->deadline) too_late(c);
    }
}

/* Of a pipeline: came together with the request before it, and nobody has looked at it yet. */
static bool has_next_request(const conn *c)
{
    return c->state == CONN_READING && c->in_len > 0 && c->scanned == 0 && c->head_len == 0;
}

static short wanted_events(const conn *c)
{
    return c->state == CONN_WRITING ? POLLOUT : c->state == CONN_WAITING ? 0 : POLLIN;
}

/* Fills the list for poll: how to wake us, the listener, the connections. Says how long to sleep at most. */
static int prepare(size_t *count)
{
    int64_t until = server.next_tick;
    bool hurry = server.waiting_count > 0;
    size_t i, n = 2;
    server.polls[0].fd = server.wake[0];
    server.polls[1].fd = server.stopping || server.now < server.rest_until ? -1 : server.listener;
    server.polls[0].events = server.polls[1].events = POLLIN;
    for (i = 0; i < server.used; i++) {
        conn *c = &server.conns[i];
        if (c->state == CONN_FREE) continue;
        server.polled[n]       = c;
        server.polls[n].fd     = c->fd;
        server.polls[n].events = wanted_events(c);
        n++;
        if (c->state != CONN_WAITING && c->deadline < until) until = c->deadline;
        if (has_next_request(c)) hurry = true;
    }
    *count = n;
    return hurry || until <= server.now ? 0 : (int)(until - server.now);
}

static void serve(conn *c, short what)
{
    bool broken = (what & (POLLERR | POLLNVAL)) != 0;
    if (c->state == CONN_WAITING) {
        if (broken || (what & POLLHUP) != 0) end_conn(c);
    } else if (c->state == CONN_WRITING) {
        if (broken) end_conn(c);
        else if (what != 0) write_some(c);
    } else if (has_next_request(c)) {
        proceed(c);
    } else if (what != 0) {
        read_some(c);
    }
}

static void set_date(void)
{
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL ||
        strftime(server.date, sizeof server.date, "%a, %d %b %Y %H:%M:%S GMT", &utc) == 0) {
        snprintf(server.date, sizeof server.date, "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}

static void tick(void)
{
    if (server.now < server.next_tick) return;
    server.next_tick = server.now + 1000;
    set_date();
    if (server.config.tick != NULL) server.config.tick(server.config.ctx);
}

/* Once around: whoever has something gets one turn; new ones come last, so the list stays as it was. */
static void turn(void)
{
    size_t count, i;
    char byte;
    int sleep_ms = prepare(&count);
    if (poll(server.polls, (nfds_t)count, sleep_ms) < 0) {
        for (i = 0; i < count; i++) server.polls[i].revents = 0;        /* interrupted */
    }
    server.now = clock_ms();
    tick();
    for (i = 2; i < count; i++) {
        if (server.polled[i]->state != CONN_FREE) serve(server.polled[i], server.polls[i].revents);
    }
    if (server.waiting_count > 0) handle(server.waiting[0]);
    check_deadlines();
    if (server.polls[1].revents != 0) accept_some();
    if (server.polls[0].revents != 0) {
        server.stopping = true;
        if (read(server.wake[0], &byte, 1) < 0) errno = 0;
    }
}

/* ============================================================================
   Open, run, stop
   ========================================================================== */

static const char *resolve(const http_config *config, struct addrinfo **out)
{
    struct addrinfo hints;
    char port[8];
    memset(&hints, 0, sizeof hints);
    hints.ai_family   = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags    = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    snprintf(port, sizeof port, "%u", config->port);
    return getaddrinfo(config->address, port, &hints, out) == 0 ? NULL : "no address in numbers";
}

static unsigned real_port(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0) return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

static const char *listen_on(const struct addrinfo *at)
{
    int on = 1;
    server.listener = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    if (server.listener < 0) return "no socket";
    setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    make_non_blocking(server.listener);
    if (bind(server.listener, at->ai_addr, at->ai_addrlen) != 0) return "cannot have that address and port";
    if (listen(server.listener, 1024) != 0) return "cannot listen";
    return NULL;
}

const char *http_open(const http_config *config, unsigned *port)
{
    struct addrinfo *at;
    const char *problem;
    server.config = *config;
    if (server.config.connections > HTTP_MAX_CONNECTIONS) server.config.connections = HTTP_MAX_CONNECTIONS;
    if (pipe(server.wake) != 0) return "no pipe";
    make_non_blocking(server.wake[0]);
    make_non_blocking(server.wake[1]);
    problem = resolve(config, &at);
    if (problem != NULL) return problem;
    problem = listen_on(at);
    freeaddrinfo(at);
    if (problem == NULL) *port = real_port(server.listener);
    return problem;
}

void http_stop(void)
{
    int kept = errno;
    if (write(server.wake[1], "", 1) < 0) errno = kept;     /* full: it has been said */
    errno = kept;
}

static void end_all(bool idle_only)
{
    size_t i;
    for (i = 0; i < server.used; i++) {
        conn *c = &server.conns[i];
        bool idle = c->state == CONN_READING && c->in_len == 0;
        if (c->state != CONN_FREE && (idle || !idle_only)) end_conn(c);
    }
}

void http_run(int grace_ms)
{
    int64_t until;
    server.now = server.next_tick = clock_ms();
    set_date();
    while (!server.stopping) turn();
    close(server.listener);
    until = server.now + grace_ms;
    end_all(true);
    while (server.open > 0 && server.now < until) turn();
    end_all(false);
}
