import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { childrenOf, LEASE_MS } from './fleet.mjs'

/**
 * How often each is struck, of all strikes. Horses are cheap to replace; a supervisor takes a second of the machine to
 * come up, and while it does there is nothing to strike.
 */
const WEIGHTS = { horse: 92, zygote: 1.6, supervisor: 1.2, producer: 1.2, stop: 0.4 }

const HERD = 4

/** Strikes what a seed says, and writes down what it has struck. */
export class Killer {
  #random
  #fleet
  #producers
  #casualties
  #hazards
  #perSecond
  /** What goes on after a strike: a supervisor that will be woken, a store that will be back. */
  #pending = new Set()
  #busyHazards = new Set()

  constructor({ random, fleet, producers, casualties, hazards, perSecond }) {
    this.#random = random
    this.#fleet = fleet
    this.#producers = producers
    this.#casualties = casualties
    this.#perSecond = perSecond
    const own = {
      horse: () => this.#killHorse(),
      zygote: () => this.#herd() && this.#kill('zygote', this.#pick(this.#fleet.alive.flatMap(zygotesOf))),
      supervisor: () => this.#herd() && this.#kill('supervisor', this.#pickSupervisor()),
      producer: () => this.#killProducer(),
      stop: () => this.#hold(this.#pickSupervisor()),
    }
    this.#hazards = Object.entries(own).map(([what, strike]) => ({ what, weight: WEIGHTS[what], strike }))
    this.#hazards.push(...hazards.map((hazard) => ({ ...hazard, strike: () => this.#strikeOnce(hazard) })))
  }

  /** @param isOver told the kills so far */
  async rage(isOver) {
    // One of each kind first, so that a short run has them all.
    const first = [...this.#hazards]
    while (!isOver(this.#casualties.kills)) {
      await setTimeout((this.#random() * 2000) / this.#perSecond)
      const hazard = first.shift() ?? this.#draw()
      hazard.strike()
    }
    await Promise.all(this.#pending)
  }

  #draw() {
    const all = this.#hazards.reduce((sum, { weight }) => sum + weight, 0)
    let dice = this.#random() * all
    return this.#hazards.find(({ weight }) => {
      dice -= weight
      return dice < 0
    })
  }

  #pick(list) {
    return list[Math.floor(this.#random() * list.length)]
  }

  #pickSupervisor() {
    return this.#pick(this.#fleet.alive)?.pid
  }

  #killProducer() {
    const producer = this.#pick(this.#producers.filter(({ ready }) => ready))
    if (producer !== undefined) producer.ready = false
    this.#kill('producer', producer?.pid)
  }

  #killHorse() {
    this.#kill('horse', this.#pick(this.#horses()))
  }

  #horses() {
    return this.#fleet.alive.flatMap(zygotesOf).flatMap(childrenOf)
  }

  /** A machine that is slow to replace what brings up horses would soon have nothing left to strike. */
  #herd() {
    return this.#horses().length >= HERD
  }

  /** The store can be struck again when it is back. */
  #strikeOnce(hazard) {
    const dice = this.#random()
    if (this.#busyHazards.has(hazard)) return
    this.#busyHazards.add(hazard)
    this.#await(hazard.strike(dice).then(() => this.#busyHazards.delete(hazard)))
  }

  #await(promise) {
    this.#pending.add(promise)
    void promise.then(() => this.#pending.delete(promise))
  }

  #kill(what, pid) {
    if (pid === undefined) return
    const at = Date.now()
    if (send(pid, 'SIGKILL')) this.#casualties.add(what, pid, at)
  }

  /** Stands still until long after its lease: its jobs run elsewhere, and then it wakes up. */
  #hold(pid) {
    if (pid === undefined || isStopped(pid)) return
    const at = Date.now()
    if (!send(pid, 'SIGSTOP')) return
    this.#casualties.add('stop', pid, at)
    this.#await(setTimeout(LEASE_MS * 2.5).then(() => send(pid, 'SIGCONT')))
  }
}

function zygotesOf({ pid }) {
  return childrenOf(pid)
}

/** False where there is no such process any more. */
function send(pid, signal) {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
    return false
  }
}

function isStopped(pid) {
  try {
    return / T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
