#ifndef WORKHORSE_THREADS_H
#define WORKHORSE_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The other threads of this process, watched so that memory can be moved under them: whether each is blocked in the
 * kernel, where its stack is, and whether it has run since it was last seen to be blocked.
 */
#define MOST_THREADS 128

struct threads {
  size_t count;
  int syscall_files[MOST_THREADS];
  int schedule_files[MOST_THREADS];
  uintptr_t stacks[MOST_THREADS];
  uint64_t runs;
};

/* False with errno set: E2BIG for too many threads, ENOSYS where the kernel does not tell. */
bool threads_open(struct threads *threads);
/* Waits until all are blocked and notes it. False with errno EBUSY where they do not come to rest. */
bool threads_rest(struct threads *threads);
/* Have all been blocked since threads_rest? Neither this nor threads_rest touches the heap. */
bool threads_rested(const struct threads *threads);
bool threads_own(const struct threads *threads, uintptr_t start, uintptr_t end);
void threads_close(struct threads *threads);

#endif
