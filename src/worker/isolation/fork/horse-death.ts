import { constants } from 'node:os'
import type { JobFailure } from '../../../job/failure.ts'
import { CpuLimitError } from '../../../job/limit-errors.ts'
import { formatDuration } from '../../../support/duration.ts'
import type { WaitResult } from './native.ts'

/** How a horse died: seen by its zygote, or together with its zygote. */
export interface HorseDeath extends ExplainableDeath {
  /** From wait4; absent where the zygote died first. */
  readonly status?: WaitResult
}

/** As much of a death as makes a message: also that of a process that was spawned. */
export interface ExplainableDeath {
  /** Default `horse`. */
  readonly what?: string
  readonly status?: Pick<WaitResult, 'exitCode' | 'signal'> & Partial<WaitResult>
  /** The kernel's out-of-memory killer has struck since the horse was born. */
  readonly oomKillSeen: boolean
  /** What is known of the zygote's own end, where that took the horse along. */
  readonly zygoteEnd?: string
  /** It has ended before its zygote did, and why nobody knows how. */
  readonly unknownEnd?: string
}

/** The first name of each: SIGABRT, not SIGIOT. */
const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
)

export function signalName(signal: number): string {
  return SIGNAL_NAMES.get(signal) ?? `signal ${signal}`
}

/** The failure of an execution whose horse is gone without a last word. */
export function explainDeath(
  death: ExplainableDeath,
  pid: number | undefined,
  wallMs: number,
  stderrTail: string,
): JobFailure {
  const who = `the ${death.what ?? 'horse'} (pid ${pid ?? 'unknown'})`
  const when = `${formatDuration(wallMs)} after it got the job`
  const tail = stderrTail === '' ? {} : { stderrTail }
  const { status } = death
  if (death.unknownEnd !== undefined) {
    const why = `something in the zygote took its exit status away (${death.unknownEnd}); does a native addon wait for child processes?`
    return {
      kind: 'exit',
      name: 'ProcessExitError',
      message: `${who} ended ${when}, nobody knows how: ${why}`,
      ...tail,
    }
  }
  if (!status) {
    const message = `${who} died with its zygote, ${when}: ${death.zygoteEnd ?? 'the zygote is gone'}`
    return { kind: 'zygote-died', name: 'ZygoteDiedError', message, ...tail }
  }
  if (status.signal !== null) return explainSignal(status.signal, death, who, when, stderrTail)
  const exitCode = status.exitCode ?? -1
  const message = `${who} left with exit code ${exitCode} ${when}, without saying how the job ended; was _exit called by native code?`
  return { kind: 'exit', name: 'ProcessExitError', message, exitCode, ...tail }
}

/** V8 writes this before it aborts; there is no other sign that it was memory. */
const V8_OUT_OF_MEMORY = /FATAL ERROR: .*(heap out of memory|Allocation failed)/i

function explainSignal(
  number: number,
  death: ExplainableDeath,
  who: string,
  when: string,
  stderrTail: string,
): JobFailure {
  const signal = signalName(number)
  const tail = stderrTail === '' ? {} : { stderrTail }
  if (V8_OUT_OF_MEMORY.test(stderrTail)) {
    const message = `${who} ran out of JavaScript heap ${when}; raise --max-old-space-size in NODE_OPTIONS of the worker, or use less`
    return { kind: 'out-of-memory', name: 'OutOfMemoryError', message, signal, ...tail }
  }
  if (signal === 'SIGKILL' && death.oomKillSeen) {
    const message = `${who} was killed by the kernel's out-of-memory killer ${when}`
    return { kind: 'out-of-memory', name: 'OutOfMemoryError', message, signal, ...tail }
  }
  if (signal === 'SIGXCPU') {
    return new CpuLimitError(
      `${who} was ended by the kernel ${when}: it had used up the CPU time of its limit`,
    ).toFailure()
  }
  const message = `${who} was ended by ${signal} ${when}${HINTS[signal] ? `; ${HINTS[signal]}` : ''}`
  return { kind: 'signal', name: 'HorseKilledError', message, signal, ...tail }
}

const HINTS: Readonly<Record<string, string>> = {
  SIGKILL: 'somebody or something outside Workhorse killed it',
  SIGSEGV: 'a crash in native code: an addon that does not survive fork?',
  SIGBUS: 'a crash in native code, or a mapped file that became shorter',
  SIGABRT: 'native code gave up; its standard error may say why',
  SIGTERM: 'somebody outside Workhorse asked it to leave',
}

/** In words, without a job. */
export function describeDeath({ status, zygoteEnd, unknownEnd }: ExplainableDeath): string {
  if (unknownEnd !== undefined) return `nobody knows how it ended: ${unknownEnd}`
  if (!status) return `it died with its zygote: ${zygoteEnd ?? 'the zygote is gone'}`
  if (status.signal !== null) return `it was ended by ${signalName(status.signal)}`
  return `it left with exit code ${status.exitCode}`
}
