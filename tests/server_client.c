/* server_client.c - what curl cannot be made to do to the demo server. All on 127.0.0.1.

   server_client PORT send N END [byte]  sends its input as it stands (byte: one byte at a time), reads N
                                      answers, and prints their statuses, then "open" or "closed", as the
                                      server leaves it; END is which of the two to wait for; only the first
                                      request may be a HEAD
   server_client PORT hold N [text]   opens N connections, sends a request on each and with it the text, the
                                      beginning of another; says "held" when all are answered, so the server
                                      has seen the text; waits for the end of its input, prints how many are
                                      still open, without an answer to the text
   server_client PORT flood S SEED    for S seconds: half requests, garbage, resets, pipelines nobody
                                      reads, bytes in drips; prints how many connections that were

   Build: cc -D_POSIX_C_SOURCE=200809L -o server_client server_client.c */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000               /* the machine may be busy; nothing here should take a second */
#define QUIET_MS    150                 /* so long an open connection must stay open */

static struct sockaddr_in to;

static int connect_one(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static void send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, 0);
        if (n <= 0) return;             /* the server has closed: what it said is still to be read */
        text += n;
        len  -= (size_t)n;
    }
}

/* ============================================================================
   send
   ========================================================================== */

static char   in[1 << 20];
static size_t in_len;

/* 1: more came, 0: the end, -1: nothing in that time */
static int more(int fd, int wait_ms)
{
    struct pollfd p;
    ssize_t n;
    p.fd     = fd;
    p.events = POLLIN;
    if (poll(&p, 1, wait_ms) <= 0) return -1;
    n = recv(fd, in + in_len, sizeof in - 1 - in_len, 0);
    if (n <= 0) return 0;
    in_len += (size_t)n;
    in[in_len] = '\0';
    return 1;
}

/* The length of the answer at the start of the buffer, or 0 while it is not all there. */
static size_t answer_length(bool has_body)
{
    const char *end = strstr(in, "\r\n\r\n"), *length = strstr(in, "\r\nContent-Length: ");
    size_t body = 0;
    if (end == NULL) return 0;
    if (has_body && length != NULL && length < end) body = strtoul(length + 18, NULL, 10);
    body += (size_t)(end - in) + 4;
    return in_len < body ? 0 : body;
}

/* Reads one answer and prints its status, unless nothing comes. */
static bool take_answer(int fd, bool has_body, bool print)
{
    int state = 1;
    size_t n;
    while ((n = answer_length(has_body)) == 0 && state > 0) state = more(fd, PATIENCE_MS);
    if (n == 0) return false;
    if (print) printf("%.3s ", in + 9);
    in_len -= n;
    memmove(in, in + n, in_len + 1);
    return true;
}

static int send_and_read(long answers, bool closes, bool bytewise)
{
    static char text[1 << 16];
    size_t len = fread(text, 1, sizeof text, stdin), i;
    int fd = connect_one(), state = 1;
    bool has_body = len < 5 || memcmp(text, "HEAD ", 5) != 0;
    if (fd < 0) { printf("refused\n"); return 1; }
    for (i = 0; bytewise && i < len; i++) send_all(fd, text + i, 1);
    if (!bytewise) send_all(fd, text, len);
    for (; answers > 0 && take_answer(fd, has_body, true); answers--) has_body = true;
    while (state > 0 && in_len == 0) state = more(fd, closes ? PATIENCE_MS : QUIET_MS);
    printf("%s\n", in_len > 0 ? "and more" : state == 0 ? "closed" : answers > 0 ? "timeout" : "open");
    close(fd);
    return 0;
}

/* ============================================================================
   hold
   ========================================================================== */

static int hold(long count, const char *port, const char *text)
{
    static int fds[4096];
    static bool told[4096];
    char request[1000];
    long i, open = 0;
    snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: localhost:%s\r\n\r\n%s", port, text);
    if (count > 4096) count = 4096;
    for (i = 0; i < count; i++) {
        fds[i] = connect_one();
        if (fds[i] >= 0) send_all(fds[i], request, strlen(request));
        in_len = 0;
        if (fds[i] >= 0 && !take_answer(fds[i], true, false)) printf("no answer\n");
        told[i] = in_len > 0;           /* the text, too, has been answered already */
    }
    printf("held\n");
    fflush(stdout);
    while (getchar() != EOF) continue;
    for (i = 0; i < count; i++) {
        char c;
        if (fds[i] < 0) continue;
        if (!told[i] && recv(fds[i], &c, 1, MSG_DONTWAIT) < 0 &&
            (errno == EAGAIN || errno == EWOULDBLOCK)) open++;
        close(fds[i]);
    }
    printf("%ld\n", open);
    return 0;
}

/* ============================================================================
   flood
   ========================================================================== */

static uint64_t state;

static uint32_t random32(void)          /* splitmix64 */
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static const char *const texts[] = {
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 40\r\n\r\n{\"username\":",
    "POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        "\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551615\r\n\r\n",
    "GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\nGET",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

static void close_with_reset(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void send_damaged(int fd)
{
    const char *from = texts[random32() % (sizeof texts / sizeof texts[0])];
    char text[256];
    size_t len = strlen(from), i;
    memcpy(text, from, len);
    for (i = random32() % 4; i > 0; i--) text[random32() % len] = (char)random32();
    send_all(fd, text, random32() % (len + 1));
}

static void send_garbage(int fd)
{
    char text[2000];
    size_t i, len = random32() % sizeof text;
    for (i = 0; i < len; i++) text[i] = (char)random32();
    send_all(fd, text, len);
}

/* More than the buffers between us take, and nobody reads the answers. */
static void send_pipeline(int fd)
{
    int i;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    for (i = 0; i < 200; i++) send_all(fd, texts[0], strlen(texts[0]));
}

static void send_drips(int fd)
{
    size_t i, len = strlen(texts[1]);
    for (i = 0; i < len; i += 9) send_all(fd, texts[1] + i, i + 9 < len ? 9 : len - i);
}

static int flood(long seconds)
{
    time_t end = time(NULL) + seconds;
    int held[16], at = 0;
    long count = 0;
    memset(held, -1, sizeof held);
    while (time(NULL) < end) {
        int fd = connect_one();
        if (fd < 0) { poll(NULL, 0, 5); continue; }
        count++;
        switch (random32() % 5) {
        case 0: send_garbage(fd); break;
        case 1: send_pipeline(fd); break;
        case 2: send_drips(fd); break;
        default: send_damaged(fd); break;
        }
        if (held[at] >= 0 && random32() % 2 == 0) close_with_reset(held[at]);
        else if (held[at] >= 0) close(held[at]);
        held[at] = fd;
        at = (at + 1) % 16;
        poll(NULL, 0, 1);
    }
    printf("%ld connections\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    long n;
    signal(SIGPIPE, SIG_IGN);
    if (argc < 4) return 2;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    memset(&to, 0, sizeof to);
    to.sin_family      = AF_INET;
    to.sin_port        = htons((uint16_t)strtoul(argv[1], NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    n = strtol(argv[3], NULL, 10);
    if (strcmp(argv[2], "send") == 0) {
        return send_and_read(n, argc > 4 && strcmp(argv[4], "closed") == 0, argc > 5);
    }
    if (strcmp(argv[2], "hold") == 0) return hold(n, argv[1], argc > 4 ? argv[4] : "");
    state = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
    return flood(n);
}
