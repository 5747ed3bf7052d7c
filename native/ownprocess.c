#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "fork.h"

#define NAME_SIZE 16
#define MOST_SURPLUS 16
#define TITLE_SIZE 64

/* dup2(2) clears close-on-exec, except where both are the same and it does nothing. */
static bool put(int from, int to) { return dup2(from, to) >= 0 && (from != to || fcntl(to, F_SETFD, 0) == 0); }

/*
 * For ps: what it is, and since when, which the parent has written down: the C library's ways to tell and to format a
 * time would be a dozen page faults here. This takes the name too, so it comes before the name.
 */
static bool take_title(char title[TITLE_SIZE + BIRTH_TIME_SIZE]) {
  memcpy(title + strlen(title), birth_time, BIRTH_TIME_SIZE);
  int error = uv_set_process_title(title);
  errno = -error;
  return error == 0;
}

/*
 * Several system calls in one function, against the rule of this folder: each call out of JavaScript touches memory
 * that every fresh child would have to copy.
 */
napi_value js_become_own_process(napi_env env, napi_callback_info info) {
  napi_value arguments[5], still_ours;
  int parent, output[2], surplus[MOST_SURPLUS];
  size_t outputs, count;
  char name[NAME_SIZE], title[TITLE_SIZE + BIRTH_TIME_SIZE];
  get_arguments(env, info, 5, arguments);
  if (!get_integer(env, arguments[0], "becomeOwnProcess(): parent", 1, INT_MAX, &parent) ||
      !get_text(env, arguments[1], "becomeOwnProcess(): name", name, sizeof name) ||
      !get_descriptors(env, arguments[2], "becomeOwnProcess(): output", output, 2, &outputs) ||
      !get_descriptors(env, arguments[3], "becomeOwnProcess(): surplus", surplus, MOST_SURPLUS, &count) ||
      !get_text(env, arguments[4], "becomeOwnProcess(): title", title, TITLE_SIZE)) {
    return NULL;
  }
  if (outputs != 2) return throw_type(env, "becomeOwnProcess(): output", "two descriptors", arguments[2]);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return throw_errno(env, "prctl", errno);
  /* The parent may have died before the signal was armed; then this is somebody else's child already. */
  napi_get_boolean(env, getppid() == parent, &still_ours);
  if (getppid() != parent) return still_ours;
  if (setpgid(0, 0) != 0) return throw_errno(env, "setpgid", errno);
  if (!take_title(title)) return throw_errno(env, "uv_set_process_title", errno);
  if (prctl(PR_SET_NAME, name) != 0) return throw_errno(env, "prctl", errno);
  if (!put(output[0], STDOUT_FILENO) || !put(output[1], STDERR_FILENO)) return throw_errno(env, "dup2", errno);
  for (size_t i = 0; i < 2; i++) {
    if (output[i] > STDERR_FILENO) close(output[i]);
  }
  for (size_t i = 0; i < count; i++) close(surplus[i]);
  return still_ours;
}
