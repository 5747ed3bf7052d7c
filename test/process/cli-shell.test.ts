import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { printed, printedJson, runCli, startCli } from '../support/cli.ts'
import { createProject, JOBS } from '../support/project.ts'

async function shell(...lines: string[]) {
  const cwd = await createProject({ 'jobs.mjs': JOBS })
  const exit = await runCli(['shell'], { cwd, input: lines.join('\n') })
  return { cwd, ...exit }
}

describe('shell with piped input', () => {
  test('has what the jobs file exports, the broker, and helpers', async () => {
    const { code, stdout, stderr } = await shell(
      'await add(2, 3)',
      'const handle = await shout.enqueue("a")',
      'await handle.status()',
      '(await queue.snapshot()).queues.map(({ name }) => name)',
      '(await queue.list()).map(({ name }) => name)',
      '(await queue.job(handle.id)).args',
      '(await queue.remove(handle.id)).changed.length',
      'await broker.jobFetch(handle.id)',
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`5\n'queued'\n[ 'loud' ]\n[ 'shout' ]\n[ 'a' ]\n1\n`)
  })

  test('runs a line when the one before it is done', async () => {
    const { stdout } = await shell(
      'let done = false',
      'await new Promise((resolve) => setTimeout(() => { done = true; resolve() }, 50))',
      'done',
    )
    expect(stdout).toBe('true\n')
  })

  test('takes expressions of several lines, empty lines, and commands', async () => {
    const { code, stdout } = await shell('function twice(n) {', '  return 2 * n', '}', '', '.clear', 'twice(', '4)')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '8\n' })
  })

  test('goes on after an error, and fails at the end', async () => {
    const { code, stdout } = await shell('throw new Error("one")', 'await Promise.reject(new Error("two"))', '1 + 1')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Uncaught Error: one\nUncaught Error: two\n.*2\n$/s)
  })

  test('leaves at .exit', async () => {
    expect(await shell('1', '.exit', '2')).toMatchObject({ code: 0, stdout: '1\n' })
  })

  test('keeps no history', async () => {
    const { cwd } = await shell('1')
    expect(existsSync(join(cwd, '.workhorse_history'))).toBe(false)
  })

  test('works without a jobs file, and enqueues where --broker says', async () => {
    const cwd = await createProject({ 'work.mjs': JOBS })
    expect(await printed(['shell'], { cwd, input: 'typeof broker.jobFetch' })).toBe(`'function'`)
    const args = ['--jobs-file', 'work.mjs', '--broker', 'sqlite:other.db']
    await printed(['shell', ...args], { cwd, input: 'await add.with({ id: "a1" }).enqueue(1, 2)' })
    const job = await printedJson(['jobs', 'show', 'a1', '--broker', 'sqlite:other.db'], { cwd })
    expect(job).toMatchObject({ state: 'queued' })
  })

  test('can wait for a result', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    const worker = startCli(['worker', '--isolation', 'inline'], { cwd })
    await worker.waitForEvent('worker.ready')
    expect(await printed(['shell'], { cwd, input: 'await (await add.enqueue(20, 22)).result()' })).toBe('42')
  })
})
