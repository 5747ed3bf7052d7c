import { type Command, defineCommand, MANY } from '../command.ts'
import { BROKER_FLAGS } from '../flags.ts'

/** Verbs for jobs that are there. */
export const JOB_COMMANDS: readonly Command[] = [
  defineCommand({
    name: 'jobs list',
    summary: 'list jobs, newest first',
    flags: [...BROKER_FLAGS, 'state', 'queue', 'name', 'limit', 'cursor', 'sort', 'json'],
    run: async (invocation) => (await import('../commands/jobs-list.ts')).runJobsList(invocation),
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
    run: async (invocation) => (await import('../commands/jobs-show.ts')).runJobsShow(invocation),
  }),
  defineCommand({
    name: 'jobs requeue',
    summary: 'put ended jobs back on their queues',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'state', 'queue', 'json'],
    examples: ['workhorse jobs requeue --state failed --queue emails'],
    run: async (invocation) => (await import('../commands/jobs-change.ts')).runJobsRequeue(invocation),
  }),
  defineCommand({
    name: 'jobs cancel',
    summary: 'take jobs out that wait; ask those that run to end',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'state', 'queue', 'dependents', 'json'],
    notes: ["A running job's signal aborts. One that does not look at it goes on: see jobs stop."],
    examples: ['workhorse jobs cancel --state queued --queue emails'],
    run: async (invocation) => (await import('../commands/jobs-change.ts')).runJobsCancel(invocation),
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
    run: async (invocation) => (await import('../commands/jobs-change.ts')).runJobsStop(invocation),
  }),
  defineCommand({
    name: 'jobs delete',
    summary: 'forget jobs',
    arguments: '[ID…]',
    count: { least: 0, most: MANY },
    flags: [...BROKER_FLAGS, 'state', 'queue', 'json'],
    run: async (invocation) => (await import('../commands/jobs-change.ts')).runJobsDelete(invocation),
  }),
]
