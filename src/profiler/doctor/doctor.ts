import { fileURLToPath } from 'node:url'
import type { ProfileRequest } from '../../worker/isolation/profiling.ts'
import { type ColdAndWarm, measureColdAndWarm } from '../capture/cold-and-warm.ts'
import { rateOf } from '../capture/profile-run.ts'
import { Trial, type TrialOptions } from '../capture/trial.ts'
import { COLD, WARM } from '../compare.ts'
import type { Frame, Profile } from '../profile.ts'
import { adviseOn } from './advice.ts'
import type { Candidate, Diagnosis, Exclusion } from './candidate.ts'
import { doneLess } from './done-less.ts'
import { Openings } from './openings.ts'
import { type ExportAnswer, type ExportQuestion, FIND_EXPORTS } from './probe-jobs.ts'
import { raiseRepeats } from './raise.ts'
import type { Repeat } from './repeat.ts'
import { RepeatFinder } from './repeats.ts'
import { kindsOf, suspectsOf } from './suspects.ts'
import { findWarming, type Warming } from './warming.ts'
import { watchSuspects, witness } from './witness-runs.ts'

export interface DoctorOptions extends TrialOptions {
  readonly job: string
  /** Arguments to run it with, in turn; each JSON text of an array. At least one. */
  readonly args: readonly string[]
  readonly runs?: number
  readonly warmAfter?: number
  readonly budgetMs?: number
  /** What paths are relative to. Default: the working directory. */
  readonly folder?: string
}

export interface Examination extends Diagnosis {
  readonly excluded: readonly Exclusion[]
  readonly coldExecutions: number
  readonly profile: Profile
  /** Jobs that the trial wanted to enqueue. */
  readonly enqueued: number
}

