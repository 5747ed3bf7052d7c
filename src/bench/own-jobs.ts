import { job } from '../job/definition.ts'

/** Costs nothing: what is left is the engine. */
export const noop = job('workhorse.bench.noop', () => {})

/**
 * Milliseconds between `then` and the handler's first instruction. The monotonic clock is one for all processes
 * of a machine.
 */
export const since = job(
  'workhorse.bench.since',
  (then: string) => Number(process.hrtime.bigint() - BigInt(then)) / 1e6,
)
