/* bench.c - the calls that sizes.py measures, each in a window of its own: insn_count.c counts the
   instructions between window_begin and window_end, a painted stack shows how deep the call went. Prints
   "NAME stack N" per call (on AVR "NAME stack N cycles N"), and at the end that all of them did their
   work.

   The stack is counted from the call on: what the caller has on it is his. */

#define TOKENAUTH_NO_OS_RANDOM
#define TOKENAUTH_NO_STATUS_STR
#ifdef BENCH_VERIFY_ONLY
#  define TOKENAUTH_VERIFY_ONLY
#  define TOKENAUTH_NO_WEB
#endif
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"
#include "port.h"

#define PAINT 0xA5

#if defined(__AVR__)
#  include <avr/io.h>
extern uint8_t __bss_end[];
#  define STACK_END __bss_end
#else
extern uint8_t stack_end[];
#  define STACK_END stack_end
#endif

static char   room[400];
static ta_key key;

/* RFC 7515, A.1 */
static const char rfc_token[] PORT_FLASH = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char rfc_key[] PORT_FLASH =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
static size_t len;
static ta_jwt jwt;

static ta_status do_nothing(void) { return TA_OK; }

static ta_status do_verify(void)
{
    return ta_jwt_verify(ta_keys_of(&key, 1), room, len, 1300819379, NULL, room, len, &jwt);
}

#ifndef BENCH_VERIFY_ONLY

static ta_slot        slots[4];
static ta_table       table;
static ta_refresh_key refresh_key;
static ta_auth        auth;
static ta_pair        pair;

static ta_status chip_random(void *ctx, void *out, size_t n)
{
    static uint8_t byte;
    (void)ctx;
    memset(out, ++byte, n);
    return TA_OK;
}

static ta_status do_sign(void)
{
    ta_claims c = TA_ZERO;
    c.issuer = "joe";
    c.subject = "alice";
    c.audience = "gate";
    c.issued_at = 2000000000;
    c.expires_at = 2000000900;
    return ta_jwt_sign(&key, &c, room, sizeof room, &len);
}

static ta_status do_login(void) { return ta_login(&auth, "alice", 2000000000, NULL, &pair); }

static ta_status do_refresh(void)
{
    return ta_refresh(&auth, pair.refresh, pair.refresh_len, 2000000100, NULL, &pair);
}

static ta_status do_check(void)
{
    return ta_check(&auth, pair.access, pair.access_len, 2000000100, pair.access, sizeof pair.access, &jwt);
}

static ta_status do_logout(void) { return ta_logout(&auth, pair.refresh, pair.refresh_len, 2000000200); }

static ta_status set_up_sessions(void)
{
    ta_auth_config cfg = TA_ZERO;
    refresh_key.key = key;
    if (ta_table_init(&table, slots, 4) != TA_OK) return TA_ERR_CONFIG;
    cfg.keys = ta_keys_of(&key, 1);
    cfg.refresh_keys = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "joe";
    cfg.audience = "gate";
    cfg.store = ta_table_store(&table);
    cfg.random = chip_random;
    return ta_auth_init(&auth, &cfg);
}

#endif

/* ---- the windows ------------------------------------------------------------------------------------ */

__attribute__((noinline)) void window_begin(void);
__attribute__((noinline)) void window_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void window_end(void);
__attribute__((noinline)) void window_end(void) { __asm__ volatile(""); }

static void say_number(uint32_t n)
{
    char digits[11];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do { *--at = (char)('0' + (int)(n % 10));  n /= 10; } while (n > 0);
    port_say(at);
}

/* The stack between here and its end, painted, or looked at: how many bytes have kept the paint. The
   compiler's own frame is left alone. */
static uint8_t *volatile top;

__attribute__((noinline)) static void paint(void)
{
    volatile uint8_t *p;
    for (p = STACK_END; p < top - 64; p++) *p = PAINT;
}

static uint32_t depth(void)
{
    const uint8_t *p = STACK_END;
    while (p < top && *p == PAINT) p++;
    return (uint32_t)(top - p);
}

static bool all_good = true;
static uint32_t frames;                 /* what a call of nothing takes: the frames of this file */

__attribute__((noinline)) static void measure(const char *name, ta_status (*call)(void))
{
    ta_status st;
#if defined(__AVR__)
    uint16_t ticks;
#endif
    top = (uint8_t *)__builtin_frame_address(0);
    paint();
#if defined(__AVR__)
    TCCR1A = 0;
    TCCR1B = 0;
    TCNT1 = 0;
    TCCR1B = 1 << CS12;                 /* a count each 256 cycles: 16 bits last for 16 million */
#endif
    window_begin();
    st = call();
    window_end();
#if defined(__AVR__)
    ticks = TCNT1;
#endif
    if (call == do_nothing) frames = depth();
    port_say(name);
    port_say(" stack ");
    say_number(depth() - frames);
#if defined(__AVR__)
    port_say(" cycles ");
    say_number((uint32_t)ticks * 256);
#endif
    port_say("\n");
    all_good = all_good && st == TA_OK;
}

int port_main(void)
{
    uint8_t secret[64];
    size_t n;
    PORT_COPY(room, rfc_key, sizeof rfc_key);
    if (ta_base64url_decode(room, sizeof rfc_key - 1, secret, sizeof secret, &n) != TA_OK) return 1;
    if (ta_key_init(&key, secret, n, NULL) != TA_OK) return 1;
    len = sizeof rfc_token - 1;
    PORT_COPY(room, rfc_token, sizeof rfc_token);
    measure("nothing", do_nothing);
    measure("verify", do_verify);
#ifndef BENCH_VERIFY_ONLY
    measure("sign", do_sign);
    if (set_up_sessions() != TA_OK) return 1;
    measure("login", do_login);
    measure("check", do_check);
    measure("refresh", do_refresh);
    measure("logout", do_logout);
#endif
    port_say(all_good ? "all good\n" : "FAILED\n");
    return all_good ? 0 : 1;
}
