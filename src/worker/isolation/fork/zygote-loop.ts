import type { ZygoteCommand } from './messages.ts'
import type { Native } from './native.ts'
import { keepSamplerReady } from './samplers.ts'

/** The zygote's own descriptors. */
export interface ZygoteSockets {
  /** Packets from the supervisor. */
  readonly commands: number
  /** Frames to the supervisor. */
  readonly notices: number
}

const SIGKILL = 9

/**
 * All that a zygote does once it is ready: fork, kill, reap, and tell. It is one synchronous loop around poll(2):
 * the event loop stands still meanwhile, so that nothing but this loop can happen at the instant of a fork, and a
 * horse has no handles of the zygote's to get rid of.
 *
 * Orders to fork and dead horses, which is nearly all that happens, are dealt with by the addon without any JavaScript
 * (native/serve.c says why); what is rare comes here.
 */
export class ZygoteLoop {
  readonly #native: Native
  readonly #sockets: ZygoteSockets
  readonly #childSignal: number
  /** All of the zygote's own descriptors, which are none of a horse's business. */
  readonly descriptors: readonly number[]

  constructor(native: Native, sockets: ZygoteSockets) {
    this.#native = native
    this.#sockets = sockets
    this.#childSignal = native.childSignal()
    this.descriptors = [sockets.commands, sockets.notices, this.#childSignal]
  }

  /** Returns only in a horse, with the descriptors that came with the order for it. */
  run(): readonly number[] {
    const { commands, notices } = this.#sockets
    for (;;) {
      const descriptors = this.#native.serveForks(commands, notices, this.#childSignal)
      if (descriptors) return descriptors
      this.#obey()
    }
  }

  #obey(): void {
    const packet = this.#native.receivePacket(this.#sockets.commands)
    if (packet === null) return this.#leave()
    const command = JSON.parse(packet.data.toString()) as ZygoteCommand
    if (command.type === 'kill') this.#kill(command.horse)
    // It was an heir.
    if (command.type === 'succeed') process.title = 'workhorse: zygote'
    if (command.type === 'sampler') keepSamplerReady(this.#native, command.ready)
  }

  #kill(horse: number): void {
    const pid = this.#native.servedPid(horse)
    if (pid !== null) this.#native.killGroup(pid, SIGKILL)
  }

  /** The supervisor has closed the command socket, by intent or by dying. */
  #leave(): never {
    for (const pid of this.#native.servedPids()) this.#native.killGroup(pid, SIGKILL)
    return this.#native.exit(0)
  }
}
