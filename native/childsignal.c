#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "childsignal.h"
#include "values.h"

/*
 * Not a signalfd(2): that needs SIGCHLD blocked in all threads. Blocked in the main thread alone, the signal goes to a
 * thread of Node's or libuv's that does not block it, and never reaches the descriptor. A handler works in any thread.
 */
static volatile int event = -1;
static struct sigaction action_before;

static void tell(int number) {
  (void)number;
  int error = errno;
  uint64_t one = 1;
  if (write(event, &one, sizeof one) < 0) {
    /* The count is at its limit, which makes the descriptor no less readable. */
  }
  errno = error;
}

napi_value js_child_signal(napi_env env, napi_callback_info info) {
  (void)info;
  if (event >= 0) return make_number(env, event);
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return throw_errno(env, "eventfd", errno);
  event = fd;
  struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGCHLD, &action, &action_before);
  return make_number(env, fd);
}

void restore_child_signal(void) {
  if (event < 0) return;
  sigaction(SIGCHLD, &action_before, NULL);
  event = -1;
}

bool drain_child_signal(int fd) {
  uint64_t count;
  ssize_t got;
  do {
    got = read(fd, &count, sizeof count);
  } while (got < 0 && errno == EINTR);
  return got >= 0 || errno == EAGAIN;
}

napi_value js_drain_child_signal(napi_env env, napi_callback_info info) {
  napi_value argument;
  int fd;
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "drainChildSignal(): descriptor", &fd)) return NULL;
  return drain_child_signal(fd) ? NULL : throw_errno(env, "read", errno);
}
