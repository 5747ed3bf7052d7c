import { describe, expect, test } from 'vitest'
import type { JobView, Snapshot } from '../../src/queue/inspect.ts'
import type { ScheduleView } from '../../src/scheduler/manage.ts'
import { printed, printedJson, runCli, startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { createProject } from '../support/project.ts'

const JOBS = `
import { job, schedule } from 'workhorse'
export const add = job('add', (a, b) => a + b)
export const flaky = job('flaky', { retry: 5 }, () => { throw new Error('not today') })
export const told = job('told', (event) => event.failure?.message ?? event.result)
schedule('nightly', { cron: '0 3 * * *', timeZone: 'Europe/Berlin' }, add, 1, 2)
schedule('often', { every: '1h', catchUp: false }, add.with({ queue: 'other', unique: 'often' }), 3, 4)
`
const project = () => createProject({ 'jobs.mjs': JOBS, 'package.json': '{"name": "shop"}' })

interface Shown extends JobView {
  readonly history: readonly { readonly type: string; readonly failure?: { readonly message: string } }[]
}

const show = (id: string, cwd: string) => printedJson<Shown>(['jobs', 'show', id], { cwd })

describe('enqueue', () => {
  test('takes what an enqueue in code takes', async () => {
    const cwd = await project()
    const first = await printed(['enqueue', 'add', '1', '2'], { cwd })
    const flags = [
      ...['--retry', '3', '--retry-delay', '1s', '--retry-delay', '1m', '--repeat', '2', '--repeat-delay', '5m'],
      ...['--ttl', '1h', '--depends-on', first, '--allow-failure', '--group', 'g', '--meta', '{"user":7}'],
      ...['--on-failure', 'told', '--on-success', 'told', '--front'],
    ]
    const id = await printed(['enqueue', 'add', '3', '4', ...flags], { cwd })
    expect(await show(id, cwd)).toMatchObject({
      state: 'deferred',
      retry: { max: 3, delaysMs: [1000, 60_000] },
      repeat: { times: 2, delaysMs: [300_000] },
      ttlMs: 3_600_000,
      dependsOn: { jobIds: [first], allowFailure: true },
      group: 'g',
      meta: { user: 7 },
      callbacks: { failure: { name: 'told' }, success: { name: 'told' } },
    })
    const text = await printed(['jobs', 'show', id], { cwd })
    expect(text).toMatch(/^retries +3 of 3 left$/m)
    expect(text).toMatch(new RegExp(`^waits for +${first}$`, 'm'))
    expect(text).toMatch(/^callbacks +.*failure: told/m)
  })

  test('--unique enqueues once, and says so', async () => {
    const cwd = await project()
    const id = await printed(['enqueue', 'add', '1', '2', '--unique', 'a'], { cwd })
    const again = await runCli(['enqueue', 'add', '1', '2', '--unique', 'a'], { cwd })
    expect(again).toMatchObject({ code: 0, stdout: `${id}\n` })
    expect(again.stderr).toBe(`nothing enqueued: add ${id} is there already\n`)
    expect(await printedJson(['enqueue', 'add', '1', '2', '--unique', 'a'], { cwd })).toMatchObject({ duplicate: true })
  })

  const mistakes: readonly [what: string, flags: readonly string[], message: string][] = [
    ['a delay of no retry', ['--retry-delay', '1s'], '--retry-delay needs --retry N'],
    ['a backoff of no retry', ['--backoff', '1s'], '--backoff needs --retry N'],
    ['a delay of no repeat', ['--repeat-delay', '1s'], '--repeat-delay needs --repeat N'],
    ['a failure allowed to nobody', ['--allow-failure'], '--allow-failure needs --depends-on ID'],
    ['fewer retries than none', ['--retry=-1'], '--retry: expected a whole number of at least 0'],
    ['two kinds of delay', ['--retry', '1', '--retry-delay', '1s', '--backoff', '1s'], 'delay or backoff'],
    ['meta that is no JSON', ['--meta', 'user=7'], '--meta: expected a JSON object'],
    ['meta that is no object', ['--meta', '[7]'], 'option meta: expected an object'],
    ['an id and a key', ['--id', 'a', '--unique', 'b'], 'options id and unique'],
    ['a time and a job', ['--in', '5m', '--depends-on', 'a'], 'not for both'],
  ]
  test.each(mistakes)('refuses %s', async (_, flags, message) => {
    const { code, stderr } = await runCli(['enqueue', 'add', '1', '2', ...flags], { cwd: await project() })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

test('a job that is retried and fails shows its history', async () => {
  const cwd = await project()
  const id = await printed(['enqueue', 'flaky', '--retry', '2', '--on-failure', 'told'], { cwd })
  expect((await runCli(['worker', '--burst', '--isolation', 'inline'], { cwd })).code).toBe(0)
  const { history, state } = await show(id, cwd)
  expect(state).toBe('failed')
  expect(history.map(({ type, failure }) => [type, failure?.message])).toEqual([
    ['failed', 'not today'],
    ['retried', 'not today'],
    ['retried', 'not today'],
  ])
  expect(await printed(['jobs', 'show', id], { cwd })).toMatch(/^history +\S+ failed by .*: Error: not today$/m)
  const { jobs } = await printedJson<{ jobs: JobView[] }>(['jobs', 'list', '--name', 'told'], { cwd })
  expect(jobs.map(({ result }) => result)).toEqual(['not today'])
})

test('jobs cancel --dependents lets those run that wait', async () => {
  const cwd = await project()
  const first = await printed(['enqueue', 'add', '1', '2'], { cwd })
  const second = await printed(['enqueue', 'add', '3', '4', '--depends-on', first], { cwd })
  expect(await printed(['jobs', 'cancel', first, '--dependents'], { cwd })).toBe('canceled 1 job')
  expect((await show(first, cwd)).state).toBe('canceled')
  expect((await show(second, cwd)).state).toBe('queued')
})

test('queues empty deletes what waits, and names what it does not know', async () => {
  const cwd = await project()
  for (let i = 0; i < 3; i++) await printed(['enqueue', 'add', '1', '2'], { cwd })
  await printed(['enqueue', 'add', '1', '2', '--in', '1h'], { cwd })
  const { code, stdout, stderr } = await runCli(['queues', 'empty', 'default', 'defualt'], { cwd })
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'deleted 3 jobs of default\ndeleted 0 jobs of defualt\n' })
  expect(stderr).toContain("there is no queue 'defualt' yet; did you mean 'default'?")
  const { queues } = await printedJson<{ queues: Snapshot['queues'] }>(['queues', 'list'], { cwd })
  expect(queues[0]?.counts).toMatchObject({ queued: 0, scheduled: 1 })
  expect((await runCli(['queues', 'empty'], { cwd })).code).toBe(2)
})

test('groups are listed, shown and forgotten', async () => {
  const cwd = await project()
  expect(await printed(['groups', 'list'], { cwd })).toBe('no groups')
  const id = await printed(['enqueue', 'add', '1', '2', '--group', 'album'], { cwd })
  await printed(['enqueue', 'add', '1', '2', '--group', 'album', '--in', '1h'], { cwd })
  expect(await printed(['groups', 'list'], { cwd })).toMatch(/^album +2 +1 queued, 1 scheduled$/m)
  expect(await printed(['groups', 'show', 'album'], { cwd })).toContain(id)
  expect(await printedJson(['groups', 'list'], { cwd })).toEqual({
    groups: [{ name: 'album', jobs: expect.arrayContaining([id]) }],
  })
  expect(await printed(['groups', 'show', 'nobody'], { cwd })).toBe("no job is in group 'nobody'")
  expect(await printed(['groups', 'delete', 'album'], { cwd })).toBe('forgot group album')
  expect(await printed(['groups', 'list'], { cwd })).toBe('no groups')
})

test('suspend keeps workers from taking jobs until resume', async () => {
  const cwd = await project()
  expect(await printed(['resume'], { cwd })).toBe('nothing was suspended')
  expect(await printed(['suspend'], { cwd })).toBe('suspended until workhorse resume')
  expect(await printed(['info'], { cwd })).toContain('suspended: workers take nothing until workhorse resume')
  const id = await printed(['enqueue', 'add', '1', '2'], { cwd })
  expect((await runCli(['worker', '--burst', '--isolation', 'inline'], { cwd })).code).toBe(0)
  expect((await show(id, cwd)).state).toBe('queued')
  expect(await printed(['resume'], { cwd })).toBe('resumed')
  expect(await printedJson<Snapshot>(['info'], { cwd })).toMatchObject({ suspended: false })
  await runCli(['worker', '--burst', '--isolation', 'inline'], { cwd })
  expect((await show(id, cwd)).state).toBe('finished')
  expect(await printed(['suspend', '--for', '10m'], { cwd })).toBe('suspended for 10 m 0 s')
})

describe('schedule', () => {
  test('lists what a worker has found in the job modules; runs and deletes it', async () => {
    const cwd = await project()
    expect(await printed(['schedule', 'list'], { cwd })).toBe('no schedules')
    const worker = startCli(['worker', '--isolation', 'inline'], { cwd })
    await worker.waitForEvent('worker.ready')
    expect((await worker.waitForEvent('schedules.synced')).msg).toBe('schedules: added nightly, often')

    const { schedules } = await printedJson<{ schedules: ScheduleView[] }>(['schedule', 'list'], { cwd })
    expect(schedules).toMatchObject([
      {
        name: 'nightly',
        owner: 'shop',
        when: '0 3 * * * Europe/Berlin',
        catchUp: true,
        job: { name: 'add', queue: 'default', args: [1, 2] },
      },
      { name: 'often', when: 'every 1 h 0 m', catchUp: false, job: { queue: 'other' } },
    ])
    expect(await printed(['schedule', 'list'], { cwd })).toMatch(/^nightly +0 3 .* never +shop +default +add\(1, 2\)$/m)

    const id = await printed(['schedule', 'run', 'nightly'], { cwd })
    await eventually(async () => expect((await show(id, cwd)).result).toBe(3), { timeoutMs: 20_000 })
    const unique = await printed(['schedule', 'run', 'often'], { cwd })
    const again = await runCli(['schedule', 'run', 'often'], { cwd })
    expect(again).toMatchObject({ code: 0, stdout: `${unique}\n`, stderr: expect.stringContaining('nothing enqueued') })

    expect(await printed(['schedule', 'delete', 'often'], { cwd })).toBe('deleted schedule often')
    const gone = await runCli(['schedule', 'run', 'nigthly'], { cwd })
    expect(gone).toMatchObject({ code: 1, stderr: "workhorse: no schedule named 'nigthly'; did you mean 'nightly'?\n" })
    expect((await runCli(['schedule', 'delete', 'often'], { cwd })).code).toBe(1)
  })

  test('a worker does not start where another application has a schedule of that name', async () => {
    const cwd = await project()
    const other = await createProject({ 'jobs.mjs': JOBS, 'package.json': '{"name": "bakery"}' })
    const broker = ['--broker', `sqlite://${cwd}/workhorse.db`]
    const worker = startCli(['worker', '--isolation', 'inline', ...broker], { cwd })
    await worker.waitForEvent('worker.ready')
    const { code, stderr } = await runCli(['worker', '--isolation', 'inline', ...broker], { cwd: other })
    expect(code).toBe(2)
    expect(stderr).toContain("schedule 'nightly' belongs to 'shop', and 'bakery' wants to define it, too")
  })
})
