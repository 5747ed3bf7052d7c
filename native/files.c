#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "values.h"

/* memfd_create(2): at most 249 bytes. */
#define NAME_SIZE 250

napi_value js_memory_file(napi_env env, napi_callback_info info) {
  napi_value argument;
  char name[NAME_SIZE];
  get_arguments(env, info, 1, &argument);
  if (!get_text(env, argument, "memoryFile(): name", name, sizeof name)) return NULL;
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return throw_errno(env, "memfd_create", errno);
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_APPEND) < 0) {
    int error = errno;
    close(fd);
    return throw_errno(env, "fcntl", error);
  }
  return make_number(env, fd);
}

napi_value js_discard(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int fd;
  int64_t offset, length;
  get_arguments(env, info, 3, arguments);
  if (!get_descriptor(env, arguments[0], "discard(): descriptor", &fd) ||
      !get_offset(env, arguments[1], "discard(): offset", 0, &offset) ||
      !get_offset(env, arguments[2], "discard(): length", 1, &length)) {
    return NULL;
  }
  int failed = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
  return failed ? throw_errno(env, "fallocate", errno) : NULL;
}
