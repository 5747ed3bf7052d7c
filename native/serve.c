#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "childsignal.h"
#include "fork.h"
#include "packet.h"
#include "values.h"

/*
 * The way of most orders through a zygote, without a single instruction of JavaScript in between. What the zygote
 * writes to between two forks is copied at once, page by page, and each mapping that holds such a page has all of its
 * page tables copied by every fork and torn down by every exit; V8 writes all over its heap for the smallest call.
 * So this loop touches its stack and the few static bytes below, and the heap stays as freeze() has left it.
 */

/* {"type":"fork","horse":4294967295} and no more. */
#define LONGEST_ORDER 64
#define MOST_DESCRIPTORS 16
#define MOST_CHILDREN 4096
/* Frames of src/worker/isolation/fork/frames.ts: lengths of header and body, then the header. */
#define PREFIX 8
#define LONGEST_NOTICE 512

static struct {
  uint32_t horse;
  pid_t pid;
} children[MOST_CHILDREN];
static size_t child_count = 0;

static struct {
  char bytes[16 * LONGEST_NOTICE];
  size_t length;
} untold;

struct served {
  int commands, notices, child_signal;
};

/* False where nobody listens any more. */
static bool tell_all(int notices) {
  const char *rest = untold.bytes;
  size_t length = untold.length;
  untold.length = 0;
  while (length > 0) {
    ssize_t sent = send(notices, rest, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    rest += sent;
    length -= (size_t)sent;
  }
  return true;
}

__attribute__((format(printf, 2, 3))) static void note(int notices, const char *format, ...) {
  if (sizeof untold.bytes - untold.length < LONGEST_NOTICE) tell_all(notices);
  char *frame = untold.bytes + untold.length;
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(frame + PREFIX, LONGEST_NOTICE - PREFIX, format, arguments);
  va_end(arguments);
  uint32_t lengths[2] = {(uint32_t)length, 0};
  memcpy(frame, lengths, PREFIX);
  untold.length += PREFIX + (size_t)length;
}

static double milliseconds_since(const struct timespec *begun) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begun->tv_sec) * 1000 + (double)(now.tv_nsec - begun->tv_nsec) / 1e6;
}

static void refuse(const struct served *served, uint32_t horse, const char *during, int error) {
  const char *name = uv_err_name(-error);
  note(served->notices, "{\"type\":\"fork-failed\",\"horse\":%u,\"message\":\"%s: %s, %s\",\"code\":\"%s\"}", horse, name,
       strerror(error), during, name);
}

/* 0 in the child. */
static pid_t fork_for(const struct served *served, uv_loop_t *loop, uint32_t horse) {
  struct timespec begun;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  const char *during = "fork: too many children";
  errno = EAGAIN;
  pid_t pid = child_count < MOST_CHILDREN ? fork_process(loop, &during) : -1;
  if (pid == 0) return 0;
  if (pid < 0) {
    refuse(served, horse, during, errno);
    return pid;
  }
  /* The child does the same: whoever comes first, a kill of the group can never miss it. It may have died already. */
  setpgid(pid, pid);
  children[child_count].horse = horse;
  children[child_count++].pid = pid;
  note(served->notices, "{\"type\":\"forked\",\"horse\":%u,\"pid\":%d,\"forkMs\":%.6f}", horse, pid,
       milliseconds_since(&begun));
  return pid;
}

static double milliseconds(struct timeval time) { return (double)time.tv_sec * 1000 + (double)time.tv_usec / 1000; }

static void note_end(int notices, uint32_t horse, pid_t pid, int status, const struct rusage *usage) {
  char code[16] = "null", number[16] = "null";
  if (WIFEXITED(status)) snprintf(code, sizeof code, "%d", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) snprintf(number, sizeof number, "%d", WTERMSIG(status));
  note(notices,
       "{\"type\":\"exited\",\"horse\":%u,\"pid\":%d,\"status\":{\"exitCode\":%s,\"signal\":%s,"
       "\"cpuUserMs\":%.3f,\"cpuSystemMs\":%.3f,\"maxRssBytes\":%ld,\"minorFaults\":%ld,\"majorFaults\":%ld,"
       "\"voluntarySwitches\":%ld,\"involuntarySwitches\":%ld}}",
       horse, pid, code, number, milliseconds(usage->ru_utime), milliseconds(usage->ru_stime), usage->ru_maxrss * 1024,
       usage->ru_minflt, usage->ru_majflt, usage->ru_nvcsw, usage->ru_nivcsw);
}

