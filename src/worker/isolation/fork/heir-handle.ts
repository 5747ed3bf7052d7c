import { closeSync } from 'node:fs'
import { describeDeath, type HorseDeath } from './horse-death.ts'
import { killIfThere } from './kill-if-there.ts'
import type { Native } from './native.ts'
import type { Offspring } from './offspring.ts'
import { writeRole } from './role.ts'
import { hearOffspring, type Zygote, type ZygoteEvents, type ZygoteOrders } from './zygote.ts'
import { ZygoteLine } from './zygote-line.ts'

/**
 * The supervisor's view of an heir: a copy of the zygote, forked from it, that stands by to fork in its place. It is one
 * of the zygote's offspring first, and may become a zygote itself; it does not die with the one that it comes from.
 * Once that is dead nobody waits for it but init: that its line ends tells of its death.
 */
export class HeirHandle implements Zygote, Offspring {
  readonly number: number
  ordered = false
  pid: number | undefined
  readonly #events: ZygoteEvents
  readonly #line: ZygoteLine
  #role: number
  #isBorn = false
  #isReigning = false
  #isUnwanted = false
  #end = 'how is not known, for it was no child of the worker'
  #gone = false

  constructor(native: Native, number: number, events: ZygoteEvents) {
    this.number = number
    this.#events = events
    this.#role = writeRole(native, { heir: true })
    this.#line = new ZygoteLine(native, {
      hear: (notice) => hearOffspring(events, notice),
      output: (stream, text) => events.output(stream, text),
    })
    void this.#line.ended.then(() => this.#bury())
  }

  /** The first four as all offspring has them. */
  get descriptors(): readonly number[] {
    const { commands, stdout, stderr, notices } = this.#line.ends
    return [commands, stdout, stderr, this.#role, notices]
  }

  /** It can take the zygote's place. */
  get isReady(): boolean {
    return this.#isBorn && !this.#gone
  }

  wasBorn(pid: number): void {
    this.pid = pid
    this.#isBorn = true
    this.#line.handOver()
    this.#closeRole()
    if (this.#isUnwanted) killIfThere(pid)
  }

  /** From now on it is the zygote. */
  succeed(): void {
    this.#isReigning = true
    this.#line.send({ type: 'succeed' })
  }

  get orders(): ZygoteOrders {
    return this.#line
  }

  /** Its zygote has waited for it. */
  died(death: HorseDeath): void {
    this.#end = describeDeath(death)
    this.#line.close()
  }

  giveUp(): void {
    this.#line.close()
  }

  /** One that is not born yet ends at its birth: an order for it may be on the way. */
  async close(): Promise<void> {
    this.#isUnwanted = true
    // As long as its line has not ended it lives, and its pid is nobody else's.
    if (this.isReady) killIfThere(this.pid as number)
    await this.#line.ended
  }

  #bury(): void {
    this.#gone = true
    this.#line.close()
    this.#closeRole()
    if (this.#isReigning) this.#events.died(this.#end)
  }

  #closeRole(): void {
    if (this.#role >= 0) closeSync(this.#role)
    this.#role = -1
  }
}
