import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { printed, runCli } from '../support/cli.ts'
import { createProject, JOBS } from '../support/project.ts'

interface Report {
  readonly ok: boolean
  readonly facts: readonly Line[]
  readonly warnings: readonly Line[]
  readonly errors: readonly Line[]
}
interface Line {
  readonly subject: string
  readonly text: string
}

async function check(
  files: Readonly<Record<string, string>>,
  options: { readonly env?: Record<string, string>; readonly args?: readonly string[] } = {},
) {
  const cwd = await createProject(files)
  const { code, stdout } = await runCli(['check', '--json', ...(options.args ?? [])], { cwd, env: options.env ?? {} })
  const report = JSON.parse(stdout.replaceAll(cwd, '/project')) as Report
  expect(code).toBe(report.ok ? 0 : 1)
  const text = (lines: readonly Line[], subject: string) => lines.find((line) => line.subject === subject)?.text
  return { cwd, report, text }
}

describe('check', () => {
  test('of a project that is ready: boots a zygote, names the jobs, and makes no file', async () => {
    const { cwd, report, text } = await check({ 'jobs.mjs': JOBS })
    expect(report).toMatchObject({ ok: true, warnings: [], errors: [] })
    expect(text(report.facts, 'node')).toContain(process.versions.node)
    expect(text(report.facts, 'fork')).toMatch(/^available, addon .*workhorse\.node$/)
    expect(text(report.facts, 'config')).toBe('no config file')
    expect(text(report.facts, 'jobs file')).toBe('/project/jobs.mjs')
    expect(text(report.facts, 'zygote')).toMatch(/^boots in .* and holds .* MB$/)
    expect(text(report.facts, 'jobs')).toBe('add, shout, fail, hold')
    expect(text(report.facts, 'broker')).toBe('/project/workhorse.db will be made at the first use; set by the default')
    expect(existsSync(join(cwd, 'workhorse.db'))).toBe(false)
  })

  test('is printed with errors and warnings apart', async () => {
    const cwd = await createProject({
      'jobs.mjs': 'export const nothing = 1',
      'workhorse.config.mjs': 'export default {}',
    })
    const env = { WORKHORSE_NATIVE: '/nowhere/workhorse.node', WORKHORSE_BROKER: 'sqlite:no/such/folder.db' }
    const { code, stdout } = await runCli(['check'], { cwd, env })
    expect(code).toBe(1)
    const stable = stdout
      .replaceAll(cwd, '/project')
      .replace(/\d+\.\d+\.\d+ on \S+/, 'VERSION on PLATFORM')
      .replace(/ready in \d+(\.\d+)? m?s/, 'ready in N ms')
      .replace(/node \/\S+\/scripts/, 'node /package/scripts')
    expect(stable).toMatchInlineSnapshot(`
      "  node       VERSION on PLATFORM
        config     /project/workhorse.config.mjs
        jobs file  /project/jobs.mjs
        pool       a spawned child is ready in N ms

      warnings:
        fork  jobs will run in pool mode: fork mode needs the native addon, and there is none at /nowhere/workhorse.node; build it with: apt-get install g++ make python3 && node /package/scripts/build-native.mjs
        jobs  the jobs file defines none; call job() in it, or import what does

      errors:
        broker  /project/no/such/folder.db: there is no directory /project/no/such; make it, or name another file

      1 error, 2 warnings
      "
    `)
  })

  test('looks into a broker that is there', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    await printed(['enqueue', 'add', '1', '2'], { cwd })
    const stdout = await printed(['check', '--json', '--broker', 'sqlite:workhorse.db'], { cwd })
    const { facts } = JSON.parse(stdout) as Report
    expect(facts).toContainEqual({
      subject: 'broker',
      text: `sqlite://${cwd}/workhorse.db: 1 queues, 0 workers; set by --broker`,
    })
    expect(facts).toContainEqual({ subject: 'journal', text: 'write-ahead log' })
  })

  test('a broken jobs file, preload or leftover is an error of the zygote', async () => {
    const broken = await check({ 'jobs.mjs': 'const a = ;' })
    expect(broken.text(broken.report.errors, 'zygote')).toContain('/project/jobs.mjs cannot be loaded: SyntaxError')
    const open = await check({
      'jobs.mjs': `import { preload } from 'workhorse'; preload(() => { setInterval(() => {}, 1e6) })`,
    })
    expect(open.text(open.report.errors, 'zygote')).toContain('a timer is open')
  })

  test('a broken jobs file is an error without fork, too', async () => {
    const { report, text } = await check({
      'jobs.mjs': 'throw new Error("boo")',
      'workhorse.config.mjs': `export default { isolation: 'inline' }`,
    })
    expect(text(report.errors, 'jobs file')).toBe('/project/jobs.mjs cannot be loaded: Error: boo')
  })

  test('no jobs file is an error', async () => {
    const { report, text } = await check({})
    expect(text(report.errors, 'jobs file')).toMatch(/^no jobs file: /)
  })

  test('a config file with a mistake is an error', async () => {
    const { report, text } = await check({ 'workhorse.config.mjs': `export default { queue: 'a' }` })
    expect(text(report.errors, 'settings')).toContain("unknown option 'queue'; did you mean 'queues'?")
  })

  test('fork asked for and not available is an error, else a warning', async () => {
    const env = { WORKHORSE_NATIVE: '/nowhere/workhorse.node' }
    const asked = await check(
      { 'jobs.mjs': JOBS, 'workhorse.config.mjs': `export default { isolation: 'fork' }` },
      { env },
    )
    expect(asked.text(asked.report.errors, 'fork')).toContain('none at /nowhere/workhorse.node')
    const default_ = await check({ 'jobs.mjs': JOBS }, { env })
    expect(default_.report.ok).toBe(true)
    expect(default_.text(default_.report.warnings, 'fork')).toMatch(/^jobs will run in pool mode: /)
    expect(default_.text(default_.report.facts, 'pool')).toMatch(/^a spawned child is ready in /)
  })

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is an error', async () => {
    const cwd = await createProject({ 'jobs.mjs': JOBS })
    await chmod(cwd, 0o500)
    const { code, stdout } = await runCli(['check'], { cwd })
    await chmod(cwd, 0o700)
    expect(code).toBe(1)
    expect(stdout).toContain('nothing can be written to')
  })
})

