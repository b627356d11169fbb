/* files.c - a draft beside the file, flushed, renamed over it, and the directory flushed too. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_directory(const char *path)
{
    char dir[PATH_CAP];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    memcpy(dir, slash == NULL ? "." : path, slash == NULL ? 1 : len);
    dir[slash == NULL ? 1 : len] = '\0';
    return open(dir, O_RDONLY);
}

static bool flush_directory(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL;   /* some file systems cannot, and need not */
}

bool new_file_begin(new_file *f, const char *path)
{
    int fd;
    if (strlen(path) >= PATH_CAP) return false;
    memcpy(f->path, path, strlen(path) + 1);
    snprintf(f->draft, sizeof f->draft, "%s.new", path);
    unlink(f->draft);
    fd = open(f->draft, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) return false;
    f->stream = fdopen(fd, "w");
    if (f->stream == NULL) close(fd);
    return f->stream != NULL;
}

/* The directory is opened first: what can fail must do so before the old file is gone. */
bool new_file_end(new_file *f)
{
    int dir = open_directory(f->path);
    bool ok = dir >= 0 && ferror(f->stream) == 0 && fflush(f->stream) == 0 && fsync(fileno(f->stream)) == 0;
    if (fclose(f->stream) != 0) ok = false;
    if (ok) ok = rename(f->draft, f->path) == 0;
    if (!ok) unlink(f->draft);
    if (ok) ok = flush_directory(dir);
    if (dir >= 0) close(dir);
    return ok;
}

uint8_t *file_read(const char *path, size_t most, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *all;
    *len = f == NULL && errno == ENOENT ? 0 : 1;
    if (f == NULL) return NULL;
    all = malloc(most + 1);
    if (all != NULL) *len = fread(all, 1, most + 1, f);
    if (all != NULL && (ferror(f) != 0 || *len > most)) {
        free(all);
        all  = NULL;
        *len = 1;
    }
    fclose(f);
    return all;
}
