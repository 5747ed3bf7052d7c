#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "page.h"
#include "values.h"

enum { RESIDENT = 1, SHARED = 2 };

/*
 * The first three of the numbers of pages in /proc/<pid>/statm. By hand: a horse calls it once, and of a library function
 * that nobody has called before it pays for the page faults. -1 with errno set, else how many numbers there were.
 */
static int read_statm(const char *path, long long pages[3]) {
  char text[128];
  int fd = open(path, O_RDONLY | O_CLOEXEC), count = 0;
  if (fd < 0) return -1;
  ssize_t length = read(fd, text, sizeof text);
  int error = errno;
  close(fd);
  errno = error;
  if (length < 0) return -1;
  for (ssize_t at = 0; at < length && count < 3; count++) {
    pages[count] = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) pages[count] = pages[count] * 10 + (text[at] - '0');
    at++;
  }
  return count;
}

napi_value js_resident_memory(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  char path[32];
  long long pages[3];
  int pid;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "residentMemory(): pid", 0, INT_MAX, &pid)) return NULL;
  if (pid == 0) snprintf(path, sizeof path, "/proc/self/statm");
  else snprintf(path, sizeof path, "/proc/%d/statm", pid);
  int count = read_statm(path, pages);
  /* It has ended. */
  if (count < 0 && (errno == ENOENT || errno == ESRCH)) return make_null(env);
  if (count < 0) return throw_errno(env, "open or read of statm", errno);
  /* A zombie has no memory: all of it reads as 0. */
  if (count < 3 || pages[RESIDENT] == 0) return make_null(env);
  double page = (double)page_size();
  napi_create_object(env, &result);
  set_number(env, result, "residentBytes", (double)pages[RESIDENT] * page);
  set_number(env, result, "sharedBytes", (double)pages[SHARED] * page);
  return result;
}

enum { FEW_FAULTS = 64, LITTLE_KB = 1024 };

/* What getrusage(2) said as the job came. */
static long faults_before = 0, peak_kb_before = 0;

napi_value js_note_memory(napi_env env, napi_callback_info info) {
  struct rusage now;
  (void)info;
  if (getrusage(RUSAGE_SELF, &now) < 0) return throw_errno(env, "getrusage", errno);
  faults_before = now.ru_minflt;
  peak_kb_before = now.ru_maxrss;
  return NULL;
}

/*
 * A page of its own costs a process a fault: where there were few, and no huge pages, it has next to nothing. That spares
 * most jobs the look into /proc, which is dear: the kernel makes up a folder for the process, and takes it away at the exit.
 */
napi_value js_shared_memory(napi_env env, napi_callback_info info) {
  long long pages[3];
  struct rusage now;
  (void)info;
  if (getrusage(RUSAGE_SELF, &now) < 0) return throw_errno(env, "getrusage", errno);
  if (now.ru_minflt - faults_before < FEW_FAULTS && now.ru_maxrss - peak_kb_before < LITTLE_KB) return make_null(env);
  int count = read_statm("/proc/self/statm", pages);
  if (count < 0) return throw_errno(env, "open or read of statm", errno);
  if (count < 3) return throw_errno(env, "reading statm", EIO);
  return make_number(env, (double)pages[SHARED] * (double)page_size());
}
