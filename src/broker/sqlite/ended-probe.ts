import type { Connection } from './connection.ts'

/** Part of the time that looking may take when it is asked for all the time. */
const SHARE = 1 / 4

const ENDED_OR_GONE = `SELECT w.value AS id FROM json_each(?) w LEFT JOIN jobs j ON j.id = w.value
  WHERE j.seq IS NULL OR j.state IN ('finished', 'failed', 'stopped', 'canceled')`

/**
 * Tells whether jobs have ended. Whatever is asked in one turn of the event loop is answered by one query: a thousand
 * callers that wait for their results all ask at once whenever any job ends.
 */
export class EndedProbe {
  readonly #connection: Connection
  #asked: string[] = []
  #answer: Promise<Set<string>> | undefined
  #restUntil = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** True where the job has ended or is gone. */
  async hasEnded(id: string): Promise<boolean> {
    this.#asked.push(id)
    this.#answer ??= this.#askSoon()
    return (await this.#answer).has(id)
  }

  async #askSoon(): Promise<Set<string>> {
    const rest = this.#restUntil - performance.now()
    await new Promise<void>((resolve) => (rest > 1 ? setTimeout(resolve, rest) : setImmediate(resolve)))
    const ids = JSON.stringify(this.#asked)
    this.#asked = []
    this.#answer = undefined
    const rows = await this.#connection.readOne('wait for jobs', () => {
      const begin = performance.now()
      const found = this.#connection.all<{ id: string }>(ENDED_OR_GONE, ids)
      const end = performance.now()
      this.#restUntil = end + (end - begin) * (1 / SHARE - 1)
      return found
    })
    return new Set(rows.map((row) => row.id))
  }
}
