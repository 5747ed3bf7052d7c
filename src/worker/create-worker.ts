import type { Broker } from '../broker/broker.ts'
import type { PoolConfig } from '../config/config.ts'
import { setGatewayProvider } from '../job/gateway-provider.ts'
import { brokerGateway } from '../queue/broker-gateway.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { type Duration, parseDuration } from '../support/duration.ts'
import type { Logger } from '../support/logger.ts'
import { packageVersion } from '../support/package-version.ts'
import { ControlServer } from './control/control-server.ts'
import type { MasterDescription } from './control/messages.ts'
import { ProfilerDesk } from './control/profiler-desk.ts'
import type { Isolation, IsolationMode } from './isolation/isolation.ts'
import { IsolationRouter } from './isolation/isolation-router.ts'
import { IsolationOpener } from './isolation/open-isolation.ts'
import { resolvePoolOptions } from './isolation/pool/pool-config.ts'
import type { ProfileSampling } from './profiles/continuous-profiler.ts'
import { Sampling } from './profiles/sampling.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import {
  createIdentity,
  type ResolvedWorkerOptions,
  resolveWorkerOptions,
  type WorkerOptions,
  wholeNumber,
} from './supervisor/worker-options.ts'
import { logSchedules, logWorkerEvents } from './worker-log.ts'

export interface CreateWorkerOptions extends WorkerOptions {
  readonly broker: Broker
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  /** Where its jobs run, unless their queue or they themselves say otherwise. */
  readonly isolation: IsolationMode
  /** Where the jobs of a queue run, by its name. */
  readonly queueIsolation?: Readonly<Record<string, IsolationMode>>
  readonly pool?: PoolConfig
  readonly logger: Logger
  /**
   * Horses forked ahead, in fork mode. Default `'auto'`: as many as jobs come within the time that a fork takes, at least 1,
   * and at most as many as there are slots.
   */
  readonly standby?: number | 'auto'
  readonly nodeFlags?: readonly string[]
  /** Environment variables that its jobs do not see in fork and pool mode. Default `['WORKHORSE_BROKER']`. */
  readonly hiddenEnv?: readonly string[]
  readonly bootTimeout?: Duration
  readonly freeze?: boolean
  readonly ballastMb?: number
  /** Default `host.pid.xxxx`. Must be unique among all workers of the broker. */
  readonly name?: string
  /** Whose schedules the job modules declare: what this owner declares no more is removed. Default `'workhorse'`. */
  readonly scheduleOwner?: string
  /** Who has started it, where it is one of several. */
  readonly master?: MasterDescription
  /** Profile some executions for ever. Default: none. */
  readonly profile?: ProfileSampling
  /** Called when the isolation is up, just before the first job is taken. */
  readonly onReady?: () => void
  /** Called where the worker cannot go on: neither its zygote nor pool children could be replaced. */
  readonly onBroken?: (error: Error) => void
}

/** A worker, ready to `run()`. */
export interface Worker {
  readonly name: string
  readonly supervisor: Supervisor
  /** The one that its jobs run in by default; others are opened for the first job that needs them. */
  readonly isolation: Isolation
  /**
   * Load the job modules anew, without stopping: jobs that run go on in what they were started with.
   * @throws UsageError in a mode that cannot, @throws ZygoteBootError, @throws PoolStartError: then all is as it was
   */
  recycle(): Promise<void>
  /** Boots the isolation, works until stopped (or done, in burst mode), and takes everything down again. */
  run(): Promise<void>
}

/**
 * Puts a worker together: isolation, supervisor, log.
 * @throws UsageError for an option, @throws ForkUnavailableError
 */
export function createWorker(options: CreateWorkerOptions): Worker {
  const resolved = resolveWorkerOptions(options)
  const identity = createIdentity(packageVersion(), options.name)
  const { broker, logger } = options
  const gateway = brokerGateway(broker)
  const opener = createOpener(options, resolved)
  const isolation = opener.open(options.isolation)
  const byQueue = options.queueIsolation ?? {}
  const router = new IsolationRouter({ main: isolation, byQueue, open: (mode) => opener.open(mode) })
  const supervisor = new Supervisor(broker, router, gateway, identity, resolved)
  logWorkerEvents(supervisor, logger)
  supervisor.on('resized', (_from, slots) => router.resize(slots))
  const { master } = options
  const description = { name: identity.name, pid: identity.pid, isolation: isolation.mode, ...(master && { master }) }
  const desk = new ProfilerDesk(router)
  const control = new ControlServer(description, desk, () => supervisor.running.length)
  const sampling = new Sampling(options.profile, desk, logger)
  const scheduler = new Scheduler(broker, options.scheduleOwner ?? 'workhorse', logSchedules(logger))
  return {
    name: identity.name,
    supervisor,
    isolation,
    recycle: async () => {
      await router.recycle()
      if (!resolved.burst) await scheduler.sync(router.schedules)
    },
    run: async () => {
      // Inline jobs run in this process and enqueue by this worker's broker.
      setGatewayProvider(() => gateway)
      try {
        await router.start()
        for (const text of (await broker.storeReport()).warnings) logger.warn({ event: 'broker.warning' }, text)
        // A burst ends when the queues are empty: what becomes due later is not its business.
        if (!resolved.burst) await scheduler.start(router.schedules)
        await control.open(logger)
        sampling.begin()
        options.onReady?.()
        await supervisor.run()
      } finally {
        await control.close()
        await scheduler.stop()
        await router.close()
        await sampling.end()
      }
    },
  }
}

function createOpener(options: CreateWorkerOptions, resolved: ResolvedWorkerOptions): IsolationOpener {
  const { slots, renewMs, exitGraceMs } = resolved
  const { logger, pool = {}, standby = 'auto' } = options
  const bootTimeoutMs =
    options.bootTimeout === undefined ? 60_000 : parseDuration(options.bootTimeout, 'option bootTimeout')
  return new IsolationOpener({
    fork: {
      modules: options.modules,
      freeze: options.freeze ?? true,
      ballastMb: options.ballastMb ?? 0,
      nodeFlags: options.nodeFlags ?? [],
      bootTimeoutMs,
      hiddenEnv: options.hiddenEnv ?? ['WORKHORSE_BROKER'],
      standby: standby === 'auto' ? standby : wholeNumber(standby, 'standby', 0),
      slots: slots.min,
      exitGraceMs,
    },
    pool: resolvePoolOptions(pool, slots, bootTimeoutMs, exitGraceMs),
    poolStart: pool.start,
    blockedMs: renewMs,
    exitGraceMs,
    logger,
    onBroken: options.onBroken ?? ((error) => logger.error({ err: error }, error.message)),
  })
}
