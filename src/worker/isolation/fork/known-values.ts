import { types } from 'node:util'

const DEPTH = 4
/** Of each object, so many properties are looked at; of everything together, so many values. */
const MOST_PROPERTIES = 50
const MOST_VALUES = 5000

/** The values of a job's arguments, to be recognised elsewhere. */
export class KnownValues {
  readonly #values = new Set<unknown>()

  constructor(args: readonly unknown[]) {
    for (const argument of args) collect(argument, DEPTH, this.#values)
  }

  /** The first of them that is in there. Runs no code of the application's: getters and proxies are passed by. */
  findIn(variables: object): unknown {
    const seen = new Set<unknown>()
    let level: readonly object[] = [variables]
    // What is near counts before what is deep.
    for (let depth = 0; depth <= DEPTH && level.length > 0; depth++) {
      const next: object[] = []
      for (const object of level) {
        for (const value of valuesOf(object)) {
          if (this.#values.has(value)) return value
          if (!isSearchable(value) || seen.has(value)) continue
          if (seen.size >= MOST_VALUES) return undefined
          seen.add(value)
          next.push(value)
        }
      }
      level = next
    }
    return undefined
  }
}

function valuesOf(object: object): unknown[] {
  const values: unknown[] = []
  for (const name of Object.keys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name)
    if (property === undefined || property.get !== undefined) continue
    if (values.push(property.value) === MOST_PROPERTIES) break
  }
  return values
}

function isSearchable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !types.isProxy(value) && !ArrayBuffer.isView(value)
}

/** Strings and numbers that say something: by an empty text, 0, 1, true or null nothing can be recognised. */
function collect(value: unknown, depth: number, into: Set<unknown>): void {
  if (typeof value === 'string' && value !== '') into.add(value)
  if (typeof value === 'number' && Math.abs(value) > 1) into.add(value)
  if (typeof value !== 'object' || value === null || depth === 0) return
  for (const inner of Object.values(value)) collect(inner, depth - 1, into)
}
