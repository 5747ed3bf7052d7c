import type { Broker } from '../../broker/broker.ts'
import { UsageError } from '../../errors.ts'
import { sumBills } from '../../queue/bills.ts'
import { type Snapshot, takeSnapshot, type WorkerView } from '../../queue/inspect.ts'
import { formatDuration } from '../../support/duration.ts'
import { Inbox } from '../../support/inbox.ts'
import type { Invocation } from '../command.ts'
import { renderBillSums } from '../render/bills.ts'
import { paint } from '../render/colours.ts'
import { print, printJson } from '../render/print.ts'
import { renderQueues } from '../render/queues.ts'
import { type Column, renderTable } from '../render/table.ts'
import { recordSignals } from '../serve/events.ts'
import { withBroker } from '../surroundings.ts'

type InfoFlag = 'broker' | 'config' | 'watch' | 'bill' | 'json'

export function runInfo({ flags }: Invocation<InfoFlag>): Promise<number> {
  if (flags.bill) return showBills(flags)
  const show = flags.json ? printJson : (snapshot: Snapshot) => print(renderSnapshot(snapshot))
  return withBroker(flags, async (broker) => {
    if (flags.watch === undefined) show(await takeSnapshot(broker))
    else await watch(broker, flags.watch === true ? 1000 : flags.watch, show)
    return 0
  })
}

/** What the jobs that are kept have cost, by name and queue. */
function showBills(flags: Invocation<InfoFlag>['flags']): Promise<number> {
  if (flags.watch !== undefined)
    throw new UsageError('info --bill looks at every job that is kept; it does not --watch')
  return withBroker(flags, async (broker) => {
    const bills = await sumBills(broker)
    if (flags.json) printJson({ bills })
    else print(bills.length === 0 ? 'no job has a bill yet' : renderBillSums(bills))
    return 0
  })
}

/** Until Ctrl-C. */
async function watch(broker: Broker, everyMs: number, show: (snapshot: Snapshot) => void): Promise<void> {
  const inbox = new Inbox<'stop' | 'tick'>()
  recordSignals({ push: () => inbox.push('stop') })
  for (;;) {
    const snapshot = await takeSnapshot(broker)
    if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J')
    show(snapshot)
    const timer = setTimeout(() => inbox.push('tick'), everyMs)
    if ((await inbox.next()) === 'stop') return clearTimeout(timer)
  }
}

const WORKER_COLUMNS: readonly Column<WorkerView & { readonly now: number }>[] = [
  { title: 'worker', value: ({ name }) => name },
  { title: 'state', value: ({ state }) => state, colour: ({ state }) => (state === 'busy' ? 'green' : undefined) },
  { title: 'isolation', value: ({ isolation }) => isolation },
  { title: 'slots', value: ({ running, concurrency }) => `${running.length}/${concurrency}`, right: true },
  { title: 'finished', value: ({ finished }) => finished, right: true },
  { title: 'failed', value: ({ failed }) => failed, right: true },
  { title: 'up', value: ({ startedAt, now }) => formatDuration(now - startedAt), right: true },
  { title: 'queues', value: ({ queues }) => queues.join(' ') },
]

const RUNNING_COLUMNS: readonly Column<
  WorkerView['running'][number] & { readonly worker: string; readonly now: number }
>[] = [
  { title: 'running', value: ({ name }) => name },
  { title: 'id', value: ({ id }) => id },
  { title: 'queue', value: ({ queue }) => queue },
  {
    title: 'for',
    value: ({ startedAt, now }) => (startedAt === undefined ? '' : formatDuration(now - startedAt)),
    right: true,
  },
  { title: 'worker', value: ({ worker }) => worker },
]

function renderSnapshot({ broker, takenAt, suspended, queues, workers }: Snapshot): string {
  const now = takenAt
  const running = workers.flatMap((worker) => worker.running.map((job) => ({ ...job, worker: worker.name, now })))
  return [
    `${paint('broker', 'dim')}  ${broker}`,
    ...(suspended ? [paint('suspended: workers take nothing until workhorse resume', 'yellow')] : []),
    '',
    queues.length === 0 ? 'no queues yet' : renderQueues(queues),
    '',
    workers.length === 0
      ? 'no workers'
      : renderTable(
          WORKER_COLUMNS,
          workers.map((worker) => ({ ...worker, now })),
        ),
    ...(running.length === 0 ? [] : ['', renderTable(RUNNING_COLUMNS, running)]),
  ].join('\n')
}
