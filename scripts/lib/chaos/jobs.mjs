// The jobs of a chaos run. One line to the ledger when one begins, and one when it ends; a write of one short line with
// O_APPEND is whole or not there.
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { currentJob, job } from '../../../dist/index.js'

const ledger = process.env.CHAOS_LEDGER

export const append = job('append', { retry: 10, timeout: '60s', resultTtl: -1, failureTtl: -1 }, async (ms) => {
  const { id, attempt } = currentJob()
  const line = (what) => `${JSON.stringify({ what, id, attempt, pid: process.pid, parent: process.ppid })}\n`
  appendFileSync(ledger, line('begin'))
  await setTimeout(ms)
  appendFileSync(ledger, line('end'))
})
