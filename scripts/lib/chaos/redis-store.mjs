import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { RedisServer } from '../redis-server.mjs'

const AWAY_MS = { least: 20, most: 1500 }

/** A redis-server that writes each change to its disk before it answers, and that is killed and started again. */
export class RedisStore {
  #folder
  #server
  #casualties
  hazards = [{ what: 'redis', weight: 0.8, strike: (random) => this.#kill(random) }]

  constructor(folder, casualties) {
    this.#folder = join(folder, 'redis')
    this.#casualties = casualties
    this.#server = new RedisServer(this.#folder, ['appendonly yes', 'appendfsync always'])
  }

  /** Workers give up soon, and say so. */
  get url() {
    return this.#server.url('1s')
  }

  get producerUrl() {
    return this.#server.url('20s')
  }

  get effects() {
    return join(this.#folder, 'redis.sock')
  }

  start() {
    return this.#server.start()
  }

  prepare() {}

  /** What it has written lies beside the rest. */
  keep() {}

  close() {
    this.#server.abort()
  }

  async #kill(random) {
    const over = this.#casualties.beginOutage('redis')
    await this.#server.stop('SIGKILL')
    await setTimeout(AWAY_MS.least + random * (AWAY_MS.most - AWAY_MS.least))
    await this.#server.start()
    over()
  }
}
