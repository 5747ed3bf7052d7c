#ifndef WORKHORSE_ADDON_H
#define WORKHORSE_ADDON_H

#include <node_api.h>

/* What src/worker/isolation/fork/native.ts declares, in its order. */
napi_value js_fork(napi_env env, napi_callback_info info);
napi_value js_wait(napi_env env, napi_callback_info info);
napi_value js_exit(napi_env env, napi_callback_info info);
napi_value js_get_pid(napi_env env, napi_callback_info info);
napi_value js_set_parent_death_signal(napi_env env, napi_callback_info info);
napi_value js_set_process_name(napi_env env, napi_callback_info info);
napi_value js_set_process_group(napi_env env, napi_callback_info info);
napi_value js_kill_group(napi_env env, napi_callback_info info);
napi_value js_set_limit(napi_env env, napi_callback_info info);
napi_value js_become_own_process(napi_env env, napi_callback_info info);
napi_value js_resident_memory(napi_env env, napi_callback_info info);
napi_value js_note_memory(napi_env env, napi_callback_info info);
napi_value js_shared_memory(napi_env env, napi_callback_info info);
napi_value js_send_datagram(napi_env env, napi_callback_info info);
napi_value js_freeze(napi_env env, napi_callback_info info);
napi_value js_list_threads(napi_env env, napi_callback_info info);
napi_value js_list_descriptors(napi_env env, napi_callback_info info);
napi_value js_socket_pair(napi_env env, napi_callback_info info);
napi_value js_memory_file(napi_env env, napi_callback_info info);
napi_value js_discard(napi_env env, napi_callback_info info);
napi_value js_file_size(napi_env env, napi_callback_info info);
napi_value js_map_shared(napi_env env, napi_callback_info info);
napi_value js_send_packet(napi_env env, napi_callback_info info);
napi_value js_receive_packet(napi_env env, napi_callback_info info);
napi_value js_receive_frame(napi_env env, napi_callback_info info);
napi_value js_send_frame(napi_env env, napi_callback_info info);
napi_value js_try_send_frame(napi_env env, napi_callback_info info);
napi_value js_watch_readable(napi_env env, napi_callback_info info);
napi_value js_unwatch(napi_env env, napi_callback_info info);
napi_value js_poll_readable(napi_env env, napi_callback_info info);
napi_value js_child_signal(napi_env env, napi_callback_info info);
napi_value js_drain_child_signal(napi_env env, napi_callback_info info);
napi_value js_serve_forks(napi_env env, napi_callback_info info);
napi_value js_served_pid(napi_env env, napi_callback_info info);
napi_value js_served_pids(napi_env env, napi_callback_info info);
napi_value js_random(napi_env env, napi_callback_info info);
napi_value js_on_loop_empty(napi_env env, napi_callback_info info);
napi_value js_loop_activity(napi_env env, napi_callback_info info);
napi_value js_on_interrupt_signal(napi_env env, napi_callback_info info);
napi_value js_prepare_sampler(napi_env env, napi_callback_info info);
napi_value js_dismiss_sampler(napi_env env, napi_callback_info info);
napi_value js_start_sampler(napi_env env, napi_callback_info info);
napi_value js_stop_sampler(napi_env env, napi_callback_info info);

#endif
