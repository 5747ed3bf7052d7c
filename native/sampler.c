#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "check.h"

/*
 * V8's sampler, as node:inspector has it, but with its map of all code made before the fork and inherited. The
 * inspector makes that map at each start: it walks the heap and describes every function that is loaded, in every horse
 * again. V8's C++ interface can be told to make it once (kEagerLogging), and node exports that like all of V8; these are
 * its C++ names. Handles are what a napi_value is.
 */
#define PROFILER "_ZN2v811CpuProfiler"
#define PROFILE "_ZNK2v810CpuProfile"
#define NODE "_ZNK2v814CpuProfileNode"

enum { DEBUG_NAMING = 1, EAGER_LOGGING = 1 };

static struct {
  void *(*get_current)(void);
  void *(*create)(void *isolate, int naming, int logging);
  void (*dispose)(void *profiler);
  void (*set_interval)(void *profiler, int microseconds);
  int (*start)(void *profiler, void *title, bool record_samples);
  void *(*stop)(void *profiler, void *title);
  void (*forget)(void *profile);
  int64_t (*start_time)(const void *profile), (*end_time)(const void *profile);
  int (*sample_count)(const void *profile);
  const void *(*sample)(const void *profile, int index);
  int64_t (*sample_time)(const void *profile, int index);
  const void *(*root)(const void *profile);
  const char *(*function_name)(const void *node), *(*script_name)(const void *node);
  int (*script_id)(const void *node), (*line)(const void *node), (*column)(const void *node);
  unsigned (*hits)(const void *node), (*id)(const void *node);
  int (*child_count)(const void *node);
  const void *(*child)(const void *node, int index);
} v8;

static const struct {
  const char *name;
  void **function;
} names[] = {
    {"_ZN2v87Isolate10GetCurrentEv", (void **)&v8.get_current},
    {PROFILER "3NewEPNS_7IsolateENS_22CpuProfilingNamingModeENS_23CpuProfilingLoggingModeE", (void **)&v8.create},
    {PROFILER "7DisposeEv", (void **)&v8.dispose},
    {PROFILER "19SetSamplingIntervalEi", (void **)&v8.set_interval},
    {PROFILER "14StartProfilingENS_5LocalINS_6StringEEEb", (void **)&v8.start},
    {PROFILER "13StopProfilingENS_5LocalINS_6StringEEE", (void **)&v8.stop},
    {"_ZN2v810CpuProfile6DeleteEv", (void **)&v8.forget},
    {PROFILE "12GetStartTimeEv", (void **)&v8.start_time},
    {PROFILE "10GetEndTimeEv", (void **)&v8.end_time},
    {PROFILE "15GetSamplesCountEv", (void **)&v8.sample_count},
    {PROFILE "9GetSampleEi", (void **)&v8.sample},
    {PROFILE "18GetSampleTimestampEi", (void **)&v8.sample_time},
    {PROFILE "14GetTopDownRootEv", (void **)&v8.root},
    {NODE "18GetFunctionNameStrEv", (void **)&v8.function_name},
    {NODE "24GetScriptResourceNameStrEv", (void **)&v8.script_name},
    {NODE "11GetScriptIdEv", (void **)&v8.script_id},
    {NODE "13GetLineNumberEv", (void **)&v8.line},
    {NODE "15GetColumnNumberEv", (void **)&v8.column},
    {NODE "11GetHitCountEv", (void **)&v8.hits},
    {NODE "9GetNodeIdEv", (void **)&v8.id},
    {NODE "16GetChildrenCountEv", (void **)&v8.child_count},
    {NODE "8GetChildEi", (void **)&v8.child},
};

static void *profiler = NULL;

static bool find_names(void) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    *names[i].function = dlsym(RTLD_DEFAULT, names[i].name);
    if (!*names[i].function) return false;
  }
  return true;
}

