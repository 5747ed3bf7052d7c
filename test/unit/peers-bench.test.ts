import { describe, expect, it } from 'vitest'

const BENCH = '../../bench/peers/lib'
const { RequestCounter } = await import(`${BENCH}/request-counter.mjs`)
const { DelayedWriter } = await import(`${BENCH}/delayed-writer.mjs`)
const { judgeBars } = await import(`${BENCH}/bars.mjs`)
const { summarize } = await import(`${BENCH}/summarize.mjs`)

const ECHO = '*2\r\n$4\r\nECHO\r\n$9\r\n*1\r\n$4\r\nX\r\n'
const PING = '*1\r\n$4\r\nPING\r\n'

describe('counting requests on the wire', () => {
  it('counts each of a pipeline, and nothing inside a body', () => {
    expect(new RequestCounter().push(Buffer.from(ECHO + PING + PING))).toBe(3)
  })

  it('counts the same however the stream is cut', () => {
    const bytes = Buffer.from(ECHO + PING + ECHO)
    for (let size = 1; size < bytes.length; size++) {
      const counter = new RequestCounter()
      let requests = 0
      for (let at = 0; at < bytes.length; at += size) requests += counter.push(bytes.subarray(at, at + size))
      expect(requests, `in pieces of ${size}`).toBe(3)
    }
  })

  it('refuses what it cannot read', () => {
    expect(() => new RequestCounter().push(Buffer.from('PING\r\n'))).toThrow("not 'PING")
  })
})

describe('delaying answers', () => {
  it('writes each chunk no sooner than its delay, in order', async () => {
    const written: { chunk: string; at: number }[] = []
    const begun = performance.now()
    const all = new Promise<void>((resolve) => {
      const socket = { write: (chunk: string) => written.push({ chunk, at: performance.now() }) === 3 && resolve() }
      const writer = new DelayedWriter(socket, 4)
      for (const chunk of ['a', 'b', 'c']) writer.push(chunk)
    })
    await all
    expect(written.map(({ chunk }) => chunk)).toEqual(['a', 'b', 'c'])
    for (const { at } of written) expect(at - begun).toBeGreaterThan(3.9)
  })
})

describe('judging the bars', () => {
  const measured = (speeds: Record<string, number>) =>
    new Map(Object.entries(speeds).map(([id, jobsPerSecond]) => [id, { jobsPerSecond }]))
  const bar = (results: Map<string, object>, what: string) =>
    judgeBars(results).find((each: { what: string }) => each.what === what)

  it('compares at the same number of slots, and best against best', () => {
    const results = measured({
      'noop/workhorse/fork/1': 300,
      'noop/workhorse/fork/4': 500,
      'noop/workhorse/fork/4/sqlite': 900,
      'noop/rq/fork-preloaded/1': 150,
      'noop/rq/fork-preloaded/4': 100,
    })
    expect(bar(results, 'fork, 1 slot')).toMatchObject({ value: 2, reached: false })
    expect(bar(results, 'fork, 4 slots')).toMatchObject({ value: 5, reached: true })
    expect(bar(results, 'fork, best')).toMatchObject({ value: 500 / 150, reached: false })
  })

  it('says nothing of what was not measured', () => {
    expect(bar(measured({ 'noop/workhorse/inline/50': 1 }), 'inline, 50 at a time')).toEqual({
      what: 'inline, 50 at a time',
      wanted: '>= 1.5 x BullMQ',
    })
  })

  it('compares what a delay leaves of the speed', () => {
    const results = measured({
      'noop/workhorse/inline/50/proxy+0ms': 100,
      'noop/workhorse/inline/50/proxy+2ms': 80,
      'noop/bullmq/inline/50/proxy+0ms': 50,
      'noop/bullmq/inline/50/proxy+2ms': 45,
    })
    const what = 'inline, 50 at a time: speed that is left with 2 ms more per round trip'
    expect(bar(results, what)).toMatchObject({ measured: '80 % against 90 %', reached: false })
  })

  it('does not call a bar reached where a delay seems to have made something faster', () => {
    const results = measured({
      'noop/workhorse/inline/50/proxy+0ms': 100,
      'noop/workhorse/inline/50/proxy+2ms': 150,
      'noop/bullmq/inline/50/proxy+0ms': 50,
      'noop/bullmq/inline/50/proxy+2ms': 45,
    })
    const what = 'inline, 50 at a time: speed that is left with 2 ms more per round trip'
    expect(bar(results, what)).toMatchObject({ measured: '150 % against 90 %: noise', reached: false })
  })

  it('takes the median of the rounds', () => {
    const rounds = [30, 10, 20].map((jobsPerSecond) => ({ jobsPerSecond }))
    expect(summarize('x', rounds)).toMatchObject({ jobsPerSecond: 20, slowest: 10, fastest: 30, rounds: 3 })
  })
})
