/** A value that JSON can carry without loss. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/**
 * What a caller sees of a value of type `T` after it went through JSON:
 * `undefined` becomes `null`, and an optional property stays optional.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing has exactly this type
export type Jsonified<T> = T extends undefined | void
  ? null
  : T extends string | number | boolean | null
    ? T
    : T extends (...args: never[]) => unknown
      ? never
      : T extends { toJSON(): unknown }
        ? never
        : T extends object
          ? {
              [K in keyof T]: undefined extends T[K] ? Jsonified<Exclude<T[K], undefined>> | undefined : Jsonified<T[K]>
            }
          : unknown

/** The first value under `path` that is not JSON, told as a sentence for the user, or nothing. */
export function findNonJson(value: unknown, path: string, ancestors: object[] = []): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `${path}: ${value}; JSON has no such number, pass null or a string`
    case 'object':
      return value === null ? undefined : findNonJsonInObject(value, path, ancestors)
    case 'bigint':
      return `${path}: BigInt; pass a string or a number`
    case 'undefined':
      return `${path}: undefined; pass null or leave it out`
    case 'function':
      return `${path}: function ${value.name || '(anonymous)'}; pass data, never code`
    default:
      return `${path}: ${typeof value}; pass a string`
  }
}

function findNonJsonInObject(value: object, path: string, ancestors: object[]): string | undefined {
  if (ancestors.includes(value)) return `${path}: a cycle; pass ids instead of objects that contain each other`
  ancestors.push(value)
  try {
    if (Array.isArray(value)) return findNonJsonInArray(value, path, ancestors)
    const prototype = Object.getPrototypeOf(value) as object | null
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return foreignObject(value, path)
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol') return `${path}: a property named by ${String(key)}; use a string key`
      const child = (value as Record<string, unknown>)[key]
      // JSON.stringify leaves such a property out, which is what an optional property means.
      if (child === undefined) continue
      const found = findNonJson(child, propertyPath(path, key), ancestors)
      if (found !== undefined) return found
    }
    return undefined
  } finally {
    ancestors.pop()
  }
}

function findNonJsonInArray(value: readonly unknown[], path: string, ancestors: object[]): string | undefined {
  for (let index = 0; index < value.length; index++) {
    const found = findNonJson(value[index], `${path}[${index}]`, ancestors)
    if (found !== undefined) return found
  }
  return undefined
}

const MENDS: Readonly<Record<string, string>> = {
  Date: 'pass an ISO string',
  Map: 'pass an object or an array of pairs',
  Set: 'pass an array',
  Buffer: 'pass a base64 string, or store it and pass its key',
  Uint8Array: 'pass a base64 string, or store it and pass its key',
  Error: 'pass its message',
  RegExp: 'pass its source',
  URL: 'pass its href',
  Promise: 'await it first',
}

function foreignObject(value: object, path: string): string {
  const name = value.constructor?.name || 'an object with a prototype'
  return `${path}: ${name}; ${MENDS[name] ?? 'pass a plain object'}`
}

function propertyPath(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
}
