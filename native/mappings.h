#ifndef WORKHORSE_MAPPINGS_H
#define WORKHORSE_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
  uintptr_t start, end;
};

struct mappings {
  struct mapping *list;
  size_t count, capacity;
};

/*
 * All private anonymous read-write mappings that hold pages and have no property that a plain mapping would lose.
 * The list is kept in shared memory, outside the memory that it describes. False with errno set.
 */
bool mappings_find(struct mappings *mappings);
void mappings_free(struct mappings *mappings);

#endif
