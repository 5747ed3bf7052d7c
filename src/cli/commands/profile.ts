import { brokerVariables } from '../../config/broker-variables.ts'
import { UsageError } from '../../errors.ts'
import { attachToWorkers } from '../../profiler/capture/attach.ts'
import { profileDiff } from '../../profiler/capture/profile-diff.ts'
import { profileRuns } from '../../profiler/capture/profile-run.ts'
import type { Profile } from '../../profiler/profile.ts'
import { summariseProfile } from '../../profiler/summary.ts'
import { defined } from '../../support/defined.ts'
import type { ProfileRequest } from '../../worker/isolation/profiling.ts'
import type { Invocation } from '../command.ts'
import { onlyNumber } from '../flag-value.ts'
import { note, print, printJson } from '../render/print.ts'
import { readSettings, requireModules } from '../surroundings.ts'
import { parseArguments } from './enqueue.ts'
import type { ProfileFlag, ProfileFlags } from './profile-flags.ts'
import { profileSlow } from './profile-slow.ts'
import { chooseTarget, writeProfile } from './write-profile.ts'

const DEFAULT_RATE_HZ = 1000
const HEAP_SAMPLE_BYTES = 16 * 1024

export async function runProfile({ flags, positionals }: Invocation<ProfileFlag>): Promise<number> {
  if (flags.slowest !== undefined || flags.vs !== undefined) return profileSlow(flags, positionals)
  if ((flags.run === undefined) === (flags.pid === undefined)) {
    throw new UsageError(
      'profile needs a running worker (-p PID), a job to run (--run N NAME [JSON…]), or a job whose executions were profiled (--slowest 5% NAME), and only one of them',
    )
  }
  const target = chooseTarget(flags.output, flags.format)
  const profile = await (flags.run === undefined ? attach(flags, positionals) : runJob(flags, flags.run, positionals))
  await writeProfile(profile, target)
  if (flags.json) printJson({ file: target.file, ...profile.meta })
  else print(`${summariseProfile(profile)}\n\nwritten to ${target.file}`)
  return 0
}

async function attach(flags: ProfileFlags, positionals: readonly string[]): Promise<Profile> {
  for (const flag of ['diff', 'warm', 'concurrency'] as const) {
    if (flags[flag] !== undefined) throw new UsageError(`--${flag} needs --run; it has no meaning with -p`)
  }
  if (positionals.length > 0) {
    throw new UsageError(
      `profile -p takes no arguments, got '${positionals[0]}'; to run a job here: --run N NAME [JSON…]`,
    )
  }
  const durationMs = flags.duration ?? 10_000
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const { job, queue, every = 1 } = flags
  const { profile, busyBefore, gone } = await attachToWorkers({
    worker: flags.pid as string,
    window: { durationMs, every, request: requestOf(flags), ...defined({ job, queue }) },
    byProcess: flags['by-process'] ?? false,
    signal: stop.signal,
    onBegin: (workers) => {
      const names = workers.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ')
      note(`profiling worker ${names} for ${durationMs / 1000} s; Ctrl-C ends it earlier, with what is there`)
    },
  })
  for (const { name, pid } of gone)
    note(`worker ${name} (pid ${pid}) left meanwhile; what it had run until then is in it`)
  if (busyBefore > 0)
    note(`${count(busyBefore, 'execution')} had begun before, and ${busyBefore > 1 ? 'are' : 'is'} not in it`)
  return profile
}

async function runJob(flags: ProfileFlags, runs: number, positionals: readonly string[]): Promise<Profile> {
  const [job, ...texts] = positionals
  if (job === undefined) throw new UsageError('profile --run N needs the name of a job: --run 200 NAME [JSON…]')
  for (const flag of ['duration', 'job', 'queue', 'every'] as const) {
    if (flags[flag] !== undefined)
      throw new UsageError(`--${flag} is about a running worker; it has no meaning with --run`)
  }
  const args = JSON.stringify(parseArguments(job, texts))
  const settings = await readSettings(flags)
  const { nodeFlags } = settings.config.zygote ?? {}
  const hiddenEnv = brokerVariables(settings)
  if (flags.diff) {
    if (flags.heap || flags['by-process'])
      throw new UsageError('--diff is about time: it takes neither --heap nor --by-process')
    const modules = requireModules(settings)
    const intervalUs = requestOf(flags).interval
    return profileDiff({
      modules,
      job,
      args: [args],
      hiddenEnv,
      runs,
      intervalUs,
      ...defined({ nodeFlags, warmAfter: flags.warm }),
    })
  }
  if (flags.warm !== undefined)
    throw new UsageError('--warm says what --diff compares with; it has no meaning without it')
  const { profile, failed, failure, enqueued } = await profileRuns({
    modules: requireModules(settings),
    job,
    args: [args],
    runs,
    concurrency: onlyNumber('--concurrency', flags.concurrency ?? 1),
    request: requestOf(flags),
    byProcess: flags['by-process'] ?? false,
    hiddenEnv,
    ...defined({ nodeFlags }),
  })
  if (failed > 0) note(`${failed} of ${runs} executions did not finish; the first: ${failure}`)
  if (enqueued > 0) note(`${count(enqueued, 'job')} that they enqueued ${enqueued > 1 ? 'were' : 'was'} not stored`)
  return profile
}

function requestOf({ rate, heap }: ProfileFlags): ProfileRequest {
  if (heap) return { kind: 'heap', interval: HEAP_SAMPLE_BYTES }
  return { kind: 'cpu', interval: Math.round(1e6 / (rate ?? DEFAULT_RATE_HZ)) }
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
