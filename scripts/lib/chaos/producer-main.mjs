// Enqueues jobs until it is told to stop, or killed: alone, in batches, for later, in pairs of which the second waits
// for the first, and many short ones at once. What it means to enqueue is written to the ledger before, and after the broker has said that it is stored.
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { connectBroker } from '../../../dist/broker/index.js'
import { createJob } from '../../../dist/job/create-job.js'
import { dueIn, resolveEnqueueOptions } from '../../../dist/job/options.js'
import { findJob } from '../../../dist/job/registry.js'
import './jobs.mjs'

const PAUSE_MS = 25
/** So many may wait; more would only make the end of the run longer. */
const BACKLOG = 150
const LOOK_EVERY = 20
/** Short jobs in a row: more than a pool wants to see before it gives any ahead. */
const BURST = 400

const broker = await connectBroker(process.env.WORKHORSE_BROKER)
let stopping = false
process.on('SIGTERM', () => {
  stopping = true
})
for (let n = 0; !stopping; n++) {
  await store(jobsOf(n))
  if (n === 0) process.stdout.write('ready\n')
  await setTimeout(PAUSE_MS)
  if (n % LOOK_EVERY === 0) await backlogIsShort()
}
await broker.close()
process.exit(0)

function jobsOf(n) {
  const name = n % 2 === 0 ? 'append' : 'commit'
  const make = (more = {}, due = undefined) => {
    const options = resolved(name, more)
    return createJob(name, options, [(n * 37) % 200], due)
  }
  // Many of no length at all, one after the other: so children of a pool are given some ahead.
  if (n % 120 === 7) return Array.from({ length: BURST }, () => createJob('append', resolved('append'), [0]))
  if (n % 10 === 3) return [make(), make(), make()]
  if (n % 10 === 5) return [make({}, dueIn(name, '300ms', Date.now()))]
  if (n % 10 !== 8) return [make()]
  const first = make()
  return [first, make({ dependsOn: { jobs: first.id, allowFailure: true } })]
}

function resolved(name, more = {}) {
  return resolveEnqueueOptions(name, { id: randomUUID(), ...more }, findJob(name).options)
}

async function store(jobs) {
  const ids = jobs.map(({ id }) => id)
  const after = jobs.at(-1).dependsOn?.jobIds[0]
  note('intent', { ids, ...(after === undefined ? {} : { after }) })
  try {
    await broker.jobEnqueue(jobs)
    note('stored', { ids })
  } catch (error) {
    if (error.code !== 'WORKHORSE_BROKER_UNAVAILABLE') throw error
    note('refused', { ids, why: error.message })
  }
}

async function backlogIsShort() {
  for (;;) {
    try {
      const queued = (await broker.queueList()).reduce((sum, { counts }) => sum + counts.queued, 0)
      if (queued < BACKLOG || stopping) return
    } catch (error) {
      if (error.code !== 'WORKHORSE_BROKER_UNAVAILABLE') throw error
    }
    await setTimeout(100)
  }
}

function note(what, more) {
  appendFileSync(process.env.CHAOS_LEDGER, `${JSON.stringify({ what, at: Date.now(), ...more })}\n`)
}
