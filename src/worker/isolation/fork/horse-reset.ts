import { closeSync } from 'node:fs'
import type { Native } from './native.ts'

/** What a horse inherits and must not keep. */
export interface Inherited {
  /** Descriptors of the zygote's own. */
  readonly descriptors: readonly number[]
  readonly stdout: number
  readonly stderr: number
}

const SIGKILL = 9

/** Makes the copy a process of its own: everything that Node or we have cached about the zygote. */
export function resetAfterFork(native: Native, inherited: Inherited, zygotePid: number): void {
  dieWithZygote(native, zygotePid)
  native.setProcessGroup(0, 0)
  native.duplicate(inherited.stdout, 1)
  native.duplicate(inherited.stderr, 2)
  closeSync(inherited.stdout)
  closeSync(inherited.stderr)
  for (const descriptor of inherited.descriptors) closeSync(descriptor)
  resetPid(native)
  resetMathRandom(native)
  native.setProcessName('workhorse-horse')
}

function dieWithZygote(native: Native, zygotePid: number): void {
  native.setParentDeathSignal(SIGKILL)
  // It may have died before the signal was armed; then we are somebody else's child already.
  if (process.ppid !== zygotePid) native.exit(1)
}

/** Node caches its pid at start: `process.kill(process.pid)` would hit the zygote. */
function resetPid(native: Native): void {
  Object.defineProperty(process, 'pid', { value: native.getPid(), enumerable: true, configurable: true })
}

/**
 * V8 draws random numbers ahead, so siblings would share them. xoroshiro128+ seeded by the kernel,
 * at the first use only, for most jobs never ask.
 */
function resetMathRandom(native: Native): void {
  let next: (() => number) | undefined
  Math.random = function random(): number {
    next ??= xoroshiro128(native.random(16))
    return next()
  }
}

function xoroshiro128(seed: Buffer): () => number {
  let s0 = seed.readBigUInt64LE(0) | 1n
  let s1 = seed.readBigUInt64LE(8)
  const mask = (1n << 64n) - 1n
  const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & mask
  return () => {
    const sum = (s0 + s1) & mask
    s1 ^= s0
    s0 = (rotate(s0, 24n) ^ s1 ^ (s1 << 16n)) & mask
    s1 = rotate(s1, 37n)
    return Number(sum >> 11n) / 2 ** 53
  }
}
