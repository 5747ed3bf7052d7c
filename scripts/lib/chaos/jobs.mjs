// The jobs of a chaos run. Each writes a line to the ledger when it begins, and one when it ends; a write of one short
// line with O_APPEND is whole or not there. Some also commit to the very store that the broker keeps its jobs in.
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { currentJob, job } from '../../../dist/index.js'
import { commitEffect } from './effects.mjs'

const ledger = process.env.CHAOS_LEDGER
const options = { retry: 10, timeout: '60s', resultTtl: -1, failureTtl: -1 }

async function execute(ms, commits) {
  const run = { id: currentJob().id, run: randomUUID() }
  const note = (what, more) => appendFileSync(ledger, `${JSON.stringify({ what, ...run, at: Date.now(), ...more })}\n`)
  note('begin', { pid: process.pid, parent: process.ppid, commits })
  if (ms > 0) await setTimeout(ms / 2)
  if (commits) await commitEffect(run.id, run.run)
  if (ms > 0) await setTimeout(ms / 2)
  note('end')
}

export const append = job('append', options, (ms) => execute(ms, false))
export const commit = job('commit', options, (ms) => execute(ms, true))
