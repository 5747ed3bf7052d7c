import { type Command, defineCommand, MANY } from '../command.ts'
import { JOB_FLAGS } from '../flags.ts'

/** Verbs that measure jobs. */
export const MEASURE_COMMANDS: readonly Command[] = [
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
    run: async (invocation) => (await import('../commands/profile.ts')).runProfile(invocation),
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
    run: async (invocation) => (await import('../commands/doctor.ts')).runDoctor(invocation),
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
    run: async (invocation) => (await import('../commands/bench.ts')).runBenchCommand(invocation),
  }),
]
