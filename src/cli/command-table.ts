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
  'exit-grace',
  'lease',
  'log-level',
  'name',
  'max-jobs',
  'max-idle-time',
  'watch',
  'profile-sample',
] as const
const ENQUEUE_FLAGS = [
  ...JOB_FLAGS,
  ...(['queue', 'in', 'at', 'id', 'front', 'retry', 'retry-delay', 'backoff', 'repeat', 'repeat-delay'] as const),
  ...(['ttl', 'depends-on', 'allow-failure', 'unique', 'group', 'meta'] as const),
  ...(['on-success', 'on-failure', 'on-stopped', 'wait', 'json'] as const),
] as const

/** Every verb, in the order of the help. */
export const COMMANDS: readonly Command[] = [
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
    run: async (invocation) => (await import('./commands/worker.ts')).runWorker(invocation),
  }),
  defineCommand({
    name: 'workers',
    summary: 'run several workers and keep them alive',
    arguments: 'N [queues…]',
    count: { least: 1, most: MANY },
    flags: [...WORKER_FLAGS, 'pid-file'],
    notes: ['N worker processes, each with its own slots. One that dies is started again, except with --burst.'],
    examples: ['workhorse workers 4 high default --concurrency 1'],
    run: async (invocation) => (await import('./commands/workers.ts')).runWorkers(invocation),
  }),
  defineCommand({
    name: 'enqueue',
    summary: 'put a job on its queue',
    arguments: 'NAME [JSON…]',
    count: { least: 1, most: MANY },
    flags: ENQUEUE_FLAGS,
    notes: [
      'Arguments are JSON; a string needs its own quotes: \'"text"\'.',
      'Prints the id; with --wait the result, as JSON. A --unique job that is there already is not enqueued again.',
    ],
    examples: [
      'workhorse enqueue add 2 3 --wait',
      `workhorse enqueue send_mail '"a@example.org"' --in 5m --retry 5 --backoff 10s`,
      'workhorse enqueue publish --depends-on 5c9e… --depends-on 81b2…',
    ],
    run: async (invocation) => (await import('./commands/enqueue.ts')).runEnqueue(invocation),
  }),
  defineCommand({
    name: 'info',
    summary: 'show queues, workers and what they run',
    flags: [...BROKER_FLAGS, 'watch', 'bill', 'json'],
    run: async (invocation) => (await import('./commands/info.ts')).runInfo(invocation),
  }),
  defineCommand({
    name: 'health',
    summary: 'say whether a worker of this host is at work; for probes',
    flags: [...BROKER_FLAGS, 'name', 'pid-file', 'max-age', 'json'],
    notes: ['Exit code 0 where the broker answers and has heard of one within --max-age; else 1, with the reason.'],
    examples: ['workhorse health --pid-file /run/workhorse.pid'],
    run: async (invocation) => (await import('./commands/health.ts')).runHealth(invocation),
  }),
  defineCommand({
    name: 'jobs list',
    summary: 'list jobs, newest first',
    flags: [...BROKER_FLAGS, 'state', 'queue', 'name', 'limit', 'cursor', 'sort', 'json'],
    run: async (invocation) => (await import('./commands/jobs-list.ts')).runJobsList(invocation),
  }),
  defineCommand({
    name: 'jobs show',
    summary: 'show all that is known of a job',
    arguments: 'ID',
    count: { least: 1, most: 1 },
    flags: [...BROKER_FLAGS, 'profile', 'output', 'format', 'json'],
    notes: [
      'With --profile what was measured of it, where a worker with --profile-sample (or profile.sample) has chosen it.',
    ],
    examples: ['workhorse jobs show 5c9e… --profile -o slow.svg'],
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
    flags: [...BROKER_FLAGS, 'state', 'queue', 'dependents', 'json'],
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
    name: 'queues empty',
    summary: 'delete all that waits in queues',
    arguments: 'QUEUE…',
    count: { least: 1, most: MANY },
    flags: [...BROKER_FLAGS, 'json'],
    notes: ['Jobs that run, and those that are scheduled, stay. Jobs that wait for a deleted one are canceled.'],
    run: async (invocation) => (await import('./commands/queues.ts')).runQueuesEmpty(invocation),
  }),
  defineCommand({
    name: 'groups list',
    summary: 'list groups of jobs',
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/groups.ts')).runGroupsList(invocation),
  }),
  defineCommand({
    name: 'groups show',
    summary: 'list the jobs of a group',
    arguments: 'NAME',
    count: { least: 1, most: 1 },
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/groups.ts')).runGroupsShow(invocation),
  }),
  defineCommand({
    name: 'groups delete',
    summary: 'forget groups; their jobs stay',
    arguments: 'NAME…',
    count: { least: 1, most: MANY },
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/groups.ts')).runGroupsDelete(invocation),
  }),
  defineCommand({
    name: 'schedule list',
    summary: 'list what is enqueued again and again',
    flags: [...BROKER_FLAGS, 'json'],
    notes: ['Schedules are declared in job modules by schedule(); workers put them here when they start.'],
    run: async (invocation) => (await import('./commands/schedule.ts')).runScheduleList(invocation),
  }),
  defineCommand({
    name: 'schedule run',
    summary: 'enqueue the job of a schedule now',
    arguments: 'NAME',
    count: { least: 1, most: 1 },
    flags: [...BROKER_FLAGS, 'json'],
    notes: ['Its own times stay as they are. Prints the id of the job.'],
    run: async (invocation) => (await import('./commands/schedule.ts')).runScheduleRun(invocation),
  }),
  defineCommand({
    name: 'schedule delete',
    summary: 'forget schedules',
    arguments: 'NAME…',
    count: { least: 1, most: MANY },
    flags: [...BROKER_FLAGS, 'json'],
    notes: ['One that a job module still declares comes back with the next start of a worker.'],
    run: async (invocation) => (await import('./commands/schedule.ts')).runScheduleDelete(invocation),
  }),
  defineCommand({
    name: 'suspend',
    summary: 'let all workers take nothing more',
    flags: [...BROKER_FLAGS, 'for', 'json'],
    notes: ['What runs goes on. Queues fill meanwhile; schedules go on enqueuing.'],
    examples: ['workhorse suspend --for 10m'],
    run: async (invocation) => (await import('./commands/suspend.ts')).runSuspend(invocation),
  }),
  defineCommand({
    name: 'resume',
    summary: 'let all workers go on',
    flags: [...BROKER_FLAGS, 'json'],
    run: async (invocation) => (await import('./commands/suspend.ts')).runResume(invocation),
  }),
  defineCommand({
    name: 'profile',
    summary: 'show where jobs spend their time, over many processes',
    arguments: '[NAME [JSON…]]',
    count: { least: 0, most: MANY },
    flags: [
      'pid',
      'duration',
      'job',
      'queue',
      'every',
      'run',
      'concurrency',
      'slowest',
      'vs',
      'broker',
      'config',
      'jobs-file',
      'output',
      'format',
      'rate',
      'by-process',
      'heap',
      'diff',
      'warm',
      'json',
    ],
    notes: [
      'With -p a running worker, in which nothing has to be enabled before; with --run a job, without worker and queue.',
      'Every execution is seen from the first instruction after its fork, also one that is killed at its time limit.',
    ],
    examples: [
      'workhorse profile -p 4711 -d 10s -o profile.svg',
      'workhorse profile --run 200 record_event \'{"action":"view"}\' -o profile.html',
      'workhorse profile --slowest 5% --vs median record_event',
    ],
    run: async (invocation) => (await import('./commands/profile.ts')).runProfile(invocation),
  }),
  defineCommand({
    name: 'doctor',
    summary: 'say what every fresh process of a job repeats, and how to mend it',
    arguments: '[NAME]',
    count: { least: 0, most: 1 },
    flags: [...JOB_FLAGS, 'args', 'runs', 'warm', 'verify', 'max-repeat', 'graphs', 'rerun', 'limit', 'json'],
    notes: [
      'Without NAME: which jobs finish here, and what they cost in a day; with --rerun it examines them, the dearest first, and ranks what it finds by what it costs in a day.',
      'Runs the job, with all that it does, in fresh processes and again and again in one; then a few times with its calls counted.',
      'Exit code 0, also where there is something to hoist; see --max-repeat.',
    ],
    examples: [
      `workhorse doctor record_event --args '[{"action":"view"}]' --verify`,
      'workhorse doctor record_event --max-repeat 5ms --json',
      'workhorse doctor --rerun',
    ],
    run: async (invocation) => (await import('./commands/doctor.ts')).runDoctor(invocation),
  }),
  defineCommand({
    name: 'bench',
    summary: 'measure a job, or the engine alone, on this machine',
    arguments: '[JOB]',
    count: { least: 0, most: 2 },
    flags: [
      ...JOB_FLAGS,
      ...(['args', 'jobs', 'workers', 'concurrency', 'repeat', 'isolation', 'output'] as const),
      ...(['compare', 'regress', 'tolerance', 'standby', 'heap-mb', 'samples', 'json'] as const),
    ],
    notes: [
      'Workers empty a queue of jobs again and again; what they need for an empty one is deducted. The jobs are real: they do what they do.',
      'Scenarios, where none of the flags of a job are given: noop (the engine alone), record_event (the story of examples/redash; in a clone only).',
      'Without --broker, in an SQLite file of its own. --standby, --heap-mb and --samples are for scenarios.',
    ],
    examples: [
      `workhorse bench record_event --args '[{"action":"view"}]' --jobs 1000 --workers 4 -o before.json`,
      'workhorse bench --compare before.json after.json',
      'workhorse bench --regress before.json --tolerance 10%',
      'workhorse bench noop --isolation inline --concurrency 50 --json',
    ],
    run: async (invocation) => (await import('./commands/bench.ts')).runBenchCommand(invocation),
  }),
  defineCommand({
    name: 'check',
    summary: 'say whether everything here is ready to work',
    flags: [...JOB_FLAGS, 'fork', 'json'],
    notes: [
      'Exit code 0 where there are no errors; warnings do not count.',
      'With --fork: only what the preload leaves open. An error is what makes a worker refuse to start.',
    ],
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
