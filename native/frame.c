#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

struct frame {
  char small[SMALL];
  char *bytes;
  size_t length;
};

static void free_frame(struct frame *frame) {
  if (frame->bytes != frame->small) free(frame->bytes);
}

/* From the second and third argument of `function`. False after throwing. */
static bool make_frame(napi_env env, const char *function, const napi_value *arguments, struct frame *frame) {
  size_t lengths[2];
  char what[64];
  for (int i = 0; i < 2; i++) {
    if (napi_get_value_string_utf8(env, arguments[i + 1], NULL, 0, &lengths[i]) == napi_ok) continue;
    snprintf(what, sizeof what, "%s(): %s", function, i == 0 ? "header" : "body");
    return throw_type(env, what, "a string", arguments[i + 1]), false;
  }
  frame->length = PREFIX + lengths[0] + lengths[1];
  /* And the NUL that N-API puts behind a text. */
  frame->bytes = frame->length < SMALL ? frame->small : malloc(frame->length + 1);
  if (!frame->bytes) return throw_errno(env, "malloc", ENOMEM), false;
  uint32_t prefix[2] = {(uint32_t)lengths[0], (uint32_t)lengths[1]};
  memcpy(frame->bytes, prefix, PREFIX);
  napi_get_value_string_utf8(env, arguments[1], frame->bytes + PREFIX, lengths[0] + 1, NULL);
  napi_get_value_string_utf8(env, arguments[2], frame->bytes + PREFIX + lengths[0], lengths[1] + 1, NULL);
  return true;
}

napi_value js_send_frame(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int descriptor;
  struct frame frame;
  get_arguments(env, info, 3, arguments);
  if (!get_descriptor(env, arguments[0], "sendFrame(): descriptor", &descriptor) ||
      !make_frame(env, "sendFrame", arguments, &frame)) {
    return NULL;
  }
  bool sent = write_whole(descriptor, frame.bytes, frame.length);
  int error = errno;
  free_frame(&frame);
  return sent ? NULL : throw_errno(env, "write", error);
}

napi_value js_try_send_frame(napi_env env, napi_callback_info info) {
  napi_value arguments[3], rest = make_null(env);
  int socket;
  struct frame frame;
  get_arguments(env, info, 3, arguments);
  if (!get_descriptor(env, arguments[0], "trySendFrame(): socket", &socket) ||
      !make_frame(env, "trySendFrame", arguments, &frame)) {
    return NULL;
  }
  ssize_t sent;
  do {
    sent = send(socket, frame.bytes, frame.length, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno == EAGAIN) sent = 0;
  if (sent < 0) {
    rest = throw_errno(env, "send", errno);
  } else if ((size_t)sent < frame.length) {
    napi_create_buffer_copy(env, frame.length - (size_t)sent, frame.bytes + sent, NULL, &rest);
  }
  free_frame(&frame);
  return rest;
}
