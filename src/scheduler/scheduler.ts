import type { Broker } from '../broker/broker.ts'
import type { ScheduleRecord, ScheduleSync } from '../broker/schedule.ts'
import { LongTimeout } from '../support/long-timeout.ts'
import type { DeclaredSchedule } from './declarations.ts'
import { firstTime, planTick, readSpec } from './tick.ts'

/** How long a schedule that somebody else has added may go unnoticed. */
const REFRESH_MS = 30_000
const RETRY_MS = 1000

export interface SchedulerHooks {
  synced(sync: ScheduleSync): void
  /** This scheduler was the one that fired it. `jobId` is absent where the tick was passed over. */
  fired(schedule: ScheduleRecord, jobId: string | undefined): void
  /** The broker could not be reached, or a schedule cannot be read; it is tried again. */
  failed(error: unknown): void
}

/**
 * Fires what is due. Every worker has one, and any of them fires every schedule, whoever declared it: what to enqueue is
 * in the broker. Which of them does is decided by the broker's compare-and-set, so there is no leader to lose.
 * 1. Put the declarations into the broker.
 * 2. Read all schedules; sleep until the first is due, at most until others may have changed them.
 * 3. Fire what is due, and begin again.
 */
export class Scheduler {
  readonly #broker: Broker
  readonly #owner: string
  readonly #hooks: SchedulerHooks
  #timer: LongTimeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = false
  #failing = false

  /** @param owner whose declarations they are: schedules that it declares no more are removed */
  constructor(broker: Broker, owner: string, hooks: SchedulerHooks) {
    this.#broker = broker
    this.#owner = owner
    this.#hooks = hooks
  }

  /** Puts the declarations into the broker, and begins to fire. @throws as `sync` */
  async start(declared: readonly DeclaredSchedule[]): Promise<void> {
    await this.sync(declared)
    this.#sleep(0)
  }

  /**
   * Puts the declarations into the broker: at the start, and when the job modules were loaded anew.
   * @throws UsageError where a name belongs to another owner, @throws BrokerUnavailableError
   */
  async sync(declared: readonly DeclaredSchedule[]): Promise<void> {
    const now = Date.now()
    const definitions = declared.map((each) => ({ ...each, nextAt: firstTime(readSpec(each), now) }))
    this.#hooks.synced(await this.#broker.scheduleSync({ owner: this.#owner, definitions }))
    if (this.#timer === undefined) return
    // What is new may be due before the next look.
    this.#timer.clear()
    await this.#turn
    this.#sleep(0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.clear()
    await this.#turn
  }

  #sleep(ms: number): void {
    // There is one timer: a sync may have armed one while a turn was ending.
    this.#timer?.clear()
    if (this.#stopped) return
    this.#timer = new LongTimeout(ms, () => {
      this.#turn = this.#fireDue()
    })
  }

  async #fireDue(): Promise<void> {
    try {
      const errors: unknown[] = []
      for (const schedule of await this.#broker.scheduleList()) {
        if (this.#stopped) return
        if (schedule.nextAt > Date.now()) continue
        // One that cannot be read (a newer version wrote it) must not hold up the others.
        await this.#fire(schedule).catch((error: unknown) => errors.push(error))
      }
      const nextAt = Math.min(...(await this.#broker.scheduleList()).map((schedule) => schedule.nextAt))
      this.#tell(errors[0])
      this.#sleep(errors.length > 0 ? RETRY_MS : Math.max(0, Math.min(nextAt - Date.now(), REFRESH_MS)))
    } catch (error) {
      this.#tell(error)
      this.#sleep(RETRY_MS)
    }
  }

  async #fire(schedule: ScheduleRecord): Promise<void> {
    const tick = planTick(schedule, Date.now())
    if (await this.#broker.scheduleFire(tick)) this.#hooks.fired(schedule, tick.job?.id)
  }

  /** Said once, not at every attempt. */
  #tell(error: unknown): void {
    if (error !== undefined && !this.#failing) this.#hooks.failed(error)
    this.#failing = error !== undefined
  }
}
