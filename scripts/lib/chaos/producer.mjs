import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../root.mjs'

/** A process that enqueues; one that was killed is followed by another. */
export class Producer {
  #place
  #process
  #stopping = false
  /** It has stored something: whoever is killed before that is no producer. */
  ready = false

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
    const { store, ledger, folder } = this.#place
    const env = { ...process.env, CHAOS_LEDGER: ledger, WORKHORSE_BROKER: store.producerUrl }
    const main = join(root, 'scripts/lib/chaos/producer-main.mjs')
    const child = spawn(process.execPath, [main], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    this.ready = false
    child.stdout.once('data', () => {
      this.ready = true
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    child.once('close', (code) => {
      // Where the store is away when it starts, it leaves. Anything else is a mistake of the engine's, or of this script's.
      if (code !== null && code !== 0 && !said.includes('BrokerUnavailableError')) throw new Error(said)
      if (!this.#stopping) this.#start()
    })
  }
}
