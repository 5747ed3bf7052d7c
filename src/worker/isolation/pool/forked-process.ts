import { closeSync } from 'node:fs'
import { FrameLine } from '../fork/frame-line.ts'
import type { HorseDeath } from '../fork/horse-death.ts'
import type { Offspring } from '../fork/offspring.ts'
import { OutputFile } from '../fork/output-file.ts'
import type { ZygoteKeeper } from '../fork/zygote-keeper.ts'
import { BeginWord } from './begin-word.ts'
import { LastWord } from './last-word.ts'
import type { PoolCommand, PoolReport } from './messages.ts'
import type { PoolProcess, PoolProcessEvents } from './pool-process.ts'

/** A pool child that the zygote forks: it shares the zygote's memory, and dies with it. */
export class ForkedProcess implements PoolProcess, Offspring {
  readonly number: number
  readonly stdout: OutputFile
  readonly stderr: OutputFile
  readonly inheritsMemory = true
  readonly begins: BeginWord
  ordered = false
  pid: number | undefined
  readonly #keeper: ZygoteKeeper
  readonly #events: PoolProcessEvents
  readonly #role: number
  readonly #line: FrameLine<PoolCommand, PoolReport>
  readonly #lastWord: LastWord
  /** What only the child is to have, until it is born with copies of it: its end of the channel, and the file of `begins`. */
  #forChild: readonly [channel: number, begins: number] | undefined

  /** @param role descriptor of a file with its PoolRole */
  constructor(keeper: ZygoteKeeper, role: number, events: PoolProcessEvents) {
    this.number = keeper.nextNumber()
    this.#role = role
    this.#keeper = keeper
    this.#events = events
    const [ours, theirs] = keeper.native.socketPair('stream')
    const word = keeper.native.memoryFile('workhorse-begins')
    this.begins = new BeginWord(keeper.native.mapShared(word))
    this.#forChild = [theirs, word]
    this.stdout = new OutputFile(keeper.native, 'workhorse-stdout')
    this.stderr = new OutputFile(keeper.native, 'workhorse-stderr')
    this.#lastWord = new LastWord((death) => events.died(death))
    this.#line = new FrameLine(keeper.native, ours, {
      report: (frame) => events.report(frame),
      closed: () => this.#lastWord.heard(),
    })
  }

  get descriptors(): readonly number[] {
    const [channel, begins] = this.#forChild as readonly [number, number]
    return [channel, this.stdout.descriptor, this.stderr.descriptor, this.#role, begins]
  }

  send(command: PoolCommand, body?: string): void {
    this.#line.send(command, body)
  }

  kill(): void {
    this.#keeper.kill(this)
  }

  wasBorn(pid: number): void {
    this.pid = pid
    this.#closeForChild()
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
    this.#closeForChild()
    this.#line.close()
  }

  #closeForChild(): void {
    for (const descriptor of this.#forChild ?? []) closeSync(descriptor)
    this.#forChild = undefined
  }
}
