#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"

/* A path that begins with @ is a name in Linux' abstract namespace, as systemd writes it. */
static int send_to(const char *path, const void *data, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t size = strlen(path);
  if (size >= sizeof address.sun_path) return ENAMETOOLONG;
  memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  socklen_t known = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '@' ? 0 : 1));
  ssize_t sent = sendto(fd, data, length, MSG_NOSIGNAL, (struct sockaddr *)&address, known);
  int error = sent < 0 ? errno : 0;
  close(fd);
  return error;
}

napi_value js_send_datagram(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  char path[256];
  void *data;
  size_t length;
  get_arguments(env, info, 2, arguments);
  if (!get_text(env, arguments[0], "sendDatagram(): path", path, sizeof path) ||
      !get_bytes(env, arguments[1], "sendDatagram(): data", &data, &length)) {
    return NULL;
  }
  int error = send_to(path, data, length);
  return error == 0 ? NULL : throw_errno(env, "sendto", error);
}
