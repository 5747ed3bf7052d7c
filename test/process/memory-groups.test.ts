import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findMemoryGroups } from '../../dist/worker/cgroup/find-memory-groups.js'
import { MemoryGroups } from '../../dist/worker/cgroup/memory-groups.js'
import type { LimitOptions } from '../../src/job/limits.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { isAlive } from '../support/processes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { workplace } from '../support/worker.ts'

const modules = [fixtureJobs('limits.mjs')]
const plan = findMemoryGroups()
const reason = plan.possible ? '' : ` (left out: ${plan.reason})`

/** Control groups of jobs that this process has made and not removed. */
const ownGroups = () =>
  plan.possible ? readdirSync(plan.parent).filter((name) => name.startsWith(`workhorse-job-${process.pid}-`)) : []

describe.skipIf(!plan.possible)(`a memory limit that the kernel keeps${reason}`, () => {
  async function start(standby: number) {
    const place = await workplace('fork')
    place.start({ modules, concurrency: 1, standby })
    const run = async (name: string, args: readonly unknown[], limits: LimitOptions) =>
      place.ended(await place.enqueue(name, args, { limits }))
    return { ...place, run }
  }

  it('ends a job where the supervisor cannot look, and by the name of the limit', { timeout: 60_000 }, async () => {
    const place = await start(1)
    const release = join(await temporaryDirectory(), 'release')
    const id = await place.enqueue('allocate-when-told', [300, release], { limits: { memory: '100MB' } })
    await eventually(async () => expect((await place.broker.jobFetch(id))?.meta).toBeDefined(), { timeoutMs: 20_000 })
    const { pid } = JSON.parse((await place.broker.jobFetch(id))?.meta ?? '')
    writeFileSync(release, '')
    // This process is the supervisor: while it stands still, only the kernel can end the job.
    while (isAlive(pid));
    expect(await place.ended(id)).toMatchObject({
      state: 'failed',
      failure: {
        kind: 'memory-limit',
        code: 'WORKHORSE_MEMORY_LIMIT',
        message: 'the job reached its memory limit of 100.0 MB; the kernel killed it',
      },
    })
    expect(place.log.join('')).toMatch(/memory limits of jobs are kept by control groups/)
    await eventually(() => expect(ownGroups()).toEqual([]))
  })

  it('holds for child processes, and for a horse that is forked for the job', { timeout: 60_000 }, async () => {
    const { run } = await start(0)
    const { failure, meta } = await run('allocate-in-child', [300], { memory: '200MB' })
    expect(failure?.kind).toBe('memory-limit')
    await eventually(() => expect(isAlive(JSON.parse(meta ?? '').child)).toBe(false))
    expect(await run('allocate', [60, 10], { memory: '100MB' })).toMatchObject({ state: 'finished', result: '60' })
    await eventually(() => expect(ownGroups()).toEqual([]))
  })
})

/** A directory with what a kernel would show of version 2; `make` stands in for its mkdir(2). */
async function hierarchy(group: string, files: Record<string, string> = {}) {
  const root = await temporaryDirectory()
  const mount = join(root, 'sys/fs/cgroup')
  const own = join(mount, group)
  await mkdir(join(root, `proc/self`), { recursive: true })
  await writeFile(join(root, 'proc/self/cgroup'), `0::/${group}\n`)
  await mkdir(own, { recursive: true })
  const make = (folder: string) => {
    mkdirSync(folder)
    const born = ['cgroup.procs', 'memory.max', 'memory.swap.max', 'memory.oom.group', 'memory.events']
    for (const file of born) writeFileSync(join(folder, file), '')
  }
  const shown = {
    'cgroup.procs': `${process.pid}\n`,
    'cgroup.controllers': 'cpu memory\n',
    'cgroup.subtree_control': '',
  }
  for (const [name, text] of Object.entries({ ...shown, ...files })) await writeFile(join(own, name), text)
  return { root, own, make, read: (path: string) => readFileSync(join(mount, path), 'utf8') }
}

