import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { measureDrain } from './measure-drain.mjs'
import { measureEnqueue } from './measure-enqueue.mjs'
import { inRepository } from './paths.mjs'

/** One measurement, in a folder of its own; record_event on a database of its own, whose rows are counted afterwards. */
export async function runCase({ engine, drain, enqueue }, { server, folder: parent, jobs }) {
  const folder = mkdtempSync(join(parent, 'case-'))
  const place = {
    server: { client: server.client, port: server.port, place: { socket: server.socket, client: server.client } },
    folder,
  }
  try {
    if (enqueue) return await measureEnqueue({ ...place, engine, enqueue, jobs, environment: {} })
    if (drain.work === 'noop') return await measureDrain({ ...place, engine, drain, jobs, environment: {} })
    const redash = await loadRedash()
    await redash.prepareBenchmark(folder)
    const environment = { REDASH_DATABASE: join(folder, 'redash.db') }
    const result = await measureDrain({ ...place, engine, drain, jobs, environment })
    const { rows, events } = await redash.countEvents(folder)
    if (rows !== jobs || events !== jobs)
      throw new Error(`${rows} rows of ${events} events were written, expected ${jobs}`)
    return result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The example application, which needs a loader for TypeScript. */
async function loadRedash() {
  const { loadModule } = await import(inRepository('dist/job/load-modules.js'))
  return loadModule(inRepository('examples/redash/benchmark.ts'))
}
