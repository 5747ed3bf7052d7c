#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "lines.h"
#include "values.h"

/* False for what vanished while it was being listed: a thread ends, a descriptor is closed. */
typedef bool describe_entry(napi_env env, napi_value object, int number, int listing);

static napi_value list(napi_env env, const char *path, describe_entry *describe) {
  DIR *directory = opendir(path);
  if (!directory) return throw_errno(env, "opendir", errno);
  napi_value result;
  uint32_t length = 0;
  napi_create_array(env, &result);
  for (struct dirent *entry; (entry = readdir(directory));) {
    char *end;
    long number = strtol(entry->d_name, &end, 10);
    if (end == entry->d_name) continue;
    napi_value object;
    napi_create_object(env, &object);
    if (describe(env, object, (int)number, dirfd(directory))) napi_set_element(env, result, length++, object);
  }
  closedir(directory);
  return result;
}

static bool describe_thread(napi_env env, napi_value object, int tid, int listing) {
  (void)listing;
  char path[64];
  struct lines lines;
  snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
  if (!lines_open(&lines, path)) return false;
  char *name = lines_next(&lines);
  lines_close(&lines);
  if (!name) return false;
  set_number(env, object, "tid", tid);
  set_text(env, object, "name", name);
  return true;
}

/* By libuv, whose fstat needs no newer libc than Node itself does. */
static uint64_t mode_of(int fd) {
  uv_fs_t request;
  uint64_t mode = uv_fs_fstat(NULL, &request, fd, NULL) == 0 ? request.statbuf.st_mode : 0;
  uv_fs_req_cleanup(&request);
  return mode;
}

static const char *kind_of(int fd, const char *target) {
  if (strncmp(target, "anon_inode:", 11) == 0) return "anonymous";
  switch (mode_of(fd) & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFIFO:
      return "pipe";
    case S_IFSOCK:
      return "socket";
    case S_IFCHR:
    case S_IFBLK:
      return "device";
    default:
      return "unknown";
  }
}

static bool describe_descriptor(napi_env env, napi_value object, int fd, int listing) {
  char path[64], target[4096];
  if (fd == listing) return false;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) return false;
  target[length] = '\0';
  set_number(env, object, "fd", fd);
  set_text(env, object, "target", target);
  set_text(env, object, "kind", kind_of(fd, target));
  return true;
}

napi_value js_list_threads(napi_env env, napi_callback_info info) {
  (void)info;
  return list(env, "/proc/self/task", describe_thread);
}

napi_value js_list_descriptors(napi_env env, napi_callback_info info) {
  (void)info;
  return list(env, "/proc/self/fd", describe_descriptor);
}
