import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A delaying and counting proxy in a process of its own, so that it takes no turn of anybody's event loop. */
export async function startProxy(port, delayMs) {
  const child = fork(fileURLToPath(new URL('./proxy-main.mjs', import.meta.url)), [port, delayMs])
  const [{ port: own }] = await once(child, 'message')
  return {
    port: own,
    async requests() {
      child.send('count')
      const [{ requests }] = await once(child, 'message')
      return requests
    },
    stop() {
      child.kill('SIGKILL')
    },
  }
}
