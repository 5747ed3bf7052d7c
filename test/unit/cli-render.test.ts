import { expect, test } from 'vitest'
import { renderJob } from '../../src/cli/render/job.ts'
import { renderTable } from '../../src/cli/render/table.ts'
import type { JobView } from '../../src/queue/inspect.ts'

test('a table: as wide as it must be, numbers at the right, nothing cut outside a terminal', () => {
  const rows = [
    { name: 'a', count: 5, text: 'x'.repeat(300) },
    { name: 'longer', count: 12345, text: '' },
  ]
  const table = renderTable(
    [
      { title: 'name', value: ({ name }) => name },
      { title: 'count', value: ({ count }) => count, right: true },
      { title: 'text', value: ({ text }) => text },
    ],
    rows,
  )
  expect(table.split('\n')).toEqual(['name    count  text', `a           5  ${'x'.repeat(300)}`, 'longer  12345'])
})

const JOB: JobView = {
  id: 'j1',
  name: 'send',
  queue: 'mail',
  state: 'failed',
  args: [{ to: 'a@example.org' }],
  meta: { tenant: 7 },
  progress: 0.5,
  createdAt: 0,
  enqueuedAt: 1,
  startedAt: 1000,
  endedAt: 3000,
  expiresAt: 31_536_000_000,
  timeoutMs: -1,
  resultTtlMs: 1,
  failureTtlMs: 1,
  attempts: 2,
  abandonments: 1,
  worker: 'host.1.ab',
  failure: {
    kind: 'error',
    name: 'TypeError',
    message: 'no\nway',
    stack: 'TypeError: no\nway\n    at send (/jobs.ts:1:2)',
    code: 'E_NO',
    cause: { name: 'Error', message: 'deep' },
    stderrTail: 'last words\n',
  },
  bill: {
    wallMs: 2000,
    forkMs: 0.5,
    usage: {
      cpuUserMs: 3.25,
      cpuSystemMs: 1,
      maxRssBytes: 50 * 1024 * 1024,
      minorFaults: 300,
      majorFaults: 0,
      voluntarySwitches: 1,
      involuntarySwitches: 1,
    },
  },
}

test('a job: a line for each fact that is there', () => {
  expect(renderJob(JOB)).toMatchInlineSnapshot(`
    "id          j1
    job         send
    queue       mail
    state       failed
    arguments   [ { to: 'a@example.org' } ]
    meta        { tenant: 7 }
    progress    50 %
    created     1970-01-01T00:00:00.000Z
    enqueued    1970-01-01T00:00:00.001Z
    started     1970-01-01T00:00:01.000Z
    ended       1970-01-01T00:00:03.000Z
    kept until  1971-01-01T00:00:00.000Z
    timeout     none
    attempts    2
    abandoned   by 1 worker that died
    worker      host.1.ab
    bill        2.0 s in all, fork 0.5 ms, CPU 3.3 ms user, 1 ms system
                memory 50.0 MB at the peak, what was inherited included
                300 minor and 0 major page faults, 1 voluntary and 1 involuntary context switches
    failure     error: TypeError: no
                way (code E_NO)
                    at send (/jobs.ts:1:2)
                cause: Error: deep
                the last it wrote to stderr:
                last words"
  `)
})
