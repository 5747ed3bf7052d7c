#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define FIRST_PAUSE_NS 20000
#define LONGEST_PAUSE_NS 4000000
#define MOST_TRIES 200

bool threads_list(struct threads *threads) {
  threads->count = 0;
  DIR *directory = opendir("/proc/self/task");
  if (!directory) return false;
  pid_t self = (pid_t)syscall(SYS_gettid);
  for (struct dirent *entry; threads->count < MOST_THREADS && (entry = readdir(directory));) {
    pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
    if (tid != 0 && tid != self) threads->tids[threads->count++] = tid;
  }
  closedir(directory);
  errno = E2BIG;
  return threads->count < MOST_THREADS;
}

/* The kernel's own numbering of processor clocks (CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED): right even for a thread that runs now. */
static uint64_t time_of(pid_t tid) {
  struct timespec time = {0, 0};
  clockid_t clock = (clockid_t)(~(unsigned int)tid << 3 | 6);
  if (clock_gettime(clock, &time) != 0) return 0; /* It has ended. */
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t time_of_all(const struct threads *threads) {
  uint64_t sum = 0;
  for (size_t i = 0; i < threads->count; i++) sum += time_of(threads->tids[i]);
  return sum;
}

/* "number, six arguments, stack pointer, program counter", or "-1, stack pointer, program counter", or "running". */
static bool is_blocked(pid_t tid, uintptr_t *stack) {
  char text[256];
  snprintf(text, sizeof text, "/proc/self/task/%d/syscall", tid);
  int file = open(text, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  *stack = 0;
  if (length <= 0) return true; /* It has ended, or the kernel does not tell. */
  text[length] = '\0';
  char *last = strrchr(text, ' ');
  if (!last) return false;
  *last = '\0';
  *stack = strtoul(strrchr(text, ' ') + 1, NULL, 16);
  return true;
}

static bool all_blocked(struct threads *threads) {
  for (size_t i = 0; i < threads->count; i++) {
    if (!is_blocked(threads->tids[i], &threads->stacks[i])) return false;
  }
  return true;
}

bool threads_rest(struct threads *threads) {
  long pause = FIRST_PAUSE_NS;
  for (int try = 0; try < MOST_TRIES; try++) {
    threads->time = time_of_all(threads);
    if (all_blocked(threads) && threads_rested(threads)) return true;
    nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
    if (pause < LONGEST_PAUSE_NS) pause *= 2;
  }
  errno = EBUSY;
  return false;
}

bool threads_rested(const struct threads *threads) { return time_of_all(threads) == threads->time; }

bool threads_tell_stacks(const struct threads *threads) {
  for (size_t i = 0; i < threads->count; i++) {
    if (threads->stacks[i] == 0) return false;
  }
  return true;
}

bool threads_have_stack_in(const struct threads *threads, uintptr_t start, uintptr_t end) {
  for (size_t i = 0; i < threads->count; i++) {
    if (threads->stacks[i] >= start && threads->stacks[i] < end) return true;
  }
  return false;
}

/* The links of the directory: two for itself, one for each thread, and one of those is ours. */
static bool are_all(const struct threads *threads) {
  uv_fs_t request;
  bool are = uv_fs_stat(NULL, &request, "/proc/self/task", NULL) == 0 && request.statbuf.st_nlink == threads->count + 3;
  uv_fs_req_cleanup(&request);
  return are;
}

bool threads_settle(void) {
  static struct threads known;
  static pid_t owner = 0;
  pid_t self = getpid();
  if (owner == self && are_all(&known) && threads_rested(&known)) return true;
  owner = threads_list(&known) && threads_rest(&known) ? self : 0;
  return owner == self;
}
