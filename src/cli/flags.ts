import { JOB_STATES } from '../job/states.ts'
import { PROFILE_FORMATS } from '../profiler/export/format-names.ts'
import { OPPOSITES } from '../profiler/store/opposites.ts'
import { BILL_KEYS } from '../queue/bills.ts'
import { LOG_LEVELS } from '../support/logger.ts'
import { ISOLATION_MODES } from '../worker/isolation/isolation.ts'

/** What a flag takes. Parsing, help and suggestions are all made from this. */
export type Flag = {
  /** One text for all verbs, or one for each that has the flag. */
  readonly help: string | Readonly<Record<string, string>>
  readonly short?: string
  /** Ours alone: neither in the help nor among the suggestions. */
  readonly hidden?: true
} & (
  | { readonly kind: 'switch' }
  | { readonly kind: 'text' | 'texts' | 'time'; readonly value: string }
  /** A number without a unit is milliseconds, unless it says `seconds`. */
  | { readonly kind: 'duration'; readonly value: string; readonly bare?: 'seconds' }
  | { readonly kind: 'whole'; readonly value: string; readonly least: number; readonly most?: number }
  /** `4`, or `2..8`. */
  | { readonly kind: 'range'; readonly value: string; readonly least: number }
  /** A whole number or this word. */
  | { readonly kind: 'whole-or-word'; readonly value: string; readonly least: number; readonly word: string }
  /** `5%` or `0.05`. */
  | { readonly kind: 'share'; readonly value: string; readonly most?: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly value?: string }
  /** `--flag` or `--flag=D`: the value needs the equals sign, or nobody could tell it from an argument. */
  | { readonly kind: 'duration-or-switch'; readonly value: string }
)

