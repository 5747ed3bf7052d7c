#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "values.h"

/* Frames of src/worker/isolation/fork/frames.ts: lengths of header and body, header, body. */
#define PREFIX 8
/* Longer frames than this take memory of their own. */
#define SMALL 2048

static ssize_t await_and_retry(int descriptor, short events) {
  struct pollfd polled = {.fd = descriptor, .events = events};
  return poll(&polled, 1, -1) < 0 && errno != EINTR ? -1 : 0;
}

/* Reads `length` bytes, waiting for them. 1, or 0 where the stream ends before, or -1 with errno set. */
static int read_whole(int descriptor, char *into, size_t length) {
  while (length > 0) {
    ssize_t got = read(descriptor, into, length);
    if (got == 0) return 0;
    if (got < 0 && errno == EAGAIN) got = await_and_retry(descriptor, POLLIN);
    if (got < 0 && errno != EINTR) return -1;
    if (got < 0) continue;
    into += got;
    length -= (size_t)got;
  }
  return 1;
}

static bool write_whole(int descriptor, const char *rest, size_t length) {
  while (length > 0) {
    ssize_t sent = write(descriptor, rest, length);
    if (sent < 0 && errno == EAGAIN) sent = await_and_retry(descriptor, POLLOUT);
    if (sent < 0 && errno != EINTR) return false;
    if (sent < 0) continue;
    rest += sent;
    length -= (size_t)sent;
  }
  return true;
}

static napi_value make_texts(napi_env env, const char *bytes, const uint32_t lengths[2]) {
  napi_value texts = NULL;
  napi_create_array_with_length(env, 2, &texts);
  for (uint32_t i = 0; i < 2; i++) {
    napi_value text = NULL;
    if (napi_create_string_utf8(env, bytes, lengths[i], &text) != napi_ok) {
      return throw_errno(env, "napi_create_string_utf8", ENOMEM);
    }
    napi_set_element(env, texts, i, text);
    bytes += lengths[i];
  }
  return texts;
}

napi_value js_receive_frame(napi_env env, napi_callback_info info) {
  napi_value argument, texts;
  int descriptor;
  uint32_t lengths[2];
  char small[SMALL], *bytes = small;
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "receiveFrame(): descriptor", &descriptor)) return NULL;
  int whole = read_whole(descriptor, (char *)lengths, PREFIX);
  if (whole < 0) return throw_errno(env, "read", errno);
  if (whole == 0) return make_null(env);
  size_t length = (size_t)lengths[0] + lengths[1];
  if (length > SMALL && !(bytes = malloc(length))) return throw_errno(env, "malloc", ENOMEM);
  whole = read_whole(descriptor, bytes, length);
  if (whole < 0) texts = throw_errno(env, "read", errno);
  else texts = whole == 0 ? make_null(env) : make_texts(env, bytes, lengths);
  if (bytes != small) free(bytes);
  return texts;
}

napi_value js_send_frame(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int descriptor;
  size_t lengths[2];
  char small[SMALL], *frame = small;
  get_arguments(env, info, 3, arguments);
  if (!get_descriptor(env, arguments[0], "sendFrame(): descriptor", &descriptor)) return NULL;
  if (napi_get_value_string_utf8(env, arguments[1], NULL, 0, &lengths[0]) != napi_ok) {
    return throw_type(env, "sendFrame(): header", "a string", arguments[1]);
  }
  if (napi_get_value_string_utf8(env, arguments[2], NULL, 0, &lengths[1]) != napi_ok) {
    return throw_type(env, "sendFrame(): body", "a string", arguments[2]);
  }
  /* And the NUL that N-API puts behind a text. */
  size_t length = PREFIX + lengths[0] + lengths[1];
  if (length >= SMALL && !(frame = malloc(length + 1))) return throw_errno(env, "malloc", ENOMEM);
  uint32_t prefix[2] = {(uint32_t)lengths[0], (uint32_t)lengths[1]};
  memcpy(frame, prefix, PREFIX);
  napi_get_value_string_utf8(env, arguments[1], frame + PREFIX, lengths[0] + 1, NULL);
  napi_get_value_string_utf8(env, arguments[2], frame + PREFIX + lengths[0], lengths[1] + 1, NULL);
  bool sent = write_whole(descriptor, frame, length);
  int error = errno;
  if (frame != small) free(frame);
  return sent ? NULL : throw_errno(env, "write", error);
}
