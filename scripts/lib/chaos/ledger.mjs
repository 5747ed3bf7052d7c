import { readFileSync } from 'node:fs'

/** What the producers and jobs of a run have written, outside the broker. */
export class Ledger {
  intended = new Set()
  stored = new Set()
  /** Of each job: what has begun and what has ended. */
  jobs = new Map()

  constructor(path) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line === '') continue
      const { what, id, ...more } = JSON.parse(line)
      if (what === 'intent') this.intended.add(id)
      else if (what === 'stored') this.stored.add(id)
      else this.#of(id)[what].push(more)
    }
  }

  #of(id) {
    if (!this.jobs.has(id)) this.jobs.set(id, { begin: [], end: [] })
    return this.jobs.get(id)
  }
}
