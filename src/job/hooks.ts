import { UsageError } from '../errors.ts'
import { show } from '../support/duration.ts'
import { singleton } from '../support/singleton.ts'

/** A hook may be asynchronous; it is awaited. */
export type Hook = () => unknown

export const HOOK_NAMES = ['preload', 'warmUp', 'afterFork', 'beforeExit'] as const
export type HookName = (typeof HOOK_NAMES)[number]

const hooks = singleton(
  'hooks',
  (): Record<HookName, Hook[]> => ({ preload: [], warmUp: [], afterFork: [], beforeExit: [] }),
)

function register(name: HookName, hook: Hook): void {
  if (typeof hook !== 'function') throw new UsageError(`${name}: expected a function, got ${show(hook)}`)
  hooks[name].push(hook)
}

/**
 * Runs once in the zygote, before any fork: import and initialise here whatever every job needs.
 * What it leaves in memory, every job finds. It must not leave sockets, timers, threads or child processes open.
 * A preload that throws stops the worker's start. Hooks run in the order of their registration.
 *
 * @example
 * preload(async () => { await orm.configureMappers() })
 */
export function preload(hook: Hook): void {
  register('preload', hook)
}

/**
 * Runs once in the zygote, after all of preload: run typical code here, so that it is compiled and
 * optimised before the fork. Close what it opens.
 *
 * @example
 * warmUp(() => { for (let i = 0; i < 300; i++) renderInvoice(sample) })
 */
export function warmUp(hook: Hook): void {
  register('warmUp', hook)
}

/**
 * Runs in each horse right after its fork, before its job is known: open connections here.
 * In inline mode it runs once, in the worker. A hook that throws fails the execution.
 */
export function afterFork(hook: Hook): void {
  register('afterFork', hook)
}

/**
 * Runs in each horse after its job, whether it finished or failed by a throw, before the process ends.
 * A horse leaves by _exit(2): `process.on('exit')` handlers do not run, this hook does.
 */
export function beforeExit(hook: Hook): void {
  register('beforeExit', hook)
}

export function hasHooks(name: HookName): boolean {
  return hooks[name].length > 0
}

/** Runs the hooks one after another; the first throw ends the row. */
export async function runHooks(name: HookName): Promise<void> {
  for (const hook of hooks[name]) await hook()
}
