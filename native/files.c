#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "page.h"
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

napi_value js_file_size(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct stat status;
  int fd;
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "fileSize(): descriptor", &fd)) return NULL;
  return fstat(fd, &status) ? throw_errno(env, "fstat", errno) : make_number(env, (double)status.st_size);
}

static void unmap(napi_env env, void *page, void *hint) {
  (void)env;
  (void)hint;
  munmap(page, page_size());
}

napi_value js_map_shared(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  int fd;
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "mapShared(): descriptor", &fd)) return NULL;
  if (ftruncate(fd, (off_t)page_size())) return throw_errno(env, "ftruncate", errno);
  void *page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return throw_errno(env, "mmap", errno);
  if (napi_create_external_arraybuffer(env, page, page_size(), unmap, NULL, &result) == napi_ok) return result;
  munmap(page, page_size());
  /* A Node that keeps V8's pointers short takes no memory of others. */
  return throw_errno(env, "napi_create_external_arraybuffer", ENOTSUP);
}
