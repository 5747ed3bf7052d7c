#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "addon.h"
#include "check.h"
#include "values.h"

/* PR_SET_NAME takes 16 bytes, the last of them NUL. */
#define NAME_SIZE 16

napi_value js_exit(napi_env env, napi_callback_info info) {
  napi_value argument;
  int code;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "exit(): code", 0, 255, &code)) return NULL;
  _exit(code);
}

napi_value js_get_pid(napi_env env, napi_callback_info info) {
  (void)info;
  return make_number(env, getpid());
}

napi_value js_set_parent_death_signal(napi_env env, napi_callback_info info) {
  napi_value argument;
  int number;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "setParentDeathSignal(): signal", 0, SIGRTMAX, &number)) return NULL;
  return prctl(PR_SET_PDEATHSIG, number) == 0 ? NULL : throw_errno(env, "prctl", errno);
}

napi_value js_set_process_name(napi_env env, napi_callback_info info) {
  napi_value argument;
  char name[NAME_SIZE];
  get_arguments(env, info, 1, &argument);
  if (!get_text(env, argument, "setProcessName(): name", name, sizeof name)) return NULL;
  return prctl(PR_SET_NAME, name) == 0 ? NULL : throw_errno(env, "prctl", errno);
}

napi_value js_set_process_group(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int pid, group;
  get_arguments(env, info, 2, arguments);
  if (!get_integer(env, arguments[0], "setProcessGroup(): pid", 0, INT_MAX, &pid) ||
      !get_integer(env, arguments[1], "setProcessGroup(): group", 0, INT_MAX, &group)) {
    return NULL;
  }
  return setpgid(pid, group) == 0 ? NULL : throw_errno(env, "setpgid", errno);
}

napi_value js_kill_group(napi_env env, napi_callback_info info) {
  napi_value arguments[2], existed;
  int group, number;
  get_arguments(env, info, 2, arguments);
  /* To kill(2), -0 is our own group and -1 is every process there is. */
  if (!get_integer(env, arguments[0], "killGroup(): group", 2, INT_MAX, &group) ||
      !get_integer(env, arguments[1], "killGroup(): signal", 0, SIGRTMAX, &number)) {
    return NULL;
  }
  int failed = kill(-group, number);
  if (failed && errno != ESRCH) return throw_errno(env, "kill", errno);
  napi_get_boolean(env, !failed, &existed);
  return existed;
}
