/* files.h - files that are there as a whole or not at all, and that only their owner can read. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PATH_CAP 512u

/* A new file takes the place of the old one when it is complete and on the disk: write to stream, then
   end. False: nothing has changed, unless the disk failed at the very last. */
typedef struct new_file { FILE *stream; char path[PATH_CAP], draft[PATH_CAP + 8]; } new_file;
bool new_file_begin(new_file *f, const char *path);
bool new_file_end(new_file *f);

/* file_read - all of a file, with malloc, at most `most` bytes. NULL with *len 0: it is not there;
   NULL with *len 1: it cannot be read. */
uint8_t *file_read(const char *path, size_t most, size_t *len);

#endif