const INTERVAL_US = 1000
const PROBE_JOBS = fileURLToPath(
  new URL(`./probe-jobs${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)

/**
 * Finds out what every fresh process of a job repeats, and what can be done about it:
 * 1. run the job cold and warm, sampled, and compare;
 * 2. run it a few times more under a witness, that counts calls and sees what is opened;
 * 3. name the shallowest functions that are called in every fresh process and never in a used one;
 * 4. leave out those that are given the job's own arguments.
 * @throws UsageError, @throws ZygoteBootError, @throws WorkhorseError where the job does not run
 */
export async function examine(options: DoctorOptions): Promise<Examination> {
  const { job, args } = options
  const trial = await Trial.open(options)
  let measured: ColdAndWarm
  try {
    trial.assertDefined(job)
    measured = await measureColdAndWarm(trial, { ...options, intervalUs: INTERVAL_US })
  } finally {
    await trial.close()
  }
  const bench = await Trial.open({ ...options, modules: [...options.modules, PROBE_JOBS], witness: true })
  try {
    const facts = await witness(bench, job, args)
    const { comparison } = measured
    const { frames } = comparison.merge
    const suspects = suspectsOf(comparison)
    const seen = await watchSuspects(
      bench,
      job,
      args,
      suspects.map((frame) => frames.callFrame(frame)),
    )
    const finder = new RepeatFinder(comparison, facts, new Openings(facts.openings), kindsOf(suspects, seen))
    const { repeats, given } = await raiseRepeats(bench, job, args, finder.find(), finder, facts, frames)
    const explained = new Set([
      ...repeats.flatMap(({ nodes }) => nodes),
      ...doneLess(comparison, facts, finder.explanation),
    ])
    const warming = findWarming(comparison, explained, (frame) => finder.explanation.doesLess(frame))
    const report = new Reporter(options, measured, bench)
    return await report.write(repeats, given, warming, trial.enqueued)
  } finally {
    await bench.close()
  }
}

/** Turns findings into words. */
class Reporter {
  readonly #options: DoctorOptions
  readonly #measured: ColdAndWarm
  readonly #bench: Trial
  readonly #frames: readonly Frame[]

  constructor(options: DoctorOptions, measured: ColdAndWarm, bench: Trial) {
    this.#options = options
    this.#measured = measured
    this.#bench = bench
    this.#frames = measured.comparison.merge.frames.locate(options.folder ?? process.cwd())
  }

  async write(
    repeats: readonly Repeat[],
    given: ReadonlyMap<Repeat, string>,
    warming: Warming | undefined,
    enqueued: number,
  ): Promise<Examination> {
    const { comparison } = this.#measured
    const kept = repeats.filter((repeat) => !given.has(repeat))
    const calls = await this.#findCalls(kept)
    const candidates = kept.map((repeat, index) =>
      this.#candidate(repeat, repeat.needsArguments ? undefined : (calls[index] ?? undefined)),
    )
    if (warming) candidates.push(this.#warmingCandidate(warming))
    candidates.sort((a, b) => worth(b) - worth(a))
    return {
      job: this.#options.job,
      coldMsPerJob: rounded(comparison.msPerJob(COLD)),
      warmMsPerJob: rounded(comparison.msPerJob(WARM)),
      candidates,
      excluded: [...given].map(([repeat, value]) => this.#exclusion(repeat, value)),
      coldExecutions: comparison.executions(COLD),
      profile: this.#profile(),
      enqueued,
    }
  }

  #candidate(repeat: Repeat, call: ExportAnswer | undefined): Candidate {
    const frame = this.#frame(repeat.frame)
    const place = repeat.caller === undefined ? frame : this.#frame(repeat.caller)
    const advice = adviseOn({
      job: this.#options.job,
      function: frame.function,
      file: frame.file,
      kind: 'hoist',
      isForeign:
        repeat.needsArguments === true ||
        this.#measured.comparison.merge.frames.category(repeat.frame) !== 'application',
      unsafe: repeat.unsafe,
      ...(repeat.within === undefined ? {} : { within: this.#frame(repeat.within).function }),
      ...(repeat.caller === undefined ? {} : { caller: place.function }),
      ...(call === undefined ? {} : { call }),
    })
    return {
      function: frame.function,
      file: place.file,
      line: place.line,
      coldMsPerJob: rounded(repeat.coldMs),
      warmMsPerJob: rounded(repeat.warmMs),
      presence: rounded(repeat.presence),
      kind: 'hoist',
      unsafe: repeat.unsafe,
      advice,
      ...(call === undefined ? {} : { call }),
    }
  }

  #warmingCandidate({ frame, coldMs, warmMs, presence }: Warming): Candidate {
    const { function: name, file, line } = this.#frame(frame)
    const isForeign = this.#measured.comparison.merge.frames.category(frame) !== 'application'
    return {
      function: name,
      file,
      line,
      coldMsPerJob: rounded(coldMs),
      warmMsPerJob: rounded(warmMs),
      presence: rounded(presence),
      kind: 'jit',
      unsafe: [],
      advice: adviseOn({ job: this.#options.job, function: name, file, kind: 'jit', isForeign, unsafe: [] }),
    }
  }

  #exclusion(repeat: Repeat, value: string): Exclusion {
    const { function: name, file, line } = this.#frame(repeat.frame)
    const one = this.#options.args.length > 1 ? '' : ' as far as one call can tell; give several --args to be sure'
    const reason = `it is given ${value} of the job's arguments, so it is done for this job and not for all${one}`
    return { function: name, file, line, coldMsPerJob: rounded(repeat.coldMs), reason }
  }

  #frame(index: number): Frame {
    return this.#frames[index] as Frame
  }

  /** How the functions could be called from outside; asked in a horse, where they are loaded. */
  async #findCalls(repeats: readonly Repeat[]): Promise<(ExportAnswer | null)[]> {
    if (repeats.length === 0) return []
    const questions = repeats.map((repeat) => this.#question(repeat))
    const { end } = await this.#bench.run({ name: FIND_EXPORTS, args: JSON.stringify([questions]) })
    // What cannot be found is advised upon without.
    return end.type === 'finished' ? (JSON.parse(end.result) as (ExportAnswer | null)[]) : []
  }

  #question({ frame }: Repeat): ExportQuestion {
    const { frames } = this.#measured.comparison.merge
    const { functionName, url } = frames.callFrame(frame)
    const own = frames.category(frame) === 'application' ? [pathOf(url)] : []
    const seen = this.#frames.flatMap((_, index) =>
      frames.category(index) === 'application' && frames.callFrame(index).url !== ''
        ? [pathOf(frames.callFrame(index).url)]
        : [],
    )
    return { name: functionName, files: [...new Set([...own, ...this.#options.modules, ...seen])].slice(0, 30) }
  }

  #profile(): Profile {
    const { comparison, warmAfter, startedAt, durationMs, lost } = this.#measured
    const { job, folder } = this.#options
    const request: ProfileRequest = { kind: 'cpu', interval: INTERVAL_US }
    const title = `${job}: fresh processes against used ones`
    const head = { title, unit: 'microseconds', jobs: [job], lost, skipped: 0, rateHz: rateOf(request) } as const
    return comparison.build({ ...head, startedAt, durationMs }, warmAfter, folder)
  }
}

function pathOf(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url.replace(/[?#].*$/, '')) : url
}

/** What may be moved as it is comes first, if it is worth mentioning beside what may not; compiling is a rest. */
const WORTH_OF_UNSAFE = 0.2
const WORTH_OF_JIT = 0.1

function worth({ coldMsPerJob, warmMsPerJob, unsafe, kind }: Candidate): number {
  const weight = kind === 'jit' ? WORTH_OF_JIT : unsafe.length > 0 ? WORTH_OF_UNSAFE : 1
  return (coldMsPerJob - warmMsPerJob) * weight
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}
