#include <errno.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "addon.h"
#include "check.h"
#include "values.h"

static double milliseconds(struct timeval time) { return (double)time.tv_sec * 1000 + (double)time.tv_usec / 1000; }

static napi_value make_result(napi_env env, int status, const struct rusage *usage) {
  napi_value result;
  napi_create_object(env, &result);
  set_number_or_null(env, result, "exitCode", WEXITSTATUS(status), WIFEXITED(status));
  set_number_or_null(env, result, "signal", WTERMSIG(status), WIFSIGNALED(status));
  set_number(env, result, "cpuUserMs", milliseconds(usage->ru_utime));
  set_number(env, result, "cpuSystemMs", milliseconds(usage->ru_stime));
  set_number(env, result, "maxRssBytes", (double)usage->ru_maxrss * 1024);
  set_number(env, result, "minorFaults", (double)usage->ru_minflt);
  set_number(env, result, "majorFaults", (double)usage->ru_majflt);
  set_number(env, result, "voluntarySwitches", (double)usage->ru_nvcsw);
  set_number(env, result, "involuntarySwitches", (double)usage->ru_nivcsw);
  return result;
}

napi_value js_wait(napi_env env, napi_callback_info info) {
  napi_value argument;
  int pid, status;
  struct rusage usage;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "wait(): pid", 1, INT_MAX, &pid)) return NULL;
  pid_t ended = wait4(pid, &status, WNOHANG, &usage);
  if (ended < 0) return throw_errno(env, "wait4", errno);
  return ended == 0 ? make_null(env) : make_result(env, status, &usage);
}
