#include "dontfork.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lines.h"

/*
 * One madvise(2) over a range as large as the address space lets the kernel walk its own tree of mappings, which takes
 * microseconds; it skips what is unmapped (and says ENOMEM in the end) but stops with EINVAL at the mappings that the
 * kernel put there itself. Those stay where they are for the life of the process, so the ranges between them are
 * looked up once. Anything else that stops the call is found by its EINVAL, and costs a walk over /proc/self/maps.
 */
#define MOST_RANGES 8
#define LAST_ADDRESS ((uintptr_t)1 << 63)

static struct {
  uintptr_t start, end;
} ranges[MOST_RANGES];
static size_t range_count = 0;

struct line_of_maps {
  uintptr_t start, end;
  bool of_the_kernel;
};

static struct line_of_maps parse(char *line) {
  struct line_of_maps result;
  char *rest;
  result.start = strtoul(line, &rest, 16);
  result.end = strtoul(rest + 1, NULL, 16);
  char *name = strchr(line, '[');
  result.of_the_kernel = name && (strncmp(name, "[vvar", 5) == 0 || strncmp(name, "[vdso", 5) == 0);
  return result;
}

static bool find_ranges(void) {
  struct lines lines;
  if (!lines_open(&lines, "/proc/self/maps")) return false;
  uintptr_t start = 0;
  size_t count = 0;
  for (char *line; (line = lines_next(&lines)) && count < MOST_RANGES - 1;) {
    struct line_of_maps mapping = parse(line);
    if (!mapping.of_the_kernel) continue;
    if (mapping.start > start) {
      ranges[count].start = start;
      ranges[count++].end = mapping.start;
    }
    start = mapping.end;
  }
  lines_close(&lines);
  ranges[count].start = start;
  ranges[count++].end = LAST_ADDRESS;
  range_count = count;
  return true;
}

static bool lift_from(uintptr_t start, uintptr_t end) {
  return madvise((void *)start, end - start, MADV_DOFORK) == 0 || errno == ENOMEM;
}

/* EINVAL here is a device's or the kernel's mapping, and not V8's. */
static bool walk(void) {
  struct lines lines;
  if (!lines_open(&lines, "/proc/self/maps")) return false;
  bool lifted = true;
  for (char *line; lifted && (line = lines_next(&lines));) {
    struct line_of_maps mapping = parse(line);
    lifted = lift_from(mapping.start, mapping.end) || errno == EINVAL;
  }
  lines_close(&lines);
  return lifted;
}

bool lift_dontfork(void) {
  if (range_count == 0 && !find_ranges()) return false;
  for (size_t i = 0; i < range_count; i++) {
    if (lift_from(ranges[i].start, ranges[i].end)) continue;
    return errno == EINVAL && walk();
  }
  return true;
}
