/* store_fake.h - a server that speaks the language of Redis and says what a test wants to hear: nonsense, half
   answers, the way to somebody else and back. One thread, one connection at a time.
   Part of store_tests.c.                                                                              */

static struct {
    int         port, listener;
    pthread_t   thread;
    volatile bool end;
    bool        cluster;
    const char *command, *answer;   /* to this command this answer; to all others a sound one */
    long        asked;              /* how often that command came */
    char        heard[80];          /* the command at hand */
} fake;

/* "*2\r\n$4\r\nINFO\r\n$7\r\ncluster\r\n": keeps the first three words. false: the link is gone.        */
static bool fake_hear(FILE *in)
{
    char line[64], word[3][24] = {"", "", ""};
    long words, i, len;
    if (fgets(line, sizeof line, in) == NULL || line[0] != '*') return false;
    words = atol(line + 1);
    for (i = 0; i < words; i++) {
        char bytes[4096];
        if (fgets(line, sizeof line, in) == NULL || line[0] != '$') return false;
        len = atol(line + 1) + 2;
        if (len > (long)sizeof bytes || fread(bytes, 1, (size_t)len, in) != (size_t)len) return false;
        if (i < 3) snprintf(word[i], sizeof word[i], "%.*s", (int)(len - 2 < 20 ? len - 2 : 20), bytes);
    }
    snprintf(fake.heard, sizeof fake.heard, "%s %s %s", word[0], word[1], word[2]);
    return true;
}

static bool fake_begins(const char *with) { return strncmp(fake.heard, with, strlen(with)) == 0; }

static void fake_say(int fd)
{
    char text[300];
    const char *say = "+OK\r\n";
    snprintf(text, sizeof text, "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:%d\r\n", fake.port);
    if (fake_begins("CLUSTER SLOTS")) say = text;
    if (fake_begins("CLIENT KILL"))   say = ":0\r\n";
    if (fake_begins("CLIENT INFO"))   say = "$22\r\nid=1 addr=127.0.0.1:1\n\r\n";
    if (fake_begins("ROLE"))          say = "*1\r\n$6\r\nmaster\r\n";
    if (fake_begins("CONFIG GET maxmemory"))   say = "*2\r\n$1\r\nx\r\n$10\r\nnoeviction\r\n";
    if (fake_begins("CONFIG GET appendonly"))  say = "*2\r\n$1\r\nx\r\n$3\r\nyes\r\n";
    if (fake_begins("CONFIG GET appendfsync")) say = "*2\r\n$1\r\nx\r\n$6\r\nalways\r\n";
    if (fake_begins("CONFIG GET no-appendfsync-")) say = "*2\r\n$1\r\nx\r\n$2\r\nno\r\n";
    if (fake_begins("SCRIPT LOAD"))   say = "$40\r\n0123456789012345678901234567890123456789\r\n";
    if (fake_begins("INFO"))
        say = fake.cluster ? "$17\r\ncluster_enabled:1\r\n" : "$17\r\ncluster_enabled:0\r\n";
    if (fake.command != NULL && fake_begins(fake.command)) {
        say = fake.answer;
        fake.asked++;
    }
    if (send(fd, say, strlen(say), MSG_NOSIGNAL) < 0) return;
}

static void *fake_run(void *arg)
{
    (void)arg;
    while (!fake.end) {
        int fd = accept(fake.listener, NULL, NULL);
        FILE *in = fd >= 0 ? fdopen(fd, "rb") : NULL;
        if (in == NULL) continue;
        while (!fake.end && fake_hear(in)) fake_say(fd);
        fclose(in);
    }
    return NULL;
}

static void fake_start(void)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    memset(&fake, 0, sizeof fake);
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fake.listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(fake.listener, 16) != 0
        || getsockname(fake.listener, (struct sockaddr *)&a, &len) != 0
        || pthread_create(&fake.thread, NULL, fake_run, NULL) != 0) { perror("fake"); exit(2); }
    fake.port = ntohs(a.sin_port);
}

/* needs: no link to it any more. */
static void fake_stop(void)
{
    fake.end = true;
    shutdown(fake.listener, SHUT_RDWR);
    pthread_join(fake.thread, NULL);
    close(fake.listener);
}