const LEAKY = `
import { spawn } from 'node:child_process'
import { openSync, watch } from 'node:fs'
import { connect, createServer } from 'node:net'
import { job, preload } from 'workhorse'
import { leave } from './library.mjs'

const server = createServer()
preload(async () => {
  leave()
  spawn('sleep', ['30'])
  openSync('template.html')
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  connect(server.address().port, '127.0.0.1').on('error', () => {})
  watch('.', () => {})
})
job('nothing', () => {})
`
const LIBRARY = `
import { Worker } from 'node:worker_threads'
export function leave() {
  setInterval(() => {}, 1000)
  new Worker('setInterval(() => {}, 1000)', { eval: true })
}
`

describe('check --fork', () => {
  test('names what the preload leaves open, the line that opened it, and where it belongs', async () => {
    const files = { 'jobs.mjs': LEAKY, 'library.mjs': LIBRARY, 'template.html': '<p>' }
    const { cwd, report } = await check(files, { args: ['--fork'] })
    const errors = report.errors as readonly (Line & { openedAt?: string; moveTo?: string })[]
    const of = (kind: string) => errors.filter(({ subject }) => subject === kind)
    expect(of('timer')).toMatchObject([
      {
        text: 'a timer is open',
        openedAt: '/project/library.mjs:4:3',
        moveTo: 'start it in afterFork() or in the job',
      },
    ])
    expect(of('child-process')).toMatchObject([{ openedAt: '/project/jobs.mjs:11:3', moveTo: expect.any(String) }])
    expect(of('server')).toMatchObject([
      { text: 'a listening TCP server is open', openedAt: expect.stringMatching(/jobs\.mjs:13:/) },
    ])
    expect(of('socket').map(({ openedAt }) => openedAt)).toContain('/project/jobs.mjs:14:3')
    expect(of('watcher')).toMatchObject([{ openedAt: '/project/jobs.mjs:15:3' }])
    expect(of('thread').map(({ openedAt }) => openedAt)).toContain('/project/library.mjs:5:3')
    expect(report.warnings.filter(({ subject }) => subject === 'file')).toMatchObject([
      { text: expect.stringContaining('template.html'), openedAt: '/project/jobs.mjs:12:3' },
    ])
    // The same for people; and the worker refuses what is an error here.
    const { code, stdout } = await runCli(['check', '--fork'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /timer +a timer is open\n +at .*library\.mjs:4:3\n +→ start it in afterFork\(\) or in the job\n/,
    )
    expect((await runCli(['worker', '--burst', '--isolation', 'fork'], { cwd })).stderr).toContain('a timer is open')
  })

  test('finds nothing where nothing is left open, and tells of addons that are known to be unsafe', async () => {
    const { report, text } = await check({ 'jobs.mjs': JOBS }, { args: ['--fork'] })
    expect(report).toMatchObject({ ok: true, warnings: [], errors: [] })
    expect(text(report.facts, 'left open')).toBe('nothing')
    const addon = createRequire(import.meta.url).resolve('@libsql/linux-x64-gnu')
    const jobs = `import { createRequire } from 'node:module'
import { job } from 'workhorse'
createRequire(import.meta.url)('${addon}')
job('nothing', () => {})`
    const { report: loaded } = await check({ 'jobs.mjs': jobs }, { args: ['--fork'] })
    expect(loaded.warnings).toMatchObject([
      {
        subject: 'addon',
        text: expect.stringMatching(/^@libsql\/linux-x64-gnu: starts threads when a database is opened/),
        openedAt: '/project/jobs.mjs:3:31',
        moveTo: 'import it in the job module, and use it in afterFork or in the job',
      },
    ])
  })

  test('says how the preload failed, where it did', async () => {
    const jobs = "import { preload } from 'workhorse'\npreload(() => { throw new TypeError('no schema') })"
    const { report } = await check({ 'jobs.mjs': jobs }, { args: ['--fork'] })
    expect(report.errors).toEqual([{ subject: 'preload', text: 'preload failed: TypeError: no schema' }])
  })
})
