import { UsageError } from '../errors.ts'
import type { Duration } from '../support/duration.ts'
import { singleton } from '../support/singleton.ts'
import { createJob } from './create-job.ts'
import { currentGateway } from './gateway-provider.ts'
import { JobHandle } from './handle.ts'
import type { Jsonified } from './json.ts'
import { dueAt, dueIn, type EnqueueOptions, type ResolvedEnqueueOptions, resolveEnqueueOptions } from './options.ts'
import type { NewJob } from './record.ts'

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
  /**
   * Put many jobs on the queue, all of them or none, in one round trip.
   * @param calls the arguments of each
   * @throws ArgumentsNotJsonError, @throws BrokerUnavailableError
   * @example
   * await sendMail.enqueueMany([['a@example.org'], ['b@example.org']])
   */
  enqueueMany(calls: readonly Args[]): Promise<JobHandle<Jsonified<Awaited<Result>>>[]>
  /** The same job with other options, for the enqueues made through what it returns. */
  with(options: EnqueueOptions): Enqueuer<Args, Result>
}

/** What an enqueuer enqueues, for those that make jobs of it later. */
export interface Blueprint {
  readonly name: string
  readonly options: ResolvedEnqueueOptions
}

const blueprints = singleton('blueprints', () => new WeakMap<object, Blueprint>())

/** What `definition` or `definition.with(…)` enqueues; nothing for anything else. */
export function blueprintOf(enqueuer: object): Blueprint | undefined {
  return blueprints.get(enqueuer)
}

/** Gives `target` the ways to enqueue. */
export function makeEnqueuer<Args extends readonly unknown[], Result, T extends object>(
  target: T,
  name: string,
  options: ResolvedEnqueueOptions,
): T & Enqueuer<Args, Result> {
  type Result_ = Jsonified<Awaited<Result>>
  const enqueue = (...args: Args) => store<Result_>(createJob(name, options, args))
  const enqueuer: Enqueuer<Args, Result> = {
    enqueue,
    delay: enqueue,
    enqueueIn: async (delay, ...args) => store(createJob(name, options, args, dueIn(name, delay, Date.now()))),
    enqueueAt: async (when, ...args) => store(createJob(name, options, args, dueAt(name, when))),
    enqueueMany: async (calls) => {
      if (options.id !== undefined && calls.length > 1) {
        throw new UsageError(
          `${name}: option id: ${calls.length} jobs cannot all have the id '${options.id}'; leave it out`,
        )
      }
      return storeAll<Result_>(calls.map((args) => createJob(name, options, args)))
    },
    with: (more) => makeEnqueuer({}, name, resolveEnqueueOptions(name, more, options)),
  }
  blueprints.set(target, { name, options })
  return Object.assign(target, enqueuer)
}

async function store<R>(job: NewJob): Promise<JobHandle<R>> {
  const gateway = await currentGateway()
  const { duplicates } = await gateway.enqueue([job])
  return new JobHandle<R>(job.id, job.name, job.queue, gateway, duplicates.length > 0)
}

async function storeAll<R>(jobs: readonly NewJob[]): Promise<JobHandle<R>[]> {
  const gateway = await currentGateway()
  const { duplicates } = await gateway.enqueue(jobs)
  if (duplicates.length === 0) return jobs.map(({ id, name, queue }) => new JobHandle<R>(id, name, queue, gateway))
  // Of equal ones in a batch the first was stored, so the last ones are the duplicates.
  const left = [...duplicates]
  const isDuplicate = jobs
    .toReversed()
    .map(({ id }) => left.includes(id) && left.splice(left.indexOf(id), 1).length > 0)
    .reverse()
  return jobs.map(({ id, name, queue }, index) => new JobHandle<R>(id, name, queue, gateway, isDuplicate[index]))
}
