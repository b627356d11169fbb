/* store_proxy.h - a man in the middle of a store and its server: holds bytes back, cuts, garbles, dribbles.
   One thread; set the switches, it looks at them at least every 10 ms.                              */

#ifndef STORE_PROXY_H
#define STORE_PROXY_H

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#define PROXY_PAIRS 64

typedef struct proxy_pair {
    int     client, server;     /* -1: closed */
    bool    held;               /* what the client says waits here, also after it has hung up */
    bool    hung_up;
    size_t  n;
    uint8_t waiting[16384];
} proxy_pair;

static struct {
    int          port, to, listener;
    pthread_t    thread;
    pthread_mutex_t mutex;
    volatile bool end;
    bool         garble;        /* answers become rubbish */
    bool         cut;           /* the next answer is not delivered: both sides are closed; once */
    bool         dribble;       /* answers come a byte at a time, one each dribble_us */
    useconds_t   dribble_us;
    bool         refuse;        /* nobody gets in */
    proxy_pair   pair[PROXY_PAIRS];
} proxy;

static void proxy_close(proxy_pair *p)
{
    if (p->client >= 0) close(p->client);
    if (p->server >= 0) close(p->server);
    p->client = p->server = -1;
    p->n = 0;
    p->held = p->hung_up = false;
}

static void proxy_accept(void)
{
    struct sockaddr_in a;
    int fd = accept(proxy.listener, NULL, NULL), i;
    for (i = 0; i < PROXY_PAIRS && proxy.pair[i].server >= 0; i++) { }
    if (fd < 0 || i == PROXY_PAIRS || proxy.refuse) { if (fd >= 0) close(fd); return; }
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)proxy.to);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy.pair[i].client = fd;
    proxy.pair[i].server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(proxy.pair[i].server, (struct sockaddr *)&a, sizeof a) != 0) proxy_close(&proxy.pair[i]);
}

static void proxy_send(int fd, const uint8_t *p, size_t n, bool dribble)
{
    while (n > 0) {
        ssize_t done = send(fd, p, dribble ? 1 : n, MSG_NOSIGNAL);
        if (done <= 0) return;
        if (dribble) usleep(proxy.dribble_us);
        p += done;
        n -= (size_t)done;
    }
}

static void proxy_from_client(proxy_pair *p)
{
    ssize_t n = recv(p->client, p->waiting + p->n, sizeof p->waiting - p->n, 0);
    if (n > 0) p->n += (size_t)n;
    else p->hung_up = true;
}

static void proxy_from_server(proxy_pair *p)
{
    uint8_t bytes[16384];
    ssize_t n = recv(p->server, bytes, sizeof bytes, 0), i;
    if (n <= 0) { proxy_close(p); return; }
    if (proxy.cut) { proxy.cut = false; proxy_close(p); return; }
    for (i = 0; proxy.garble && i < n; i++) bytes[i] = (uint8_t)(bytes[i] * 7 + 3 + i);
    if (!p->hung_up) proxy_send(p->client, bytes, (size_t)n, proxy.dribble);
}

static void *proxy_run(void *arg)
{
    (void)arg;
    while (!proxy.end) {
        struct pollfd f[1 + 2 * PROXY_PAIRS];
        int i;
        f[0].fd = proxy.listener;
        f[0].events = POLLIN;
        pthread_mutex_lock(&proxy.mutex);
        for (i = 0; i < PROXY_PAIRS; i++) {
            f[1 + 2 * i].fd = proxy.pair[i].hung_up ? -1 : proxy.pair[i].client;
            f[2 + 2 * i].fd = proxy.pair[i].server;
            f[1 + 2 * i].events = f[2 + 2 * i].events = POLLIN;
        }
        pthread_mutex_unlock(&proxy.mutex);
        poll(f, 1 + 2 * PROXY_PAIRS, 10);
        pthread_mutex_lock(&proxy.mutex);
        for (i = 0; i < PROXY_PAIRS; i++) {
            proxy_pair *p = &proxy.pair[i];
            if (p->server >= 0 && f[1 + 2 * i].fd >= 0 && f[1 + 2 * i].revents != 0) proxy_from_client(p);
            if (p->server >= 0 && !p->held && p->n > 0) {
                proxy_send(p->server, p->waiting, p->n, false);
                p->n = 0;
            }
            if (p->server >= 0 && f[2 + 2 * i].fd >= 0 && f[2 + 2 * i].revents != 0) proxy_from_server(p);
            else if (p->server >= 0 && p->hung_up && !p->held && p->n == 0) proxy_close(p);
        }
        if (f[0].revents != 0) proxy_accept();
        pthread_mutex_unlock(&proxy.mutex);
    }
    return NULL;
}

/* Holds what the clients of now say, or lets it go on. Those who come later are not held.            */
static void proxy_hold(bool hold)
{
    int i;
    pthread_mutex_lock(&proxy.mutex);
    for (i = 0; i < PROXY_PAIRS; i++) proxy.pair[i].held = hold && proxy.pair[i].client >= 0;
    pthread_mutex_unlock(&proxy.mutex);
}

static void proxy_start(int to)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    int i;
    memset(&proxy, 0, sizeof proxy);
    proxy.dribble_us = 200;
    pthread_mutex_init(&proxy.mutex, NULL);
    for (i = 0; i < PROXY_PAIRS; i++) proxy.pair[i].client = proxy.pair[i].server = -1;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy.to = to;
    proxy.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(proxy.listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(proxy.listener, 16) != 0
        || getsockname(proxy.listener, (struct sockaddr *)&a, &len) != 0
        || pthread_create(&proxy.thread, NULL, proxy_run, NULL) != 0) { perror("proxy"); exit(2); }
    proxy.port = ntohs(a.sin_port);
}

static void proxy_stop(void)
{
    int i;
    proxy.end = true;
    pthread_join(proxy.thread, NULL);
    for (i = 0; i < PROXY_PAIRS; i++) proxy_close(&proxy.pair[i]);
    close(proxy.listener);
}

#endif
