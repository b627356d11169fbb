/* page.c - index.html, app.js, style.css, favicon.svg. */
#include "page.h"
#include "files.h"

#include <stdlib.h>

#define PAGE_MAX ((size_t)512 * 1024)

static struct page {
    const char *path, *file, *type;
    uint8_t    *text;
    size_t      len;
} pages[] = {
    {"/",            "index.html",  "text/html; charset=utf-8",       NULL, 0},
    {"/app.js",      "app.js",      "text/javascript; charset=utf-8", NULL, 0},
    {"/style.css",   "style.css",   "text/css; charset=utf-8",        NULL, 0},
    {"/favicon.svg", "favicon.svg", "image/svg+xml",                  NULL, 0},
};

#define PAGES (sizeof pages / sizeof pages[0])

const char *page_load(const char *directory)
{
    size_t i;
    for (i = 0; i < PAGES; i++) {
        char path[PATH_CAP];
        int n = snprintf(path, sizeof path, "%s/%s", directory, pages[i].file);
        if (n < 0 || (size_t)n >= sizeof path) return pages[i].file;
        pages[i].text = file_read(path, PAGE_MAX, &pages[i].len);
        if (pages[i].text == NULL && pages[i].len != 0) return pages[i].file;
    }
    return NULL;
}

bool page_is_there(void)
{
    return pages[0].text != NULL;
}

bool page_find(http_text path, http_response *res)
{
    size_t i;
    for (i = 0; i < PAGES; i++) {
        if (pages[i].text == NULL || !http_is(path, pages[i].path)) continue;
        res->status   = 200;
        res->type     = pages[i].type;
        res->body     = (const char *)pages[i].text;
        res->body_len = pages[i].len;
        return true;
    }
    return false;
}

void page_free(void)
{
    size_t i;
    for (i = 0; i < PAGES; i++) free(pages[i].text);
}
