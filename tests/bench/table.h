/* table.h - the in-memory table at a size, against one random touch of a record and against others */

#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stddef.h>

/* Measures a full table of `count` sessions; says when there is no memory for it.                       */
void bench_table(const char *results, size_t count, double seconds);

/* Names made to hurt: ids that agree in most bits, subjects with many sessions.                         */
void bench_table_hostile(const char *results, size_t count, double seconds);

#endif
