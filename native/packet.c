#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "addon.h"
#include "check.h"
#include "packet.h"
#include "values.h"

/* The kernel's own limit, SCM_MAX_FD. */
#define MOST_DESCRIPTORS 253

union control {
  struct cmsghdr header; /* for its alignment */
  char space[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
};

static void attach(struct msghdr *message, union control *control, const int *descriptors, size_t count) {
  if (count == 0) return;
  memset(control, 0, sizeof *control);
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(count * sizeof(int));
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
}

napi_value js_send_packet(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int socket, descriptors[MOST_DESCRIPTORS];
  size_t count;
  struct iovec part;
  union control control;
  get_arguments(env, info, 3, arguments);
  if (!get_descriptor(env, arguments[0], "sendPacket(): socket", &socket) ||
      !get_bytes(env, arguments[1], "sendPacket(): data", &part.iov_base, &part.iov_len) ||
      !get_descriptors(env, arguments[2], "sendPacket(): descriptors", descriptors, MOST_DESCRIPTORS, &count)) {
    return NULL;
  }
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  attach(&message, &control, descriptors, count);
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return throw_errno(env, "sendmsg", errno);
  /* Only a stream socket takes a part, and a part is no packet. */
  return (size_t)sent == part.iov_len ? NULL : throw_errno(env, "sendmsg", EMSGSIZE);
}

/* Waits for a packet and gives its length, 0 at the end of the stream, -1 with errno set. */
static ssize_t next_length(int socket) {
  char byte;
  ssize_t length;
  int type = 0, queued = 0;
  socklen_t size = sizeof type;
  do {
    length = recv(socket, &byte, 1, MSG_PEEK | MSG_TRUNC);
  } while (length < 0 && errno == EINTR);
  if (length <= 0 || getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM) return length;
  /* A stream has no packets: what is there counts as one. */
  return ioctl(socket, FIONREAD, &queued) < 0 ? -1 : queued;
}

static size_t detach(struct msghdr *message, int *descriptors) {
  size_t count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t bytes = header->cmsg_len - CMSG_LEN(0);
    memcpy(descriptors + count, CMSG_DATA(header), bytes);
    count += bytes / sizeof(int);
  }
  return count;
}

ssize_t receive_packet(int socket, void *data, size_t size, int *descriptors, size_t capacity, size_t *count) {
  union control control;
  struct iovec part = {.iov_base = data, .iov_len = size};
  size_t room = CMSG_SPACE(capacity * sizeof(int));
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = room < sizeof control ? room : sizeof control};
  ssize_t length;
  do {
    length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  *count = length < 0 ? 0 : detach(&message, descriptors);
  return length;
}

napi_value js_receive_packet(napi_env env, napi_callback_info info) {
  napi_value argument, buffer, result;
  int socket, descriptors[MOST_DESCRIPTORS];
  size_t count;
  void *data;
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "receivePacket(): socket", &socket)) return NULL;
  ssize_t length = next_length(socket);
  if (length < 0) return throw_errno(env, "recv", errno);
  if (length == 0) return make_null(env);
  if (napi_create_buffer(env, (size_t)length, &data, &buffer) != napi_ok) return NULL;
  if (receive_packet(socket, data, (size_t)length, descriptors, MOST_DESCRIPTORS, &count) < 0) {
    return throw_errno(env, "recvmsg", errno);
  }
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "data", buffer);
  napi_set_named_property(env, result, "descriptors", make_integers(env, descriptors, count));
  return result;
}
