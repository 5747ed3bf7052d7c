/**
 * State that must exist once in a process even where this package was loaded twice, for example
 * by Node and again through a TypeScript loader. The version in the key keeps incompatible copies apart.
 */
export function singleton<T>(name: string, create: () => T): T {
  const key = Symbol.for(`workhorse/${name}/1`)
  const holder = globalThis as { [key: symbol]: unknown }
  holder[key] ??= create()
  return holder[key] as T
}
