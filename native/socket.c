#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "addon.h"
#include "check.h"
#include "values.h"

#define MOST_POLLED 1024

napi_value js_socket_pair(napi_env env, napi_callback_info info) {
  napi_value argument;
  char type[16];
  int pair[2];
  get_arguments(env, info, 1, &argument);
  if (!get_text(env, argument, "socketPair(): type", type, sizeof type)) return NULL;
  int is_stream = strcmp(type, "stream") == 0;
  if (!is_stream && strcmp(type, "seqpacket") != 0) {
    return throw_type(env, "socketPair(): type", "'stream' or 'seqpacket'", argument);
  }
  if (socketpair(AF_UNIX, (is_stream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0, pair) < 0) {
    return throw_errno(env, "socketpair", errno);
  }
  return make_integers(env, pair, 2);
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

/* A signal does not cut the wait short: its handler runs in the event loop, which stands still until we return. */
static int poll_through_signals(struct pollfd *polled, size_t count, int timeout) {
  double deadline = now_ms() + timeout;
  int ready;
  while ((ready = poll(polled, count, timeout)) < 0 && errno == EINTR) {
    if (timeout < 0) continue;
    double left = deadline - now_ms();
    timeout = left > 0 ? (int)left + 1 : 0;
  }
  return ready;
}

napi_value js_poll_readable(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptors[MOST_POLLED], timeout;
  struct pollfd polled[MOST_POLLED];
  size_t count, ready = 0;
  get_arguments(env, info, 2, arguments);
  if (!get_descriptors(env, arguments[0], "pollReadable(): descriptors", descriptors, MOST_POLLED, &count) ||
      !get_integer(env, arguments[1], "pollReadable(): timeoutMs", -1, INT32_MAX, &timeout)) {
    return NULL;
  }
  for (size_t i = 0; i < count; i++) polled[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
  if (poll_through_signals(polled, count, timeout) < 0) return throw_errno(env, "poll", errno);
  for (size_t i = 0; i < count; i++) {
    if (polled[i].revents) descriptors[ready++] = polled[i].fd;
  }
  return make_integers(env, descriptors, ready);
}
