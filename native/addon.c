#include "addon.h"

static const struct {
  const char *name;
  napi_callback function;
} FUNCTIONS[] = {
    {"fork", js_fork},
    {"wait", js_wait},
    {"exit", js_exit},
    {"getPid", js_get_pid},
    {"setParentDeathSignal", js_set_parent_death_signal},
    {"setProcessName", js_set_process_name},
    {"setProcessGroup", js_set_process_group},
    {"killGroup", js_kill_group},
    {"setLimit", js_set_limit},
    {"becomeOwnProcess", js_become_own_process},
    {"residentMemory", js_resident_memory},
    {"noteMemory", js_note_memory},
    {"sharedMemory", js_shared_memory},
    {"sendDatagram", js_send_datagram},
    {"freeze", js_freeze},
    {"listThreads", js_list_threads},
    {"listDescriptors", js_list_descriptors},
    {"socketPair", js_socket_pair},
    {"memoryFile", js_memory_file},
    {"discard", js_discard},
    {"fileSize", js_file_size},
    {"mapShared", js_map_shared},
    {"sendPacket", js_send_packet},
    {"receivePacket", js_receive_packet},
    {"receiveFrame", js_receive_frame},
    {"sendFrame", js_send_frame},
    {"trySendFrame", js_try_send_frame},
    {"watchReadable", js_watch_readable},
    {"unwatch", js_unwatch},
    {"pollReadable", js_poll_readable},
    {"childSignal", js_child_signal},
    {"drainChildSignal", js_drain_child_signal},
    {"serveForks", js_serve_forks},
    {"servedPid", js_served_pid},
    {"servedPids", js_served_pids},
    {"random", js_random},
    {"onLoopEmpty", js_on_loop_empty},
    {"loopActivity", js_loop_activity},
    {"onInterruptSignal", js_on_interrupt_signal},
    {"prepareSampler", js_prepare_sampler},
    {"dismissSampler", js_dismiss_sampler},
    {"startSampler", js_start_sampler},
    {"stopSampler", js_stop_sampler},
};

NAPI_MODULE_INIT() {
  for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
    napi_value function;
    if (napi_create_function(env, FUNCTIONS[i].name, NAPI_AUTO_LENGTH, FUNCTIONS[i].function, NULL, &function) !=
            napi_ok ||
        napi_set_named_property(env, exports, FUNCTIONS[i].name, function) != napi_ok) {
      return NULL;
    }
  }
  return exports;
}
