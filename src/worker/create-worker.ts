import type { Broker } from '../broker/broker.ts'
import { setGatewayProvider } from '../job/gateway-provider.ts'
import { brokerGateway } from '../queue/broker-gateway.ts'
import { type Duration, parseDuration } from '../support/duration.ts'
import type { Logger } from '../support/logger.ts'
import { packageVersion } from '../support/package-version.ts'
import { createForkIsolation } from './isolation/fork/create-fork-isolation.ts'
import { InlineIsolation } from './isolation/inline/inline-isolation.ts'
import type { Isolation, IsolationMode } from './isolation/isolation.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import { createIdentity, resolveWorkerOptions, type WorkerOptions, wholeNumber } from './supervisor/worker-options.ts'
import { logWorkerEvents } from './worker-log.ts'

export interface CreateWorkerOptions extends WorkerOptions {
  readonly broker: Broker
  /** Absolute paths of the job modules. */
  readonly modules: readonly string[]
  readonly isolation: IsolationMode
  readonly logger: Logger
  /** Horses forked ahead, in fork mode. Default: `concurrency`. */
  readonly standby?: number
  readonly nodeFlags?: readonly string[]
  readonly bootTimeout?: Duration
  readonly freeze?: boolean
  readonly ballastMb?: number
  /** Default `host.pid.xxxx`. Must be unique among all workers of the broker. */
  readonly name?: string
  /** Called when the isolation is up, just before the first job is taken. */
  readonly onReady?: () => void
  /** Called where the worker cannot go on: its zygote died and could not be replaced. */
  readonly onBroken?: (error: Error) => void
}

/** A worker, ready to `run()`. */
export interface Worker {
  readonly name: string
  readonly supervisor: Supervisor
  readonly isolation: Isolation
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
  const isolation = createIsolation(options, resolved.concurrency)
  const supervisor = new Supervisor(broker, isolation, gateway, identity, resolved)
  logWorkerEvents(supervisor, logger)
  return {
    name: identity.name,
    supervisor,
    isolation,
    run: async () => {
      // Inline jobs run in this process and enqueue by this worker's broker.
      setGatewayProvider(() => gateway)
      try {
        await isolation.start()
        for (const text of (await broker.storeReport()).warnings) logger.warn({ event: 'broker.warning' }, text)
        options.onReady?.()
        await supervisor.run()
      } finally {
        await isolation.close()
      }
    },
  }
}

function createIsolation(options: CreateWorkerOptions, concurrency: number): Isolation {
  if (options.isolation === 'inline') return new InlineIsolation({ modules: options.modules })
  return createForkIsolation(
    {
      modules: options.modules,
      freeze: options.freeze ?? true,
      ballastMb: options.ballastMb ?? 0,
      nodeFlags: options.nodeFlags ?? [],
      bootTimeoutMs: options.bootTimeout === undefined ? 60_000 : parseDuration(options.bootTimeout, 'bootTimeout'),
      hiddenEnv: ['WORKHORSE_BROKER'],
      standby: wholeNumber(options.standby ?? concurrency, 'standby', 0),
    },
    options.logger,
    options.onBroken ?? ((error) => options.logger.error({ err: error }, error.message)),
  )
}
