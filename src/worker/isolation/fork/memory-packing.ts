import { explainForkAvailability } from './load-native.ts'

/**
 * A zygote starts with the native addon preloaded, whose mmap(2) lays V8's heap out side by side: a fork then has some
 * hundred page tables less to copy (native/packing.c). Nobody else should be: an addon cannot be loaded into a process
 * that is not Node. So the zygote takes the variable back before any other code runs.
 */
export function addPacking(env: NodeJS.ProcessEnv): void {
  const library = packingLibrary()
  if (library !== undefined) env['LD_PRELOAD'] = [library, env['LD_PRELOAD']].filter(Boolean).join(':')
}

/** In the zygote, before it loads the application: what it spawns gets the environment that the worker was given. */
export function removePacking(env: NodeJS.ProcessEnv): void {
  const [first, ...others] = (env['LD_PRELOAD'] ?? '').split(':')
  if (first === '' || first !== packingLibrary()) return
  if (others.length > 0) env['LD_PRELOAD'] = others.join(':')
  else delete env['LD_PRELOAD']
}

/** The loader separates paths by spaces and colons, and knows no quoting. Without packing, forks take a little longer. */
function packingLibrary(): string | undefined {
  const availability = explainForkAvailability()
  return availability.available && !/[\s:]/.test(availability.path) ? availability.path : undefined
}
