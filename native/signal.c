#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "childsignal.h"
#include "values.h"

static struct sigaction action_before;
static bool forwarding = false;
static pid_t receiver;

/*
 * Blocked in the main thread alone, SIGCHLD goes to a thread of Node's that does not block it, and is lost to the
 * signalfd. Such a thread sends it on; in the main thread, where it is blocked, it waits for the signalfd.
 */
static void forward(int number) {
  int error = errno;
  syscall(SYS_tgkill, getpid(), receiver, number);
  errno = error;
}

napi_value js_child_signal(napi_env env, napi_callback_info info) {
  (void)info;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  int fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return throw_errno(env, "signalfd", errno);

  /* Blocked first: forwarded to a thread that does not block it, the signal would go round for ever. */
  receiver = (pid_t)syscall(SYS_gettid);
  pthread_sigmask(SIG_BLOCK, &child, NULL);
  if (!forwarding) {
    struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, &action_before);
    forwarding = true;
  }
  return make_number(env, fd);
}

void restore_child_signal(void) {
  if (!forwarding) return;
  sigaction(SIGCHLD, &action_before, NULL);
  forwarding = false;
}

napi_value js_drain_child_signal(napi_env env, napi_callback_info info) {
  napi_value argument;
  int fd;
  struct signalfd_siginfo signals[16];
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "drainChildSignal(): descriptor", &fd)) return NULL;
  while (read(fd, signals, sizeof signals) > 0 || errno == EINTR) {
  }
  return errno == EAGAIN ? NULL : throw_errno(env, "read", errno);
}
