import { listed } from './exchange.ts'
import { asTexts } from './reply.ts'
import type { Store } from './store.ts'

/** Tells whether jobs have ended. Whatever is asked in one turn of the event loop is answered by one round trip. */
export class EndedProbe {
  readonly #store: Store
  #asked: string[] = []
  #answer: Promise<Set<string>> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** True where the job has ended or is gone. */
  async hasEnded(id: string): Promise<boolean> {
    this.#asked.push(id)
    this.#answer ??= this.#askSoon()
    return (await this.#answer).has(id)
  }

  async #askSoon(): Promise<Set<string>> {
    await new Promise((resolve) => setImmediate(resolve))
    const ids = this.#asked
    this.#asked = []
    this.#answer = undefined
    return new Set(asTexts(await this.#store.run('job-ended', () => listed(ids))))
  }
}
