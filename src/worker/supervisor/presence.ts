import type { Broker, WorkerRegistration, WorkerState } from '../../broker/broker.ts'
import type { WorkerCommand } from '../../broker/command.ts'
import type { IsolationMode } from '../isolation/isolation.ts'
import type { ResolvedWorkerOptions, WorkerIdentity } from './worker-options.ts'

/** What a worker tells of itself with each beat. */
export interface PresenceSource {
  readonly state: WorkerState
  readonly counts: { readonly finished: number; readonly failed: number }
  /** How many jobs it runs at a time, as things are. */
  readonly slots: number
  /** What it runs, and whose leases are to be renewed. */
  readonly running: readonly { readonly job: { readonly id: string; readonly executionId: string } }[]
  leaseLost(executionId: string): void
  /** Somebody tells this worker something. */
  obey(command: WorkerCommand): void
}

/**
 * A worker's place in the broker: registered, within call, kept alive by beats, given up at the end.
 * Beats come one after another, and none outlives `leave`: a late one would put a worker that has gone back on the list.
 */
export class Presence {
  readonly #broker: Broker
  readonly #identity: WorkerIdentity
  readonly #options: ResolvedWorkerOptions
  readonly #mode: IsolationMode
  readonly #source: PresenceSource
  readonly #startedAt = Date.now()
  #last: Promise<void> = Promise.resolve()
  #unsubscribe: (() => Promise<void>) | undefined
  #leaving = false
  /** As many as the broker knows of. */
  #slots = 0

  constructor(
    broker: Broker,
    identity: WorkerIdentity,
    options: ResolvedWorkerOptions,
    mode: IsolationMode,
    source: PresenceSource,
  ) {
    this.#broker = broker
    this.#identity = identity
    this.#options = options
    this.#mode = mode
    this.#source = source
  }

  /** Be on the list, and hear what is said to us. */
  async enter(): Promise<void> {
    await this.#register()
    this.#unsubscribe = await this.#subscribe()
  }

  /** The broker knows of another number of slots than there are. */
  get isOutdated(): boolean {
    return this.#source.slots !== this.#slots && !this.#leaving
  }

  /** Its number of slots has changed. Where each slot is a worker in RQ's eyes, some are new now, or have left. */
  async resize(): Promise<void> {
    if (!this.isOutdated) return
    const { slots } = this.#source
    await this.#broker.workerResize(this.#registration(slots))
    this.#slots = slots
    if (!this.#broker.capabilities.pythonRq) return
    const old = this.#unsubscribe
    this.#unsubscribe = await this.#subscribe()
    await old?.()
  }

  #subscribe(): Promise<() => Promise<void>> {
    return this.#broker.commandSubscribe(this.#identity.name, (command) => this.#source.obey(command))
  }

  async #register(): Promise<void> {
    const { slots } = this.#source
    await this.#broker.workerRegister(this.#registration(slots))
    this.#slots = slots
  }

  #registration(slots: number): WorkerRegistration {
    return {
      ...this.#identity,
      queues: this.#options.queues,
      concurrency: slots,
      isolation: this.#mode,
      startedAt: this.#startedAt,
      ttlMs: this.#ttlMs,
    }
  }

  /** Renew the leases and say that we are alive, when an earlier beat is done. Does nothing once we are leaving. */
  beat(): Promise<void> {
    const beat = this.#last.then(() => this.#beat())
    this.#last = beat.catch(() => {})
    return beat
  }

  /** Take the worker off the list, when the beat under way is done. */
  async leave(): Promise<void> {
    this.#leaving = true
    await this.#last
    await this.#unsubscribe?.()
    await this.#broker.workerUnregister(this.#identity.name)
  }

  get #ttlMs(): number {
    return this.#options.leaseMs * 4
  }

  async #beat(): Promise<void> {
    if (this.#leaving) return
    await this.#renew()
    const { name } = this.#identity
    const { state, counts } = this.#source
    const known = await this.#broker.workerHeartbeat({ name, state, ...counts, ttlMs: this.#ttlMs })
    // Forgotten: this machine slept, or the broker was away, for longer than a worker is remembered.
    if (!known && !this.#leaving) await this.#register()
  }

  async #renew(): Promise<void> {
    const executions = this.#source.running.map(({ job: { id, executionId } }) => ({ jobId: id, executionId }))
    if (executions.length === 0) return
    const { leaseMs } = this.#options
    const lost = await this.#broker.leaseRenew({ worker: this.#identity.name, executions, leaseMs })
    for (const executionId of lost) this.#source.leaseLost(executionId)
  }
}
