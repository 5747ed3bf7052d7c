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

/** Its parts, by name. */
const PARTS = {
  enqueue: describeEnqueue,
  claims: describeClaims,
  outcomes: describeOutcomes,
  leases: describeLeases,
  scheduled: describeScheduled,
  queues: describeQueues,
  listing: describeListing,
  management: describeManagement,
  expiry: describeExpiry,
  payloads: describePayloads,
  jobWait: describeJobWait,
  workWait: describeWorkWait,
  workers: describeWorkers,
  cancel: describeCancel,
  commands: describeCommands,
  dependencies: describeDependencies,
  groups: describeGroups,
  history: describeHistory,
  outbox: describeOutbox,
  repeats: describeRepeats,
  retries: describeRetries,
  schedules: describeSchedules,
  suspension: describeSuspension,
  unique: describeUnique,
  closing: describeClosing,
} satisfies Record<string, (setup: Setup) => void>

export type SuitePart = keyof typeof PARTS

const ALL = Object.keys(PARTS) as readonly SuitePart[]

/** What every broker does. It uses nothing but the contract: a broker passes it unchanged, or is none. */
export function describeBroker(name: string, opener: StoreOpener, parts: readonly SuitePart[] = ALL): void {
  const setup: Setup = async () => {
    const store = await opener.open()
    onTestFinished(() => store.close())
    return store
  }
  describe(`${name} broker`, () => {
    for (const part of parts) PARTS[part](setup)
  })
}
