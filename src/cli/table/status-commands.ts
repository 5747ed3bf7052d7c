import { type Command, defineCommand } from '../command.ts'
import { BROKER_FLAGS } from '../flags.ts'

/** Verbs that say how things stand. */
export const STATUS_COMMANDS: readonly Command[] = [
  defineCommand({
    name: 'info',
    summary: 'show queues, workers and what they run',
    flags: [...BROKER_FLAGS, 'watch', 'bill', 'json'],
    run: async (invocation) => (await import('../commands/info.ts')).runInfo(invocation),
  }),
  defineCommand({
    name: 'health',
    summary: 'say whether a worker of this host is at work; for probes',
    flags: [...BROKER_FLAGS, 'name', 'pid-file', 'max-age', 'json'],
    notes: ['Exit code 0 where the broker answers and has heard of one within --max-age; else 1, with the reason.'],
    examples: ['workhorse health --pid-file /run/workhorse.pid'],
    run: async (invocation) => (await import('../commands/health.ts')).runHealth(invocation),
  }),
]
