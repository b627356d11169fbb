/* plants.h - bugs on purpose. With -DFUZZ_PLANT=n a target sees one public call misbehave; replaying the
   corpus must then end in a broken promise. `make fuzz-plants` sees to it, for each n below. Without the switch
   there is nothing here.                                                                          */

#ifndef FUZZ_PLANTS_H
#define FUZZ_PLANTS_H

#ifndef FUZZ_PLANT
#  define FUZZ_PLANT 0
#endif

#if FUZZ_PLANT == 1             /* base64url: spare bits that are not 0 are taken */
static ta_status plant_decode(const char *in, size_t n, void *out, size_t cap, size_t *len)
{
    char text[64];
    ta_status st = ta_base64url_decode(in, n, out, cap, len);
    if (st != TA_ERR_ENCODING || n % 4 != 2 || n > sizeof text) return st;
    memcpy(text, in, n);
    text[n - 1] = 'A';
    return ta_base64url_decode(text, n, out, cap, len);
}
#  define ta_base64url_decode plant_decode

#elif FUZZ_PLANT == 2           /* base64url: the length stays after a failure */
static ta_status plant_decode(const char *in, size_t n, void *out, size_t cap, size_t *len)
{
    ta_status st = ta_base64url_decode(in, n, out, cap, len);
    if (st != TA_OK) *len = cap;
    return st;
}
#  define ta_base64url_decode plant_decode

#elif FUZZ_PLANT == 3           /* json: two members of one name */
static ta_status plant_check(const char *json, size_t n)
{
    ta_status st = ta_json_check(json, n);
    return st == TA_ERR_DUPLICATE ? TA_OK : st;
}
#  define ta_json_check plant_check

#elif FUZZ_PLANT == 4           /* json: a number beyond 64 bits is the largest there is */
static ta_status plant_int(ta_json v, int64_t *out)
{
    ta_status st = ta_json_int(v, out);
    if (st != TA_ERR_RANGE) return st;
    *out = INT64_MAX;
    return TA_OK;
}
#  define ta_json_int plant_int

#elif FUZZ_PLANT == 5           /* json_writer: a NUL ends the text */
static void plant_put_string(ta_json_writer *w, const char *name, const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text[i] != '\0') i++;
    ta_json_put_string(w, name, text, i);
}
#  define ta_json_put_string plant_put_string

#elif FUZZ_PLANT == 6           /* jwt: good until and with the second of exp */
static ta_status plant_verify(ta_keys keys, const char *token, size_t n, int64_t now, const ta_rules *r,
                              char *buf, size_t cap, ta_jwt *out)
{
    return ta_jwt_verify(keys, token, n, now > 1 ? now - 1 : now, r, buf, cap, out);
}
#  define ta_jwt_verify plant_verify

#elif FUZZ_PLANT == 7           /* jwt: a wrong MAC is no reason */
static ta_status plant_verify(ta_keys keys, const char *token, size_t n, int64_t now, const ta_rules *r,
                              char *buf, size_t cap, ta_jwt *out)
{
    ta_status st = ta_jwt_verify(keys, token, n, now, r, buf, cap, out);
    return st == TA_ERR_SIGNATURE ? ta_jwt_decode_unverified(token, n, buf, cap, out) : st;
}
#  define ta_jwt_verify plant_verify

#elif FUZZ_PLANT == 8           /* refresh: a session lives one second longer */
static ta_status plant_refresh(const ta_auth *a, const char *token, size_t n, int64_t now,
                               const ta_refresh_opts *o, ta_pair *out)
{
    return ta_refresh(a, token, n, now - 1, o, out);
}
#  define ta_refresh plant_refresh

#elif FUZZ_PLANT == 9           /* refresh: the session's name stays in a pair that failed */
static ta_status plant_refresh(const ta_auth *a, const char *token, size_t n, int64_t now,
                               const ta_refresh_opts *o, ta_pair *out)
{
    ta_status st = ta_refresh(a, token, n, now, o, out);
    if (st != TA_OK) out->sid[0] = 'x';
    return st;
}
#  define ta_refresh plant_refresh

#elif FUZZ_PLANT == 10          /* web: a quote closes the realm, and more follows */
static ta_status plant_authenticate(ta_status st, const char *realm, char *out, size_t cap, size_t *len)
{
    if (strchr(realm, '"') == NULL) return ta_www_authenticate(st, realm, out, cap, len);
    *len = (size_t)snprintf(out, cap, "Bearer realm=\"%s\"", realm);
    return TA_OK;
}
#  define ta_www_authenticate plant_authenticate

#elif FUZZ_PLANT == 11          /* web: a duration too long is the longest there is */
static ta_status plant_seconds(const char *text, size_t n, int32_t *out)
{
    ta_status st = ta_seconds(text, n, out);
    if (st != TA_ERR_RANGE) return st;
    *out = INT32_MAX;
    return TA_OK;
}
#  define ta_seconds plant_seconds

#elif FUZZ_PLANT == 12          /* table: sessions come back alive, though they were to be revoked */
static ta_status plant_load(ta_table *t, const void *in, size_t n, int64_t now, ta_load how, int32_t age)
{
    return ta_table_load(t, in, n, now, how == TA_LOAD_REVOKE_ALL ? TA_LOAD_RESUME : how, age);
}
#  define ta_table_load plant_load

#elif FUZZ_PLANT == 13          /* sessions: a logout that only says so */
static ta_status plant_logout(const ta_auth *a, const char *token, size_t n, int64_t now)
{
    ta_pair pair;
    ta_status st = ta_refresh(a, token, n, now, NULL, &pair);
    return st == TA_ERR_INVALID ? st : TA_OK;
}
#  define ta_logout plant_logout

#elif FUZZ_PLANT == 14          /* sessions: the window is open for ever */
static ta_status plant_refresh(const ta_auth *a, const char *token, size_t n, int64_t now,
                               const ta_refresh_opts *o, ta_pair *out)
{
    ta_auth wide = *a;
    wide.cfg.window_s = INT32_MAX;
    return ta_refresh(&wide, token, n, now, o, out);
}
#  define ta_refresh plant_refresh
#endif

#define FUZZ_PLANTS 14
#endif
