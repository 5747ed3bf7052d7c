import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const PRODUCER = fileURLToPath(new URL(`./producer-main.${extension}`, import.meta.url))
/** The first few pay for opened files and compiled code, once. */
const UNCOUNTED = 5

/**
 * Milliseconds from the start of `enqueue` in another process until the handler is entered in an idle worker.
 * @param brokerUrl of the broker that the worker serves
 */
export async function measureStartLatency(brokerUrl: string, samples: number): Promise<number[]> {
  const producer = fork(PRODUCER, [brokerUrl, String(samples + UNCOUNTED)], { stdio: 'inherit' })
  const [latencies] = (await Promise.race([once(producer, 'message'), failIfItEnds(producer)])) as [number[]]
  await once(producer, 'exit')
  return latencies.slice(UNCOUNTED)
}

async function failIfItEnds(producer: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(producer, 'exit')) as [number | null]
  throw new Error(`the producer of the benchmark left with exit code ${code} before it had measured anything`)
}
