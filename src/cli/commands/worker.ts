import { hostname } from 'node:os'
import type { Broker } from '../../broker/broker.ts'
import { WorkhorseError } from '../../errors.ts'
import { formatDuration } from '../../support/duration.ts'
import { Inbox } from '../../support/inbox.ts'
import { isRunning } from '../../support/is-running.ts'
import { createLogger, type Logger } from '../../support/logger.ts'
import type { MasterDescription } from '../../worker/control/messages.ts'
import { createWorker, type Worker } from '../../worker/create-worker.ts'
import type { IsolationMode } from '../../worker/isolation/isolation.ts'
import { formatSlots, resolveWorkerOptions, type SlotRange } from '../../worker/supervisor/worker-options.ts'
import type { Invocation } from '../command.ts'
import { attendWorker, type WorkerEvent } from '../serve/attend-worker.ts'
import { chooseIsolation } from '../serve/choose-isolation.ts'
import { recordControlSignals, recordSignals } from '../serve/events.ts'
import { tellMaster } from '../serve/messages.ts'
import { openPidFile } from '../serve/pid-file.ts'
import { reapOrphans } from '../serve/reap-orphans.ts'
import { ServiceManager } from '../serve/service-manager.ts'
import { SourceWatch } from '../serve/source-watch.ts'
import { assertWatchable, planWorker, type WorkerFlag, type WorkerPlan } from '../serve/worker-plan.ts'
import { keepTitle } from '../serve/worker-title.ts'
import { openBroker, readSettings } from '../surroundings.ts'

export async function runWorker({ flags, positionals }: Invocation<WorkerFlag | 'crew' | 'pid-file'>): Promise<number> {
  reapOrphans()
  const inbox = new Inbox<WorkerEvent>()
  recordSignals(inbox)
  recordControlSignals(inbox)
  if (flags.crew !== undefined) watchMaster(() => inbox.push({ type: 'orphaned' }))
  const logger = createLogger(flags['log-level'] ?? 'info', process.stderr, flags.crew)
  const service = new ServiceManager(logger)
  const settings = await readSettings(flags)
  const plan = planWorker(flags, positionals, settings)
  const isolation = chooseIsolation(plan.wantedIsolation, logger)
  const watch = watchSources(flags.watch, plan, isolation, (files) => inbox.push({ type: 'changed', files }))
  const broker = await openBroker(settings)
  // One of several is not who is meant by it: that is the master.
  const pidFile = flags.crew === undefined ? openPidFile(flags['pid-file'], settings) : undefined
  try {
    if (flags.name !== undefined) await assertNameIsFree(broker, flags.name)
    const worker = createWorker({
      ...plan.options,
      broker,
      isolation,
      logger,
      ...(flags.crew === undefined ? {} : { master: describeMaster(flags.crew, flags.name) }),
      onReady: () => inbox.push({ type: 'ready' }),
      onBroken: (error) => inbox.push({ type: 'broken', error }),
    })
    logStart(worker, plan, broker.url, logger)
    return await serve(worker, inbox, logger, service, watch)
  } finally {
    watch?.close()
    pidFile?.remove()
    await broker.close()
  }
}

/** A member's name is the crew's with its number. */
function describeMaster(number: number, name: string | undefined): MasterDescription {
  return { pid: process.ppid, ...(name === undefined ? {} : { name: name.slice(0, -`-${number}`.length) }) }
}

function watchMaster(orphaned: () => void): void {
  // It may have died while this process was starting, before anybody listened.
  if (process.connected) process.once('disconnect', orphaned)
  else orphaned()
}

const QUIET_MS = 100

/** @throws UsageError where the jobs cannot be loaded anew */
function watchSources(
  flag: number | true | undefined,
  plan: WorkerPlan,
  isolation: IsolationMode,
  onChange: (files: readonly string[]) => void,
): SourceWatch | undefined {
  if (flag === undefined) return undefined
  assertWatchable(isolation)
  return new SourceWatch(plan.options.modules, flag === true ? QUIET_MS : flag, onChange)
}

/** Two workers of one name would take each other's leases for their own. */
async function assertNameIsFree(broker: Broker, name: string): Promise<void> {
  const holder = (await broker.workerList()).find((worker) => worker.name === name)
  if (holder === undefined || (holder.hostname === hostname() && !isRunning(holder.pid))) return
  throw new WorkhorseError(
    'WORKHORSE_WORKER_NAME_TAKEN',
    `a worker named '${name}' is at work already (pid ${holder.pid} on ${holder.hostname}); take another name`,
  )
}

async function serve(
  worker: Worker,
  inbox: Inbox<WorkerEvent>,
  logger: Logger,
  service: ServiceManager,
  watch: SourceWatch | undefined,
): Promise<number> {
  const began = performance.now()
  const exitCode = await attendWorker({
    worker,
    inbox,
    logger,
    service,
    onReady: () => {
      logger.info({ event: 'worker.ready' }, `ready after ${formatDuration(performance.now() - began)}`)
      watch?.start()
      void tellMaster({ type: 'ready' })
    },
  })
  const { finished, failed } = worker.supervisor.counts
  const seconds = (performance.now() - began) / 1000
  logger.info(
    { event: 'worker.done', finished, failed, seconds },
    `done: ${finished} finished, ${failed} failed, in ${seconds.toFixed(1)} s`,
  )
  const { leaveReason } = worker.supervisor
  await tellMaster({ type: 'ended', finished, failed, ...(leaveReason === undefined ? {} : { leaveReason }) })
  return exitCode
}

function logStart(worker: Worker, plan: WorkerPlan, broker: string, logger: Logger): void {
  const { queues, slots } = resolveWorkerOptions(plan.options)
  const concurrency = formatSlots(slots)
  const isolation = worker.isolation.mode
  keepTitle(worker.supervisor, queues)
  logger.info(
    { event: 'worker.started', worker: worker.name, queues, broker, isolation, concurrency: asGiven(slots) },
    `worker ${worker.name} (pid ${process.pid}) of ${queues.join(', ')} at ${broker}: isolation ${isolation}, concurrency ${concurrency}`,
  )
}

/** One number where it is fixed. */
function asGiven(slots: SlotRange): number | SlotRange {
  return slots.min === slots.max ? slots.min : slots
}
