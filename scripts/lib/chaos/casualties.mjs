/** What was killed and when, and during which times the store was away. Times are Unix milliseconds. */
export class Casualties {
  /** By kind. */
  counts = {}
  #byPid = new Map()
  #outages = []

  /** SIGKILLs so far. */
  get kills() {
    return Object.entries(this.counts).reduce((sum, [what, count]) => sum + (KILLS.includes(what) ? count : 0), 0)
  }

  add(what, pid, at) {
    this.counts[what] = (this.counts[what] ?? 0) + 1
    if (!this.#byPid.has(pid)) this.#byPid.set(pid, [])
    this.#byPid.get(pid).push({ what, at })
  }

  /** @returns ends it */
  beginOutage(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1
    const outage = { what, from: Date.now(), to: Number.POSITIVE_INFINITY }
    this.#outages.push(outage)
    return () => {
      outage.to = Date.now()
    }
  }

  /**
   * What happened to one of these processes in this time; nothing where nothing did. One that was killed before, and took
   * its time to die, was doomed already; not so one that was stopped. Process numbers are used again, but not so soon.
   */
  harmOf(pids, from, to) {
    for (const pid of pids) {
      const found = this.#byPid
        .get(pid)
        ?.find(({ what, at }) => at >= from - (what === 'stop' ? 0 : DYING_MS) && at <= to)
      if (found !== undefined) return found.what
    }
    return undefined
  }

  /** What the store went through in this time; and a while before, in which a lease could not be renewed. */
  outageIn(from, to) {
    return this.#outages.find((outage) => outage.from <= to && outage.to >= from)?.what
  }
}

/** On a busy machine a killed process may wait so long for its turn to die, and its children for theirs. */
const DYING_MS = 5000
const KILLS = ['horse', 'zygote', 'supervisor', 'producer', 'redis']
