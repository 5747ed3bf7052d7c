import { LEASE_MS } from './fleet.mjs'

/** Failures that a kill can be the reason of. */
const STATED = ['signal', 'zygote-died', 'abandoned', 'exit']
/** What a job says whose own commit met with a store that was away. */
const STORE_AWAY = /full|ECONN|Connection is closed|ENOENT/
/** Jobs that are fetched at a time. */
const ABREAST = 50

/** Holds the ledger against the broker, and the kills against the duplicates. */
export class Audit {
  #ledger
  #casualties
  #fleet
  #effects
  #seen = { finished: 0, failed: 0, unknown: 0, executions: 0, cut: {} }
  wrong = []

  constructor({ ledger, casualties, fleet, effects }) {
    this.#ledger = ledger
    this.#casualties = casualties
    this.#fleet = fleet
    this.#effects = effects
  }

  async run(broker) {
    for (let start = 0; start < this.#ledger.batches.length; start += ABREAST) {
      const batches = this.#ledger.batches.slice(start, start + ABREAST)
      await Promise.all(batches.map((batch) => this.#checkBatch(broker, batch)))
    }
    this.#checkEffects()
    for (const words of this.#fleet.left) if (!isExplained(words)) this.wrong.push(`a worker left by itself: ${words}`)
  }

  async #checkBatch(broker, { ids, after }) {
    const records = await Promise.all(ids.map((id) => broker.jobFetch(id)))
    const found = records.filter((record) => record !== undefined)
    if (found.length > 0 && found.length < ids.length) this.wrong.push(`of the batch ${ids} only some were stored`)
    records.forEach((record, index) => {
      this.#checkJob(ids[index], record)
    })
    if (after !== undefined && found.length > 0) this.#checkOrder(ids.at(-1), after, records[0])
  }

  #checkJob(id, record) {
    const executions = this.#ledger.executionsOf(id)
    this.#seen.executions += executions.length
    if (record === undefined) {
      // A producer that died between the two lines may or may not have stored it.
      if (this.#ledger.stored.has(id) || executions.length > 0) this.wrong.push(`${id} was stored and is lost`)
      else this.#seen.unknown++
      return
    }
    if (record.state === 'finished') {
      this.#seen.finished++
      if (!executions.some(({ endedAt }) => endedAt))
        this.wrong.push(`${id} is finished, and the ledger has no end of it`)
    } else if (record.state === 'failed' && isStated(record.failure)) this.#seen.failed++
    else this.wrong.push(`${id} is ${record.state}: ${record.failure?.kind ?? ''} ${record.failure?.message ?? ''}`)
    this.#explain(id, record, executions)
  }

  /** All of a job's executions, but for the last of one that has finished, must have met with something. */
  #explain(id, record, executions) {
    executions.forEach((execution, index) => {
      const next = executions[index + 1]
      if (next === undefined && record.state === 'finished') return
      const to = next?.at ?? Number.POSITIVE_INFINITY
      const cause =
        this.#casualties.harmOf(this.#fleet.familyOf(execution), execution.at, to) ??
        this.#casualties.outageIn(execution.at - LEASE_MS, to) ??
        this.#lateLease(id, execution.at - 2 * LEASE_MS, to + LEASE_MS)
      if (cause === undefined) {
        this.wrong.push(
          `${id} began ${executions.length} times, and nobody had harmed the run of process ${execution.pid}`,
        )
      } else this.#seen.cut[cause] = (this.#seen.cut[cause] ?? 0) + 1
    })
  }

  /** On a machine that is busy enough a supervisor comes too late to renew; the broker's word of that is in the logs. */
  #lateLease(id, from, to) {
    return this.#fleet.wasReclaimed(id, from, to) ? 'lease renewed too late' : undefined
  }

  /** One that waits for another begins when that one has come to its end. */
  #checkOrder(id, first, record) {
    const began = this.#ledger.executionsOf(id)[0]?.at
    const ends = this.#ledger.executionsOf(first).map(({ endedAt }) => endedAt ?? Number.POSITIVE_INFINITY)
    if (record.state === 'finished' && began < Math.min(...ends))
      this.wrong.push(`${id} began before ${first} had ended`)
  }

  /** What was committed is what the ledger's executions have committed, once each. */
  #checkEffects() {
    const committed = new Set()
    for (const { id, run } of this.#effects) {
      if (this.#ledger.findRun(run)?.id !== id) this.wrong.push(`an effect of ${id} is of no execution`)
      if (committed.has(run)) this.wrong.push(`execution ${run} of ${id} has committed twice`)
      committed.add(run)
    }
    for (const { run, id, endedAt, commits } of this.#ledger.runs()) {
      if (commits && endedAt && !committed.has(run)) this.wrong.push(`${id} has ended, and what it committed is lost`)
    }
  }

  report(store) {
    const { finished, failed, unknown, executions, cut } = this.#seen
    const jobs = this.#ledger.batches.reduce((sum, { ids }) => sum + ids.length, 0)
    const explained = Object.values(cut).reduce((sum, count) => sum + count, 0)
    return [
      `kills: ${this.#casualties.kills} (${list(this.#casualties.counts)})`,
      ...(store.skip === undefined ? [] : [`not done: ${store.skip}`]),
      `jobs: ${jobs} enqueued, ${finished} finished, ${failed} failed for a stated reason, ${unknown} never stored`,
      `executions: ${executions}, of which ${explained} were cut short or in vain by: ${list(cut)}`,
      `jobs that a worker had ahead of need: up to ${this.#fleet.mostAhead}`,
      `effects: ${this.#effects.length} committed to the broker's own store, each by an execution of the ledger`,
      `enqueues refused: ${[...this.#ledger.refusals.values()].reduce((sum, count) => sum + count, 0)}`,
      `workers said: ${list(this.#fleet.said)}; left by themselves: ${this.#fleet.left.length}`,
      ...tally(this.#fleet.left).map(([words, count]) => `  ${count} x ${words}`),
      `findings: ${this.wrong.length}`,
      ...this.wrong.slice(0, 20).map((finding) => `WRONG ${finding}`),
    ].join('\n')
  }
}

function isStated({ kind, message }) {
  return STATED.includes(kind) || STORE_AWAY.test(message)
}

/**
 * A worker that starts while the store is away says so, and leaves. So does one that has lost five zygotes, or five pool
 * children, in a row before they came up: that is promised, and happens where enough is killed.
 */
function isExplained(words) {
  return /cannot be reached|the disk is full|broke before|loading its data|ended by SIGKILL/.test(words)
}

function tally(lines) {
  const counts = new Map()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts]
}

function list(counts) {
  return (
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ') || 'nothing'
  )
}
