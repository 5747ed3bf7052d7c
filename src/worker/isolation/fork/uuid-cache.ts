import { createRequire, syncBuiltinESMExports } from 'node:module'

/**
 * `crypto.randomUUID` draws entropy for 128 ids ahead, which all horses of a zygote would share. Wrapped before user
 * code can take a reference, so that every id comes from fresh entropy.
 */
export function disableUuidCache(): void {
  const crypto = createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto')
  const original = crypto.randomUUID
  const randomUUID = (options?: object): ReturnType<typeof original> =>
    original({ ...options, disableEntropyCache: true })
  crypto.randomUUID = randomUUID
  syncBuiltinESMExports()
  Object.defineProperty(Object.getPrototypeOf(globalThis.crypto), 'randomUUID', {
    value: () => randomUUID(),
    writable: true,
    configurable: true,
    enumerable: true,
  })
}
