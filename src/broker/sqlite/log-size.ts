import { statSync } from 'node:fs'

/** Pages of the write-ahead log after which SQLite copies it into the file; more seldom makes each pause longer. */
export const CHECKPOINT_PAGES = 2000
/** What SQLite cuts an emptied log back to; so a file much longer than that is a log that is not emptied. */
export const LOG_BYTES = CHECKPOINT_PAGES * 4200

const TOO_LONG_BYTES = 4 * LOG_BYTES
const WRITES_BETWEEN_LOOKS = 32

/**
 * SQLite empties its log when all of it is copied and nobody writes on meanwhile. Where several processes write without
 * a pause that moment never comes, and the log grows by gigabytes. So now and then a writer looks, and where the log is
 * too long, copies it while it holds the write lock.
 */
export class LogSize {
  readonly #log: string
  #writes = 0

  constructor(file: string) {
    this.#log = `${file}-wal`
  }

  /** To be asked once after each write: true where the log has to be emptied now. */
  isTooLong(): boolean {
    if (++this.#writes % WRITES_BETWEEN_LOOKS !== 0) return false
    return (statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0) > TOO_LONG_BYTES
  }
}
