import { type Command, defineCommand, MANY } from '../command.ts'
import { JOB_FLAGS } from '../flags.ts'

const WORKER_FLAGS = [
  ...JOB_FLAGS,
  'concurrency',
  'burst',
  'isolation',
  'standby',
  'grace',
  'exit-grace',
  'lease',
  'log-level',
  'name',
  'max-jobs',
  'max-idle-time',
  'watch',
  'profile-sample',
] as const

/** Verbs that run jobs. */
export const WORKER_COMMANDS: readonly Command[] = [
  defineCommand({
    name: 'worker',
    summary: 'run the jobs of some queues',
    arguments: '[queues…]',
    count: { least: 0, most: MANY },
    flags: [...WORKER_FLAGS, 'pid-file', 'crew'],
    notes: [
      'Queues are served strictly in the order given; without any, those of the config file, else default.',
      'First Ctrl-C (or SIGTERM): take no more, finish what runs, leave. Second: kill; jobs go back to the front.',
      'SIGTSTP: take no more, finish what runs, stay. SIGHUP: load the jobs anew, without stopping.',
    ],
    examples: ['workhorse worker high default --concurrency 4', 'workhorse worker --burst --isolation inline'],
    run: async (invocation) => (await import('../commands/worker.ts')).runWorker(invocation),
  }),
  defineCommand({
    name: 'workers',
    summary: 'run several workers and keep them alive',
    arguments: 'N [queues…]',
    count: { least: 1, most: MANY },
    flags: [...WORKER_FLAGS, 'pid-file'],
    notes: ['N worker processes, each with its own slots. One that dies is started again, except with --burst.'],
    examples: ['workhorse workers 4 high default --concurrency 1'],
    run: async (invocation) => (await import('../commands/workers.ts')).runWorkers(invocation),
  }),
]
