#ifndef WORKHORSE_VALUES_H
#define WORKHORSE_VALUES_H

#include <node_api.h>
#include <stddef.h>

/* JavaScript values out of C ones. They fail only where memory is out; then the value is missing, not the process. */
napi_value make_number(napi_env env, double number);
napi_value make_null(napi_env env);
napi_value make_integers(napi_env env, const int *numbers, size_t count);
void set_number(napi_env env, napi_value object, const char *key, double number);
void set_number_or_null(napi_env env, napi_value object, const char *key, int number, int present);
void set_text(napi_env env, napi_value object, const char *key, const char *text);

#endif
