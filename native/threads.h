#ifndef WORKHORSE_THREADS_H
#define WORKHORSE_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The other threads of this process, watched so that it can be forked, and memory moved, while they do nothing.
 * A thread that the kernel has blocked is not inside malloc or a queue of Node's; a mutex held there at a fork would
 * stay locked in the child for ever.
 */
#define MOST_THREADS 1024

struct threads {
  size_t count;
  pid_t tids[MOST_THREADS];
  uintptr_t stacks[MOST_THREADS]; /* the stack pointer, or 0 where the kernel does not tell */
  uint64_t time;                  /* that they have spent on a processor, all together, in ns */
};

/* False with errno set. */
bool threads_list(struct threads *threads);
/* Waits until all are blocked, and notes it. False with errno EBUSY where they do not come to rest. */
bool threads_rest(struct threads *threads);
/* Have they not run since threads_rest? Touches no heap, as threads_rest does not. */
bool threads_rested(const struct threads *threads);
bool threads_tell_stacks(const struct threads *threads);
bool threads_have_stack_in(const struct threads *threads, uintptr_t start, uintptr_t end);

/* threads_rest for whatever threads there are now; next to nothing when none has run since the last time. */
bool threads_settle(void);

#endif
