import { chmod, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { JobRecord } from '../../src/job/record.ts'
import type { Profile } from '../../src/profiler/profile.ts'
import { type CliExit, descendants, type RunningCli, runCli, startCli } from '../support/cli.ts'
import { type ProjectQueue, projectQueue } from '../support/project-queue.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const JOBS = fileURLToPath(new URL('../fixtures/profiler/jobs.mjs', import.meta.url))

interface Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** A folder of the test's own, for the queue, the control sockets and what is written. */
async function place(): Promise<Place> {
  const cwd = await temporaryDirectory()
  return { cwd, env: { WORKHORSE_RUNTIME_DIR: join(cwd, 'run') } }
}

const profileCli = (at: Place, args: readonly string[]): Promise<CliExit> =>
  runCli(['profile', ...args], { ...at, timeoutMs: 60_000 })

async function profiled(at: Place, args: readonly string[]): Promise<{ profile: Profile; exit: CliExit }> {
  const exit = await profileCli(at, [...args, '-o', 'out.json'])
  expect(exit.code, exit.stderr).toBe(0)
  return { profile: JSON.parse(await readFile(join(at.cwd, 'out.json'), 'utf8')) as Profile, exit }
}

const runJob = (at: Place, runs: number, name: string, ...args: string[]) =>
  profiled(at, ['--run', String(runs), name, ...args, '--jobs-file', JOBS])

/** Total of a function in a phase, in microseconds over all executions. */
function totalOf({ nodes, frames }: Profile, name: string, phase?: string): number {
  return nodes
    .filter(({ frame, phase: at }) => frames[frame]?.function === name && (phase === undefined || at === phase))
    .reduce((sum, { total }) => sum + total, 0)
}

describe('profile --run', { timeout: 90_000 }, () => {
  it('merges executions in fresh processes, and tells their phases apart', async () => {
    const { profile, exit } = await runJob(await place(), 6, 'quick', '400000')
    expect(profile.meta).toMatchObject({ executions: 6, processes: 6, lost: 0, jobs: ['quick'], rateHz: 1000 })
    expect(totalOf(profile, 'compute', 'job')).toBeGreaterThan(0)
    expect(totalOf(profile, 'connectAll', 'after-fork')).toBeGreaterThan(0)
    expect(totalOf(profile, 'closeAll', 'exit')).toBeGreaterThan(0)
    const compute = profile.frames.find((frame) => frame.function === 'compute')
    expect(compute).toMatchObject({ category: 'application', line: 3 })
    expect(compute?.file).toMatch(/fixtures\/profiler\/jobs\.mjs$/)
    expect(exit.stdout).toContain('6 executions')
  })

  it('shows what the sampler costs, and keeps it out of the totals', async () => {
    const { profile } = await runJob(await place(), 3, 'quick', '100000')
    const start = profile.nodes.find(({ frame }) => profile.frames[frame]?.function === '(profiler) start')
    expect(start?.total).toBe(profile.meta.sampler.startUs)
    expect(profile.meta.sampler.startUs).toBeGreaterThan(0)
    const phases = profile.nodes.filter(({ parent, phase }) => parent === 0 && phase !== undefined)
    const sum = phases.reduce((total, node) => total + node.total, 0)
    expect(profile.nodes[0]?.total).toBeCloseTo(sum, 3)
    expect(sum).toBeLessThanOrEqual(profile.meta.cpuUs * 1.001)
  })

  it.each(['failing', 'exiting'])('has the profile of a job that ends badly: %s', async (name) => {
    const { profile, exit } = await runJob(await place(), 2, name)
    expect(profile.meta).toMatchObject({ executions: 2, lost: 0 })
    expect(totalOf(profile, 'compute', 'job')).toBeGreaterThan(0)
    expect(exit.stderr).toContain('2 of 2 executions did not finish')
  })

  it('counts bytes with --heap', async () => {
    const { profile, exit } = await profiled(await place(), ['--run', '2', 'hoarding', '--heap', '--jobs-file', JOBS])
    expect(profile.meta).toMatchObject({ unit: 'bytes', executions: 2 })
    expect(profile.nodes[0]?.total).toBeGreaterThan(2 * 200_000 * 20)
    expect(exit.stdout).toContain('allocated each')
  })

  it('compares fresh processes with used ones', async () => {
    const { profile } = await profiled(await place(), ['--run', '6', '--diff', 'quick', '300000', '--jobs-file', JOBS])
    expect(profile.meta.diff).toMatchObject({ coldExecutions: 6 })
    const connect = profile.nodes.find(({ frame }) => profile.frames[frame]?.function === 'connectAll')
    expect(connect?.diff?.coldMs).toBeGreaterThan(0)
    expect(connect?.diff?.warmMs).toBe(0)
  })

  it('writes what its name asks for, each format', async () => {
    const at = await place()
    const openings: Readonly<Record<string, RegExp>> = {
      'a.svg': /^<\?xml[\s\S]*<svg/,
      'a.html': /^<!doctype html>/,
      'a.folded': /^job;/m,
      'a.cpuprofile': /^\{"nodes":\[/,
      'a.speedscope.json': /speedscope\.app\/file-format-schema/,
    }
    for (const [file, pattern] of Object.entries(openings)) {
      const exit = await profileCli(at, ['--run', '2', 'quick', '200000', '--jobs-file', JOBS, '-o', file])
      expect(exit.code, exit.stderr).toBe(0)
      expect(await readFile(join(at.cwd, file), 'utf8')).toMatch(pattern)
    }
  })

  it.each([
    [['--run', '2'], /needs the name of a job/],
    [[], /needs a running worker \(-p PID\), a job to run/],
    [['--run', '2', 'quik', '--jobs-file', JOBS], /job 'quik' is not defined; did you mean 'quick'\?/],
    [['--run', '2', 'quick', '--every', '2', '--jobs-file', JOBS], /--every is about a running worker/],
    [['--run', '2', 'quick', '-o', 'graph.png', '--jobs-file', JOBS], /cannot tell the format of 'graph.png'/],
    [['--run', '2', 'quick', '--warm', '3', '--jobs-file', JOBS], /--warm says what --diff compares with/],
  ])('says in one line what is wrong with %j', async (args, message) => {
    const exit = await profileCli(await place(), args)
    expect(exit.code).toBe(2)
    expect(exit.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(exit.stderr).toMatch(message)
  })
})

describe('profile -p', { timeout: 90_000 }, () => {
  async function startWorker(at: Place, ...args: string[]): Promise<RunningCli> {
    const worker = startCli(['worker', '--name', 'w1', '--jobs-file', JOBS, '--concurrency', '2', ...args], at)
    await worker.waitForEvent('worker.ready')
    return worker
  }

  /** Runs a job to its end. */
  async function runIn(queue: ProjectQueue, name: string, rounds?: number): Promise<JobRecord | undefined> {
    const limit = name === 'endless' || name === 'asleep' ? { timeoutMs: 500 } : {}
    const id = await queue.enqueue(name, rounds === undefined ? [] : [rounds], { queue: 'default', ...limit })
    return await queue.broker.jobWait(id, { timeoutMs: 60_000 })
  }

  /** Profiles the worker for as long as `meanwhile` takes. */
  async function attach(at: Place, args: readonly string[], meanwhile: () => Promise<unknown>): Promise<Profile> {
    const cli = startCli(['profile', '-p', ...args, '-d', '10m', '-o', 'out.json'], at)
    await cli.waitForOutput(/profiling worker w1/)
    await meanwhile()
    cli.kill('SIGINT')
    const exit = await cli.exited
    expect(exit.code, exit.stderr).toBe(0)
    return JSON.parse(await readFile(join(at.cwd, 'out.json'), 'utf8')) as Profile
  }

  it('sees what a running worker runs, which nobody has told of it before', async () => {
    const at = await place()
    const worker = await startWorker(at)
    const queue = await projectQueue(at.cwd)
    const profile = await attach(at, [String(worker.pid)], async () => {
      await runIn(queue, 'quick', 3_000_000)
      await runIn(queue, 'quick', 3_000_000)
    })
    expect(profile.meta).toMatchObject({ executions: 2, lost: 0, jobs: ['quick'] })
    expect(totalOf(profile, 'compute', 'job')).toBeGreaterThan(0)
  })

  it('has the profile of jobs that are killed at their time limit, asleep or in an endless loop', async () => {
    const at = await place()
    await startWorker(at, '--grace', '100ms')
    const queue = await projectQueue(at.cwd)
    const profile = await attach(at, ['w1'], async () => {
      for (const job of await Promise.all([runIn(queue, 'endless'), runIn(queue, 'asleep')])) {
        expect(job?.state).toBe('failed')
        expect(job?.failure?.message).toContain('reached its timeout')
      }
    })
    expect(profile.meta).toMatchObject({ executions: 2, lost: 0, jobs: ['asleep', 'endless'] })
    const { nodes, frames } = profile
    const handlers = nodes.filter(({ phase, frame }) => phase === 'job' && frames[frame]?.function === 'compute')
    expect(handlers.length).toBeGreaterThanOrEqual(2)
  })

  it('measures only the jobs that are asked for, and leaves the others alone', async () => {
    const at = await place()
    await startWorker(at)
    const queue = await projectQueue(at.cwd)
    const profile = await attach(at, ['w1', '--job', 'quick', '--every', '2'], async () => {
      for (const rounds of [1000, 2000, 3000]) await runIn(queue, 'quick', rounds)
      await runIn(queue, 'failing')
    })
    expect(profile.meta).toMatchObject({ executions: 2, skipped: 1, jobs: ['quick'] })
  })

  it('can be reached only by its own user, at a socket that is gone with it', async () => {
    const at = await place()
    const worker = await startWorker(at)
    const socket = join(at.cwd, 'run', `${worker.pid}.sock`)
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
    expect((await stat(join(at.cwd, 'run'))).mode & 0o777).toBe(0o700)
    worker.kill('SIGTERM')
    expect((await worker.exited).code).toBe(0)
    await expect(stat(socket)).rejects.toThrow(/ENOENT/)
  })

  it('does without the socket where its folder is open to others, and says so', async () => {
    const at = await place()
    await runCli(['worker', '--burst', '--jobs-file', JOBS], at)
    await chmod(join(at.cwd, 'run'), 0o755)
    const exit = await runCli(['worker', '--burst', '--jobs-file', JOBS], at)
    expect(exit.code).toBe(0)
    expect(exit.stderr).toContain('cannot be profiled from outside')
  })

  it('sees what pool children run, one execution at a time, and lets them go on as before', async () => {
    const at = await place()
    const worker = await startWorker(at, '--isolation', 'pool', '--grace', '100ms')
    const queue = await projectQueue(at.cwd)
    const profile = await attach(at, [String(worker.pid), '--job', 'quick', '--every', '2'], async () => {
      for (const rounds of [3_000_000, 1000, 3_000_000]) await runIn(queue, 'quick', rounds)
      await runIn(queue, 'failing')
    })
    expect(profile.meta).toMatchObject({ executions: 2, lost: 0, skipped: 1, jobs: ['quick'] })
    // Its code is compiled already: what it calls may be inlined in it.
    expect(totalOf(profile, '(anonymous)', 'job') + totalOf(profile, 'compute', 'job')).toBeGreaterThan(0)
    expect(totalOf(profile, 'connectAll')).toBe(0)
    // Killed, left by process.exit, failed: each has its profile, and the next job a child.
    const others = await attach(at, ['w1'], async () => {
      for (const name of ['endless', 'asleep', 'exiting', 'failing']) {
        expect((await runIn(queue, name))?.state).toBe('failed')
      }
    })
    expect(others.meta).toMatchObject({ executions: 4, lost: 0, jobs: ['asleep', 'endless', 'exiting', 'failing'] })
    const heap = await attach(at, ['w1', '--heap'], () => runIn(queue, 'hoarding'))
    expect(heap.meta).toMatchObject({ unit: 'bytes', executions: 1 })
    expect((await runIn(queue, 'quick', 1000))?.state).toBe('finished')
  })

  it('sees what all workers of a master run, by its pid or name', async () => {
    const at = await place()
    const crew = ['workers', '2', '--name', 'w1', '--jobs-file', JOBS, '--concurrency', '1', '--isolation', 'pool']
    const master = startCli(crew, at)
    await master.waitForEvent('workers.ready', 60_000)
    const queue = await projectQueue(at.cwd)
    const profile = await attach(at, [String(master.pid)], async () => {
      // The one that sleeps holds its worker; the other job is the other worker's.
      const asleep = runIn(queue, 'asleep')
      await Promise.all([asleep, runIn(queue, 'quick', 3_000_000), runIn(queue, 'quick', 3_000_000)])
    })
    expect(profile.meta).toMatchObject({ executions: 3, processes: 2, lost: 0, jobs: ['asleep', 'quick'] })
    expect(profile.meta.title).toBe('2 workers of master w1')
    const missed = await profileCli(at, ['-p', String(process.pid), '-o', 'out.json'])
    expect(missed.stderr).toMatch(/there are w1-\d \(pid \d+\), w1-\d \(pid \d+\), the master w1 \(pid \d+\)/)
    master.kill('SIGTERM')
    expect((await master.exited).code).toBe(0)
  })

  it('names the workers that there are where it finds no such worker, and the worker of a pid that is of its processes', async () => {
    const at = await place()
    const worker = await startWorker(at)
    const nobody = await profileCli(at, ['-p', 'w2', '-o', 'out.json'])
    expect(nobody.code).toBe(1)
    expect(nobody.stderr).toMatch(/no worker 'w2' of this user on this host; there are w1 \(pid \d+\)/)
    const [pid] = await descendants(worker.pid)
    const part = await profileCli(at, ['-p', String(pid), '-o', 'out.json'])
    expect(part.code).toBe(1)
    expect(part.stderr).toContain(`it is a process of worker w1: profile that (-p ${worker.pid})`)
  })

  it('is refused where executions cannot be told apart', async () => {
    const at = await place()
    await startWorker(at, '--isolation', 'inline')
    const exit = await profileCli(at, ['-p', 'w1', '-o', 'out.json'])
    expect(exit.code).toBe(1)
    expect(exit.stderr).toMatch(
      /worker w1 .*jobs of isolation inline share the worker's process.*run them with isolation fork, or pool/,
    )
  })
})
