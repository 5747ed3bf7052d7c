import type { Broker } from '../../broker/broker.ts'
import { assertQueueName } from '../../job/queue-name.ts'
import { nearest } from '../../support/did-you-mean.ts'
import type { Invocation } from '../command.ts'
import { note, print, printJson } from '../render/print.ts'
import { renderQueues } from '../render/queues.ts'
import { withBroker } from '../surroundings.ts'

type QueuesFlag = 'broker' | 'config' | 'json'

export function runQueuesList({ flags }: Invocation<QueuesFlag>): Promise<number> {
  return withBroker(flags, async (broker) => {
    const queues = await broker.queueList()
    if (flags.json) printJson({ queues })
    else print(queues.length === 0 ? 'no queues yet' : renderQueues(queues))
    return 0
  })
}

export function runQueuesPause({ flags, positionals }: Invocation<QueuesFlag>): Promise<number> {
  return changeQueues(flags, positionals, 'paused', (broker, queue) => broker.queuePause(queue))
}

export function runQueuesResume({ flags, positionals }: Invocation<QueuesFlag>): Promise<number> {
  return changeQueues(flags, positionals, 'resumed', (broker, queue) => broker.queueResume(queue))
}

export function runQueuesEmpty({ flags, positionals }: Invocation<QueuesFlag>): Promise<number> {
  for (const name of positionals) assertQueueName(name)
  return withBroker(flags, async (broker) => {
    const known = (await broker.queueList()).map(({ name }) => name)
    const emptied: { queue: string; jobs: number }[] = []
    for (const queue of positionals) {
      if (!known.includes(queue)) note(strangeQueue(queue, known))
      emptied.push({ queue, jobs: await broker.queueEmpty(queue) })
    }
    if (flags.json) printJson({ emptied })
    else
      print(emptied.map(({ queue, jobs }) => `deleted ${jobs === 1 ? '1 job' : `${jobs} jobs`} of ${queue}`).join('\n'))
    return 0
  })
}

function changeQueues(
  flags: Invocation<QueuesFlag>['flags'],
  names: readonly string[],
  what: 'paused' | 'resumed',
  change: (broker: Broker, queue: string) => Promise<void>,
): Promise<number> {
  for (const name of names) assertQueueName(name)
  return withBroker(flags, async (broker) => {
    const known = (await broker.queueList()).map(({ name }) => name)
    for (const name of names) {
      await change(broker, name)
      if (!known.includes(name)) note(strangeQueue(name, known))
    }
    if (flags.json) printJson({ [what]: names })
    else print(names.map((name) => `${what} ${name}`).join('\n'))
    return 0
  })
}

/** Not an error: a queue may be paused before its first job comes. */
function strangeQueue(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return `note: there is no queue '${name}' yet${near === undefined ? '' : `; did you mean '${near}'?`}`
}
