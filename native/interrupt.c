#include <dlfcn.h>
#include <errno.h>
#include <signal.h>

#include "addon.h"
#include "check.h"

/*
 * Node-API has no way to interrupt running JavaScript. V8 has, and node exports it like all of V8: these are the C++
 * names of v8::Isolate::GetCurrent() and v8::Isolate::RequestInterrupt(callback, data).
 */
#define GET_CURRENT "_ZN2v87Isolate10GetCurrentEv"
#define REQUEST_INTERRUPT "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_"

typedef void (*interrupt_callback)(void *isolate, void *data);

static void (*request_interrupt)(void *isolate, interrupt_callback callback, void *data);
static void *isolate;
static napi_env callback_env;
static napi_ref callback_reference;
static volatile sig_atomic_t requested;

/* On the JavaScript thread, between two instructions of whatever runs there. */
static void on_interrupt(void *interrupted, void *data) {
  (void)interrupted;
  (void)data;
  napi_env env = callback_env;
  napi_handle_scope scope;
  napi_value callback, receiver, error;
  requested = 0;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_get_reference_value(env, callback_reference, &callback);
  napi_get_global(env, &receiver);
  if (napi_call_function(env, receiver, callback, 0, NULL, NULL) == napi_pending_exception) {
    /* The code that was interrupted has nothing to do with it. */
    napi_get_and_clear_last_exception(env, &error);
  }
  napi_close_handle_scope(env, scope);
}

/*
 * RequestInterrupt takes a lock and allocates, which a signal handler must not do: where the signal comes at the wrong
 * instant, the process hangs. It is only ever sent to a process that is about to be killed, or measured.
 */
static void on_signal(int number) {
  (void)number;
  int error = errno;
  if (!requested) {
    requested = 1;
    request_interrupt(isolate, on_interrupt, NULL);
  }
  errno = error;
}

static napi_value throw_missing(napi_env env) {
  napi_throw_error(env, "ENOSYS", "onInterruptSignal(): this node does not export v8::Isolate::RequestInterrupt");
  return NULL;
}

napi_value js_on_interrupt_signal(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int number;
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  void *(*get_current)(void);
  get_arguments(env, info, 2, arguments);
  if (!get_integer(env, arguments[0], "onInterruptSignal(): signal", 1, SIGRTMAX, &number) ||
      !get_function(env, arguments[1], "onInterruptSignal(): callback")) {
    return NULL;
  }
  /* ISO C knows no conversion from an object's address to a function's; POSIX does. */
  *(void **)&get_current = dlsym(RTLD_DEFAULT, GET_CURRENT);
  *(void **)&request_interrupt = dlsym(RTLD_DEFAULT, REQUEST_INTERRUPT);
  if (!get_current || !request_interrupt) return throw_missing(env);
  isolate = get_current();
  if (callback_reference) napi_delete_reference(callback_env, callback_reference);
  callback_env = env;
  napi_create_reference(env, arguments[1], 1, &callback_reference);
  sigemptyset(&action.sa_mask);
  return sigaction(number, &action, NULL) == 0 ? NULL : throw_errno(env, "sigaction", errno);
}
