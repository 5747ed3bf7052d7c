import { randomBytes } from 'node:crypto'
import { BrokerUnavailableError } from '../../errors.ts'
import type { ClaimedJob } from '../../job/record.ts'
import { ShortMap } from '../../support/short-map.ts'
import type { ExecutionOutcome, JobExchange, JobExchangeParams } from '../broker.ts'
import { type Claim, readClaims } from './claimed-job.ts'
import { type Serializer, serializerOf } from './codec/payload.ts'
import type { Argument } from './connection.ts'
import { encodeJobs } from './job-fields.ts'
import { addOutcome } from './outcome-args.ts'
import { asList, asTexts } from './reply.ts'
import type { SlotBook, SlotTally } from './slot-book.ts'
import type { Store } from './store.ts'

/** How often one call claims again because what it got was refused and failed. */
const MAX_ROUNDS = 10

/** A call that was left without an answer: how its claims are found, and the slots that they may have. */
interface LostCall {
  readonly tokens: readonly string[]
  readonly slots: readonly string[]
}

/**
 * Ends and claims jobs. It remembers how each claimed job is to be answered, and which calls were left without an answer:
 * what such a call has claimed is handed out by the next one.
 */
export class Exchanger {
  readonly #store: Store
  /** By execution id. */
  readonly #serializers = new ShortMap<string, Serializer>()
  /** By worker. */
  readonly #slots = new Map<string, SlotBook>()
  readonly #lost = new Map<string, LostCall[]>()

  constructor(store: Store) {
    this.#store = store
  }

  slotsOf(worker: string): SlotBook | undefined {
    return this.#slots.get(worker)
  }

  setSlots(worker: string, book: SlotBook | undefined): void {
    if (book === undefined) this.#slots.delete(worker)
    else this.#slots.set(worker, book)
  }

  serializerOf(executionId: string): Serializer | undefined {
    return this.#serializers.get(executionId)
  }

  forget(worker: string, executionId: string): void {
    this.#serializers.delete(executionId)
    this.#slots.get(worker)?.leave(executionId)
  }

  async exchange(params: JobExchangeParams): Promise<JobExchange> {
    const refused: string[] = []
    const claimed: ClaimedJob[] = []
    let outcomes = params.outcomes
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const limit = params.limit - claimed.length
      const done = await this.#once({ ...params, outcomes, limit })
      if (round === 0) refused.push(...done.refused)
      claimed.push(...done.claims.flatMap(({ job }) => (job === undefined ? [] : [job.claimed])))
      outcomes = done.claims.flatMap(toFailed)
      if (outcomes.length === 0) break
    }
    // Those of the last round: failed without claiming more.
    if (outcomes.length > 0) await this.#once({ ...params, outcomes, limit: 0 })
    return { refused, claimed }
  }

  async #once(params: JobExchangeParams): Promise<{ readonly refused: string[]; readonly claims: Claim[] }> {
    const { worker, outcomes } = params
    const book = this.#slots.get(worker)
    const tallies = outcomes.map((outcome) => book?.tallyAfter(outcome))
    const encoded = await this.#encodeOutcomes(outcomes, tallies)
    // From here to the call nothing else happens: calls that are under way together share neither slots nor lost calls.
    const lostCalls = this.#lost.get(worker) ?? []
    this.#lost.delete(worker)
    const tokens = lostCalls.flatMap((call) => call.tokens)
    const lostSlots = lostCalls.flatMap(({ slots }) => slots)
    book?.takeBack(lostSlots)
    const offered = book?.offer(outcomes, Math.max(0, params.limit)) ?? []
    book?.hold(lostSlots)
    const held = [...lostSlots, ...offered]
    const args = (isRetry: boolean): Argument[] => {
      const lost = [...tokens]
      const token = randomBytes(14).toString('hex')
      tokens.push(token)
      return [
        worker,
        isRetry || lost.length > 0 ? '1' : '',
        Math.ceil(params.leaseMs),
        params.limit,
        token,
        ...listed(offered),
        ...listed(params.queues),
        ...listed(lost),
        ...encoded,
      ]
    }
    try {
      const [refusedIds, claims] = asList(await this.#store.run('job-exchange', args))
      book?.takeBack(held)
      const refused = asTexts(refusedIds)
      for (const [index, outcome] of outcomes.entries()) {
        const { executionId } = outcome
        if (refused.includes(executionId)) book?.giveBack(tallies[index])
        else book?.count(outcome, tallies[index])
        this.forget(worker, executionId)
      }
      const list = readClaims(claims)
      for (const claim of list) this.#remember(worker, claim)
      return { refused, claims: list }
    } catch (error) {
      for (const tally of tallies) book?.giveBack(tally)
      const isLost = error instanceof BrokerUnavailableError || lostCalls.length > 0
      if (isLost) this.#lost.set(worker, [...(this.#lost.get(worker) ?? []), { tokens, slots: held }])
      else book?.takeBack(held)
      throw error
    }
  }

  #remember(worker: string, { executionId, slot, jobId, job }: Claim): void {
    if (job !== undefined) this.#serializers.set(executionId, job.serializer)
    this.#slots.get(worker)?.take(executionId, slot, jobId)
  }

  async #encodeOutcomes(
    outcomes: readonly ExecutionOutcome[],
    tallies: readonly (SlotTally | undefined)[],
  ): Promise<Argument[]> {
    const encoded: Argument[] = [outcomes.length]
    for (const [index, outcome] of outcomes.entries()) {
      // Waits only where there is something to wait for: there are thousands of them in a second.
      const known = this.#serializers.get(outcome.executionId)
      const serializer = known ?? (await this.#findSerializer(outcome))
      const jobs = 'enqueue' in outcome ? (outcome.enqueue ?? []) : []
      const stored = jobs.length === 0 ? [] : await encodeJobs(jobs, this.#store.options.serializer)
      addOutcome(encoded, outcome, serializer, tallies[index], stored)
    }
    return encoded
  }

  /** Of jobs that another broker has claimed, the job itself tells. */
  async #findSerializer({ type, jobId }: ExecutionOutcome): Promise<Serializer> {
    return type === 'finished' ? findSerializer(this.#store, jobId) : 'json'
  }
}

export async function findSerializer(store: Store, jobId: string): Promise<Serializer> {
  const data = await store.command('HGET', store.keys.job(jobId), 'data')
  return Buffer.isBuffer(data) ? serializerOf(data) : 'json'
}

export function listed(values: readonly string[]): Argument[] {
  return [values.length, ...values]
}

function toFailed({ jobId, executionId, failure }: Claim): ExecutionOutcome[] {
  return failure === undefined ? [] : [{ type: 'failed', jobId, executionId, failure }]
}
