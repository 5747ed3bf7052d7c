import { describe, onTestFinished } from 'vitest'
import type { Broker } from '../../../src/broker/broker.ts'
import { describeCancel } from './behaviours/cancel.ts'
import { describeClaims } from './behaviours/claims.ts'
import { describeClosing } from './behaviours/closing.ts'
import { describeCommands } from './behaviours/commands.ts'
import { describeDependencies } from './behaviours/dependencies.ts'
import { describeEnqueue } from './behaviours/enqueue.ts'
import { describeExpiry } from './behaviours/expiry.ts'
import { describeGroups } from './behaviours/groups.ts'
import { describeHistory } from './behaviours/history.ts'
import { describeJobWait } from './behaviours/job-wait.ts'
import { describeLeases } from './behaviours/leases.ts'
import { describeListing } from './behaviours/listing.ts'
import { describeManagement } from './behaviours/management.ts'
import { describeOutbox } from './behaviours/outbox.ts'
import { describeOutcomes } from './behaviours/outcomes.ts'
import { describePayloads } from './behaviours/payloads.ts'
import { describeQueues } from './behaviours/queues.ts'
import { describeRepeats } from './behaviours/repeats.ts'
import { describeRetries } from './behaviours/retries.ts'
import { describeScheduled } from './behaviours/scheduled.ts'
import { describeSchedules } from './behaviours/schedules.ts'
import { describeSuspension } from './behaviours/suspension.ts'
import { describeUnique } from './behaviours/unique.ts'
import { describeWorkWait } from './behaviours/work-wait.ts'
import { describeWorkers } from './behaviours/workers.ts'

/** An empty store of its own, open once. */
export interface OpenStore {
  readonly broker: Broker
  /** One more broker on the same store, as another process would open it. */
  reopen(): Promise<Broker>
  /** Closes every broker of the store and removes it. */
  close(): Promise<void>
}

export interface StoreOpener {
  open(): Promise<OpenStore>
}

/** A fresh store for one test, closed after it. */
export type Setup = () => Promise<Pick<OpenStore, 'broker' | 'reopen'>>

/** What every broker does. It uses nothing but the contract: a broker passes it unchanged, or is none. */
export function describeBroker(name: string, opener: StoreOpener): void {
  const setup: Setup = async () => {
    const store = await opener.open()
    onTestFinished(() => store.close())
    return store
  }
  describe(`${name} broker`, () => {
    describeEnqueue(setup)
    describeClaims(setup)
    describeOutcomes(setup)
    describeLeases(setup)
    describeScheduled(setup)
    describeQueues(setup)
    describeListing(setup)
    describeManagement(setup)
    describeExpiry(setup)
    describePayloads(setup)
    describeJobWait(setup)
    describeWorkWait(setup)
    describeWorkers(setup)
    describeCancel(setup)
    describeCommands(setup)
    describeDependencies(setup)
    describeGroups(setup)
    describeHistory(setup)
    describeOutbox(setup)
    describeRepeats(setup)
    describeRetries(setup)
    describeSchedules(setup)
    describeSuspension(setup)
    describeUnique(setup)
    describeClosing(setup)
  })
}