static napi_value make_boolean(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value js_prepare_sampler(napi_env env, napi_callback_info info) {
  (void)info;
  if (profiler) return make_boolean(env, true);
  if (!find_names()) return make_boolean(env, false);
  profiler = v8.create(v8.get_current(), DEBUG_NAMING, EAGER_LOGGING);
  return make_boolean(env, profiler != NULL);
}

napi_value js_dismiss_sampler(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  if (profiler) v8.dispose(profiler);
  profiler = NULL;
  return NULL;
}

static void *title(napi_env env) {
  napi_value text = NULL;
  napi_create_string_utf8(env, "workhorse", NAPI_AUTO_LENGTH, &text);
  return text;
}

static napi_value throw_unprepared(napi_env env, const char *message) {
  napi_throw_error(env, "EINVAL", message);
  return NULL;
}

napi_value js_start_sampler(napi_env env, napi_callback_info info) {
  napi_value argument;
  int interval;
  get_arguments(env, info, 1, &argument);
  if (!get_integer(env, argument, "startSampler(): interval", 1, INT_MAX, &interval)) return NULL;
  if (!profiler) return throw_unprepared(env, "startSampler(): prepareSampler() has not been called, or said no");
  v8.set_interval(profiler, interval);
  v8.start(profiler, title(env), true);
  return NULL;
}

struct text {
  char *bytes;
  size_t length, capacity;
};

static void append(struct text *text, const char *bytes, size_t length) {
  if (text->capacity - text->length < length) {
    size_t capacity = (text->capacity + length) * 2;
    char *grown = realloc(text->bytes, capacity);
    /* As V8 does where memory is out. */
    if (!grown) abort();
    text->bytes = grown;
    text->capacity = capacity;
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
}

static void append_text(struct text *text, const char *string) { append(text, string, strlen(string)); }

static void append_number(struct text *text, int64_t number) {
  char digits[24];
  append(text, digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, number));
}

static void append_quoted(struct text *text, const char *string) {
  append_text(text, "\"");
  for (const char *at = string; *at; at++) {
    char escaped[8];
    unsigned char byte = (unsigned char)*at;
    if (byte == '"' || byte == '\\') append(text, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\%c", byte));
    else if (byte < 0x20) append(text, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", byte));
    else append(text, at, 1);
  }
  append_text(text, "\"");
}

/* V8 counts lines and columns from 1, its protocol from 0. */
static void append_node(struct text *text, const void *node) {
  append_text(text, "{\"id\":");
  append_number(text, v8.id(node));
  append_text(text, ",\"callFrame\":{\"functionName\":");
  append_quoted(text, v8.function_name(node));
  append_text(text, ",\"scriptId\":\"");
  append_number(text, v8.script_id(node));
  append_text(text, "\",\"url\":");
  append_quoted(text, v8.script_name(node));
  append_text(text, ",\"lineNumber\":");
  append_number(text, v8.line(node) - 1);
  append_text(text, ",\"columnNumber\":");
  append_number(text, v8.column(node) - 1);
  append_text(text, "},\"hitCount\":");
  append_number(text, v8.hits(node));
  int count = v8.child_count(node);
  for (int i = 0; i < count; i++) {
    append_text(text, i == 0 ? ",\"children\":[" : ",");
    append_number(text, v8.id(v8.child(node, i)));
  }
  append_text(text, count > 0 ? "]}" : "}");
}

static void append_nodes(struct text *text, const void *node) {
  append_node(text, node);
  for (int i = 0; i < v8.child_count(node); i++) {
    append_text(text, ",");
    append_nodes(text, v8.child(node, i));
  }
}

static void append_samples(struct text *text, const void *profile) {
  int count = v8.sample_count(profile);
  append_text(text, "],\"samples\":[");
  for (int i = 0; i < count; i++) {
    if (i > 0) append_text(text, ",");
    append_number(text, v8.id(v8.sample(profile, i)));
  }
  append_text(text, "],\"timeDeltas\":[");
  int64_t before = v8.start_time(profile);
  for (int i = 0; i < count; i++) {
    int64_t now = v8.sample_time(profile, i);
    if (i > 0) append_text(text, ",");
    append_number(text, now - before);
    before = now;
  }
}

/* V8's Profiler.Profile as JSON. */
static void append_profile(struct text *text, const void *profile) {
  append_text(text, "{\"nodes\":[");
  append_nodes(text, v8.root(profile));
  append_samples(text, profile);
  append_text(text, "],\"startTime\":");
  append_number(text, v8.start_time(profile));
  append_text(text, ",\"endTime\":");
  append_number(text, v8.end_time(profile));
  append_text(text, "}");
}

napi_value js_stop_sampler(napi_env env, napi_callback_info info) {
  struct text text = {0};
  napi_value result = NULL;
  (void)info;
  if (!profiler) return throw_unprepared(env, "stopSampler(): there is no sampler");
  void *profile = v8.stop(profiler, title(env));
  if (!profile) return throw_unprepared(env, "stopSampler(): the sampler was not started");
  append_profile(&text, profile);
  v8.forget(profile);
  napi_create_string_utf8(env, text.bytes, text.length, &result);
  free(text.bytes);
  return result;
}
