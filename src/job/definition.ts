import { randomUUID } from 'node:crypto'
import { ArgumentsNotJsonError, UsageError } from '../errors.ts'
import { type Duration, show } from '../support/duration.ts'
import { createCurrentJob, LazyAbort, runInJob } from './context.ts'
import { currentGateway } from './gateway-provider.ts'
import { JobHandle } from './handle.ts'
import { findNonJson, type Jsonified } from './json.ts'
import {
  dueAt,
  dueIn,
  type EnqueueOptions,
  type JobOptions,
  type ResolvedEnqueueOptions,
  resolveEnqueueOptions,
  resolveJobOptions,
} from './options.ts'
import type { NewJob } from './record.ts'
import { type Handler, registerJob } from './registry.ts'

/** The ways to put a job on its queue. All resolve once the broker has stored it. */
export interface Enqueuer<Args extends readonly unknown[], Result> {
  /**
   * Put a job at the end of its queue.
   * @throws ArgumentsNotJsonError naming the first argument that JSON cannot carry; nothing is enqueued
   * @throws BrokerUnavailableError
   */
  enqueue(...args: Args): Promise<JobHandle<Jsonified<Awaited<Result>>>>
  /** The same as `enqueue`, by Celery's name. */
  delay(...args: Args): Promise<JobHandle<Jsonified<Awaited<Result>>>>
  /** Enqueue when `delay` is over. @throws UsageError for a delay that is none */
  enqueueIn(delay: Duration, ...args: Args): Promise<JobHandle<Jsonified<Awaited<Result>>>>
  /** Enqueue at a time: a Date, Unix milliseconds or an ISO 8601 string. */
  enqueueAt(when: Date | number | string, ...args: Args): Promise<JobHandle<Jsonified<Awaited<Result>>>>
  /** The same job with other options, for the enqueues made through what it returns. */
  with(options: EnqueueOptions): Enqueuer<Args, Result>
}

/** A defined job. Calling it runs the handler here and now, which is all that unit tests need. */
export interface JobDefinition<Args extends readonly unknown[], Result> extends Enqueuer<Args, Result> {
  (...args: Args): Promise<Awaited<Result>>
  readonly name: string
}

/**
 * Define a job: a name that payloads may carry, and the code that runs it.
 *
 * @param name letters, digits, `_`, `-`, `.`, `:` or `/`; unique among the loaded job modules
 * @param handler its arguments must be JSON values; what it returns is the result, also as JSON
 * @throws UsageError for a bad name, an unknown option (with the nearest known one), or a name defined elsewhere
 * @example
 * export const sendMail = job('send_mail', { queue: 'emails', timeout: '30s' }, async (to: string) => { … })
 * await sendMail.enqueue('a@example.org')
 */
export function job<Args extends readonly unknown[], Result>(
  name: string,
  handler: (...args: Args) => Result,
): JobDefinition<Args, Result>
export function job<Args extends readonly unknown[], Result>(
  name: string,
  options: JobOptions,
  handler: (...args: Args) => Result,
): JobDefinition<Args, Result>
export function job<Args extends readonly unknown[], Result>(
  name: string,
  ...rest: [(...args: Args) => Result] | [JobOptions, (...args: Args) => Result]
): JobDefinition<Args, Result> {
  const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
  if (typeof name !== 'string' || !/^[\w.:/-]{1,200}$/.test(name)) {
    throw new UsageError(`job(): expected a name of letters, digits, _ - . : or /, got ${show(name)}`)
  }
  if (typeof handler !== 'function') {
    throw new UsageError(`job('${name}'): expected a handler function, got ${show(handler)}`)
  }
  const resolved = resolveJobOptions(name, options)
  registerJob({ name, options: resolved, handler: handler as unknown as Handler, site: callSite() })
  const call = (...args: Args): Promise<Awaited<Result>> => callHere(name, resolved, handler, args)
  Object.defineProperty(call, 'name', { value: name })
  return Object.assign(call, createEnqueuer<Args, Result>(name, resolved)) as JobDefinition<Args, Result>
}

function createEnqueuer<Args extends readonly unknown[], Result>(
  name: string,
  options: ResolvedEnqueueOptions,
): Enqueuer<Args, Result> {
  type Handle = JobHandle<Jsonified<Awaited<Result>>>
  const enqueue = (...args: Args): Promise<Handle> => store(createJob(name, options, args))
  return {
    enqueue,
    delay: enqueue,
    enqueueIn: async (delay, ...args) => store(createJob(name, options, args, dueIn(name, delay, Date.now()))),
    enqueueAt: async (when, ...args) => store(createJob(name, options, args, dueAt(name, when))),
    with: (more) => createEnqueuer(name, resolveEnqueueOptions(name, more, options)),
  }
}

async function store<R>(job: NewJob): Promise<JobHandle<R>> {
  const gateway = await currentGateway()
  await gateway.enqueue([job])
  return new JobHandle<R>(job.id, job.name, job.queue, gateway)
}

/**
 * A job ready to be stored.
 * @throws ArgumentsNotJsonError
 */
export function createJob(
  name: string,
  options: ResolvedEnqueueOptions,
  args: readonly unknown[],
  due?: number,
): NewJob {
  const finding = findNonJson(args, 'args')
  if (finding) throw new ArgumentsNotJsonError(name, finding)
  return {
    id: options.id ?? randomUUID(),
    name,
    queue: options.queue,
    args: JSON.stringify(args),
    createdAt: Date.now(),
    timeoutMs: options.timeoutMs,
    resultTtlMs: options.resultTtlMs,
    failureTtlMs: options.failureTtlMs,
    ...(options.atFront ? { atFront: true } : {}),
    ...(options.meta === undefined ? {} : { meta: options.meta }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(due === undefined ? {} : { dueAt: due }),
  }
}

/** A plain call: the handler runs here, with a `currentJob()` of its own and nobody to stop it. */
async function callHere<Args extends readonly unknown[], Result>(
  name: string,
  options: ResolvedEnqueueOptions,
  handler: (...args: Args) => Result,
  args: Args,
): Promise<Awaited<Result>> {
  const identity = { id: `local-${randomUUID()}`, name, queue: options.queue, attempt: 1 }
  const current = createCurrentJob(identity, new LazyAbort(), {
    update: () => {},
    log: (message) => console.log(`[${name}] ${message}`),
  })
  return await runInJob(current, () => handler(...args))
}

/** Where `job()` was called: file and line of the first frame outside this file. Columns differ between loaders. */
function callSite(): string {
  const frame = (new Error().stack ?? '').split('\n')[3] ?? ''
  return /(?:file:\/\/)?(\/[^()]+:\d+):\d+\)?$/.exec(frame)?.[1] ?? 'an unknown place'
}
