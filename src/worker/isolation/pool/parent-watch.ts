import { Worker } from 'node:worker_threads'

const INTERVAL_MS = 1000

/**
 * A process whose event loop is blocked does not see its channel end. Where the kernel cannot be asked to end it with
 * its parent, a thread looks: without it a looping job would outlive its supervisor while another worker runs it again.
 */
export function watchParent(parent: number): void {
  const code = `
    setInterval(() => {
      if (process.ppid !== ${parent}) process.kill(-process.pid, 'SIGKILL')
    }, ${INTERVAL_MS})`
  new Worker(code, { eval: true, stdout: false, stderr: false }).unref()
}
