#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "values.h"

#define MAX_SAFE_INTEGER (((int64_t)1 << 53) - 1)

void get_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
}

/* Never runs JavaScript: a value's own toString could throw. */
static void describe(napi_env env, napi_value value, char *result, size_t size) {
  static const char *const NAMES[] = {
      [napi_undefined] = "undefined",  [napi_null] = "null",         [napi_symbol] = "a symbol",
      [napi_object] = "an object",     [napi_function] = "a function", [napi_external] = "an external value",
      [napi_bigint] = "a bigint",
  };
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_number) {
    double number = 0;
    napi_get_value_double(env, value, &number);
    snprintf(result, size, isnan(number) ? "NaN" : "%.15g", number);
  } else if (type == napi_string) {
    char text[41] = "";
    napi_get_value_string_utf8(env, value, text, sizeof text, NULL);
    snprintf(result, size, "the string '%s'", text);
  } else if (type == napi_boolean) {
    bool truth = false;
    napi_get_value_bool(env, value, &truth);
    snprintf(result, size, "%s", truth ? "true" : "false");
  } else {
    snprintf(result, size, "%s", NAMES[type]);
  }
}

napi_value throw_type(napi_env env, const char *what, const char *expected, napi_value seen) {
  char description[64], message[320];
  describe(env, seen, description, sizeof description);
  snprintf(message, sizeof message, "%s must be %s, but it is %s", what, expected, description);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

/* libuv names what it can meet itself, which is all but this one. */
static const char *name_of(int error) { return error == ECHILD ? "ECHILD" : uv_err_name(-error); }

napi_value throw_errno(napi_env env, const char *syscall, int error) {
  char text[256];
  napi_value message, code, object;
  const char *name = name_of(error);
  snprintf(text, sizeof text, "%s: %s, %s", name, strerror(error), syscall);
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, code, message, &object);
  set_number(env, object, "errno", -error); /* Negative, as in the errors of Node itself. */
  set_text(env, object, "syscall", syscall);
  napi_throw(env, object);
  return NULL;
}

static bool is_whole(napi_env env, napi_value value, int64_t min, int64_t max, int64_t *result) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= (double)min && number <= (double)max)) {
    return false;
  }
  *result = (int64_t)number;
  return trunc(number) == number;
}

static bool get_whole(napi_env env, napi_value value, const char *what, int64_t min, int64_t max, int64_t *result) {
  if (is_whole(env, value, min, max, result)) return true;
  char expected[64];
  snprintf(expected, sizeof expected, "an integer from %" PRId64 " to %" PRId64, min, max);
  throw_type(env, what, expected, value);
  return false;
}

bool get_integer(napi_env env, napi_value value, const char *what, int min, int max, int *result) {
  int64_t whole;
  if (!get_whole(env, value, what, min, max, &whole)) return false;
  *result = (int)whole;
  return true;
}

bool get_offset(napi_env env, napi_value value, const char *what, int min, int64_t *result) {
  return get_whole(env, value, what, min, MAX_SAFE_INTEGER, result);
}

bool get_descriptor(napi_env env, napi_value value, const char *what, int *result) {
  return get_integer(env, value, what, 0, INT_MAX, result);
}

bool get_boolean(napi_env env, napi_value value, const char *what, bool *result) {
  if (napi_get_value_bool(env, value, result) == napi_ok) return true;
  throw_type(env, what, "true or false", value);
  return false;
}

bool get_text(napi_env env, napi_value value, const char *what, char *result, size_t size) {
  if (napi_get_value_string_utf8(env, value, result, size, NULL) == napi_ok) return true;
  throw_type(env, what, "a string", value);
  return false;
}

bool get_bytes(napi_env env, napi_value value, const char *what, void **data, size_t *length) {
  bool is_typed = false;
  napi_typedarray_type type;
  napi_is_typedarray(env, value, &is_typed);
  if (is_typed && napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok &&
      type == napi_uint8_array && *length > 0) {
    return true;
  }
  throw_type(env, what, "a Uint8Array of at least one byte", value);
  return false;
}

bool get_function(napi_env env, napi_value value, const char *what) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_function) return true;
  throw_type(env, what, "a function", value);
  return false;
}

bool get_descriptors(napi_env env, napi_value value, const char *what, int *result, size_t capacity, size_t *count) {
  bool is_array = false;
  uint32_t length = 0;
  napi_is_array(env, value, &is_array);
  if (is_array) napi_get_array_length(env, value, &length);
  if (!is_array || length > capacity) {
    char expected[64];
    snprintf(expected, sizeof expected, "an array of at most %zu descriptors", capacity);
    throw_type(env, what, expected, value);
    return false;
  }
  for (uint32_t i = 0; i < length; i++) {
    int64_t whole;
    napi_value item;
    if (napi_get_element(env, value, i, &item) != napi_ok) return false;
    /* Named only where it is wrong: a fresh process comes here, and pays for what it has not called before. */
    if (is_whole(env, item, 0, INT_MAX, &whole)) {
      result[i] = (int)whole;
      continue;
    }
    char element[64];
    snprintf(element, sizeof element, "%s[%u]", what, i);
    return get_descriptor(env, item, element, &result[i]);
  }
  *count = length;
  return true;
}
