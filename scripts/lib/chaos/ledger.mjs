import { readFileSync } from 'node:fs'

/** What the producers and jobs of a run have written, outside the broker. */
export class Ledger {
  /** Ids that were enqueued in one call, and the one that the last of them waits for. */
  batches = []
  stored = new Set()
  /** Enqueues that the broker has refused, by what it said. */
  refusals = new Map()
  /** Executions of each job, in the order in which they began: { run, pid, parent, at, commits, endedAt }. */
  #jobs = new Map()
  #runs = new Map()

  constructor(path) {
    for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') this.#read(JSON.parse(line))
  }

  executionsOf(id) {
    return this.#jobs.get(id) ?? []
  }

  runs() {
    return this.#runs.values()
  }

  findRun(run) {
    return this.#runs.get(run)
  }

  #read({ what, ...entry }) {
    if (what === 'intent') this.batches.push(entry)
    else if (what === 'stored') for (const id of entry.ids) this.stored.add(id)
    else if (what === 'refused') this.refusals.set(entry.why, (this.refusals.get(entry.why) ?? 0) + 1)
    else if (what === 'begin') {
      this.#jobs.set(entry.id, [...this.executionsOf(entry.id), entry])
      this.#runs.set(entry.run, entry)
    } else this.#runs.get(entry.run).endedAt = entry.at
  }
}
