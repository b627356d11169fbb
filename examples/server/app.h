/* app.h - what the handlers in routes.c work with. server.c fills it in. */
#ifndef APP_H
#define APP_H

#include "http.h"
#include "users.h"

#define DENY_SLOTS     4096
#define THROTTLE_SLOTS 1024

typedef struct throttle { unsigned failures; int64_t until; } throttle;

typedef struct app {
    ta_auth     auth;
    ta_deny     deny;
    ta_cookie   refresh_cookie, fingerprint_cookie;
    users       users;
    const char *users_file;             /* NULL: users end with the process */
    char        origin[128];            /* "https://id.example"; "": http and the name of a loopback host */
    char        address[64];            /* where we listen, as it stands in a Host header */
    unsigned    port;
    bool        debug;
    unsigned long drop;                 /* answers to refreshes that are still to be lost */

    uint8_t     throttle_key[16];
    throttle    throttles[THROTTLE_SLOTS];

    /* of the request in hand */
    int64_t     now;
    const char *peer;
    const char *must_be;                /* POST /token: whose refresh token it must be; or NULL */
    const char *fingerprint;            /* the value of its cookie, length below; or NULL */
    size_t      fingerprint_len;
    char        claims[128];            /* what app_user says about the user */
    char        subject[TOKENAUTH_RECORD_TEXT + 1];     /* whose session it was */
    uint8_t     salt[USER_SALT_SIZE];
    /* of the login whose turn it is */
    password_job job;
    user         job_user;
    uint8_t      job_salt[PASSWORD_SALT];
    bool         job_checked;
} app;

/* The server's one handler, and the two hooks of ta_auth_config. ctx is the app. */
http_verdict app_handle(void *ctx, const http_request *req, http_response *res);
ta_status    app_user(void *ctx, const ta_session *s, ta_user *out);
void         app_event(void *ctx, ta_event what, const ta_session *s);

#endif
