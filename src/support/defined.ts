type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The properties that have a value: options given as `undefined` are options not given. */
export function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>
}
