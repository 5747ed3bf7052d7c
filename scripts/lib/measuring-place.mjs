import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './root.mjs'

/**
 * A folder of a script's own with job modules in it, and what it takes to enqueue them. Whatever ends this process, nothing of
 * it stays behind.
 * @param source of the job module, which is given `currentJob`, `job` and `preload`
 * @param end what else is to end with this process
 */
export async function openPlace(name, source, end = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), `workhorse-${name}-`))
  process.on('exit', () => {
    end()
    rmSync(folder, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const jobs = join(folder, 'jobs.mjs')
  writeFileSync(jobs, `import { currentJob, job, preload } from '${join(root, 'dist/index.js')}'\n${source}`)
  const { connectBroker } = await import(join(root, 'dist/broker/index.js'))
  const { createJob } = await import(join(root, 'dist/job/create-job.js'))
  const { resolveJobOptions } = await import(join(root, 'dist/job/options.js'))
  /** A job that may take as long as it likes. */
  const make = (name) => createJob(name, { ...resolveJobOptions(name, {}), timeoutMs: -1 }, [])
  return { folder, jobs, connectBroker, make }
}
