/* store.h - where the sessions are kept. To add a store, add a branch to open_store. */
#ifndef STORE_H
#define STORE_H

#include "../../tokenauth.h"

/* open_store - what --store says, as a ta_store:

     memory          a table in this process; ends with it
     memory:FILE     the same, and a clean stop leaves the table in FILE, where the next start takes it from
     journal:FILE    an append-only file; a crash loses nothing. See ../stores
     sqlite:FILE, postgres://..., redis://...   kept by one and shared by several servers: -DSERVER_STORES

   capacity   sessions there is room for, where a store has a limit
   keep_s     how old a snapshot may be
   NULL on success, else what is wrong with it. *note: something to tell, or NULL. */
const char *open_store(const char *text, size_t capacity, int64_t now, int32_t keep_s,
                       ta_store *out, const char **note);

/* close_store - NULL on success, else why the sessions could not be kept. */
const char *close_store(void);

/* store_with_faults - the same store, which fails for the next store_faults calls. For --debug. */
ta_store store_with_faults(ta_store inner);
extern unsigned long store_faults;

#endif
