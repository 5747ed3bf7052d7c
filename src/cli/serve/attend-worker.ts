import { formatDuration } from '../../support/duration.ts'
import type { Inbox } from '../../support/inbox.ts'
import type { Logger } from '../../support/logger.ts'
import type { Worker } from '../../worker/create-worker.ts'
import { EXIT_FAILED } from '../report-error.ts'
import { type ControlEvent, SIGNAL_EXIT_CODES, type SignalEvent, type StopSignal } from './events.ts'
import type { ServiceManager } from './service-manager.ts'

/** All that can happen to a worker's process. */
export type WorkerEvent =
  | SignalEvent
  | ControlEvent
  /** The jobs were loaded anew, or could not be. */
  | { readonly type: 'reloaded'; readonly error?: unknown }
  /** The isolation is up; jobs are taken from now on. */
  | { readonly type: 'ready' }
  /** No job can run any more. */
  | { readonly type: 'broken'; readonly error: Error }
  /** The master of several workers is gone. */
  | { readonly type: 'orphaned' }
  | { readonly type: 'ended'; readonly error?: unknown }

type ReloadEvent = Extract<WorkerEvent, { type: 'reload' | 'changed' }>

export interface Attendance {
  readonly worker: Worker
  readonly inbox: Inbox<WorkerEvent>
  readonly logger: Logger
  readonly service: ServiceManager
  readonly onReady: () => void
}

/**
 * The main loop of a worker process, from boot to exit code.
 * booting → working → stopping (finishes what runs) → killing (puts back what runs); `ended` leaves at any stage.
 */
export async function attendWorker({ worker, inbox, logger, service, onReady }: Attendance): Promise<number> {
  let stage: 'booting' | 'working' | 'stopping' | 'killing' = 'booting'
  let exitCode = 0
  let reloading = false
  let reloadAgain: ReloadEvent | undefined
  void worker.run().then(
    () => inbox.push({ type: 'ended' }),
    (error: unknown) => inbox.push({ type: 'ended', error }),
  )
  for (;;) {
    const event = await inbox.next()
    switch (event.type) {
      case 'ready':
        stage = 'working'
        onReady()
        service.ready('working')
        break
      case 'reload':
      case 'changed':
        if (stage !== 'working') break
        // What is being loaded may be older than this.
        if (reloading) reloadAgain = event
        else reload(worker, event, inbox, logger, service)
        reloading = true
        break
      case 'reloaded':
        reloading = false
        logReload(event.error, logger)
        if (stage !== 'working') break
        service.ready('working')
        if (reloadAgain !== undefined) inbox.push(reloadAgain)
        reloadAgain = undefined
        break
      case 'quiet':
        if (stage !== 'working') break
        logger.info({ event: 'worker.quiet' }, `SIGTSTP: taking no more, and staying; ${running(worker)}`)
        service.status('quiet')
        worker.supervisor.quiet()
        break
      case 'ended':
        if (event.error !== undefined) throw event.error
        return exitCode
      case 'broken':
        logger.fatal({ event: 'worker.broken', err: event.error }, `no job can run any more: ${event.error.message}`)
        exitCode = EXIT_FAILED
        stage = 'stopping'
        worker.supervisor.stop()
        break
      case 'orphaned':
        logger.warn({ event: 'worker.orphaned' }, 'the master is gone; leaving at once')
        exitCode = EXIT_FAILED
        if (stage === 'booting') return exitCode
        stage = 'killing'
        worker.supervisor.kill()
        break
      case 'signal':
        if (stage === 'booting') {
          logger.info({ event: 'worker.stopped' }, `${event.signal}: left before the worker was ready`)
          await worker.isolation.close()
          return exitCode
        }
        if (stage === 'working') {
          stage = 'stopping'
          service.stopping('finishing what runs')
          worker.supervisor.stop()
          logStop(worker, event.signal, logger)
          break
        }
        // Whoever asks a third time does not want to wait for the broker either.
        if (stage === 'killing') return SIGNAL_EXIT_CODES[event.signal]
        stage = 'killing'
        exitCode = SIGNAL_EXIT_CODES[event.signal]
        logger.warn(
          { event: 'worker.kill' },
          `${event.signal} again: killing ${count(worker.supervisor.running.length)}`,
        )
        worker.supervisor.kill()
    }
  }
}

/** Goes on beside the main loop: jobs run on meanwhile. */
function reload(
  worker: Worker,
  event: ReloadEvent,
  inbox: Inbox<WorkerEvent>,
  logger: Logger,
  service: ServiceManager,
): void {
  const cause = event.type === 'reload' ? 'SIGHUP' : `${event.files.join(', ')} changed`
  logger.info({ event: 'worker.reload' }, `${cause}: loading the jobs anew`)
  service.reloading()
  worker.recycle().then(
    () => inbox.push({ type: 'reloaded' }),
    (error: unknown) => inbox.push({ type: 'reloaded', error }),
  )
}

function logReload(error: unknown, logger: Logger): void {
  if (error === undefined) logger.info({ event: 'worker.reloaded' }, 'the jobs are loaded anew')
  else {
    const { message } = error as Error
    logger.error({ event: 'worker.reload-failed', err: error }, `the jobs stay as they were loaded before: ${message}`)
  }
}

function running({ supervisor }: Worker): string {
  const { length } = supervisor.running
  return length === 0 ? 'nothing runs' : `${count(length)} still running`
}

function logStop({ supervisor }: Worker, signal: StopSignal, logger: Logger): void {
  const { running } = supervisor
  if (running.length === 0) {
    logger.info({ event: 'worker.stop' }, `${signal}: nothing runs; leaving`)
    return
  }
  logger.info({ event: 'worker.stop' }, `${signal}: taking no more, finishing ${count(running.length)}; again to kill`)
  for (const { job, begunAt } of running) {
    const age = formatDuration(performance.now() - begunAt)
    logger.info({ event: 'job.running', job: job.name, id: job.id }, `still running, for ${age}`)
  }
}

function count(jobs: number): string {
  return jobs === 1 ? '1 job' : `${jobs} jobs`
}
