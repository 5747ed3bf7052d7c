import { randomUUID } from 'node:crypto'
import { UsageError } from '../errors.ts'
import { show } from '../support/duration.ts'
import { localCallbacks, rememberDefinition, withoutLocalCallbacks } from './callback-names.ts'
import { createCurrentJob, LazyAbort, runInJob } from './context.ts'
import { type Enqueuer, makeEnqueuer } from './enqueuer.ts'
import { type JobOptions, type ResolvedEnqueueOptions, resolveJobOptions } from './options.ts'
import { type Handler, registerJob } from './registry.ts'

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
    const mend = typeof options === 'function' ? `; options come first: job('${name}', { … }, handler)` : ''
    throw new UsageError(`job('${name}'): expected a handler function, got ${show(handler)}${mend}`)
  }
  const site = callSite()
  const resolved = resolveJobOptions(name, defineCallbacks(name, options, site))
  registerJob({ name, options: resolved, handler: handler as unknown as Handler, site })
  const call = (...args: Args): Promise<Awaited<Result>> => callHere(name, resolved, handler, args)
  Object.defineProperty(call, 'name', { value: name })
  rememberDefinition(call, name)
  return makeEnqueuer<Args, Result, typeof call>(call, name, resolved)
}

/** Makes jobs of the functions among the callbacks, and puts their names in their place. */
function defineCallbacks(name: string, options: JobOptions, site: string): JobOptions {
  const locals = localCallbacks(options).map(([kind, handler]) => {
    const hidden = `${name}.on-${kind}`
    registerJob({
      name: hidden,
      options: resolveJobOptions(hidden, {}),
      handler: handler as Handler,
      site,
      hidden: true,
    })
    return [kind, hidden] as const
  })
  return locals.length === 0 ? options : withoutLocalCallbacks(options, Object.fromEntries(locals))
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
