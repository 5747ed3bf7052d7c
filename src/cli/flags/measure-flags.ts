import { PROFILE_FORMATS } from '../../profiler/export/format-names.ts'
import { OPPOSITES } from '../../profiler/store/opposites.ts'
import { BILL_KEYS } from '../../queue/bills.ts'
import type { Flag } from './flag.ts'

/** Flags of verbs that measure jobs, and of those that show what was measured. */
export const MEASURE_FLAGS = {
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
