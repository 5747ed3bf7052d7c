#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "dontfork.h"
#include "childsignal.h"
#include "fork.h"
#include "threads.h"
#include "values.h"

/* sysexits.h: EX_SOFTWARE. */
#define EXIT_LOOP_LOST 70

/*
 * A child whose event loop cannot be made anew still shares epoll and wake-up descriptors with its parent, and a
 * JavaScript exception would need that very loop to be reported. So it leaves at once; the parent sees the exit code.
 */
static void become_child(uv_loop_t *loop) {
  if (uv_loop_fork(loop) != 0) _exit(EXIT_LOOP_LOST);
  restore_child_signal();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t failed(const char **during, const char *what) {
  *during = what;
  return -1;
}

char birth_time[BIRTH_TIME_SIZE] = "";

static void put_two_digits(char *into, int number) {
  into[0] = (char)('0' + number / 10);
  into[1] = (char)('0' + number % 10);
}

static void note_birth_time(void) {
  int second = (int)(time(NULL) % (24 * 60 * 60));
  memcpy(birth_time, " since 00:00:00Z", BIRTH_TIME_SIZE);
  char *digits = birth_time + sizeof " since " - 1;
  put_two_digits(digits, second / 3600);
  put_two_digits(digits + 3, second / 60 % 60);
  put_two_digits(digits + 6, second % 60);
}

pid_t fork_process(uv_loop_t *loop, const char **during) {
  if (!threads_settle()) return failed(during, "fork while another thread runs");
  if (!lift_dontfork()) return failed(during, "madvise");
  note_birth_time();

  /* Until its loop is its own, a signal in the child would be written into the parent's signal pipe. */
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  int error = errno;
  if (pid == 0) {
    become_child(loop);
  } else {
    sigprocmask(SIG_SETMASK, &before, NULL);
  }
  *during = "fork";
  errno = error;
  return pid;
}

napi_value js_fork(napi_env env, napi_callback_info info) {
  (void)info;
  uv_loop_t *loop;
  const char *during;
  if (syscall(SYS_gettid) != getpid()) return throw_errno(env, "fork outside the main thread", EPERM);
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return throw_errno(env, "napi_get_uv_event_loop", EINVAL);
  pid_t pid = fork_process(loop, &during);
  return pid < 0 ? throw_errno(env, during, errno) : make_number(env, pid);
}
