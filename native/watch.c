#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "values.h"

/*
 * Reading a stream socket through the event loop. Node's own Socket does it, too, with a stream object, its states and
 * its events, of which a socket that lives for one message has no use: making and closing one costs the reader more
 * than all else that it does for such a message.
 */

/* What is read at once. */
#define CHUNK 65536
/* So that one busy stream leaves a turn to the others. */
#define MOST_CHUNKS 16

struct watch {
  uv_poll_t poll;
  struct watch *next;
  int descriptor;
  napi_env env;
  napi_ref callback;
  napi_async_cleanup_hook_handle cleanup;
};

/*
 * Of one env: there may be one a thread. Its buffer is not thread-local, because room for that is taken from the stack
 * of every thread in the process, and V8's profiler starts one with a small stack.
 */
struct watches {
  struct watch *first;
  char bytes[CHUNK];
};

static void free_watches(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

static struct watches *watches_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  if (data || !(data = calloc(1, sizeof(struct watches)))) return data;
  return napi_set_instance_data(env, data, free_watches, NULL) == napi_ok ? data : NULL;
}

static void on_closed(uv_handle_t *handle) {
  struct watch *watch = handle->data;
  napi_remove_async_cleanup_hook(watch->cleanup);
  free(watch);
}

/* The descriptor is free to be closed, or to be watched by others, when this returns. */
static void stop(struct watch *watch) {
  if (uv_is_closing((uv_handle_t *)&watch->poll)) return;
  struct watches *watches = watches_of(watch->env);
  for (struct watch **link = &watches->first; *link; link = &(*link)->next) {
    if (*link != watch) continue;
    *link = watch->next;
    break;
  }
  uv_poll_stop(&watch->poll);
  napi_delete_reference(watch->env, watch->callback);
  uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static void on_cleanup(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  stop(data);
}

/* `length` 0: the end of the stream. */
static void hand_over(struct watch *watch, const char *bytes, size_t length) {
  napi_env env = watch->env;
  napi_handle_scope scope;
  napi_value callback, receiver, chunk, error;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_get_reference_value(env, watch->callback, &callback);
  napi_get_global(env, &receiver);
  if (length == 0) stop(watch);
  chunk = make_null(env);
  if (length > 0) napi_create_buffer_copy(env, length, bytes, NULL, &chunk);
  if (napi_make_callback(env, NULL, receiver, callback, 1, &chunk, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

/*
 * libuv says UV_EBADF, and listens no more, where the other end was closed with something in it unread: a process that died before
 * it took a command. What that process has said before is there all the same.
 */
static void on_readable(uv_poll_t *poll, int status, int events) {
  struct watch *watch = poll->data;
  struct watches *watches = watches_of(watch->env);
  (void)events;
  for (int i = 0; (status < 0 || i < MOST_CHUNKS) && !uv_is_closing((uv_handle_t *)poll); i++) {
    ssize_t got = read(watch->descriptor, watches->bytes, CHUNK);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN && status == 0) return;
    /* A broken stream ends like any other; what broke it, its other end knows. */
    hand_over(watch, watches->bytes, got < 0 ? 0 : (size_t)got);
  }
}

napi_value js_watch_readable(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor;
  uv_loop_t *loop;
  get_arguments(env, info, 2, arguments);
  if (!get_descriptor(env, arguments[0], "watchReadable(): descriptor", &descriptor) ||
      !get_function(env, arguments[1], "watchReadable(): callback") || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return NULL;
  }
  struct watches *watches = watches_of(env);
  struct watch *watch = watches ? calloc(1, sizeof *watch) : NULL;
  if (!watch) return throw_errno(env, "calloc", ENOMEM);
  int error = uv_poll_init(loop, &watch->poll, descriptor);
  if (error) {
    free(watch);
    return throw_errno(env, "uv_poll_init", -error);
  }
  watch->poll.data = watch;
  watch->descriptor = descriptor;
  watch->env = env;
  napi_create_reference(env, arguments[1], 1, &watch->callback);
  napi_add_async_cleanup_hook(env, on_cleanup, watch, &watch->cleanup);
  watch->next = watches->first;
  watches->first = watch;
  uv_poll_start(&watch->poll, UV_READABLE, on_readable);
  return NULL;
}

napi_value js_unwatch(napi_env env, napi_callback_info info) {
  napi_value argument;
  int descriptor;
  get_arguments(env, info, 1, &argument);
  if (!get_descriptor(env, argument, "unwatch(): descriptor", &descriptor)) return NULL;
  struct watches *watches = watches_of(env);
  for (struct watch *watch = watches ? watches->first : NULL; watch; watch = watch->next) {
    if (watch->descriptor != descriptor) continue;
    stop(watch);
    break;
  }
  return NULL;
}
