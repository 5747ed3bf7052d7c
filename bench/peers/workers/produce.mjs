/** Jobs in one bulk call. */
const BATCH = 500
const WARM_UP_SHARE = 0.25

/** Stores jobs one after another, or batch after batch, each when the one before is stored; prints how long it took. */
export async function produce({ jobs, way, single, bulk }) {
  const warmUp = Math.floor(jobs * WARM_UP_SHARE)
  await store(0, warmUp)
  const begun = performance.now()
  await store(warmUp, jobs)
  const seconds = (performance.now() - begun) / 1000
  console.log(JSON.stringify({ seconds, jobs: jobs - warmUp }))

  async function store(from, to) {
    if (way === 'single') for (let index = from; index < to; index++) await single(index)
    else for (let at = from; at < to; at += BATCH) await bulk(range(at, Math.min(to, at + BATCH)))
  }
}

function range(from, to) {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
