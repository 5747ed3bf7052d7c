{
  # The addon is for Linux: on another system this yields no library, and load-native.ts says that fork mode is not there.
  'targets': [
    {
      'target_name': 'workhorse',
      'conditions': [
        [
          'OS=="linux"',
          {
            'sources': [
              'addon.c',
              'census.c',
              'check.c',
              'childsignal.c',
              'datagram.c',
              'dontfork.c',
              'files.c',
              'fork.c',
              'frame.c',
              'freeze.c',
              'interrupt.c',
              'limits.c',
              'lines.c',
              'loop.c',
              'mappings.c',
              'memory.c',
              'ownprocess.c',
              'packet.c',
              'packing.c',
              'process.c',
              'random.c',
              'sampler.c',
              'serve.c',
              'socket.c',
              'threads.c',
              'values.c',
              'wait.c',
              'watch.c',
            ],
            'defines': ['_GNU_SOURCE', 'NAPI_VERSION=9'],
            'cflags': ['-O2', '-Wall', '-Wextra', '-fvisibility=hidden'],
            'cflags_c': ['-std=c11'],
            # Bound at load: a lazy binding would write to memory that freeze() is copying.
            'ldflags': ['-Wl,-z,now', '-Wl,-z,relro'],
          },
          {'type': 'none'},
        ],
      ],
    },
  ],
}
