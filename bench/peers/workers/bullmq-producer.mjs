// Stores jobs. Arguments: address, `single` or `bulk`, how many, which work.
import { Queue } from 'bullmq'
import { loadModule } from '../../../dist/job/load-modules.js'
import { root } from '../lib/paths.mjs'
import { connectionTo } from './bullmq-connection.mjs'
import { produce } from './produce.mjs'

const [address, way, jobs, work] = process.argv.slice(2)
const queue = new Queue('default', { connection: connectionTo(address) })
await queue.waitUntilReady()
const dataOf = await dataFor(work)
await produce({
  jobs: Number(jobs),
  way,
  single: (index) => queue.add(work, dataOf(index)),
  bulk: (indexes) => queue.addBulk(indexes.map((index) => ({ name: work, data: dataOf(index) }))),
})
await queue.close()

async function dataFor(name) {
  if (name === 'noop') return () => ({})
  const { makeEvent } = await loadModule(`${root}examples/redash/seed.ts`)
  return makeEvent
}
