/** What is known of a native module that does not go well over a fork. */
export interface KnownAddon {
  /** Name of the package, or of all packages that begin so where it ends in `*`. */
  readonly name: string
  readonly why: string
  readonly instead: string
}

const USE_LATER = 'import it in the job module, and use it in afterFork or in the job'

/** By their own documentation and code, as of 2026. A list can only warn: what is not on it is not known to be safe. */
export const KNOWN_ADDONS: readonly KnownAddon[] = [
  { name: '@libsql/*', why: 'starts threads when a database is opened, and never stops them', instead: USE_LATER },
  { name: 'better-sqlite3', why: 'an open database must not be carried over a fork', instead: USE_LATER },
  { name: 'sqlite3', why: 'an open database must not be carried over a fork', instead: USE_LATER },
  {
    name: '@prisma/client',
    why: 'its query engine runs threads of its own as soon as it connects',
    instead: USE_LATER,
  },
  { name: '@img/sharp-*', why: 'libvips starts a pool of threads with the first picture', instead: USE_LATER },
  {
    name: 'grpc',
    why: 'its C core starts threads when it is loaded, and does not survive a fork',
    instead: 'use @grpc/grpc-js',
  },
  { name: 'node-rdkafka', why: 'librdkafka runs threads for each client', instead: USE_LATER },
  { name: 'zeromq', why: 'its context has a thread for input and output', instead: USE_LATER },
  { name: 'lmdb', why: 'an open environment must not be carried over a fork', instead: USE_LATER },
  { name: 'classic-level', why: 'an open database holds a lock, and compacts in a thread', instead: USE_LATER },
  { name: '@tensorflow/tfjs-node', why: 'starts pools of threads with the first operation', instead: USE_LATER },
  { name: 'onnxruntime-node', why: 'starts a pool of threads with each session', instead: USE_LATER },
  { name: 'isolated-vm', why: 'runs isolates in threads of its own', instead: USE_LATER },
  { name: 'oracledb', why: 'a connection pool must not be carried over a fork', instead: USE_LATER },
  { name: '@parcel/watcher', why: 'watches in a thread', instead: 'leave it out of the job modules' },
  { name: '@swc/core', why: 'compiles in a pool of threads', instead: 'compile before, at build time' },
]

/** The package that a native module belongs to, by its path. */
export function packageOf(file: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]
}

export function findKnownAddon(file: string): KnownAddon | undefined {
  const name = packageOf(file)
  if (name === undefined) return undefined
  return KNOWN_ADDONS.find((known) =>
    known.name.endsWith('*') ? name.startsWith(known.name.slice(0, -1)) : name === known.name,
  )
}
