import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { FrameReader } from './frames.ts'
import type { ZygoteCommand, ZygoteNotice } from './messages.ts'
import type { Native } from './native.ts'
import type { Offspring } from './offspring.ts'
import { OutputFile } from './output-file.ts'
import type { ZygoteOrders } from './zygote.ts'

export interface ZygoteLineEvents {
  hear(notice: ZygoteNotice): void
  output(stream: 'stdout' | 'stderr', text: string): void
}

/** What a zygote is born with, or started with. */
export interface ZygoteEnds {
  readonly commands: number
  readonly notices: number
  readonly stdout: number
  readonly stderr: number
}

const OUTPUT_INTERVAL_MS = 100

/** The supervisor's ends of what joins it with one zygote: commands, notices, output. */
export class ZygoteLine implements ZygoteOrders {
  readonly ends: ZygoteEnds
  /** All notices that it had written are heard, and there will be no more: it is gone, or has never been. */
  readonly ended: Promise<void>
  readonly #native: Native
  readonly #events: ZygoteLineEvents
  readonly #stdout: OutputFile
  readonly #stderr: OutputFile
  readonly #commands: number
  readonly #notices: Socket
  readonly #timer: NodeJS.Timeout
  #handedOver = false
  #closed = false

  constructor(native: Native, events: ZygoteLineEvents) {
    this.#native = native
    this.#events = events
    this.#stdout = new OutputFile(native, 'workhorse-zygote-stdout')
    this.#stderr = new OutputFile(native, 'workhorse-zygote-stderr')
    const [commands, theirCommands] = native.socketPair('seqpacket')
    const [notices, theirNotices] = native.socketPair('stream')
    this.#commands = commands
    this.ends = {
      commands: theirCommands,
      notices: theirNotices,
      stdout: this.#stdout.descriptor,
      stderr: this.#stderr.descriptor,
    }
    this.#notices = new Socket({ fd: notices, readable: true, writable: false })
    this.ended = this.#listen()
    this.#timer = setInterval(() => this.#drainOutput(), OUTPUT_INTERVAL_MS)
    this.#timer.unref()
  }

  /** The zygote has its ends, or will never have them: only what it holds itself keeps the line open. */
  handOver(): void {
    if (this.#handedOver) return
    this.#handedOver = true
    closeSync(this.ends.commands)
    closeSync(this.ends.notices)
  }

  fork(offspring: Offspring): void {
    offspring.ordered = true
    this.send({ type: 'fork', horse: offspring.number }, offspring.descriptors)
  }

  kill(horse: number): void {
    this.send({ type: 'kill', horse })
  }

  keepSamplerReady(ready: boolean): void {
    this.send({ type: 'sampler', ready })
  }

  send(command: ZygoteCommand, descriptors: readonly number[] = []): void {
    if (this.#closed) return
    try {
      this.#native.sendPacket(this.#commands, Buffer.from(JSON.stringify(command)), descriptors)
    } catch (error) {
      const { code } = error as { code?: string }
      // A dead zygote: its end is on the way and settles everything that was asked of it.
      if (code !== 'EPIPE' && code !== 'ECONNRESET' && code !== 'ENOTCONN') throw error
    }
  }

  /**
   * A zygote that still lives leaves, for nobody commands it any more.
   * @returns what it has printed last on its standard error
   */
  close(): string {
    if (this.#closed) return this.#stderr.tail.trim()
    this.#closed = true
    clearInterval(this.#timer)
    this.handOver()
    this.#drainOutput()
    this.#stdout.close()
    this.#stderr.close()
    closeSync(this.#commands)
    return this.#stderr.tail.trim()
  }

  #listen(): Promise<void> {
    const reader = new FrameReader<ZygoteNotice>()
    this.#notices.on('data', (chunk: Buffer) => {
      for (const { header } of reader.push(chunk)) this.#events.hear(header)
    })
    // Followed by `close`.
    this.#notices.on('error', () => {})
    return new Promise((resolve) => this.#notices.once('close', () => resolve()))
  }

  #drainOutput(): void {
    const stdout = this.#stdout.read()
    const stderr = this.#stderr.read()
    if (stdout !== '') this.#events.output('stdout', stdout)
    if (stderr !== '') this.#events.output('stderr', stderr)
  }
}
