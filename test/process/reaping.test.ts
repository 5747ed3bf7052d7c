import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startCli } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureJobs } from '../support/fork-isolation.ts'
import { childrenOf, titleOf } from '../support/processes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { workplace } from '../support/worker.ts'

/** A native module that waits for all children of its process, whoever's they are, at the instant of the first wait4(2). */
const THIEF = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/wait.h>

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage) {
  pid_t (*real)(pid_t, int *, int, struct rusage *) = dlsym(RTLD_NEXT, "wait4");
  if (pid > 0) while (real(-1, 0, WNOHANG, 0) > 0);
  return real(pid, status, options, usage);
}
`
const noCompiler = !existsSync('/usr/bin/gcc')

it.skipIf(noCompiler)(
  `a horse whose exit status was stolen ends its job, and the log says so${noCompiler ? ' (skipped: there is no gcc)' : ''}`,
  { timeout: 60_000 },
  async () => {
    const folder = await temporaryDirectory()
    await writeFile(join(folder, 'thief.c'), THIEF)
    const thief = join(folder, 'thief.so')
    execFileSync('gcc', ['-shared', '-fPIC', '-o', thief, join(folder, 'thief.c'), '-ldl'])
    process.env['LD_PRELOAD'] = thief
    onTestFinished(() => void delete process.env['LD_PRELOAD'])
    const place = await workplace('fork')
    place.start({ modules: [fixtureJobs('behaviours.mjs')], concurrency: 1, standby: 1 })
    // Its own last word counts, whatever became of its process.
    expect(await place.ended(await place.enqueue('add', [1, 2]))).toMatchObject({ state: 'finished', result: '3' })
    const { failure } = await place.ended(await place.enqueue('kill-itself', ['SIGKILL']))
    expect(failure).toMatchObject({ kind: 'exit', name: 'ProcessExitError' })
    expect(failure?.message).toMatch(/nobody knows how: something in the zygote took its exit status away \(ECHILD: /)
    expect(place.log.join('')).toContain('"event":"zygote.reap-failed"')
    expect((await place.ended(await place.enqueue('add', [2, 2]))).result).toBe('4')
  },
)

const AS_PID_1 = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
const noNamespace = spawnSync(AS_PID_1[0] as string, [...AS_PID_1.slice(1), 'true']).status !== 0

it.skipIf(noNamespace)(
  `a worker that is pid 1 leaves no zombies when zygotes die${noNamespace ? ' (skipped: unshare(1) may not make a pid namespace)' : ''}`,
  { timeout: 60_000 },
  async () => {
    const cwd = await temporaryDirectory()
    const jobs = ['--jobs-file', fixtureJobs('behaviours.mjs')]
    const cli = startCli(['worker', '--isolation', 'fork', ...jobs], { cwd, under: AS_PID_1 })
    await cli.waitForEvent('zygote.ready')
    const [worker] = childrenOf(cli.pid) as [number]
    const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0]
    const reigning = () =>
      eventually(() => {
        const zygote = childrenOf(worker).find((pid) => titleOf(pid) === 'workhorse: zygote')
        const heirs = zygote === undefined ? [] : childrenOf(zygote).map(titleOf)
        if (!heirs.includes('workhorse: zygote, standing by')) throw new Error('no zygote with an heir yet')
        return zygote as number
      })
    const first = await reigning()
    process.kill(first, 'SIGKILL')
    const second = await eventually(async () => {
      const zygote = await reigning()
      expect(zygote).not.toBe(first)
      return zygote
    })
    // Nobody has spawned this one, and its horses are nobody's children any more.
    process.kill(second, 'SIGKILL')
    const third = await eventually(async () => {
      const zygote = await reigning()
      expect(zygote).not.toBe(second)
      return zygote
    })
    await eventually(() => expect(childrenOf(worker).filter((pid) => stateOf(pid) === 'Z')).toEqual([]))
    expect(childrenOf(worker)).toContain(third)
  },
)
