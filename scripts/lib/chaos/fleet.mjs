import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { childrenOf, titleOf } from '../processes.mjs'
import { root } from '../root.mjs'

const MODES = ['fork', 'pool', 'inline']
const SLOTS = 3
const LOOK_MS = 100
/** Longer than a job, shorter than a stop of the killer's. */
export const LEASE_MS = 2000
const DRAIN_MS = 120_000
const EVENTS = ['outcome.refused', 'lease.lost', 'job.reclaimed', 'job.poisoned', 'broker.failed', 'worker.broken']

/** Workers in all modes; one that dies is started again. Knows which zygote was whose. */
export class Fleet {
  #place
  #members
  #stopping = false
  /** Of each process number, the zygotes that had it. */
  #zygotes = new Map()
  /** What workers have said, and how often. */
  said = Object.fromEntries(EVENTS.map((event) => [event, 0]))
  /** When which job was taken back because its lease had run out: times by id, as workers have said. */
  #reclaims = new Map()
  /** What those have said last that left by themselves. */
  left = []
  /** Jobs that a worker of the pool had beyond its slots, at most, as far as was seen. */
  mostAhead = 0

  constructor(place, size) {
    this.#place = place
    this.#members = Array.from({ length: size }, (_, n) => this.#start(MODES[n % MODES.length], n))
  }

  get alive() {
    return this.#members.filter(({ ready, gone }) => ready && !gone)
  }

  async ready() {
    while (this.alive.length < this.#members.length) await setTimeout(20)
  }

  /** The process, its zygote and its supervisor, as far as it has them. */
  familyOf({ pid, parent, at }) {
    const zygote = this.#zygotes.get(parent)?.findLast(({ since }) => since <= at)
    return zygote === undefined ? [pid, parent] : [pid, parent, zygote.supervisor]
  }

  wasReclaimed(id, from, to) {
    return (this.#reclaims.get(id) ?? []).some((at) => at >= from && at <= to)
  }

  /** Looks from time to time how many jobs a worker has beyond those that it can run. @returns how to look no more */
  watchAhead(broker) {
    const look = async () => {
      try {
        const { jobs } = await broker.jobList({ state: 'started', limit: 500 })
        const held = new Map()
        for (const { worker } of jobs) held.set(worker, (held.get(worker) ?? 0) + 1)
        for (const count of held.values()) this.mostAhead = Math.max(this.mostAhead, count - SLOTS)
      } catch (error) {
        // The store is away now and then, as it should be.
        if (error.code !== 'WORKHORSE_BROKER_UNAVAILABLE') throw error
      }
    }
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }

  /** Resolves when no job waits or runs any more. */
  async drained(broker) {
    const deadline = Date.now() + DRAIN_MS
    for (;;) {
      const counts = (await broker.queueList()).map(({ counts }) => counts)
      const open = counts.reduce(
        (sum, { queued, started, scheduled, deferred }) => sum + queued + started + scheduled + deferred,
        0,
      )
      if (open === 0) return
      if (Date.now() > deadline) throw new Error(`${open} jobs are still open ${DRAIN_MS / 1000} s after the last kill`)
      await setTimeout(50)
    }
  }

  async stop() {
    this.#stopping = true
    const ended = this.#members.map(({ gone, process }) => !gone && new Promise((done) => process.once('close', done)))
    for (const { process } of this.#members) process.kill('SIGTERM')
    await Promise.all(ended)
  }

  /** Their zygotes, horses and pool children end with them. */
  abort() {
    this.#stopping = true
    for (const { process } of this.#members) process.kill('SIGKILL')
  }

  #start(mode, number) {
    const { folder, store, ledger } = this.#place
    const flags = ['worker', '--broker', store.url, '--jobs-file', join(root, 'scripts/lib/chaos/jobs.mjs')]
    const more = ['--isolation', mode, '--concurrency', String(SLOTS), '--lease', `${LEASE_MS}ms`]
    const worker = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...flags, ...more], {
      cwd: folder,
      env: { ...process.env, CHAOS_LEDGER: ledger, CHAOS_EFFECTS: store.effects },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const member = { mode, pid: worker.pid, process: worker, ready: false, gone: false, last: '' }
    const log = createWriteStream(join(folder, 'logs', `${number}-${worker.pid}.log`))
    let rest = ''
    worker.stderr.setEncoding('utf8').on('data', (text) => {
      log.write(text)
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) this.#hear(member, line)
    })
    worker.once('exit', () => {
      member.gone = true
    })
    worker.once('close', (code) => {
      log.end()
      if (code !== null && !this.#stopping) this.left.push(`${mode} left with ${code}: ${member.last}`)
      if (!this.#stopping) this.#members[number] = this.#start(mode, number)
    })
    return member
  }

  #hear(member, line) {
    const { event, zygote, msg, time, id } = line.startsWith('{') ? JSON.parse(line) : { msg: line }
    if (event === 'worker.ready') member.ready = true
    if (event === 'zygote.ready' || event === 'zygote.succeeded') {
      this.#note(zygote, { supervisor: member.pid, since: Date.parse(time) })
    }
    if (event === 'zygote.succeeded') member.heir = zygote
    if (event in this.said) this.said[event]++
    if (event === 'job.reclaimed') this.#reclaims.set(id, [...(this.#reclaims.get(id) ?? []), Date.parse(time)])
    // Why one leaves by itself: what it says without an event, at its very end, or that no job can run any more.
    if (event === undefined || event === 'worker.broken') member.last = msg
  }

  #note(zygote, life) {
    if (!this.#zygotes.has(zygote)) this.#zygotes.set(zygote, [])
    this.#zygotes.get(zygote).push(life)
  }
}

/** Zygotes of a member: its children, and the heir that reigns, which is no child of its any more. */
export function zygotesOf({ pid, heir }) {
  const isZygote = heir !== undefined && titleOf(heir).startsWith('workhorse: zygote')
  return isZygote ? [...childrenOf(pid), heir] : childrenOf(pid)
}
