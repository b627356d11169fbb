/* maps.h - other people's tables, behind one struct: 16 bytes of id, records of 128 bytes that begin with it.
   Each is a file in peers/; run.sh makes the list of those that compile here.                             */

#ifndef BENCH_MAPS_H
#define BENCH_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bench_map {
    const char *name;
    void *(*make)(size_t count);
    bool  (*put)(void *map, const uint8_t record[128]);
    bool  (*get)(void *map, const uint8_t id[16], uint8_t record[128]);
    void  (*drop)(void *map);
} bench_map;

extern const bench_map *const bench_maps[];     /* NULL at the end */

#endif
