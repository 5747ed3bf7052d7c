// The same code as Workhorse's record_event: the job's module differs only in who calls it.
import { loadModule } from '../../../dist/job/load-modules.js'
import { root } from '../lib/paths.mjs'

const { recordEvent } = await loadModule(`${root}examples/redash/events.ts`)
const { database } = await loadModule(`${root}examples/redash/database.ts`)
await database.configureMappers()

export default async (job) => {
  await recordEvent(job.data)
}
