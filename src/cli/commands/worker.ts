import { hostname } from 'node:os'
import type { Broker } from '../../broker/broker.ts'
import { WorkhorseError } from '../../errors.ts'
import { formatDuration } from '../../support/duration.ts'
import { Inbox } from '../../support/inbox.ts'
import { createLogger, type Logger } from '../../support/logger.ts'
import type { MasterDescription } from '../../worker/control/messages.ts'
import { createWorker, type Worker } from '../../worker/create-worker.ts'
import { resolveWorkerOptions } from '../../worker/supervisor/worker-options.ts'
import type { Invocation } from '../command.ts'
import { attendWorker, type WorkerEvent } from '../serve/attend-worker.ts'
import { chooseIsolation } from '../serve/choose-isolation.ts'
import { recordControlSignals, recordSignals } from '../serve/events.ts'
import { tellMaster } from '../serve/messages.ts'
import { isRunning, PidFile } from '../serve/pid-file.ts'
import { ServiceManager } from '../serve/service-manager.ts'
import { planWorker, type WorkerFlag, type WorkerPlan } from '../serve/worker-plan.ts'
import { keepTitle } from '../serve/worker-title.ts'
import { openBroker, readSettings } from '../surroundings.ts'

export async function runWorker({ flags, positionals }: Invocation<WorkerFlag | 'crew' | 'pid-file'>): Promise<number> {
  const inbox = new Inbox<WorkerEvent>()
  recordSignals(inbox)
  recordControlSignals(inbox)
  if (flags.crew !== undefined) watchMaster(() => inbox.push({ type: 'orphaned' }))
  const logger = createLogger(flags['log-level'] ?? 'info', process.stderr, flags.crew)
  const service = new ServiceManager(logger)
  const settings = await readSettings(flags)
  const plan = planWorker(flags, positionals, settings)
  const isolation = chooseIsolation(plan.wantedIsolation, logger)
  const broker = await openBroker(settings)
  const pidFile = flags['pid-file'] === undefined ? undefined : new PidFile(flags['pid-file'])
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
    return await serve(worker, inbox, logger, service)
  } finally {
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
): Promise<number> {
  const began = performance.now()
  const exitCode = await attendWorker({
    worker,
    inbox,
    logger,
    service,
    onReady: () => {
      logger.info({ event: 'worker.ready' }, `ready after ${formatDuration(performance.now() - began)}`)
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
  const { queues, concurrency } = resolveWorkerOptions(plan.options)
  const isolation = worker.isolation.mode
  keepTitle(worker.supervisor, queues, concurrency)
  logger.info(
    { event: 'worker.started', worker: worker.name, queues, broker, isolation, concurrency },
    `worker ${worker.name} (pid ${process.pid}) of ${queues.join(', ')} at ${broker}: isolation ${isolation}, concurrency ${concurrency}`,
  )
}
