import { describe, expect, it, onTestFinished } from 'vitest'
import type { LimitOptions } from '../../src/job/limits.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { sharedWorkplace, workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]
const MB = 2 ** 20

const forks = sharedWorkplace('fork', { modules, concurrency: 1, memoryGroups: false, grace: '60s' })

/** Runs one job under limits, to its end. */
async function run(name: string, args: readonly unknown[], limits: LimitOptions) {
  const place = await forks()
  return place.ended(await place.enqueue(name, args, { limits }))
}

describe('a job in fork mode', () => {
  it('is killed when it uses more memory than it may, and what it has inherited does not count', async () => {
    const { state, failure, bill } = await run('allocate', [200], { memory: '100MB' })
    expect(state).toBe('failed')
    expect(failure).toMatchObject({ kind: 'memory-limit', name: 'MemoryLimitError', code: 'WORKHORSE_MEMORY_LIMIT' })
    expect(failure?.message).toMatch(
      /^the job used [\d.]+ MB more than it was born with, and its memory limit is 100.0 MB/,
    )
    expect(bill?.memory?.peakIncrementBytes).toBeGreaterThan(100 * MB)
  })

  it('may use all of its limit', async () => {
    expect(await run('allocate', [60, 300], { memory: '100MB' })).toMatchObject({ state: 'finished', result: '60' })
  })

  it('answers for the memory of its child processes', { timeout: 60_000 }, async () => {
    const { failure, meta } = await run('allocate-in-child', [300], { memory: '200MB' })
    expect(failure?.kind).toBe('memory-limit')
    await eventually(() => expect(isAlive(JSON.parse(meta ?? '').child)).toBe(false))
  })

  it('is killed when it uses more CPU time than it may', async () => {
    const { failure, bill } = await run('burn', [], { cpu: '300ms' })
    expect(failure).toMatchObject({ kind: 'cpu-limit', name: 'CpuLimitError', code: 'WORKHORSE_CPU_LIMIT' })
    const { cpuUserMs = 0, cpuSystemMs = 0 } = bill?.usage ?? {}
    expect(cpuUserMs + cpuSystemMs).toBeGreaterThan(300)
  })

  it('does not pay CPU time for waiting', async () => {
    expect(await run('hold', [600], { cpu: '300ms' })).toMatchObject({ state: 'finished' })
  })

  it('cannot open more descriptors than it may', async () => {
    const limits = { openFiles: 20 }
    expect(await run('open', [20], limits)).toMatchObject({ state: 'finished', result: '20' })
    expect((await run('open', [21], limits)).failure).toMatchObject({
      kind: 'open-files-limit',
      name: 'OpenFilesLimitError',
      code: 'WORKHORSE_OPEN_FILES_LIMIT',
      cause: { message: expect.stringContaining('EMFILE') },
    })
  })

  it('is killed when it prints more than it may, and the rest is dropped', async () => {
    const place = await workplace('fork')
    const { supervisor } = place.start({ modules })
    let printed = 0
    supervisor.on('output', (_job, _stream, line) => {
      printed += line.length + 1
    })
    const id = await place.enqueue('print-for-ever', [], { limits: { output: '10kB' } })
    const { failure } = await place.ended(id)
    expect(failure).toMatchObject({ kind: 'output-limit', name: 'OutputLimitError', code: 'WORKHORSE_OUTPUT_LIMIT' })
    // One more for the line that the limit has cut: its end is not its own.
    expect(printed).toBeLessThanOrEqual(10 * 1024 + 1)
    expect(printed).toBeGreaterThan(9 * 1024)
  })

  it('has a grace of its own after its timeout', async () => {
    const place = await forks()
    const id = await place.enqueue('ignore-abort', [], { timeout: '100ms', limits: { grace: '50ms' } })
    expect((await place.ended(id)).failure?.message).toContain('had not ended 50 ms after its signal aborted')
  })

  it('is ended by the kernel where the supervisor cannot look', { timeout: 60_000 }, async () => {
    const place = await forks()
    const id = await place.enqueue('burn', [], { limits: { cpu: '900ms' } })
    await eventually(async () => expect((await place.broker.jobFetch(id))?.meta).toBeDefined(), { timeoutMs: 20_000 })
    const { pid } = JSON.parse((await place.broker.jobFetch(id))?.meta ?? '')
    // This process is the supervisor: while it stands still, only the kernel can end the job.
    while (isAlive(pid));
    expect((await place.ended(id)).failure).toMatchObject({
      kind: 'cpu-limit',
      message: expect.stringContaining('was ended by the kernel'),
    })
  })

  it('that has no limits is not looked at', async () => {
    expect(await run('hold', [10], {})).toMatchObject({ state: 'finished' })
  })
})

describe('a job in inline mode', () => {
  it('runs without the limits that cannot be kept there, and the log says so', async () => {
    const place = await workplace('inline')
    place.start({ modules })
    const id = await place.enqueue('hold', [1], { limits: { memory: '1MB' } })
    expect((await place.ended(id)).state).toBe('finished')
    expect(place.log.filter((line) => line.includes('limits.unkept'))).toHaveLength(1)
  })
})

describe('a beforeExit hook that hangs', () => {
  it('costs neither the outcome of its job nor the slot for longer than it may', { timeout: 60_000 }, async () => {
    process.env['TEST_HANGING_HOOK'] = '1'
    onTestFinished(() => void delete process.env['TEST_HANGING_HOOK'])
    const place = await workplace('fork')
    // The timeout comes first: it is no business of the hook's.
    place.start({ modules, concurrency: 1, exitGrace: '900ms' })
    const options = { timeout: '400ms', limits: { grace: 0 } }
    const good = await place.enqueue('hold', [1], options)
    const bad = await place.enqueue('burn-and-fail', [1], options)
    expect(await place.ended(good)).toMatchObject({ state: 'finished', result: '"held"', bill: { signal: 'SIGKILL' } })
    expect(await place.ended(bad)).toMatchObject({ state: 'failed', failure: { kind: 'error', message: 'burnt' } })
    expect(place.log.join('')).toContain('its beforeExit hooks had not ended 900 ms after the job')
  })
})
