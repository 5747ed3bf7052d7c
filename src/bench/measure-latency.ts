import { runForMessage } from './child-message.ts'

/** The first few pay for opened files and compiled code, once. */
const UNCOUNTED = 5

/**
 * Milliseconds from the start of `enqueue` in another process until the handler is entered in an idle worker.
 * @param brokerUrl of the broker that the worker serves
 */
export async function measureStartLatency(brokerUrl: string, samples: number): Promise<number[]> {
  const latencies = await runForMessage('producer-main', [brokerUrl, String(samples + UNCOUNTED)])
  return (latencies as number[]).slice(UNCOUNTED)
}

/** Milliseconds that a fork of an empty Node, its exit and the wait for it take here and now, on one core. */
export async function measureBareFork(): Promise<number> {
  return (await runForMessage('bare-fork-main', ['300'], ['--single-threaded', '--v8-pool-size=0'])) as number
}
