import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { childrenOf, LEASE_MS } from './fleet.mjs'

/** Kills what a seed says, and writes down what it has killed. */
export class Killer {
  #random
  #fleet
  #producer
  #stopped = []
  /** Pid of each victim, with what it was. */
  victims = new Map()
  counts = { horse: 0, zygote: 0, supervisor: 0, producer: 0, stop: 0 }

  constructor({ random, fleet, producer }) {
    this.#random = random
    this.#fleet = fleet
    this.#producer = producer
  }

  async rage(ms) {
    const end = Date.now() + ms
    while (Date.now() < end) {
      await setTimeout(100 + this.#random() * 400)
      this.#strike()
    }
    await Promise.all(this.#stopped)
  }

  #strike() {
    const dice = this.#random()
    if (dice < 0.06) return this.#kill('producer', this.#producer.pid)
    const { alive } = this.#fleet
    if (alive.length === 0) return
    const member = alive[Math.floor(this.#random() * alive.length)]
    const supervisor = member.process.pid
    if (dice < 0.16) return this.#kill('supervisor', supervisor)
    if (dice < 0.24) return this.#hold(supervisor)
    const zygotes = childrenOf(supervisor)
    if (zygotes.length === 0) return
    const zygote = zygotes[Math.floor(this.#random() * zygotes.length)]
    if (dice < 0.36) return this.#kill('zygote', zygote)
    const horses = childrenOf(zygote)
    if (horses.length > 0) this.#kill('horse', horses[Math.floor(this.#random() * horses.length)])
  }

  #kill(what, pid) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
      return
    }
    this.counts[what]++
    this.victims.set(pid, what)
  }

  /** Stands still until long after its lease: its jobs run elsewhere, and then it wakes up. */
  #hold(pid) {
    if (isStopped(pid)) return
    try {
      process.kill(pid, 'SIGSTOP')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
      return
    }
    this.counts.stop++
    this.victims.set(pid, 'stop')
    const wake = async () => {
      await setTimeout(LEASE_MS * 2.5)
      try {
        process.kill(pid, 'SIGCONT')
      } catch (error) {
        if (error.code !== 'ESRCH') throw error
      }
    }
    this.#stopped.push(wake())
  }
}

function isStopped(pid) {
  try {
    return / T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
