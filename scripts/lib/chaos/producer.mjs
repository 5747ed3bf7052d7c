import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../root.mjs'

/** The process that enqueues; one that was killed is followed by another. */
export class Producer {
  #place
  #process
  #stopping = false

  constructor(place) {
    this.#place = place
    this.#start()
  }

  get pid() {
    return this.#process.pid
  }

  async stop() {
    this.#stopping = true
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill('SIGTERM')
    await ended
  }

  abort() {
    this.#stopping = true
    this.#process.kill('SIGKILL')
  }

  #start() {
    const env = { ...process.env, CHAOS_LEDGER: this.#place.ledger, WORKHORSE_BROKER: this.#place.url }
    const main = join(root, 'scripts/lib/chaos/producer-main.mjs')
    this.#process = spawn(process.execPath, [main], { cwd: this.#place.folder, env, stdio: 'inherit' })
    this.#process.once('exit', () => {
      if (!this.#stopping) this.#start()
    })
  }
}
