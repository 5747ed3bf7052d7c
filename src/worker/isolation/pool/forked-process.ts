import { closeSync } from 'node:fs'
import { FrameLine } from '../fork/frame-line.ts'
import type { HorseDeath } from '../fork/horse-death.ts'
import type { Offspring } from '../fork/offspring.ts'
import { OutputFile } from '../fork/output-file.ts'
import type { ZygoteKeeper } from '../fork/zygote-keeper.ts'
import { LastWord } from './last-word.ts'
import type { PoolCommand, PoolReport } from './messages.ts'
import type { PoolProcess, PoolProcessEvents } from './pool-process.ts'

/** A pool child that the zygote forks: it shares the zygote's memory, and dies with it. */
export class ForkedProcess implements PoolProcess, Offspring {
  readonly number: number
  readonly stdout: OutputFile
  readonly stderr: OutputFile
  readonly inheritsMemory = true
  ordered = false
  pid: number | undefined
  readonly #keeper: ZygoteKeeper
  readonly #events: PoolProcessEvents
  readonly #role: number
  readonly #line: FrameLine<PoolCommand, PoolReport>
  readonly #lastWord: LastWord
  /** The child's end of the channel, until it is born with a copy of it. */
  #childEnd: number | undefined

  /** @param role descriptor of a file with its PoolRole */
  constructor(keeper: ZygoteKeeper, role: number, events: PoolProcessEvents) {
    this.number = keeper.nextNumber()
    this.#role = role
    this.#keeper = keeper
    this.#events = events
    const [ours, theirs] = keeper.native.socketPair('stream')
    this.#childEnd = theirs
    this.stdout = new OutputFile(keeper.native, 'workhorse-stdout')
    this.stderr = new OutputFile(keeper.native, 'workhorse-stderr')
    this.#lastWord = new LastWord((death) => events.died(death))
    this.#line = new FrameLine(keeper.native, ours, {
      report: (frame) => events.report(frame),
      closed: () => this.#lastWord.heard(),
    })
  }

  get descriptors(): readonly number[] {
    return [this.#childEnd as number, this.stdout.descriptor, this.stderr.descriptor, this.#role]
  }

  send(command: PoolCommand, body?: string): void {
    this.#line.send(command, body)
  }

  kill(): void {
    this.#keeper.kill(this)
  }

  wasBorn(pid: number): void {
    this.pid = pid
    this.#closeChildEnd()
    this.#events.born(pid)
  }

  died(death: HorseDeath): void {
    this.#lastWord.died(death)
  }

  giveUp(reason: string): void {
    this.dismiss()
    this.#events.unborn(reason)
  }

  dismiss(): void {
    this.#closeChildEnd()
    this.#line.close()
  }

  #closeChildEnd(): void {
    if (this.#childEnd !== undefined) closeSync(this.#childEnd)
    this.#childEnd = undefined
  }
}