static void reap(const struct served *served) {
  drain_child_signal(served->child_signal);
  for (size_t i = 0; i < child_count;) {
    int status;
    struct rusage usage;
    pid_t pid = wait4(children[i].pid, &status, WNOHANG, &usage);
    /* ECHILD: somebody else in this process has waited for it. It is gone, and nobody knows how. */
    if (pid < 0 && errno == ECHILD) {
      note(served->notices, "{\"type\":\"reap-failed\",\"horse\":%u,\"pid\":%d,\"message\":\"ECHILD: %s, wait4\"}",
           children[i].horse, children[i].pid, strerror(ECHILD));
    } else if (pid != children[i].pid) {
      i++;
      continue;
    } else {
      note_end(served->notices, children[i].horse, children[i].pid, status, &usage);
    }
    children[i] = children[--child_count];
  }
}

/* Does an order to fork come next, and nothing else? The packet stays where it is. */
static bool is_order(int commands, uint32_t *horse) {
  char text[LONGEST_ORDER + 1];
  int end = 0;
  ssize_t length;
  do {
    length = recv(commands, text, LONGEST_ORDER, MSG_PEEK | MSG_TRUNC);
  } while (length < 0 && errno == EINTR);
  if (length <= 0 || length > LONGEST_ORDER) return false;
  text[length] = '\0';
  return sscanf(text, "{\"type\":\"fork\",\"horse\":%u}%n", horse, &end) == 1 && end == length;
}

enum event { MORE, OTHER_COMMAND, IN_CHILD };

static enum event serve_once(const struct served *served, uv_loop_t *loop, int *descriptors, size_t *count) {
  struct pollfd polled[] = {{.fd = served->commands, .events = POLLIN}, {.fd = served->child_signal, .events = POLLIN}};
  uint32_t horse;
  char order[LONGEST_ORDER];
  if (!tell_all(served->notices)) return OTHER_COMMAND;
  if (poll(polled, 2, -1) < 0) return MORE;
  if (polled[1].revents) reap(served);
  if (!polled[0].revents) return MORE;
  if (!is_order(served->commands, &horse)) return tell_all(served->notices), OTHER_COMMAND;
  ssize_t length = receive_packet(served->commands, order, sizeof order, descriptors, MOST_DESCRIPTORS, count);
  if (length < 0) return OTHER_COMMAND;
  if (fork_for(served, loop, horse) == 0) return IN_CHILD;
  for (size_t i = 0; i < *count; i++) close(descriptors[i]);
  return MORE;
}

napi_value js_serve_forks(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct served served;
  uv_loop_t *loop;
  int descriptors[MOST_DESCRIPTORS];
  size_t count = 0;
  enum event event;
  get_arguments(env, info, 3, arguments);
  if (!get_descriptor(env, arguments[0], "serveForks(): commands", &served.commands) ||
      !get_descriptor(env, arguments[1], "serveForks(): notices", &served.notices) ||
      !get_descriptor(env, arguments[2], "serveForks(): childSignal", &served.child_signal)) {
    return NULL;
  }
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return throw_errno(env, "napi_get_uv_event_loop", EINVAL);
  do {
    event = serve_once(&served, loop, descriptors, &count);
  } while (event == MORE);
  if (event == OTHER_COMMAND) return make_null(env);
  child_count = untold.length = 0;
  return make_integers(env, descriptors, count);
}

napi_value js_served_pid(napi_env env, napi_callback_info info) {
  napi_value argument;
  int64_t horse;
  get_arguments(env, info, 1, &argument);
  if (!get_offset(env, argument, "servedPid(): horse", 0, &horse)) return NULL;
  for (size_t i = 0; i < child_count; i++) {
    if (children[i].horse == horse) return make_number(env, children[i].pid);
  }
  return make_null(env);
}

napi_value js_served_pids(napi_env env, napi_callback_info info) {
  (void)info;
  int pids[MOST_CHILDREN];
  for (size_t i = 0; i < child_count; i++) pids[i] = children[i].pid;
  return make_integers(env, pids, child_count);
}
