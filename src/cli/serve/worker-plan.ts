import { brokerVariables } from '../../config/broker-variables.ts'
import { resolveProfileConfig } from '../../config/resolve-profile.ts'
import type { Settings } from '../../config/settings.ts'
import { UsageError } from '../../errors.ts'
import { defined } from '../../support/defined.ts'
import type { CreateWorkerOptions } from '../../worker/create-worker.ts'
import type { IsolationMode } from '../../worker/isolation/isolation.ts'
import { resolvePoolOptions } from '../../worker/isolation/pool/pool-config.ts'
import { resolveWorkerOptions } from '../../worker/supervisor/worker-options.ts'
import type { FlagValues } from '../flags.ts'
import { requireModules } from '../surroundings.ts'

export type WorkerFlag =
  | 'broker'
  | 'config'
  | 'jobs-file'
  | 'concurrency'
  | 'burst'
  | 'isolation'
  | 'standby'
  | 'grace'
  | 'exit-grace'
  | 'lease'
  | 'log-level'
  | 'name'
  | 'max-jobs'
  | 'max-idle-time'
  | 'watch'
  | 'profile-sample'

/** A worker as flags and config file want it, before anything is opened or started. */
export interface WorkerPlan {
  readonly wantedIsolation: IsolationMode | undefined
  readonly options: Omit<CreateWorkerOptions, 'broker' | 'logger' | 'isolation' | 'onReady' | 'onBroken'>
}

/** Flags win over the config file. @throws UsageError */
export function planWorker(flags: FlagValues<WorkerFlag>, queues: readonly string[], settings: Settings): WorkerPlan {
  const { config } = settings
  const options = {
    modules: requireModules(settings),
    scheduleOwner: settings.app,
    profile: resolveProfileConfig(settings, flags['profile-sample']),
    ...defined({
      queues: queues.length > 0 ? queues : config.queues,
      concurrency: flags.concurrency ?? config.concurrency,
      burst: flags.burst,
      standby: flags.standby ?? config.standby,
      grace: flags.grace ?? config.grace,
      exitGrace: flags['exit-grace'] ?? config.exitGrace,
      lease: flags.lease ?? config.lease,
      maxAbandonments: config.maxAbandonments,
      name: flags.name,
      maxJobs: flags['max-jobs'] ?? config.maxJobs,
      maxIdle: flags['max-idle-time'] ?? config.maxIdleTime,
      queueIsolation: config.queueIsolation,
      pool: config.pool,
      nodeFlags: config.zygote?.nodeFlags,
      hiddenEnv: brokerVariables(settings),
      bootTimeout: config.zygote?.bootTimeout,
      freeze: config.zygote?.freeze,
    }),
  }
  const { slots } = resolveWorkerOptions(options)
  resolvePoolOptions(config.pool ?? {}, slots, 0)
  return { wantedIsolation: flags.isolation ?? config.isolation, options }
}

/** @throws UsageError where the jobs cannot be loaded anew */
export function assertWatchable(isolation: IsolationMode): void {
  if (isolation !== 'inline') return
  throw new UsageError("--watch: isolation 'inline' cannot load the jobs anew; take 'fork' or 'pool'")
}
