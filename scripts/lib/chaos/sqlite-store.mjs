import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { prepareEffects } from './effects.mjs'

/** More than a run can need. */
const SIZE = '2g'
const FULL_MS = { least: 200, most: 2500 }

/** An SQLite file on a disk of its own that can be made full, where this process may mount one. */
export class SqliteStore {
  #disk
  #casualties
  /** Why the disk cannot be made full. */
  skip
  hazards = []

  constructor(folder, casualties) {
    this.#disk = join(folder, 'disk')
    this.#casualties = casualties
    mkdirSync(this.#disk)
    const { status, stderr, error } = mount('-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', this.#disk)
    if (status === 0) this.hazards.push({ what: 'full disk', weight: 0.4, strike: (random) => this.#fill(random) })
    else this.skip = `the disk is never full: no tmpfs can be mounted (${error?.message ?? stderr.trim()})`
  }

  get url() {
    return `sqlite:${this.#file}`
  }

  get producerUrl() {
    return this.url
  }

  /** Where jobs commit their effects. */
  get effects() {
    return this.#file
  }

  async start() {}

  /** When the broker has made the file. */
  prepare() {
    prepareEffects(this.#file)
  }

  /** Copies the file to where it outlives the disk. */
  keep() {
    if (this.skip === undefined) copyFileSync(this.#file, join(dirname(this.#disk), 'chaos.db'))
  }

  close() {
    if (this.skip === undefined) spawnSync('umount', ['--lazy', this.#disk])
  }

  get #file() {
    return join(this.#disk, 'chaos.db')
  }

  /** As small as what is on it, for a while: nobody can write a page more. */
  async #fill(random) {
    const over = this.#casualties.beginOutage('full disk')
    // The kernel refuses a size below what is in use, which is still growing at this moment.
    for (let tries = 0; tries < 20 && !this.#resize(`${this.#used()}k`); tries++);
    await setTimeout(FULL_MS.least + random * (FULL_MS.most - FULL_MS.least))
    if (!this.#resize(SIZE)) throw new Error('the disk of the chaos run cannot be made larger again')
    over()
  }

  #resize(size) {
    return mount('-o', `remount,size=${size}`, this.#disk).status === 0
  }

  #used() {
    const { stdout } = spawnSync('df', ['--output=used', '-k', this.#disk], { encoding: 'utf8' })
    return Number(stdout.split('\n')[1])
  }
}

function mount(...args) {
  return spawnSync('mount', args, { encoding: 'utf8' })
}
