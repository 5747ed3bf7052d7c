import { LOG_LEVELS } from '../../support/log-level.ts'
import { ISOLATION_MODES } from '../../worker/isolation/isolation.ts'
import type { Flag } from './flag.ts'

/** Flags of verbs that run jobs, and of those that look after workers. */
export const WORKER_FLAGS = {
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
} as const satisfies Readonly<Record<string, Flag>>
