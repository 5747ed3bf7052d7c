import { closeSync } from 'node:fs'
import type { ProfileRequest } from '../profiling.ts'
import { collectYoung } from './garbage.ts'
import type { ZygoteCommand, ZygoteNotice } from './messages.ts'
import type { Native } from './native.ts'

/** The zygote's own descriptors. */
export interface ZygoteSockets {
  /** Packets from the supervisor. */
  readonly commands: number
  /** Frames to the supervisor. */
  readonly notices: number
}

const SIGKILL = 9
const FORKS_PER_COLLECTION = 32

/**
 * All that a zygote does once it is ready: fork, kill, reap, and tell. It is one synchronous loop around poll(2):
 * the event loop stands still meanwhile, so that nothing but this loop can happen at the instant of a fork, and a
 * horse has no handles of the zygote's to get rid of.
 */
export class ZygoteLoop {
  readonly #native: Native
  readonly #commands: number
  readonly #childSignal: number
  readonly #tell: (notices: readonly ZygoteNotice[]) => void
  /** What is to be told before the next sleep, in one write. */
  #untold: ZygoteNotice[] = []
  /** Horses that are not reaped yet, by number: only these pids are certainly ours. */
  readonly #pids = new Map<number, number>()
  #forks = 0
  /** How the horse that `run` returned in is to be measured. */
  profile: ProfileRequest | undefined
  /** All of the zygote's own descriptors, which are none of a horse's business. */
  readonly descriptors: readonly number[]

  constructor(native: Native, sockets: ZygoteSockets, tell: (notices: readonly ZygoteNotice[]) => void) {
    this.#native = native
    this.#commands = sockets.commands
    this.#childSignal = native.childSignal()
    this.#tell = tell
    this.descriptors = [sockets.commands, sockets.notices, this.#childSignal]
  }

  /** Returns only in a horse, with the three descriptors that came with the order for it. */
  run(): readonly number[] {
    const watched = [this.#commands, this.#childSignal]
    for (;;) {
      this.#tellAll()
      const readable = this.#native.pollReadable(watched, -1)
      if (readable.includes(this.#childSignal)) this.#reap()
      if (readable.includes(this.#commands)) {
        const descriptors = this.#obey()
        if (descriptors) return descriptors
      }
    }
  }

  /** Carries out one command; in a horse that it has forked, returns the horse's descriptors. */
  #obey(): readonly number[] | undefined {
    const packet = this.#native.receivePacket(this.#commands)
    if (packet === null) return this.#leave()
    const command = JSON.parse(packet.data.toString()) as ZygoteCommand
    if (command.type === 'kill') this.#kill(command.horse, command.signal ?? SIGKILL)
    if (command.type !== 'fork' || !this.#fork(command.horse, packet.descriptors)) return undefined
    this.profile = command.profile
    return packet.descriptors
  }

  /** True in the horse. */
  #fork(horse: number, descriptors: readonly number[]): boolean {
    const begun = performance.now()
    const pid = this.#tryFork(horse)
    if (pid === 0) return true
    const forkMs = performance.now() - begun
    for (const descriptor of descriptors) closeSync(descriptor)
    if (pid === undefined) return false
    this.#joinGroup(pid)
    this.#pids.set(horse, pid)
    this.#untold.push({ type: 'forked', horse, pid, forkMs })
    if (++this.#forks % FORKS_PER_COLLECTION === 0) collectYoung()
    return false
  }

  #tryFork(horse: number): number | undefined {
    try {
      return this.#native.fork()
    } catch (error) {
      const { message, code } = error as Error & { code?: string }
      this.#untold.push({ type: 'fork-failed', horse, message, code: code ?? 'unknown' })
      return undefined
    }
  }

  /** The horse does the same: whoever comes first, a kill of the group can never miss it. */
  #joinGroup(pid: number): void {
    try {
      this.#native.setProcessGroup(pid, pid)
    } catch (error) {
      // It has run or died already.
      const { code } = error as { code?: string }
      if (code !== 'EACCES' && code !== 'ESRCH') throw error
    }
  }

  #reap(): void {
    this.#native.drainChildSignal(this.#childSignal)
    for (const [horse, pid] of this.#pids) {
      const status = this.#native.wait(pid)
      if (status === null) continue
      this.#pids.delete(horse)
      this.#untold.push({ type: 'exited', horse, pid, status })
    }
  }

  #tellAll(): void {
    if (this.#untold.length === 0) return
    this.#tell(this.#untold)
    this.#untold = []
  }

  #kill(horse: number, signal: number): void {
    const pid = this.#pids.get(horse)
    if (pid !== undefined) this.#native.killGroup(pid, signal)
  }

  /** The supervisor has closed the command socket, by intent or by dying. */
  #leave(): never {
    for (const pid of this.#pids.values()) this.#native.killGroup(pid, SIGKILL)
    return this.#native.exit(0)
  }
}