describe('control groups of version 2, by their files alone', () => {
  it('of a service: its processes go to a group below, and each job gets one beside it', async () => {
    const { root, own, make, read } = await hierarchy('jobs.service')
    const opened = MemoryGroups.open(findMemoryGroups(root), make)
    expect(opened).toMatchObject({ folder: own, version: 2 })
    expect(read('jobs.service/workhorse-workers/cgroup.procs')).toBe(String(process.pid))
    expect(read('jobs.service/cgroup.subtree_control')).toBe('+memory')
    const group = opened.groups?.create(2 ** 20)
    const name = readdirSync(own).find((entry) => entry.startsWith('workhorse-job-')) as string
    const shown = (file: string) => read(`jobs.service/${name}/${file}`)
    expect([shown('memory.max'), shown('memory.swap.max'), shown('memory.oom.group')]).toEqual(['1048576', '0', '1'])
    await group?.admit(4711)
    expect(shown('cgroup.procs')).toBe('4711')
    writeFileSync(join(own, name, 'memory.events'), 'oom 1\noom_kill 0\n')
    expect(group?.hasKilled).toBe(false)
    writeFileSync(join(own, name, 'memory.events'), 'oom 1\noom_kill 1\n')
    expect(group?.hasKilled).toBe(true)
    // The kernel takes the files with the directory.
    for (const file of readdirSync(join(own, name))) await rm(join(own, name, file))
    if (group) opened.groups?.release(group)
    expect(existsSync(join(own, name))).toBe(false)
  })

  it.each(['jobs.service/main', 'workhorse-workers'])(
    'below the delegated one (%s): that is divided',
    async (group) => {
      const { root, own, make } = await hierarchy(group)
      const parent = dirname(own)
      await writeFile(join(parent, 'cgroup.procs'), '')
      await writeFile(join(parent, 'cgroup.controllers'), 'memory')
      await writeFile(join(parent, 'cgroup.subtree_control'), '')
      expect(MemoryGroups.open(findMemoryGroups(root), make)).toMatchObject({ folder: parent })
      expect(readFileSync(join(own, 'cgroup.procs'), 'utf8')).toBe(`${process.pid}\n`)
    },
  )

  it('that a killed worker has left are removed', async () => {
    const { root, own, make } = await hierarchy('jobs.service')
    await mkdir(join(own, 'workhorse-job-4194304-1'))
    await mkdir(join(own, `workhorse-job-${process.pid}-1`))
    MemoryGroups.open(findMemoryGroups(root), make)
    const left = readdirSync(own).filter((name) => name.startsWith('workhorse-job-'))
    expect(left).toEqual([`workhorse-job-${process.pid}-1`])
  })

  it.each([
    ['without the controller', { 'cgroup.controllers': 'cpu\n' }, 'has no memory controller'],
    ['with others in it', { 'cgroup.procs': `${process.pid}\n1\n` }, /other processes are in .* \(pid 1\); give it/],
  ])('%s are left alone', async (_what, files, reason) => {
    const { root } = await hierarchy('user.slice/session-1.scope', files)
    const found = findMemoryGroups(root)
    expect(found.possible ? '' : found.reason).toMatch(reason)
  })

  it('that are not writable, or are not there, are left alone', async () => {
    const { root, own } = await hierarchy('jobs.service')
    await rm(join(own, 'cgroup.subtree_control'))
    expect(findMemoryGroups(root)).toMatchObject({ reason: expect.stringContaining('is not writable') })
    await rm(join(root, 'proc'), { recursive: true })
    expect(findMemoryGroups(root)).toEqual({ possible: false, reason: 'there are no control groups' })
  })

  it('that cannot be divided after all are said to be so', async () => {
    const { root } = await hierarchy('jobs.service')
    const refuse = () => {
      throw new Error('EROFS: read-only file system, mkdir')
    }
    expect(MemoryGroups.open(findMemoryGroups(root), refuse)).toMatchObject({
      groups: undefined,
      reason: expect.stringMatching(/jobs\.service cannot be divided: EROFS/),
    })
  })
})
