#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "addon.h"
#include "check.h"
#include "values.h"

static const struct {
  const char *name;
  int resource;
} RESOURCES[] = {{"cpu", RLIMIT_CPU}, {"descriptors", RLIMIT_NOFILE}};

napi_value js_set_limit(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  char name[16];
  int64_t soft, hard;
  get_arguments(env, info, 3, arguments);
  if (!get_text(env, arguments[0], "setLimit(): resource", name, sizeof name) ||
      !get_offset(env, arguments[1], "setLimit(): soft", 1, &soft) ||
      !get_offset(env, arguments[2], "setLimit(): hard", 1, &hard)) {
    return NULL;
  }
  for (size_t i = 0; i < sizeof RESOURCES / sizeof RESOURCES[0]; i++) {
    if (strcmp(name, RESOURCES[i].name) != 0) continue;
    struct rlimit limit = {.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    return setrlimit(RESOURCES[i].resource, &limit) == 0 ? NULL : throw_errno(env, "setrlimit", errno);
  }
  return throw_type(env, "setLimit(): resource", "'cpu' or 'descriptors'", arguments[0]);
}
