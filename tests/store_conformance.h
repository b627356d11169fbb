/* store_conformance.h - what every store of tokenauth.h has to do, whatever it keeps its records in.

   Describe the store in a store_kind and call store_conformance: each promise of the store seam (>>store
   in tokenauth.h) is one test, run against it alone, by threads and by processes, and under the engine.
   To try a store of your own: a file like tests/store_tests.c, linked with store_conformance.c.       */

#ifndef STORE_CONFORMANCE_H
#define STORE_CONFORMANCE_H

#include "check.h"

#define STORE_PATIENT_MS 20000

typedef struct store_kind {
    const char *name;
    /* One more opener of the store, as a process of its own would open it; NULL: it cannot be opened. */
    void    *(*open)(void);
    ta_store (*store)(void *opener);
    void     (*close)(void *opener);
    void     (*wipe)(void);             /* no opener is open: remove all records */

    bool     several;                   /* several openers at a time, and so several processes */
    bool     survives;                  /* what was acknowledged outlives the process */
    bool     drops_by_itself;           /* expired records go without sweep, by the store's own clock */

    /* The stored bytes of a record behind the store's back; NULL: no such way. false: no such record. */
    bool     (*peek)(const uint8_t id[TA_ID_SIZE], uint8_t bytes[TA_RECORD_SIZE]);
    bool     (*poke)(const uint8_t id[TA_ID_SIZE], const uint8_t bytes[TA_RECORD_SIZE]);

    /* A server behind it: held still and let go, killed and started with what it had; NULL: none.
       slow_s: after how many seconds at most a call gives up on one that is held still.
       patience: how long a call of this opener waits for it. open() gives it much: on a busy machine a
       server may be slow to answer, and that it answers is what most tests are about.            */
    void     (*hold)(void);
    void     (*go)(void);
    void     (*kill)(void);
    bool     (*start)(void);
    int      slow_s;
    void     (*patience)(void *opener, int ms);
} store_kind;

/* Runs everything; adds what passed and failed. Prints what failed.                                  */
void store_conformance(const store_kind *kind, bool quick, long *passed, long *failed);

#endif
