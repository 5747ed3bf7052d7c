#include "values.h"

napi_value make_number(napi_env env, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

napi_value make_null(napi_env env) {
  napi_value value = NULL;
  napi_get_null(env, &value);
  return value;
}

napi_value make_integers(napi_env env, const int *numbers, size_t count) {
  napi_value array = NULL;
  napi_create_array_with_length(env, count, &array);
  for (size_t i = 0; i < count; i++) napi_set_element(env, array, (uint32_t)i, make_number(env, numbers[i]));
  return array;
}

void set_number(napi_env env, napi_value object, const char *key, double number) {
  napi_set_named_property(env, object, key, make_number(env, number));
}

void set_number_or_null(napi_env env, napi_value object, const char *key, int number, int present) {
  napi_set_named_property(env, object, key, present ? make_number(env, number) : make_null(env));
}

void set_text(napi_env env, napi_value object, const char *key, const char *text) {
  napi_value value = NULL;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, key, value);
}
