import { type Command, defineCommand, MANY } from '../command.ts'
import { JOB_FLAGS } from '../flags.ts'

const ENQUEUE_FLAGS = [
  ...JOB_FLAGS,
  ...(['queue', 'in', 'at', 'id', 'front', 'retry', 'retry-delay', 'backoff', 'repeat', 'repeat-delay'] as const),
  ...(['ttl', 'depends-on', 'allow-failure', 'unique', 'group', 'meta'] as const),
  ...(['on-success', 'on-failure', 'on-stopped', 'wait', 'json'] as const),
] as const

/** The verb that adds jobs. */
export const ENQUEUE_COMMANDS: readonly Command[] = [
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
    run: async (invocation) => (await import('../commands/enqueue.ts')).runEnqueue(invocation),
  }),
]
