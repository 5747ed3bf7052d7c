// Runs jobs. Arguments: address, `inline` or `sandbox`, concurrency, which work.
import { fileURLToPath } from 'node:url'
import { Worker } from 'bullmq'
import { connectionTo } from './bullmq-connection.mjs'

const [address, isolation, concurrency, work] = process.argv.slice(2)
const file = new URL(`./bullmq-${work}.mjs`, import.meta.url)
const processor = isolation === 'sandbox' ? fileURLToPath(file) : (await import(file)).default
const worker = new Worker('default', processor, {
  connection: connectionTo(address),
  concurrency: Number(concurrency),
})
worker.on('error', (error) => console.error(error))
worker.on('failed', (_job, error) => console.error(error))
