import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { fixtureJobs } from '../support/fork-isolation.ts'
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
