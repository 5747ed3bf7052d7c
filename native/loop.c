#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <uv.h>

#include "addon.h"
#include "check.h"
#include "values.h"

/*
 * `look` runs when the loop is about to sleep. That little is active does not yet mean that nothing comes: a
 * descriptor may be ready already, or only about to be handed to epoll, or a close callback be due. So `turn`, an idle
 * handle, makes the loop go round once without sleeping, and what is still as empty after that is empty.
 * Neither counts as active: both are unreferenced.
 */
struct watch {
  uv_prepare_t look;
  uv_idle_t turn;
  unsigned int handles;
  int open;
  napi_env env;
  napi_ref callback;
  napi_async_cleanup_hook_handle cleanup;
};

static void on_turn(uv_idle_t *turn) { (void)turn; }

static void on_closed(uv_handle_t *handle) {
  struct watch *watch = handle->data;
  if (--watch->open > 0) return;
  napi_remove_async_cleanup_hook(watch->cleanup);
  free(watch);
}

static void close_watch(struct watch *watch) {
  if (uv_is_closing((uv_handle_t *)&watch->look)) return;
  uv_close((uv_handle_t *)&watch->look, on_closed);
  uv_close((uv_handle_t *)&watch->turn, on_closed);
}

static void on_cleanup(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  close_watch(data);
}

static void call_back(struct watch *watch) {
  napi_env env = watch->env;
  napi_handle_scope scope;
  napi_value callback, receiver, error;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_get_reference_value(env, watch->callback, &callback);
  napi_delete_reference(env, watch->callback);
  napi_get_global(env, &receiver);
  if (napi_make_callback(env, NULL, receiver, callback, 0, NULL, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

static int anything_ready(const uv_loop_t *loop) {
  struct pollfd polled = {.fd = uv_backend_fd(loop), .events = POLLIN};
  return loop->closing_handles != NULL || poll(&polled, 1, 0) != 0;
}

static void on_look(uv_prepare_t *look) {
  struct watch *watch = look->data;
  const uv_loop_t *loop = look->loop;
  if (loop->active_handles > watch->handles || loop->active_reqs.count > 0) {
    uv_idle_stop(&watch->turn);
  } else if (!uv_is_active((uv_handle_t *)&watch->turn)) {
    uv_idle_start(&watch->turn, on_turn);
  } else if (!anything_ready(loop)) {
    /* Closed before the call, which may never return: it is where a process reports itself and leaves. */
    close_watch(watch);
    call_back(watch);
  }
}

static void start(struct watch *watch, uv_loop_t *loop) {
  uv_prepare_init(loop, &watch->look);
  uv_idle_init(loop, &watch->turn);
  watch->look.data = watch->turn.data = watch;
  watch->open = 2;
  uv_unref((uv_handle_t *)&watch->look);
  uv_unref((uv_handle_t *)&watch->turn);
  uv_prepare_start(&watch->look, on_look);
}

napi_value js_on_loop_empty(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int handles;
  uv_loop_t *loop;
  get_arguments(env, info, 2, arguments);
  if (!get_integer(env, arguments[0], "onLoopEmpty(): handles", 0, 1 << 20, &handles) ||
      !get_function(env, arguments[1], "onLoopEmpty(): callback") || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return NULL;
  }
  struct watch *watch = calloc(1, sizeof *watch);
  if (!watch) return throw_errno(env, "calloc", ENOMEM);
  watch->env = env;
  watch->handles = (unsigned int)handles;
  napi_create_reference(env, arguments[1], 1, &watch->callback);
  napi_add_async_cleanup_hook(env, on_cleanup, watch, &watch->cleanup);
  start(watch, loop);
  return NULL;
}

napi_value js_loop_activity(napi_env env, napi_callback_info info) {
  (void)info;
  uv_loop_t *loop;
  napi_value result;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return NULL;
  napi_create_object(env, &result);
  set_number(env, result, "handles", loop->active_handles);
  set_number(env, result, "requests", loop->active_reqs.count);
  return result;
}
