/* page.h - a fixed list of files, read once when the server starts. No path of a request ever reaches the
   file system, so there is nothing to traverse. */
#ifndef PAGE_H
#define PAGE_H

#include "http.h"

/* page_load - reads the files that are there. NULL, or the name of one that cannot be read. */
const char *page_load(const char *directory);
/* page_is_there - index.html was. */
bool page_is_there(void);
/* page_find - false: no such page. */
bool page_find(http_text path, http_response *res);
void page_free(void);

#endif
