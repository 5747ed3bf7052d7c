#include "mappings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lines.h"

/* Beyond vm.max_map_count as it is by default; what is more is left as it is. */
#define CAPACITY 131072

/*
 * Of VmFlags: stacks (gd, ss), device and kernel memory (io, pf, mm, de), huge pages (ht), locked (lo),
 * watched by userfaultfd (um, uw, ui), sealed (sl), and wiped or dropped on purpose (wf, dp).
 */
static const char *const FLAGS_TO_LEAVE[] = {"gd", "ss", "io", "pf", "mm", "de", "ht", "lo",
                                             "um", "uw", "ui", "sl", "wf", "dp"};

/* "start-end rw-p offset device inode name": nameless, the heap of brk(2), or named by prctl(2). */
static bool parse_header(const char *line, struct mapping *mapping) {
  char *rest;
  mapping->start = strtoul(line, &rest, 16);
  mapping->end = strtoul(rest + 1, &rest, 16);
  if (strncmp(rest, " rw-p ", 6) != 0) return false;
  strtoul(rest + 6, &rest, 16);
  strtoul(rest, &rest, 16);
  strtoul(rest + 1, &rest, 16);
  if (strtoul(rest, &rest, 10) != 0) return false;
  rest += strspn(rest, " ");
  return *rest == '\0' || strcmp(rest, "[heap]") == 0 || strncmp(rest, "[anon:", 6) == 0;
}

static bool can_be_replaced(const char *flags) {
  for (size_t i = 0; i < sizeof FLAGS_TO_LEAVE / sizeof FLAGS_TO_LEAVE[0]; i++) {
    char flag[4] = {' ', FLAGS_TO_LEAVE[i][0], FLAGS_TO_LEAVE[i][1], '\0'};
    if (strstr(flags, flag)) return false;
  }
  return true;
}

static size_t kilobytes(const char *line, const char *key) {
  size_t length = strlen(key);
  return strncmp(line, key, length) == 0 ? strtoul(line + length, NULL, 10) : 0;
}

static void collect(struct mappings *mappings, struct lines *smaps) {
  struct mapping mapping = {0, 0};
  bool wanted = false;
  size_t held = 0;
  for (char *line; (line = lines_next(smaps)) && mappings->count < mappings->capacity;) {
    bool is_header = (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
    if (is_header) {
      wanted = parse_header(line, &mapping);
      held = 0;
    } else if (wanted && strncmp(line, "VmFlags:", 8) == 0) {
      if (held > 0 && can_be_replaced(line)) mappings->list[mappings->count++] = mapping;
    } else {
      held += kilobytes(line, "Anonymous:") + kilobytes(line, "Swap:");
    }
  }
}

bool mappings_find(struct mappings *mappings) {
  struct lines smaps;
  size_t size = CAPACITY * sizeof(struct mapping);
  void *list = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (list == MAP_FAILED) return false;
  *mappings = (struct mappings){.list = list, .count = 0, .capacity = CAPACITY};
  if (!lines_open(&smaps, "/proc/self/smaps")) {
    mappings_free(mappings);
    return false;
  }
  collect(mappings, &smaps);
  lines_close(&smaps);
  return true;
}

void mappings_free(struct mappings *mappings) { munmap(mappings->list, mappings->capacity * sizeof(struct mapping)); }