/** Every flag of every verb. A name means the same thing wherever it is taken. */
export const FLAGS = {
  broker: {
    kind: 'text',
    value: 'URL',
    help: 'where jobs live; else WORKHORSE_BROKER, the config file, REDIS_URL, or sqlite:workhorse.db',
  },
  config: { kind: 'text', value: 'PATH', help: 'config file; else workhorse.config.{ts,mts,js,mjs} in this folder' },
  'jobs-file': {
    kind: 'texts',
    value: 'PATH',
    help: 'job module, may be repeated; else the config file, else jobs.{ts,mts,js,mjs}',
  },
  fork: {
    kind: 'switch',
    help: 'run the preload, and say what it leaves open that must not be forked, who opened it, and where it belongs',
  },
  json: { kind: 'switch', help: 'print JSON' },
  help: { kind: 'switch', short: 'h', help: 'print this' },
  version: { kind: 'switch', help: 'print the version' },

  concurrency: {
    kind: 'range',
    value: 'N|MIN..MAX',
    least: 1,
    help: {
      worker: 'jobs at a time; with MIN..MAX as many as are needed and memory allows; else the number of cores',
      workers: 'jobs at a time for each worker; with MIN..MAX as many as are needed; else the number of cores',
      profile: 'with --run: executions at a time; else 1',
      bench: 'jobs at a time, for each worker; else 1, of a scenario 4',
    },
  },
  burst: { kind: 'switch', help: 'leave when the queues are empty' },
  isolation: {
    kind: 'choice',
    choices: ISOLATION_MODES,
    help: "where jobs run: 'fork' (a process for each), 'pool' (processes that are reused) or 'inline' (the worker itself); else fork where it works, else pool",
  },
  standby: {
    kind: 'whole-or-word',
    value: 'N|auto',
    least: 0,
    word: 'auto',
    help: 'processes forked ahead; else auto: as many as jobs come while one is forked, at most as many as --concurrency',
  },
  grace: {
    kind: 'duration',
    value: 'D',
    help: {
      worker: 'how long a job may go on after its timeout; else 5s',
      workers: 'how long a job may go on after its timeout; else 5s',
      'jobs stop': 'how long a job may go on after its signal has aborted; else 0',
    },
  },
  'exit-grace': {
    kind: 'duration',
    value: 'D',
    help: 'how long beforeExit hooks may take when the job has ended; else 5s',
  },
  lease: { kind: 'duration', value: 'D', help: "how long a dead worker's jobs stay its own; else 15s" },
  'log-level': { kind: 'choice', choices: LOG_LEVELS, value: 'LEVEL', help: 'least level to log; else info' },
  name: {
    kind: 'text',
    value: 'NAME',
    help: {
      worker: "the worker's name; else host.pid.xxxx",
      workers: "the workers' name, each with its number appended; else host.pid.xxxx",
      'jobs list': 'only jobs of this name',
      health: 'only the worker of this name, whatever its host',
    },
  },
  'max-jobs': {
    kind: 'whole',
    value: 'N',
    least: 1,
    help: {
      worker: 'leave after so many jobs',
      workers: 'each worker leaves after so many jobs, and is started again',
    },
  },
  'max-idle-time': { kind: 'duration', value: 'D', help: 'leave after so long with nothing to do' },
  'profile-sample': {
    kind: 'share',
    value: 'SHARE',
    most: 1,
    help: "profile this share of the executions for ever, such as 1%; else the config file's, else none",
  },
  'pid-file': {
    kind: 'text',
    value: 'PATH',
    help: {
      worker: 'write the pid there while it runs',
      workers: "write the master's pid there while it runs",
      health: 'only the worker whose pid is there, which must run',
    },
  },
  'max-age': { kind: 'duration', value: 'D', help: 'how long ago it may have been heard of; else 30s' },
  crew: {
    kind: 'whole',
    value: 'N',
    least: 1,
    hidden: true,
    help: 'the number of this worker among those of a master',
  },

  queue: {
    kind: 'text',
    value: 'QUEUE',
    help: {
      enqueue: "queue to put it on; else the job's own",
      'jobs list': 'only jobs of this queue',
      profile: 'with -p: only jobs of this queue',
      'jobs requeue': 'with --state: only jobs of this queue',
      'jobs cancel': 'with --state: only jobs of this queue',
      'jobs stop': 'with --state: only jobs of this queue',
      'jobs delete': 'with --state: only jobs of this queue',
    },
  },
  in: { kind: 'duration', value: 'D', help: 'run it when this time is over' },
  at: { kind: 'time', value: 'TIME', help: 'run it at this time (ISO 8601)' },
  id: { kind: 'text', value: 'ID', help: "the job's id; else a random UUID" },
  front: { kind: 'switch', help: 'before all that waits in the queue' },
  retry: { kind: 'whole', value: 'N', least: 1, help: "retries after a failed attempt; else the job's own" },
  'retry-delay': {
    kind: 'texts',
    value: 'D',
    help: 'before the first retry, the second, …, may be repeated; the last one stays; else none',
  },
  backoff: { kind: 'duration', value: 'D', help: 'before the first retry; each further one waits twice as long' },
  repeat: {
    kind: 'whole',
    value: 'N',
    least: 1,
    help: {
      enqueue: "how often it runs again when it has finished; else the job's own",
      bench: 'how many runs; else 5',
    },
  },
  'repeat-delay': {
    kind: 'texts',
    value: 'D',
    help: 'before the first repeat, the second, …, may be repeated; else none',
  },
  ttl: { kind: 'duration', value: 'D', help: 'forget it where it was not started within this time' },
  'depends-on': { kind: 'texts', value: 'ID', help: 'run it when this job has finished, may be repeated' },
  'allow-failure': { kind: 'switch', help: 'with --depends-on: or has failed' },
  unique: { kind: 'text', value: 'KEY', help: 'only where no job of this name and key waits or runs' },
  group: { kind: 'text', value: 'NAME', help: 'the group it belongs to' },
  meta: { kind: 'text', value: 'JSON', help: 'data that travels with it, as a JSON object' },
  'on-success': { kind: 'text', value: 'NAME', help: 'job to enqueue when it has finished' },
  'on-failure': { kind: 'text', value: 'NAME', help: 'job to enqueue when it has failed for good' },
  'on-stopped': { kind: 'text', value: 'NAME', help: 'job to enqueue when it was stopped' },
  dependents: { kind: 'switch', help: 'let the jobs that wait for them run all the same' },
  for: { kind: 'duration', value: 'D', help: 'how long; else until workhorse resume' },
  wait: {
    kind: 'duration-or-switch',
    value: 'D',
    help: 'wait until it has ended, at most D, and print its result',
  },

  watch: {
    kind: 'duration-or-switch',
    value: 'D',
    help: {
      info: 'again and again, every D; else every second',
      worker: 'load the jobs anew when their files change, D after the last change; else after 100ms',
      workers: 'load the jobs anew when their files change, D after the last change; else after 100ms',
    },
  },
  state: {
    kind: 'choice',
    choices: JOB_STATES,
    value: 'STATE',
    help: {
      'jobs list': 'only jobs in this state',
      'jobs requeue': 'all jobs in this state',
      'jobs cancel': 'all jobs in this state',
      'jobs stop': 'all jobs in this state: only started',
      'jobs delete': 'all jobs in this state',
    },
  },
  jobs: { kind: 'whole', value: 'N', least: 1, help: 'how many jobs to run; else 200, of a scenario 2000' },
  workers: {
    kind: 'whole',
    value: 'W',
    least: 1,
    most: 1000,
    help: 'worker processes, of --concurrency slots each; else 1',
  },
  compare: { kind: 'switch', help: 'two results: the ratio of each figure, and whether it is beyond the spread' },
  regress: {
    kind: 'text',
    value: 'FILE',
    help: 'measure what an earlier result (-o FILE) has measured, and exit with 1 where a figure is worse',
  },
  tolerance: { kind: 'share', value: 'SHARE', help: 'with --regress: how much worse is still good; else 10%' },
  'heap-mb': { kind: 'whole', value: 'N', least: 0, help: "live heap in the zygote, as a large application's; else 0" },
  samples: { kind: 'whole', value: 'N', least: 1, help: 'how many start latencies to measure; else 200' },
  sort: {
    kind: 'choice',
    choices: BILL_KEYS,
    help: 'the dearest first: looks at all jobs that are kept, and shows those that have a bill',
  },
  bill: { kind: 'switch', help: 'what the jobs that are kept have cost, summed by name and queue' },
  pid: {
    kind: 'text',
    short: 'p',
    value: 'WORKER',
    help: 'pid or name of a worker that runs on this host, or of a master: all of its workers',
  },
  duration: {
    kind: 'duration',
    short: 'd',
    value: 'D',
    bare: 'seconds',
    help: 'with -p: how long; a number without a unit is seconds; else 10s',
  },
  output: {
    kind: 'text',
    short: 'o',
    value: 'FILE',
    help: {
      profile: 'where to write it; else profile.svg',
      'jobs show': 'with --profile: where to write it; else profile.svg',
      bench: 'write the result there, as JSON',
    },
  },
  format: { kind: 'choice', choices: PROFILE_FORMATS, help: "of the output; else what the file's name says, else svg" },
  job: { kind: 'text', value: 'NAME', help: 'with -p: only jobs of this name' },
  rate: { kind: 'whole', value: 'HZ', least: 1, most: 10_000, help: 'samples a second; else 1000' },
  every: {
    kind: 'whole',
    value: 'K',
    least: 1,
    help: 'with -p: only one execution of K, the others run unmeasured; else 1',
  },
  run: { kind: 'whole', value: 'N', least: 1, help: 'without a worker: run a job N times, each in a fresh process' },
  'by-process': { kind: 'switch', help: 'a tower for each process, instead of one for all' },
  heap: { kind: 'switch', help: 'bytes allocated, instead of time' },
  profile: { kind: 'switch', help: 'what was measured of its last execution, where that was profiled' },
  slowest: {
    kind: 'share',
    value: 'SHARE',
    most: 0.5,
    help: 'of the executions that workers have profiled (profile.sample): this share, the slowest',
  },
  vs: { kind: 'choice', choices: OPPOSITES, help: 'with --slowest: what they are compared with; else median' },
  diff: { kind: 'switch', help: 'with --run: fresh processes against used ones' },
  args: {
    kind: 'texts',
    value: 'JSON',
    help: {
      doctor: 'arguments as a JSON array, may be repeated; else those of recent jobs',
      bench: 'arguments as a JSON array, may be repeated: taken in turn; else none',
    },
  },
  runs: {
    kind: 'whole',
    value: 'N',
    least: 5,
    help: 'fresh processes to measure; else 10 to 100, until their mean is known or 12 s are over',
  },
  warm: {
    kind: 'whole',
    value: 'K',
    least: 1,
    help: 'jobs that a process has run before it counts as used; else 3 to 30',
  },
  verify: { kind: 'switch', help: 'do the first thing advised before the fork, in a trial, and measure again' },
  'max-repeat': { kind: 'duration', value: 'D', help: 'exit with 1 where more than this could be hoisted' },
  graphs: { kind: 'text', value: 'FOLDER', help: 'write before.svg, diff.svg and (with --verify) after.svg there' },
  limit: {
    kind: 'whole',
    value: 'N',
    least: 1,
    most: 1000,
    help: {
      'jobs list': 'how many at most; else 20',
      doctor: 'with --rerun: examine so many jobs at most; else 5',
    },
  },
  rerun: {
    kind: 'switch',
    help: 'without NAME: run the jobs that have finished lately again, for real, with their arguments',
  },
  cursor: { kind: 'text', value: 'CURSOR', help: 'go on where an earlier list has ended' },
} as const satisfies Readonly<Record<string, Flag>>

export type FlagName = keyof typeof FLAGS

/** Both included. */
export interface Range {
  readonly min: number
  readonly max: number
}

type ValueOf<F extends Flag> = F extends { kind: 'switch' }
  ? true
  : F extends { kind: 'text' }
    ? string
    : F extends { kind: 'texts' }
      ? readonly string[]
      : F extends { kind: 'whole' | 'duration' | 'time' | 'share' }
        ? number
        : F extends { kind: 'duration-or-switch' }
          ? number | true
          : F extends { kind: 'range' }
            ? number | Range
            : F extends { kind: 'whole-or-word'; word: infer W }
              ? number | W
              : F extends { kind: 'choice'; choices: readonly (infer C)[] }
                ? C
                : never

/** The flags that were given; durations and times are milliseconds. */
export type FlagValues<N extends FlagName> = { readonly [K in N]?: ValueOf<(typeof FLAGS)[K]> }

/** Flags of every verb that needs to know where jobs live. */
export const BROKER_FLAGS = ['broker', 'config'] as const
/** Flags of every verb that needs the job definitions, too. */
export const JOB_FLAGS = ['broker', 'config', 'jobs-file'] as const
