// Stores jobs. Arguments: broker URL, `single` or `bulk`, how many, which work.
import { configure, disconnect } from '../../../dist/index.js'
import { loadModule } from '../../../dist/job/load-modules.js'
import { root } from '../lib/paths.mjs'
import { produce } from './produce.mjs'
import { noop } from './workhorse-jobs.mjs'

const [url, way, jobs, work] = process.argv.slice(2)
configure({ broker: url })
const { definition, argsOf } = await jobOf(work)
await produce({
  jobs: Number(jobs),
  way,
  single: (index) => definition.enqueue(...argsOf(index)),
  bulk: (indexes) => definition.enqueueMany(indexes.map(argsOf)),
})
await disconnect()

async function jobOf(name) {
  if (name === 'noop') return { definition: noop, argsOf: () => [] }
  const { recordEventJob } = await loadModule(`${root}examples/redash/jobs.ts`)
  const { makeEvent } = await loadModule(`${root}examples/redash/seed.ts`)
  return { definition: recordEventJob, argsOf: (index) => [makeEvent(index)] }
}
