/* own_stack.h - runs a call on a stack of our own, which can be looked at afterwards: that of a signal handler,
   the one that POSIX gives. Before its first include the file defines _XOPEN_SOURCE 700.                  */

#ifndef OWN_STACK_H
#define OWN_STACK_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OWN_AREA  131072                /* bytes of the stack */
#define OWN_PAINT 0xA5

static unsigned char own_area[OWN_AREA];
static volatile size_t own_top;         /* the call had what is below; above stands what the kernel saved */
static void (*volatile own_call)(void);
static int  (*volatile own_send)(int) = raise;  /* through a pointer: it may change all there is */

static void own_handler(int number)
{
    volatile unsigned char here = 0;
    (void)number;
    own_top = (size_t)(&here - own_area);
    own_call();
}

static void own_stack_use(void)
{
    stack_t own;
    struct sigaction sa;
    memset(&own, 0, sizeof own);
    memset(&sa, 0, sizeof sa);
    own.ss_sp = own_area;
    own.ss_size = sizeof own_area;
    sa.sa_handler = own_handler;
    sa.sa_flags = SA_ONSTACK;
    if (sigaltstack(&own, NULL) != 0 || sigaction(SIGUSR1, &sa, NULL) != 0) exit(2);
}

static void own_stack_run(void (*call)(void))
{
    own_call = call;
    memset(own_area, OWN_PAINT, sizeof own_area);
    if (own_send(SIGUSR1) != 0) exit(2);
}

#endif
