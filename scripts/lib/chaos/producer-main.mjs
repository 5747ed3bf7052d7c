// Enqueues jobs until it is told to stop, or killed. Each is written to the ledger before it is enqueued, and after.
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { append } from './jobs.mjs'

const note = (what, id) => appendFileSync(process.env.CHAOS_LEDGER, `${JSON.stringify({ what, id })}\n`)
let stopping = false
process.on('SIGTERM', () => {
  stopping = true
})
for (let n = 0; !stopping; n++) {
  const id = randomUUID()
  note('intent', id)
  await append.with({ id }).enqueue((n * 37) % 200)
  note('stored', id)
  await setTimeout(20)
}
process.exit(0)
