import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Isolation } from '../../../dist/worker/isolation/isolation.js'
import { type Run, runner } from '../../support/run-job.ts'

/** What a mode cannot do, each with its reason, which becomes the reason of the skip. */
export interface IsolationLimits {
  /** Jobs share the worker's process. */
  readonly sharedProcess?: string
}

/** The behaviours that every isolation mode has. `open` boots one with test/fixtures/jobs/behaviours.mjs loaded. */
export function describeIsolation(name: string, open: () => Promise<Isolation>, limits: IsolationLimits = {}): void {
  const ownProcess = limits.sharedProcess ? it.skip : it
  const because = limits.sharedProcess ? ` (skipped: ${limits.sharedProcess})` : ''

  describe(`isolation: ${name}`, () => {
    let isolation: Isolation
    let run: Run
    beforeAll(async () => {
      isolation = await open()
      run = runner(isolation)
    })
    afterAll(() => isolation.close())

    describe('a job that finishes', () => {
      it('gives what its handler returns', async () => {
        expect((await run('add', [2, 3])).end).toMatchObject({ type: 'finished', result: '5' })
      })

      it('gives null where its handler returns nothing', async () => {
        expect((await run('nothing')).end).toMatchObject({ type: 'finished', result: 'null' })
      })

      it('may take its time', async () => {
        const { end } = await run('sleep', [30])
        expect(end).toMatchObject({ type: 'finished', result: '"slept"' })
        expect(end.bill?.wallMs).toBeGreaterThanOrEqual(29)
      })

      it('is billed to the microsecond', async () => {
        const { bill } = (await run('sleep', [3])).end
        const times = [bill?.wallMs, bill?.usage?.cpuUserMs, bill?.usage?.cpuSystemMs]
        for (const ms of times) expect(ms ?? 0).toBe(Math.round((ms ?? 0) * 1000) / 1000)
      })

      it('carries 5 MB of arguments and results intact', async () => {
        const value = 'ä€😀 '.repeat(500_000)
        const { end } = await run('echo', [value])
        expect(end.type).toBe('finished')
        expect(end.type === 'finished' && JSON.parse(end.result) === value).toBe(true)
      })

      it('knows itself by currentJob()', async () => {
        const { end } = await run('who', [], { id: 'abc', queue: 'high', attempt: 2, meta: '{"a":1}' })
        expect(JSON.parse(resultOf(end))).toEqual({ id: 'abc', name: 'who', queue: 'high', attempt: 2, meta: { a: 1 } })
      })

      it('tells progress, meta and log lines while it runs', async () => {
        const { told } = await run('tell')
        expect(told).toEqual([{ progress: 0.5 }, { meta: '{"step":2}' }, { log: 'half way' }])
      })

      it('may enqueue jobs, through its supervisor', async () => {
        const { end, enqueued } = await run('enqueue-another')
        expect(enqueued).toMatchObject([{ name: 'child', args: '[41]', id: JSON.parse(resultOf(end)) }])
      })
    })

    it('throws at a job what its broker throws, as the same class with the same code', async () => {
      const { end } = await run('enqueue-twice')
      expect(JSON.parse(resultOf(end))).toEqual(['DuplicateJobError', true, 'WORKHORSE_DUPLICATE_JOB', 'twice'])
    })

    describe('a job that fails', () => {
      it('by a throw: name, message, stack and cause', async () => {
        const failure = await failureOf(run('throw'))
        expect(failure).toMatchObject({
          kind: 'error',
          name: 'TypeError',
          message: 'it does not fit',
          cause: { name: 'Error', message: 'too large' },
        })
        expect(failure.stack).toContain('behaviours.mjs')
      })

      it('by throwing what is no Error', async () => {
        expect(await failureOf(run('throw-string'))).toMatchObject({
          kind: 'error',
          message: "a value that is not an Error was thrown: 'just words'",
        })
      })

      it('with the code of its error', async () => {
        expect(await failureOf(run('throw-with-code'))).toMatchObject({ code: 'ENOENT' })
      })

      it('by returning what JSON cannot carry, with the path', async () => {
        expect(await failureOf(run('return-date'))).toMatchObject({
          kind: 'result-not-json',
          message: 'return-date must return a JSON value. result.when: Date; pass an ISO string',
        })
      })

      it('by a name that nobody has defined, with the nearest', async () => {
        const { message } = await failureOf(run('ecko'))
        expect(message).toContain("job 'ecko' is not defined; did you mean 'echo'?")
      })
    })

    it('aborts the signal of a job that is told to stop, with the reason', async () => {
      const execution = run('wait-for-abort')
      execution.running.abort('enough')
      expect(await failureOf(execution)).toMatchObject({ kind: 'error', name: 'AbortError', message: 'enough' })
    })

    it('ends a job at once that is killed', async () => {
      const execution = run('never-settles')
      execution.running.kill()
      expect((await execution).end.type).toBe('killed')
    })

    it('runs several jobs at a time', async () => {
      const begun = performance.now()
      await Promise.all(Array.from({ length: 4 }, () => run('sleep', [400])))
      // One after another they would take four times as long, whatever the machine.
      expect(performance.now() - begun).toBeLessThan(1500)
    })

    describe(`a job in a process of its own${because}`, () => {
      ownProcess('is killed though it blocks its event loop', async () => {
        const execution = run('loop-for-ever')
        execution.running.kill()
        expect((await execution).end).toMatchObject({ type: 'killed', givenUp: false })
      })

      ownProcess('fails where it calls process.exit', async () => {
        for (const name of ['exit', 'exit-at-once']) {
          expect(await failureOf(run(name, [3]))).toMatchObject({
            kind: 'exit',
            exitCode: 3,
            message: 'the job called process.exit(3) before it settled',
          })
        }
      })

      ownProcess('fails where a signal ends it, and says which', async () => {
        for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGABRT']) {
          const failure = await failureOf(run('kill-itself', [signal]))
          expect(failure).toMatchObject({ kind: 'signal', signal })
          expect(failure.message).toMatch(/^the (horse|pool child) \(pid \d+\) was ended by SIG\w+ /)
        }
      })

      ownProcess('fails where an error is thrown that nobody catches', async () => {
        expect(await failureOf(run('throw-in-timer'))).toMatchObject({
          kind: 'uncaught-exception',
          name: 'RangeError',
          message: 'in a timer',
        })
      })

      ownProcess('fails where a rejection stays unheard', async () => {
        expect(await failureOf(run('reject-unheard'))).toMatchObject({
          kind: 'unhandled-rejection',
          message: 'nobody listens',
        })
      })

      ownProcess('fails where its event loop runs empty', async () => {
        for (const name of ['run-empty', 'run-empty-later']) {
          expect(await failureOf(run(name))).toMatchObject({ kind: 'loop-empty', name: 'LoopEmptyError' })
        }
      })

      ownProcess('shows all that it prints, under its own name', async () => {
        const { output } = await run('print', [1_000_000])
        expect(output.stdout.length).toBe(1_000_001)
        expect(output.stderr).toBe('on standard error\n')
      })

      ownProcess('shows what it has printed before it was killed', async () => {
        const { output, end } = await run('print-then-die', [300_000])
        expect(end.type).toBe('failed')
        expect(output.stdout.length).toBe(300_001)
      })

      ownProcess('has its bill counted by the kernel', async () => {
        const { end } = await run('nothing')
        expect(end.bill?.usage?.cpuUserMs).toBeGreaterThanOrEqual(0)
        expect(end.bill?.usage?.minorFaults).toBeGreaterThan(0)
        expect(end.bill?.usage?.maxRssBytes).toBeGreaterThan(1_000_000)
      })
    })
  })
}

function resultOf(end: Awaited<ReturnType<Run>>['end']): string {
  if (end.type !== 'finished') throw new Error(`expected a finished job, got ${JSON.stringify(end)}`)
  return end.result
}

async function failureOf(execution: ReturnType<Run>) {
  const { end } = await execution
  if (end.type !== 'failed') throw new Error(`expected a failed job, got ${JSON.stringify(end)}`)
  return end.failure
}
