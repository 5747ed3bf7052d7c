import { type Command, defineCommand } from './command.ts'
import { BROKER_FLAGS, JOB_FLAGS } from './flags.ts'

const MANY = Number.POSITIVE_INFINITY
const WORKER_FLAGS = [
  ...JOB_FLAGS,
  'concurrency',
  'burst',
  'isolation',
  'standby',
  'grace',
  'lease',
  'log-level',
  'name',
] as const

/** Every verb, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  defineCommand({
    name: 'worker',
    summary: 'run the jobs of some queues',
    arguments: '[queues…]',
    count: { least: 0, most: MANY },
    flags: [...WORKER_FLAGS, 'crew'],
    notes: [
      'Queues are served strictly in the order given; without any, those of the config file, else default.',
      'First Ctrl-C (or SIGTERM): take no more, finish what runs, leave. Second: kill; jobs go back to the front.',
    ],
    examples: ['workhorse worker high default --concurrency 4', 'workhorse worker --burst --isolation inline'],
    run: async (invocation) => (await import('./commands/worker.ts')).runWorker(invocation),
  }),
  defineCommand({
    name: 'workers',
    summary: 'run several workers and keep them alive',
    arguments: 'N [queues…]',
    count: { least: 1, most: MANY },
    flags: WORKER_FLAGS,
    notes: ['N worker processes, each with its own slots. One that dies is started again, except with --burst.'],
    examples: ['workhorse workers 4 high default --concurrency 1'],
    run: async (invocation) => (await import('./commands/workers.ts')).runWorkers(invocation),
  }),
  defineCommand({
    name: 'enqueue',
    summary: 'put a job on its queue',
    arguments: 'NAME [JSON…]',
    count: { least: 1, most: MANY },
    flags: [...JOB_FLAGS, 'queue', 'in', 'at', 'id', 'front', 'wait', 'json'],
    notes: [
      'Arguments are JSON; a string needs its own quotes: \'"text"\'.',
      'Prints the id; with --wait the result, as JSON.',
    ],
    examples: ['workhorse enqueue add 2 3 --wait', `workhorse enqueue send_mail '"a@example.org"' --in 5m`],
    run: async (invocation) => (await import('./commands/enqueue.ts')).runEnqueue(invocation),
  }),
  defineCommand({
    name: 'info',
    summary: 'show queues, workers and what they run',
    flags: [...BROKER_FLAGS, 'watch', 'json'],
    run: async (invocation) => (await import('./commands/info.ts')).runInfo(invocation),
  }),
  defineCommand({
    name: 'jobs list',
    summary: 'list jobs, newest first',
    flags: [...BROKER_FLAGS, 'state', 'queue', 'name', 'limit', 'cursor', 'json'],
    run: async (invocation) => (await import('./commands/jobs-list.ts')).runJobsList(invocation),
  }),
  defineCommand({
    name: 'jobs show',
    summary: 'show all that is known of a job',
    arguments: 'ID',
    count: { least: 1, most: 1 },
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/jobs-show.ts')).runJobsShow(invocation),
  }),
  defineCommand({
    name: 'jobs requeue',
    summary: 'put ended jobs back on their queues',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'state', 'queue', 'json'],
    examples: ['workhorse jobs requeue --state failed --queue emails'],
    run: async (invocation) => (await import('./commands/jobs-change.ts')).runJobsRequeue(invocation),
  }),
  defineCommand({
    name: 'jobs cancel',
    summary: 'take jobs out that wait; ask those that run to end',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'state', 'queue', 'json'],
    notes: ["A running job's signal aborts. One that does not look at it goes on: see jobs stop."],
    examples: ['workhorse jobs cancel --state queued --queue emails'],
    run: async (invocation) => (await import('./commands/jobs-change.ts')).runJobsCancel(invocation),
  }),
  defineCommand({
    name: 'jobs stop',
    summary: 'end running jobs, wherever they run',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'grace', 'state', 'queue', 'json'],
    notes: [
      'Kills the job and all that it has started; with --grace its signal aborts first, and it has that long to end.',
      'Stopped jobs are not retried. A job that has not begun is canceled. Exit code 1 where one could not be stopped.',
    ],
    examples: ['workhorse jobs stop 5c9e… --grace 1s'],
    run: async (invocation) => (await import('./commands/jobs-change.ts')).runJobsStop(invocation),
  }),
  defineCommand({
    name: 'jobs delete',
    summary: 'forget jobs',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'state', 'queue', 'json'],
    run: async (invocation) => (await import('./commands/jobs-change.ts')).runJobsDelete(invocation),
  }),
  defineCommand({
    name: 'queues list',
    summary: 'list queues with their counts',
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/queues.ts')).runQueuesList(invocation),
  }),
  defineCommand({
    name: 'queues pause',
    summary: 'let workers take nothing more from queues',
    arguments: 'QUEUE…',
    count: { least: 1, most: MANY },
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/queues.ts')).runQueuesPause(invocation),
  }),
  defineCommand({
    name: 'queues resume',
    summary: 'let workers take from paused queues again',
    arguments: 'QUEUE…',
    count: { least: 1, most: MANY },
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/queues.ts')).runQueuesResume(invocation),
  }),
  defineCommand({
    name: 'bench',
    summary: 'measure a whole worker on this machine',
    arguments: '[SCENARIO]',
    count: { least: 0, most: 1 },
    flags: ['isolation', 'jobs', 'concurrency', 'standby', 'heap-mb', 'samples', 'broker', 'json'],
    notes: [
      'Scenarios: noop (nothing but the engine), record_event (the story of examples/redash; in a clone only).',
      'Without --broker, in an SQLite file of its own.',
    ],
    examples: [
      'workhorse bench noop --concurrency 4',
      'workhorse bench noop --isolation inline --concurrency 50 --json',
    ],
    run: async (invocation) => (await import('./commands/bench.ts')).runBenchCommand(invocation),
  }),
  defineCommand({
    name: 'check',
    summary: 'say whether everything here is ready to work',
    flags: [...JOB_FLAGS, 'json'],
    notes: ['Exit code 0 where there are no errors; warnings do not count.'],
    run: async (invocation) => (await import('./commands/check.ts')).runCheck(invocation),
  }),
  defineCommand({
    name: 'shell',
    summary: 'open a REPL with the jobs loaded',
    flags: JOB_FLAGS,
    notes: [
      'In scope: what the jobs files export, `broker`, and `queue` (snapshot, list, job, requeue, remove, pause, resume).',
    ],
    run: async (invocation) => (await import('./commands/shell.ts')).runShell(invocation),
  }),
]

export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name)
}

/** First words of the verbs: `worker`, `jobs`, … */
export function listVerbs(): string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] as string))]
}

/** Second words below a verb; empty where it stands alone. */
export function listSubVerbs(verb: string): string[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${verb} `)).map(({ name }) => name.slice(verb.length + 1))
}
