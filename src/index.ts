import { setDefaultGatewayProvider } from './job/gateway-provider.ts'

// Loaded at the first enqueue, so that a zygote, which imports this file with the user's jobs, holds no broker code.
setDefaultGatewayProvider(async () => {
  const [{ defaultBroker }, { brokerGateway }] = await Promise.all([
    import('./queue/default-broker.ts'),
    import('./queue/broker-gateway.ts'),
  ])
  return brokerGateway(await defaultBroker())
})

/** See `configure` in queue/default-broker.ts. */
export async function disconnect(): Promise<void> {
  const { disconnect: close } = await import('./queue/default-broker.ts')
  await close()
}

export { defineConfig, type WorkhorseConfig, type ZygoteConfig } from './config/config.ts'
// Configuration
export { configure } from './config/configure.ts'
export * from './errors.ts'
// Jobs
export type { Callback } from './job/callback-names.ts'
export type { EndedJob, FailureEvent, StoppedEvent, SuccessEvent } from './job/callbacks.ts'
export { type CurrentJob, currentJob, type JobMeta } from './job/context.ts'
export { type JobDefinition, job } from './job/definition.ts'
export type { Enqueuer } from './job/enqueuer.ts'
export type { FailureKind, JobFailure } from './job/failure.ts'
export { group, JobGroup } from './job/group.ts'
export { type ExecutionResult, JobHandle } from './job/handle.ts'
export { afterFork, beforeExit, type Hook, preload, warmUp } from './job/hooks.ts'
// Errors
export { JobFailedError } from './job/job-failed-error.ts'
export type { Jsonified, JsonValue } from './job/json.ts'
export { ModuleLoadError } from './job/module-load-error.ts'
export type { EnqueueOptions, JobOptions } from './job/options.ts'
export type {
  BackoffOptions,
  DependencyOptions,
  DependsOn,
  JobReference,
  RepeatOptions,
  RetryOptions,
} from './job/policy-options.ts'
export type { Bill, JobRecord, ProcessUsage } from './job/record.ts'
export type { JobState } from './job/states.ts'
// Schedules
export { schedule } from './scheduler/declarations.ts'
export type { ScheduleWhen } from './scheduler/spec.ts'
export type { Duration } from './support/duration.ts'
