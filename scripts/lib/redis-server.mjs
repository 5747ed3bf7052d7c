import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** A redis-server of a script's own, on a Unix socket in a folder that the script makes and removes. */
export class RedisServer {
  #folder
  #config
  #process

  /** @param config lines of redis.conf, beyond those that keep it in its folder */
  constructor(folder, config) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
    this.#config = config
  }

  get pid() {
    return this.#process?.pid
  }

  url(patience) {
    return `redis+unix://${join(this.#folder, 'redis.sock')}?patience=${patience}`
  }

  /** Resolves when it takes commands. */
  async start() {
    const socket = join(this.#folder, 'redis.sock')
    const lines = ['port 0', `unixsocket ${socket}`, `dir ${this.#folder}`, 'save ""', ...this.#config]
    const server = spawn('redis-server', ['-'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#process = server
    server.stdin.end(`${lines.join('\n')}\n`)
    let output = ''
    await new Promise((resolve, reject) => {
      server.once('error', reject)
      server.once('exit', () => reject(new Error(`redis-server did not start:\n${output}`)))
      server.stdout.on('data', (chunk) => {
        output += chunk
        if (output.includes('eady to accept connections')) resolve()
      })
    })
    // Nobody reads on, and a full pipe would stop it.
    server.stdout.removeAllListeners('data').resume()
  }

  /** Resolves when it is gone. */
  async stop(signal = 'SIGTERM') {
    const server = this.#process
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill(signal)
    await ended
  }

  abort() {
    this.#process?.kill('SIGKILL')
  }
}
