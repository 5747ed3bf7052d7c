import type { Broker, ExecutionOutcome } from '../../broker/broker.ts'
import { type FreeMemory, readFreeMemory } from './free-memory.ts'
import { decideSlots, SHRINK_AFTER_MS, type SlotDecision } from './slot-decision.ts'
import type { SlotRange } from './worker-options.ts'

export interface AutoscalerHooks {
  /** When each of the jobs that run now has begun, by `performance.now()`. */
  running(): readonly { readonly begunAt: number }[]
  changed(from: number, decision: SlotDecision): void
  /** The broker could not be asked; the next look tries again. */
  failed(error: unknown): void
}

const LOOK_MS = 1000
const MB = 2 ** 20
/** A process that does nothing much, beside what its job takes. */
const PROCESS_BYTES = 16 * MB
/** How much a new observation counts. */
const WEIGHT = 0.2

/** Collects what `decideSlots` has to know, once a second, and keeps the number of slots. Does nothing where it is fixed. */
export class Autoscaler {
  readonly #broker: Broker
  readonly #queues: readonly string[]
  readonly #range: SlotRange
  readonly #hooks: AutoscalerHooks
  readonly #readMemory: () => FreeMemory
  #slots: number
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #changedAt = performance.now()
  #lookedAt = performance.now()
  /** Most jobs that ran at once, for each second of the past SHRINK_AFTER_MS; the last is the present one. */
  readonly #peaks: number[] = [0]
  #begun = 0
  #waitingBefore = 0
  #serviceMs: number | undefined
  #jobBytes = 0

  constructor(
    broker: Broker,
    queues: readonly string[],
    range: SlotRange,
    hooks: AutoscalerHooks,
    readMemory: () => FreeMemory = readFreeMemory,
  ) {
    this.#broker = broker
    this.#queues = queues
    this.#range = range
    this.#hooks = hooks
    this.#readMemory = readMemory
    this.#slots = range.min
  }

  get slots(): number {
    return this.#slots
  }

  start(): void {
    if (this.#range.min === this.#range.max) return
    this.#timer = setInterval(() => {
      this.#looking ??= this.look().finally(() => {
        this.#looking = undefined
      })
    }, LOOK_MS)
    this.#timer.unref()
  }

  /** Resolves when nothing of it is under way any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** @param busy jobs that run now, this one included */
  began(busy: number): void {
    this.#begun++
    const last = this.#peaks.length - 1
    if (busy > (this.#peaks[last] as number)) this.#peaks[last] = busy
  }

  ended({ bill }: ExecutionOutcome): void {
    if (bill === undefined) return
    this.#serviceMs = average(this.#serviceMs, bill.wallMs)
    // Large ones are remembered longer: the next may be as large.
    const bytes = bill.memory?.peakIncrementBytes ?? 0
    this.#jobBytes = Math.max(bytes, this.#jobBytes - (this.#jobBytes - bytes) / 100)
  }

  /** Thinks the number over. */
  async look(): Promise<void> {
    const running = this.#hooks.running()
    const busy = running.length
    const { min, max } = this.#range
    // An idle worker that is as small as it may be has nothing to find out.
    if (busy === 0 && this.#slots === min) return this.#turn(busy, 0)
    try {
      // Only where every slot is busy can anybody wait for one.
      const { waiting, oldestMs } = busy < this.#slots ? NOBODY : await this.#broker.queueBacklog(this.#queues)
      const decision = decideSlots({
        slots: this.#slots,
        least: min,
        most: max,
        busy,
        peakBusy: Math.max(...this.#peaks, busy),
        waiting,
        oldestMs,
        arrivalsPerSecond: this.#arrivals(waiting),
        serviceMs: this.#service(running),
        sinceChangeMs: performance.now() - this.#changedAt,
        memory: this.#readMemory(),
        bytesPerSlot: PROCESS_BYTES + this.#jobBytes,
      })
      this.#turn(busy, waiting)
      if (decision !== undefined) this.#change(decision)
    } catch (error) {
      this.#hooks.failed(error)
    }
  }

  #change(decision: SlotDecision): void {
    const from = this.#slots
    this.#slots = decision.slots
    this.#changedAt = performance.now()
    this.#hooks.changed(from, decision)
  }

  /** Jobs that came in a second: those taken, and by how many more wait than before. */
  #arrivals(waiting: number): number {
    const seconds = Math.max(0.001, (performance.now() - this.#lookedAt) / 1000)
    return Math.max(0, (this.#begun + waiting - this.#waitingBefore) / seconds)
  }

  /** Jobs that run for long have not ended yet, and count, too. */
  #service(running: readonly { readonly begunAt: number }[]): number | undefined {
    const now = performance.now()
    const age = running.reduce((sum, { begunAt }) => sum + now - begunAt, 0) / Math.max(1, running.length)
    return this.#serviceMs === undefined ? undefined : Math.max(this.#serviceMs, age)
  }

  #turn(busy: number, waiting: number): void {
    this.#begun = 0
    this.#waitingBefore = waiting
    this.#lookedAt = performance.now()
    this.#peaks.push(busy)
    if (this.#peaks.length > SHRINK_AFTER_MS / LOOK_MS) this.#peaks.shift()
  }
}

const NOBODY = { waiting: 0, oldestMs: 0 }

function average(before: number | undefined, now: number): number {
  return before === undefined ? now : before + (now - before) * WEIGHT
}
