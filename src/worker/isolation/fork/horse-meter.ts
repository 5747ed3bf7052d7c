import { readdirSync, readFileSync } from 'node:fs'
import type { MemoryUsage } from '../../../job/record.ts'
import type { Native, ResidentMemory } from './native.ts'

/** USER_HZ, the unit of times in /proc: 100 on every architecture that Node runs on. */
const TICK_MS = 10

/** The files' share of what a horse has got that calls its own memory little: more than `sharedMemory` lets pass. */
const LITTLE_BYTES = 2 * 1024 * 1024

/**
 * What a horse uses, seen from outside. What the kernel counts as resident includes what was inherited, and its peak
 * (ru_maxrss) does, too; so memory is what is not a file's (a frozen image is one), less what of it was there when the
 * job came. Copies of inherited pages count where the zygote is frozen, and not where it is not.
 */
export class HorseMeter {
  readonly #native: Native
  #pid: number | undefined
  #start: ResidentMemory | undefined
  #lastShared = 0
  #peak = 0
  #saidLittle = false

  constructor(native: Native) {
    this.#native = native
  }

  /** The horse has a pid and its job. */
  begin(pid: number): void {
    this.#pid = pid
  }

  /** What it begins with, as others of its zygote have said or, which counts more, as it says itself. */
  noteStart(memory: ResidentMemory): void {
    this.#start = memory
    // What was seen before was the doing of `afterFork` hooks.
    this.#peak = 0
    this.#lastShared ||= memory.sharedBytes
  }

  /**
   * It has a last word, and this was its share of files then.
   * @param bytes undefined where it has next to no memory of its own, null where it does not know
   */
  noteShared(bytes: number | null | undefined): void {
    if (bytes === undefined) this.#saidLittle = true
    else if (bytes !== null) this.#lastShared = bytes
  }

  /** Undefined where there is no such process any more. */
  sampleMemory(): number | undefined {
    if (this.#pid === undefined || this.#start === undefined) return undefined
    const now = this.#native.residentMemory(this.#pid)
    if (now === null) return undefined
    this.#lastShared = now.sharedBytes
    const increment = own(now) - own(this.#start)
    this.#peak = Math.max(this.#peak, increment)
    return Math.max(0, increment)
  }

  /** The memory of its child processes, however deep. */
  sampleDescendants(): number {
    return this.#pid === undefined ? 0 : descendants(this.#pid).reduce((sum, pid) => sum + this.#ownMemoryOf(pid), 0)
  }

  sampleCpuMs(): number {
    return this.#pid === undefined ? 0 : cpuMsOf(this.#pid)
  }

  /** @param maxRssBytes from wait4 */
  bill(maxRssBytes: number): MemoryUsage | undefined {
    if (this.#start === undefined) return undefined
    // Pages of files are mapped and stay: at the peak there were at most as many as at the end.
    const byKernel = maxRssBytes - this.#lastShared - own(this.#start)
    // Little more was resident, and of files; a `beforeExit` hook may still have made it much.
    const isLittle = this.#saidLittle && byKernel < LITTLE_BYTES
    const peakIncrementBytes = Math.max(0, isLittle ? 0 : byKernel, this.#peak)
    return { inheritedBytes: this.#start.residentBytes, peakIncrementBytes }
  }

  #ownMemoryOf(pid: number): number {
    const memory = this.#native.residentMemory(pid)
    return memory === null ? 0 : own(memory)
  }
}

function own({ residentBytes, sharedBytes }: ResidentMemory): number {
  return residentBytes - sharedBytes
}

/** Child processes of a process and theirs, the nearest first. None where the kernel does not list them. */
export function descendants(pid: number): number[] {
  const children = childrenOf(pid)
  return [...children, ...children.flatMap(descendants)]
}

/** Those of all of its threads. */
export function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'))
    return lists.flatMap((list) =>
      list
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    )
  } catch {
    // It has ended, or the kernel was built without CONFIG_PROC_CHILDREN.
    return []
  }
}

/** User and system, with the children it has waited for; 0 where there is no such process. */
export function cpuMsOf(pid: number): number {
  try {
    // The name in parentheses may hold anything; from its end on, utime is the 12th field, then stime, cutime, cstime.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS
  } catch {
    return 0
  }
}
