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

#define MOST_TRIES 200
#define PAUSE_NS 500000

static ssize_t read_text(int fd, char *text, size_t size) {
  ssize_t length = pread(fd, text, size - 1, 0);
  text[length < 0 ? 0 : length] = '\0';
  return length;
}

/* "syscall number, six arguments, stack pointer, program counter", "-1, stack pointer, …", or "running". */
static bool read_stack(int fd, uintptr_t *stack) {
  char text[256];
  if (read_text(fd, text, sizeof text) <= 0) return true; /* It has ended since. */
  char *last = strrchr(text, ' ');
  if (!last) return false;
  *last = '\0';
  char *before_last = strrchr(text, ' ');
  if (!before_last) return false;
  *stack = strtoul(before_last + 1, NULL, 16);
  return true;
}

/* "time on a processor, time waiting for one, times put on one". */
static uint64_t times_run(int fd) {
  char text[96];
  if (read_text(fd, text, sizeof text) <= 0) return 0;
  char *last = strrchr(text, ' ');
  return last ? strtoull(last + 1, NULL, 10) : 0;
}

static uint64_t all_times_run(const struct threads *threads) {
  uint64_t sum = 0;
  for (size_t i = 0; i < threads->count; i++) sum += times_run(threads->schedule_files[i]);
  return sum;
}

static bool all_blocked(struct threads *threads) {
  for (size_t i = 0; i < threads->count; i++) {
    if (!read_stack(threads->syscall_files[i], &threads->stacks[i])) return false;
  }
  return true;
}

static int open_of(const char *tid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%.16s/%s", tid, name);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static bool add(struct threads *threads, const char *tid) {
  if (threads->count == MOST_THREADS) {
    errno = E2BIG;
    return false;
  }
  int syscalls = open_of(tid, "syscall"), schedule = open_of(tid, "schedstat");
  threads->syscall_files[threads->count] = syscalls;
  threads->schedule_files[threads->count] = schedule;
  threads->stacks[threads->count++] = 0;
  if (syscalls >= 0 && schedule >= 0) return true;
  errno = ENOSYS;
  return false;
}

/* A kernel that keeps no count says that not even the running thread has run. */
static bool runs_are_counted(void) {
  int own = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  bool counted = own >= 0 && times_run(own) > 0;
  if (own >= 0) close(own);
  if (!counted) errno = ENOSYS;
  return counted;
}

bool threads_open(struct threads *threads) {
  memset(threads, 0, sizeof *threads);
  if (!runs_are_counted()) return false;
  DIR *directory = opendir("/proc/self/task");
  if (!directory) return false;
  long self = syscall(SYS_gettid);
  bool added = true;
  for (struct dirent *entry; added && (entry = readdir(directory));) {
    long tid = strtol(entry->d_name, NULL, 10);
    if (tid != 0 && tid != self) added = add(threads, entry->d_name);
  }
  int error = errno;
  closedir(directory);
  if (!added) threads_close(threads);
  errno = error;
  return added;
}

bool threads_rest(struct threads *threads) {
  for (int try = 0; try < MOST_TRIES; try++) {
    threads->runs = all_times_run(threads);
    if (all_blocked(threads) && threads_rested(threads)) return true;
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
  }
  errno = EBUSY;
  return false;
}

bool threads_rested(const struct threads *threads) { return all_times_run(threads) == threads->runs; }

bool threads_own(const struct threads *threads, uintptr_t start, uintptr_t end) {
  for (size_t i = 0; i < threads->count; i++) {
    if (threads->stacks[i] >= start && threads->stacks[i] < end) return true;
  }
  return false;
}

void threads_close(struct threads *threads) {
  for (size_t i = 0; i < threads->count; i++) {
    if (threads->syscall_files[i] >= 0) close(threads->syscall_files[i]);
    if (threads->schedule_files[i] >= 0) close(threads->schedule_files[i]);
  }
  threads->count = 0;
}
