import { UsageError } from '../errors.ts'
import { nearest } from './did-you-mean.ts'

/** @throws UsageError where `options` has a key that is not in `known`, with the nearest one that is. */
export function assertKnownOptions(options: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    throw new UsageError(
      `${what}: unknown option '${key}'${near ? `; did you mean '${near}'?` : ''} Known are ${known.join(', ')}`,
    )
  }
}
