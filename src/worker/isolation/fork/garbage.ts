import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void

/**
 * Before the warm-up: horses inherit a heap without the garbage of loading. Twice, for what the first collection makes
 * unreachable the second frees. Not after the warm-up: a full collection throws away optimised code whose classes have
 * no instance at that moment, and with it most of what a warm-up is for.
 */
export function collectAll(): void {
  gc()
  gc()
}

/**
 * After the warm-up, and every now and then between forks: without it, what the zygote allocates for each fork would
 * wander through the whole young generation, and each page once written must be copied into the tables of every horse.
 */
export function collectYoung(): void {
  gc({ type: 'minor' })
}
