import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Profile } from '../../src/profiler/profile.ts'
import { type CliExit, printed, printedJson, runCli } from '../support/cli.ts'
import { createProject } from '../support/project.ts'
import { projectQueue } from '../support/project-queue.ts'

const JOBS = `
import { job } from 'workhorse'

function compute(rounds) {
  let sum = 0
  for (let i = 0; i < rounds; i++) sum += Math.sqrt(i) * Math.sin(i)
  return sum
}
function oftenCalled() {
  return compute(500_000)
}
function onlyWhenSlow() {
  return compute(12_000_000)
}
export const work = job('work', (slow) => oftenCalled() + (slow ? onlyWhenSlow() : 0))
export const endless = job('end/less', { timeout: '700ms' }, () => {
  for (;;) compute(1000)
})
`

interface Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

async function place(config = ''): Promise<Place> {
  const files = { 'jobs.mjs': JOBS, ...(config === '' ? {} : { 'workhorse.config.mjs': `export default ${config}\n` }) }
  const cwd = await createProject(files)
  return { cwd, env: { WORKHORSE_RUNTIME_DIR: join(cwd, 'run') } }
}

const cli = (at: Place, ...args: string[]): Promise<CliExit> => runCli(args, { ...at, timeoutMs: 90_000 })

/** Lets a worker run what was enqueued. */
async function work(at: Place, ...args: string[]): Promise<string> {
  const worker = await cli(at, 'worker', '--burst', '--concurrency', '1', '--grace', '100ms', ...args)
  expect(worker.code, worker.stderr).toBe(0)
  return worker.stderr
}

/** Enqueues `work`; those that are slow take many times as long. */
async function enqueue(at: Place, ...slow: readonly boolean[]): Promise<string[]> {
  const queue = await projectQueue(at.cwd)
  return Promise.all(slow.map((isSlow) => queue.enqueue('work', [isSlow])))
}

/** Names of all that is kept, by the folders of their jobs. */
async function kept(at: Place, folder = 'workhorse.db-profiles'): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const job of await readdir(join(at.cwd, folder))) found[job] = await readdir(join(at.cwd, folder, job))
  return found
}

async function readProfile(at: Place, file: string): Promise<Profile> {
  return JSON.parse(await readFile(join(at.cwd, file), 'utf8')) as Profile
}

const functionsOf = ({ frames }: Profile): string[] => frames.map((frame) => frame.function)

