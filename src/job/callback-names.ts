import { UsageError } from '../errors.ts'
import { show } from '../support/duration.ts'
import { singleton } from '../support/singleton.ts'
import type { CallbackKind, JobEndEvent } from './callbacks.ts'

/** A job definition that takes the event, the name of one, or, in `job()`, a function that becomes one. */
export type Callback<Event extends JobEndEvent> = string | ((event: Event) => unknown)

export type CallbackNames = { readonly [K in CallbackKind]?: string }

const OPTION_OF: Readonly<Record<CallbackKind, 'onSuccess' | 'onFailure' | 'onStopped'>> = {
  success: 'onSuccess',
  failure: 'onFailure',
  stopped: 'onStopped',
}
const KINDS = Object.keys(OPTION_OF) as CallbackKind[]

type CallbackOptions = { readonly [O in 'onSuccess' | 'onFailure' | 'onStopped']?: Callback<never> }

const definitions = singleton('definition-names', () => new WeakMap<object, string>())

/** Notes that `definition` is what `job(name, …)` returned. */
export function rememberDefinition(definition: object, name: string): void {
  definitions.set(definition, name)
}

/**
 * Names of the callbacks: those given, else those of `base`.
 * @throws UsageError for what is neither a definition nor a name
 */
export function mergeCallbacks(
  job: string,
  options: CallbackOptions,
  base: CallbackNames | undefined,
): CallbackNames | undefined {
  const given = KINDS.filter((kind) => options[OPTION_OF[kind]] !== undefined)
  if (given.length === 0) return base
  const names = given.map((kind) => [kind, nameOf(job, OPTION_OF[kind], options[OPTION_OF[kind]])] as const)
  return { ...base, ...Object.fromEntries(names) }
}

/** Functions that are no job definitions yet, by their kind. */
export function localCallbacks(options: CallbackOptions): [CallbackKind, (event: never) => unknown][] {
  return KINDS.flatMap((kind) => {
    const callback = options[OPTION_OF[kind]]
    return typeof callback === 'function' && !definitions.has(callback) ? [[kind, callback] as const] : []
  }).map(([kind, callback]) => [kind, callback])
}

/** The options with the functions among them replaced by the names of what they became. */
export function withoutLocalCallbacks<O extends CallbackOptions>(options: O, names: CallbackNames): O {
  const replaced = KINDS.filter((kind) => names[kind] !== undefined).map((kind) => [OPTION_OF[kind], names[kind]])
  return { ...options, ...Object.fromEntries(replaced) }
}

function nameOf(job: string, option: string, callback: unknown): string {
  if (typeof callback === 'string' && /^[\w.:/-]{1,200}$/.test(callback)) return callback
  const name = typeof callback === 'function' ? definitions.get(callback) : undefined
  if (name !== undefined) return name
  if (typeof callback === 'function') {
    throw new UsageError(
      `${job}: option ${option}: a function can be given in job() only, where workers find it, too; here give a job definition or the name of one`,
    )
  }
  throw new UsageError(
    `${job}: option ${option}: expected a job definition, the name of one, or a function, got ${show(callback)}`,
  )
}
