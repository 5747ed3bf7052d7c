#ifndef WORKHORSE_CHECK_H
#define WORKHORSE_CHECK_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every get_… returns false after throwing a TypeError that names `what`, the value expected and the value seen. */

/* Arguments that were left out are undefined. */
void get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool get_integer(napi_env env, napi_value value, const char *what, int min, int max, int *result);
/* From `min` to Number.MAX_SAFE_INTEGER. */
bool get_offset(napi_env env, napi_value value, const char *what, int min, int64_t *result);
bool get_descriptor(napi_env env, napi_value value, const char *what, int *result);
bool get_boolean(napi_env env, napi_value value, const char *what, bool *result);
/* A text that does not fit into `size` bytes is cut at a character. */
bool get_text(napi_env env, napi_value value, const char *what, char *result, size_t size);
bool get_bytes(napi_env env, napi_value value, const char *what, void **data, size_t *length);
bool get_function(napi_env env, napi_value value, const char *what);
bool get_descriptors(napi_env env, napi_value value, const char *what, int *result, size_t capacity, size_t *count);

/* Both return NULL, so that a function can end with `return throw_…`. */
napi_value throw_type(napi_env env, const char *what, const char *expected, napi_value seen);
napi_value throw_errno(napi_env env, const char *syscall, int error);

#endif