describe('profiles of some executions, for ever', { timeout: 300_000 }, () => {
  it.each(['fork', 'pool'])(
    'are kept beside the broker file, one for each execution, in isolation %s',
    async (isolation) => {
      const at = await place('{ profile: { sample: 1 } }')
      const [quick = ''] = await enqueue(at, false)
      const killed = await printed(['enqueue', 'end/less'], at)
      const log = await work(at, '--isolation', isolation)
      expect(log).toContain('100 % of the executions are profiled')
      const folder = join(at.cwd, 'workhorse.db-profiles')
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
      const files = await kept(at)
      expect(Object.values(files).map(({ length }) => length)).toEqual([1, 1])
      const [[job, [file = ''] = []] = ['']] = Object.entries(files)
      expect((await stat(join(folder, job, file))).mode & 0o777).toBe(0o600)

      expect(await printed(['jobs', 'show', quick, '--profile', '-o', 'quick.json'], at)).toMatch(
        /1 execution,[\s\S]*compute/,
      )
      const profile = await readProfile(at, 'quick.json')
      expect(profile.meta).toMatchObject({ executions: 1, jobs: ['work'] })
      expect(functionsOf(profile)).toContain('oftenCalled')
      // Killed at its time limit, in an endless loop.
      const shown = await printedJson<{ attempt: number; title: string }>(['jobs', 'show', killed, '--profile'], at)
      expect(shown).toMatchObject({ attempt: 1, jobs: ['end/less'] })
      expect(shown.title).toMatch(/cut short$/)
    },
  )

  it('compare the slowest with the median', async () => {
    const at = await place('{ profile: { sample: 1, folder: "kept" } }')
    await enqueue(at, ...Array.from({ length: 9 }, (_, i) => i === 4))
    await work(at)
    const slow = await printed(['profile', '--slowest', '5%', '--vs', 'median', 'work', '-o', 'slow.json'], at)
    expect(slow).toMatch(/work: the slowest 1 of 9 executions against the median 3/)
    expect(slow).toMatch(/more CPU time in the slow ones[\s\S]*(onlyWhenSlow|compute) \(jobs\.mjs:\d+\)/)
    const profile = await readProfile(at, 'slow.json')
    expect(profile.meta.diff).toMatchObject({
      coldExecutions: 1,
      warmExecutions: 3,
      sides: { cold: 'slow', warm: 'median' },
    })
    const only = profile.nodes.find(({ frame }) => profile.frames[frame]?.function === 'onlyWhenSlow')
    expect(only?.diff).toMatchObject({ warmMs: 0, hoistable: true })
    const svg = await cli(at, 'profile', '--slowest', '5%', 'work', '-o', 'slow.svg')
    expect(svg.code, svg.stderr).toBe(0)
    expect(await readFile(join(at.cwd, 'slow.svg'), 'utf8')).toContain('only in slow executions')
  })

  it('are so many as wanted, the newest, and no more bytes than wanted', async () => {
    const at = await place('{ profile: { keep: 2 } }')
    await enqueue(at, false, false, false, false)
    const [last = ''] = await enqueue(at, false)
    await work(at, '--profile-sample', '100%')
    expect(Object.values(await kept(at)).map(({ length }) => length)).toEqual([2])
    expect((await cli(at, 'jobs', 'show', last, '--profile')).code).toBe(0)

    const small = await place('{ profile: { sample: 1, keepBytes: "1kB" } }')
    await enqueue(small, false)
    expect(await work(small)).toMatch(/the profile of work .* too many to be kept/)
  })

  it('are none where nobody wants them, or chance did not choose', async () => {
    const at = await place()
    const [id = ''] = await enqueue(at, false)
    const log = await work(at)
    expect(log).not.toContain('profile')
    await expect(readdir(join(at.cwd, 'workhorse.db-profiles'))).rejects.toThrow(/ENOENT/)
    const shown = await cli(at, 'jobs', 'show', id, '--profile')
    expect(shown.code).toBe(1)
    expect(shown.stderr).toContain('the config file has no profile.sample')
    const compared = await cli(at, 'profile', '--slowest', '5%', 'work')
    expect(compared.code).toBe(1)
    expect(compared.stderr).toMatch(/profiles of 0 executions of work, and comparing needs 4/)
  })

  it('are none, and jobs run all the same, where the folder is open to others or jobs cannot be told apart', async () => {
    const at = await place('{ profile: { sample: 1 } }')
    await mkdir(join(at.cwd, 'workhorse.db-profiles'))
    await chmod(join(at.cwd, 'workhorse.db-profiles'), 0o755)
    await enqueue(at, false)
    expect(await work(at)).toMatch(/no executions are profiled: .* is not a folder of this user's with mode 0700/)
    expect(await kept(at)).toEqual({})

    const inline = await place('{ profile: { sample: 1 }, isolation: "inline" }')
    await enqueue(inline, false)
    expect(await work(inline)).toContain('profile.sample has no effect on most jobs of this worker')
    expect(await kept(inline)).toEqual({})
  })

  it('ask for what makes sense', async () => {
    const mistakes: readonly (readonly [string, RegExp])[] = [
      ['{ profile: { sample: 2 } }', /profile: sample: expected a share from 0 to 1, such as 0\.01, got 2/],
      ['{ profile: { sampel: 0.1 } }', /profile: unknown option 'sampel'; did you mean 'sample'\?/],
      ['{ profile: { keep: 0 } }', /profile: keep: expected a whole number of at least 1, got 0/],
    ]
    for (const [config, message] of mistakes) {
      const { code, stderr } = await cli(await place(config), 'worker', '--burst')
      expect(code).toBe(2)
      expect(stderr).toMatch(message)
    }
  })
})
