#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "mappings.h"
#include "page.h"
#include "threads.h"
#include "values.h"

/*
 * fork(2) copies the page tables of anonymous memory, and of a file's private mapping only those that were written to.
 * So memory is moved into a file that exists in memory only: same addresses, same content, and a fork costs what was
 * written since.
 *
 * Between the copy of a piece and its replacement nothing may be written to it: no call into V8, no malloc, and no
 * other thread may run. Whether one did is seen before the replacement, and the piece is copied again.
 *
 * One thing does change: madvise(MADV_DONTNEED) on a replaced mapping brings back its content of now instead of zeros.
 * V8 and glibc's malloc do not count on zeros there. jemalloc does, for calloc: with it, freeze() refuses.
 */

/* Small, because it is for a moment in memory twice. */
#define MOST_AT_ONCE ((size_t)16 << 20)
#define MOST_TRIES 20
#define ENTRIES_AT_ONCE 512
#define IN_MEMORY_OR_SWAPPED_OUT ((uint64_t)3 << 62)

struct freezer {
  int file;
  int pagemap;
  size_t page;
  off_t offset;
  size_t copied;
  struct threads threads;
};

static bool write_out(int file, uintptr_t start, size_t length, off_t offset) {
  while (length > 0) {
    ssize_t written = pwrite(file, (void *)start, length, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    start += (size_t)written;
    offset += written;
    length -= (size_t)written;
  }
  return true;
}

/* A page that was never touched, or given back, stays a hole and reads as zeros, as it did. */
static bool copy_block(struct freezer *freezer, uintptr_t start, const uint64_t *entries, size_t count, off_t offset) {
  size_t page = freezer->page;
  for (size_t i = 0; i < count;) {
    size_t first = i;
    while (i < count && (entries[i] & IN_MEMORY_OR_SWAPPED_OUT)) i++;
    size_t length = (i - first) * page;
    if (!write_out(freezer->file, start + first * page, length, offset + (off_t)(first * page))) return false;
    freezer->copied += length;
    while (i < count && !(entries[i] & IN_MEMORY_OR_SWAPPED_OUT)) i++;
  }
  return true;
}

/* pagemap, and not mincore(2), which does not tell a page that was swapped out from one that never was. */
static bool copy(struct freezer *freezer, uintptr_t start, size_t length) {
  uint64_t entries[ENTRIES_AT_ONCE];
  off_t offset = freezer->offset;
  for (uintptr_t end = start + length; start < end;) {
    size_t count = (end - start) / freezer->page;
    if (count > ENTRIES_AT_ONCE) count = ENTRIES_AT_ONCE;
    size_t bytes = count * sizeof *entries;
    off_t at = (off_t)(start / freezer->page * sizeof *entries);
    if (pread(freezer->pagemap, entries, bytes, at) != (ssize_t)bytes) return false;
    if (!copy_block(freezer, start, entries, count, offset)) return false;
    start += count * freezer->page;
    offset += (off_t)(count * freezer->page);
  }
  return true;
}

static bool replace(struct freezer *freezer, uintptr_t start, size_t length) {
  void *address = (void *)start;
  int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
  if (mmap(address, length, PROT_READ | PROT_WRITE, flags, freezer->file, freezer->offset) == address) return true;
  /* Where the kernel has taken the old mapping away before it failed, memory is missing: end here, not at random. */
  int error = errno;
  if (madvise(address, length, MADV_NORMAL) != 0) abort();
  errno = error;
  return false;
}

static bool freeze_piece(struct freezer *freezer, uintptr_t start, size_t length) {
  size_t copied = freezer->copied;
  for (int try = 0; try < MOST_TRIES; try++) {
    freezer->copied = copied;
    if (!copy(freezer, start, length)) return false;
    if (threads_rested(&freezer->threads)) {
      if (!replace(freezer, start, length)) return false;
      freezer->offset += (off_t)length;
      return true;
    }
    if (!threads_rest(&freezer->threads)) return false;
    /* A page given back in the meantime must not keep its first copy. */
    if (ftruncate(freezer->file, freezer->offset) < 0) return false;
    if (ftruncate(freezer->file, freezer->offset + (off_t)length) < 0) return false;
  }
  errno = EBUSY;
  return false;
}

/* Pieces side by side in memory are so in the file, and the kernel makes one mapping of them again. */
static bool freeze_mapping(struct freezer *freezer, const struct mapping *mapping) {
  for (uintptr_t start = mapping->start; start < mapping->end;) {
    size_t length = mapping->end - start < MOST_AT_ONCE ? mapping->end - start : MOST_AT_ONCE;
    if (ftruncate(freezer->file, freezer->offset + (off_t)length) < 0) return false;
    if (!freeze_piece(freezer, start, length)) return false;
    start += length;
  }
  return true;
}

static bool has_a_stack(const struct freezer *freezer, const struct mapping *mapping) {
  uintptr_t own = (uintptr_t)__builtin_frame_address(0);
  return (own >= mapping->start && own < mapping->end) ||
         threads_have_stack_in(&freezer->threads, mapping->start, mapping->end);
}

static bool freeze_all(struct freezer *freezer, size_t *frozen) {
  struct mappings mappings;
  if (!threads_rest(&freezer->threads)) return false;
  if (!threads_tell_stacks(&freezer->threads)) {
    errno = ENOSYS;
    return false;
  }
  if (!mappings_find(&mappings)) return false;
  bool done = true;
  for (size_t i = 0; done && i < mappings.count; i++) {
    if (has_a_stack(freezer, &mappings.list[i])) continue;
    done = freeze_mapping(freezer, &mappings.list[i]);
    if (done) ++*frozen;
  }
  int error = errno;
  mappings_free(&mappings);
  errno = error;
  return done;
}

static bool is_jemalloc_loaded(void) {
  uv_lib_t program;
  void *symbol;
  bool loaded = uv_dlopen(NULL, &program) == 0 && uv_dlsym(&program, "mallctl", &symbol) == 0;
  uv_dlclose(&program);
  if (loaded) errno = ENOTSUP;
  return loaded;
}

static bool open_files(struct freezer *freezer) {
  freezer->page = page_size();
  freezer->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  freezer->file = memfd_create("frozen", MFD_CLOEXEC);
  return freezer->pagemap >= 0 && freezer->file >= 0 && threads_list(&freezer->threads);
}

static void close_files(struct freezer *freezer) {
  if (freezer->pagemap >= 0) close(freezer->pagemap);
  if (freezer->file >= 0) close(freezer->file);
}

napi_value js_freeze(napi_env env, napi_callback_info info) {
  (void)info;
  struct freezer freezer = {.file = -1, .pagemap = -1};
  size_t frozen = 0;
  bool done = !is_jemalloc_loaded() && open_files(&freezer) && freeze_all(&freezer, &frozen);
  int error = errno;
  close_files(&freezer);
  if (!done) return throw_errno(env, "freeze", error);
  napi_value result;
  napi_create_object(env, &result);
  set_number(env, result, "mappings", (double)frozen);
  set_number(env, result, "bytes", (double)freezer.copied);
  return result;
}
