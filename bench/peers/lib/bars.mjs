/** A delay makes nothing faster: where it seems to, something else changed meanwhile, and nothing was measured. */
const MOST_NOISE = 1.1

/** How Workhorse is to stand beside its peers. Each gives what was measured, or undefined where a case is missing. */
const BARS = [
  ratio('fork, 1 slot', 4, 'RQ fork, preloaded', 'noop/workhorse/fork/1', 'noop/rq/fork-preloaded/1'),
  ratio('fork, 4 slots', 4, 'RQ fork, preloaded', 'noop/workhorse/fork/4', 'noop/rq/fork-preloaded/4'),
  ratio('fork, best', 4, "RQ fork's best", 'noop/workhorse/fork/*', 'noop/rq/fork-preloaded/*'),
  ratio('inline, 50 at a time', 1.5, 'BullMQ', 'noop/workhorse/inline/50', 'noop/bullmq/inline/50'),
  ratio('pool, 1 slot', 3, 'BullMQ sandboxed', 'noop/workhorse/pool/1', 'noop/bullmq/sandbox/1'),
  ratio('pool, 4 slots', 3, 'BullMQ sandboxed', 'noop/workhorse/pool/4', 'noop/bullmq/sandbox/4'),
  ratio('pool on SQLite, 4 slots', 3, 'BullMQ sandboxed', 'noop/workhorse/pool/4/sqlite', 'noop/bullmq/sandbox/4'),
  ratio('pool, best', 3, "BullMQ sandboxed's best", 'noop/workhorse/pool/*', 'noop/bullmq/sandbox/*'),
  ratio('bulk enqueue', 2, 'BullMQ', 'enqueue/workhorse/bulk', 'enqueue/bullmq/bulk'),
  requests('fork, 4 slots', 'noop/workhorse/fork/4/proxy+0ms'),
  requests('pool, 4 slots', 'noop/workhorse/pool/4/proxy+0ms'),
  requests('inline, 50 at a time', 'noop/workhorse/inline/50/proxy+0ms'),
  {
    what: 'inline, 50 at a time: speed that is left with 2 ms more per round trip',
    wanted: "more than BullMQ's",
    judge(find) {
      const [ours, theirs] = ['workhorse', 'bullmq'].map((engine) => {
        const [near, far] = [0, 2].map((ms) => find(`noop/${engine}/inline/50/proxy+${ms}ms`)?.jobsPerSecond)
        return near === undefined || far === undefined ? undefined : far / near
      })
      if (ours === undefined || theirs === undefined) return undefined
      if (Math.max(ours, theirs) > MOST_NOISE) {
        return { measured: `${percent(ours)} against ${percent(theirs)}: noise`, value: ours / theirs, reached: false }
      }
      return { measured: `${percent(ours)} against ${percent(theirs)}`, value: ours / theirs, reached: ours > theirs }
    },
  },
]

/** @param results by case id */
export function judgeBars(results) {
  const find = (pattern) => {
    if (!pattern.endsWith('*')) return results.get(pattern)
    const slots = (id) => id.startsWith(pattern.slice(0, -1)) && /^\d+$/.test(id.slice(pattern.length - 1))
    const all = [...results].filter(([id]) => slots(id)).map(([, result]) => result)
    return all.sort((a, b) => b.jobsPerSecond - a.jobsPerSecond)[0]
  }
  return BARS.map(({ what, wanted, judge }) => {
    const { measured, value, reached } = judge(find) ?? {}
    return { what, wanted, ...(measured === undefined ? {} : { measured, value, reached }) }
  })
}

function ratio(what, least, against, ours, theirs) {
  return {
    what,
    wanted: `>= ${least} x ${against}`,
    judge(find) {
      const [mine, other] = [find(ours), find(theirs)]
      if (mine === undefined || other === undefined) return undefined
      const value = mine.jobsPerSecond / other.jobsPerSecond
      return { measured: `${value.toFixed(2)} x`, value, reached: value >= least }
    },
  }
}

function requests(what, id) {
  return {
    what: `${what}: requests to Redis per job`,
    wanted: '<= 1',
    judge(find) {
      const value = find(id)?.requestsPerJob
      return value === undefined ? undefined : { measured: value.toFixed(2), value, reached: value <= 1 }
    },
  }
}

function percent(share) {
  return `${Math.round(share * 100)} %`
}
