#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "values.h"

/* /proc/<pid>/statm: seven numbers of pages; the second is what is resident, the third what of it is shared. */
napi_value js_resident_memory(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  char path[32], text[128];
  long long size, resident, shared;
  int pid;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "residentMemory(): pid", 0, INT_MAX, &pid)) return NULL;
  if (pid == 0) snprintf(path, sizeof path, "/proc/self/statm");
  else snprintf(path, sizeof path, "/proc/%d/statm", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ESRCH ? make_null(env) : throw_errno(env, "open", errno);
  ssize_t length = read(fd, text, sizeof text - 1);
  int error = errno;
  close(fd);
  /* It ended meanwhile. */
  if (length < 0) return error == ESRCH ? make_null(env) : throw_errno(env, "read", error);
  text[length] = '\0';
  /* A zombie has no memory: all of it reads as 0. */
  if (sscanf(text, "%lld %lld %lld", &size, &resident, &shared) != 3 || resident == 0) return make_null(env);
  double page = (double)sysconf(_SC_PAGESIZE);
  napi_create_object(env, &result);
  set_number(env, result, "residentBytes", (double)resident * page);
  set_number(env, result, "sharedBytes", (double)shared * page);
  return result;
}
