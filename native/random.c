#include <errno.h>
#include <sys/random.h>

#include "addon.h"
#include "check.h"

/* getrandom(2) gives up to this many bytes whole, whatever signals arrive. */
#define MOST_BYTES 256

napi_value js_random(napi_env env, napi_callback_info info) {
  napi_value argument, buffer;
  int length;
  void *data;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "random(): length", 1, MOST_BYTES, &length)) return NULL;
  if (napi_create_buffer(env, (size_t)length, &data, &buffer) != napi_ok) return NULL;
  return getrandom(data, (size_t)length, 0) == length ? buffer : throw_errno(env, "getrandom", errno);
}
