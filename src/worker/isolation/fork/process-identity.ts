import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Native } from './native.ts'

/**
 * What makes a process itself and is cached by Node or V8, replaced by versions that a horse can renew.
 * Installed in the zygote before any user code, so that references taken early are the renewable ones, too.
 */
export interface ProcessIdentity {
  /** In a horse, first thing. */
  renew(): void
}

export function installProcessIdentity(native: Native): ProcessIdentity {
  const renewPid = installPid(native)
  const renewRandom = installRandom(native)
  disableUuidCache()
  return {
    renew() {
      renewPid()
      renewRandom()
    },
  }
}

/** Node caches its pid at start: in a horse `process.kill(process.pid)` would hit the zygote. */
function installPid(native: Native): () => void {
  // V8 takes what was only ever given one value for a constant, and would throw away what it has compiled in each horse.
  let pid = 0
  pid = process.pid
  Object.defineProperty(process, 'pid', { get: () => pid, enumerable: true, configurable: true })
  return () => {
    pid = native.getPid()
  }
}

/** V8 draws random numbers ahead, and siblings would share them. Seeded by the kernel at the first use. */
function installRandom(native: Native): () => void {
  let next: (() => number) | undefined
  Math.random = function random(): number {
    next ??= xoshiro128(native.random(16))
    return next()
  }
  return () => {
    next = undefined
  }
}

/** xoshiro128** by Blackman and Vigna: 32-bit steps, which V8 keeps in registers. Two make a double's 53 bits. */
function xoshiro128(seed: Buffer): () => number {
  let a = seed.readInt32LE(0)
  let b = seed.readInt32LE(4)
  let c = seed.readInt32LE(8)
  // All zeros is the one state that it never leaves.
  let d = seed.readInt32LE(12) | 1
  const step = (): number => {
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result
  }
  return () => ((step() >>> 5) * 2 ** 26 + (step() >>> 6)) / 2 ** 53
}

/** `crypto.randomUUID` draws entropy for 128 ids ahead, and all horses of a zygote would hand out the same ones. */
function disableUuidCache(): void {
  const crypto = createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto')
  const original = crypto.randomUUID
  const uncached = { disableEntropyCache: true }
  crypto.randomUUID = () => original(uncached)
  syncBuiltinESMExports()
  Object.defineProperty(Object.getPrototypeOf(globalThis.crypto), 'randomUUID', {
    value: () => original(uncached),
    writable: true,
    configurable: true,
    enumerable: true,
  })
}
