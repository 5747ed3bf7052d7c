import { JOB_STATES } from '../../job/states.ts'
import type { Flag } from './flag.ts'

/** Flags of verbs that enqueue jobs, find them and change them. */
export const JOB_FLAGS = {
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
  retry: { kind: 'whole', value: 'N', least: 0, help: "retries after a failed attempt; else the job's own" },
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
} as const satisfies Readonly<Record<string, Flag>>
