import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { BeginWord } from '../../dist/worker/isolation/pool/begin-word.js'
import { Pace } from '../../dist/worker/isolation/pool/pace.js'

describe('the word that a pool child shares with its supervisor', () => {
  it('tells which jobs have begun', () => {
    const word = new BeginWord(new SharedArrayBuffer(4))
    expect([1, 2].map((number) => word.hasBegun(number))).toEqual([false, false])
    expect(word.begin(1, word.round)).toBe(true)
    expect([1, 2].map((number) => word.hasBegun(number))).toEqual([true, false])
  })

  it('lets none begin that was taken back, and those that were given afterwards', () => {
    const word = new BeginWord(new SharedArrayBuffer(4))
    const before = word.round
    word.takeBack()
    expect(word.begin(1, before)).toBe(false)
    expect(word.begin(2, word.round)).toBe(true)
  })

  it('goes round: after 65,536 jobs and as many times of taking back all is as before', () => {
    const word = new BeginWord(new SharedArrayBuffer(4))
    for (let number = 1; number <= 70_000; number++) {
      expect(word.hasBegun(number)).toBe(false)
      if (!word.begin(number, word.round) || !word.hasBegun(number)) expect.unreachable(`job ${number}`)
      word.takeBack()
    }
    expect(word.hasBegun(70_000)).toBe(true)
    expect(word.round).toBe(70_000 & 0xffff)
  })

  it('gives each job to one side only, while both work at it', { timeout: 60_000 }, async () => {
    const memory = new SharedArrayBuffer(4)
    const module = new URL('../../dist/worker/isolation/pool/begin-word.js', import.meta.url).href
    const child = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
       import(workerData.module).then(({ BeginWord }) => {
         const word = new BeginWord(workerData.memory)
         parentPort.on('message', ({ numbers, round }) => {
           parentPort.postMessage(numbers.filter((number) => word.begin(number, round)))
         })
         parentPort.postMessage('ready')
       })`,
      { eval: true, workerData: { memory, module } },
    )
    await once(child, 'message')
    const word = new BeginWord(memory)
    const counts = { begun: 0, taken: 0 }
    for (let first = 1; first <= 20_000; first += 100) {
      const numbers = Array.from({ length: 100 }, (_, index) => first + index)
      const answer = once(child, 'message')
      child.postMessage({ numbers, round: word.round })
      // Somewhere in the midst of it.
      const until = word.progress
      for (let spin = 0; spin < 1e6 && word.progress === until; spin++);
      word.takeBack()
      const begun = numbers.filter((number) => word.hasBegun(number))
      expect((await answer)[0]).toEqual(begun)
      counts.begun += begun.length
      counts.taken += numbers.length - begun.length
    }
    await child.terminate()
    // Both sides have won some, or nothing was tested.
    expect(counts.begun).toBeGreaterThan(0)
    expect(counts.taken).toBeGreaterThan(0)
  })
})

describe('the pace of a pool', () => {
  const short = (pace: Pace, ms: number) => {
    for (let i = 0; i < 100; i++) pace.ended(ms)
    return pace.depth
  }

  it('gives nothing ahead before jobs have been short for a while', () => {
    const pace = new Pace(8)
    pace.ended(0.1)
    expect(pace.depth).toBe(0)
    expect(short(pace, 0.1)).toBe(8)
  })

  it('gives as much ahead as is done in some milliseconds, and no more than it may', () => {
    expect(short(new Pace(8), 2)).toBe(2)
    expect(short(new Pace(8), 6)).toBe(0)
    expect(short(new Pace(3), 0.1)).toBe(3)
    expect(short(new Pace(0), 0.1)).toBe(0)
  })

  it('gives a child several at once where they take less than it takes to wake another', () => {
    const bundle = (pace: Pace, ms: number) => {
      short(pace, ms)
      return pace.bundle
    }
    expect(new Pace(8).bundle).toBe(1)
    expect(bundle(new Pace(8), 0.3)).toBe(1)
    expect(bundle(new Pace(8), 0.04)).toBe(4)
    expect(bundle(new Pace(8), 0.01)).toBe(9)
    expect(bundle(new Pace(0), 0.01)).toBe(1)
  })

  it('gives nothing ahead after a long job', () => {
    const pace = new Pace(8)
    short(pace, 0.1)
    pace.ended(50)
    expect(pace.depth).toBe(0)
  })
})
