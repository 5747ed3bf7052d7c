import { spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { root } from '../root.mjs'

const MODES = ['fork', 'pool', 'inline']
/** Longer than a job, shorter than a stop of the killer's. */
export const LEASE_MS = 2000
const DRAIN_MS = 120_000

/** Workers in all modes; one that dies is started again. Knows which zygote was whose. */
export function startFleet(place, size) {
  return new Fleet(place, size)
}

class Fleet {
  #place
  #members
  #stopping = false
  /** Pid of each zygote there ever was, with its supervisor's. */
  #supervisors = new Map()
  warnings = { refused: 0, leaseLost: 0, reclaimed: 0, poisoned: 0 }

  constructor(place, size) {
    this.#place = place
    this.#members = Array.from({ length: size }, (_, n) => this.#start(MODES[n % MODES.length], n))
  }

  get alive() {
    return this.#members.filter(
      ({ process, ready }) => ready && process.exitCode === null && process.signalCode === null,
    )
  }

  async ready() {
    while (this.alive.length < this.#members.length) await setTimeout(20)
  }

  /** The supervisor of a process: itself, its parent, or its zygote's. */
  supervisorOf({ pid, parent }) {
    if (this.#supervisors.has(pid)) return this.#supervisors.get(pid)
    return this.#supervisors.get(parent) ?? parent
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
    const ended = this.#members.map(({ process }) => new Promise((resolve) => process.once('exit', resolve)))
    for (const { process } of this.#members) process.kill('SIGTERM')
    await Promise.all(ended)
  }

  /** Their zygotes, horses and pool children end with them. */
  abort() {
    this.#stopping = true
    for (const { process } of this.#members) process.kill('SIGKILL')
  }

  #start(mode, number) {
    const { folder, url, ledger } = this.#place
    const flags = ['worker', '--broker', url, '--jobs-file', join(root, 'scripts/lib/chaos/jobs.mjs')]
    const more = ['--isolation', mode, '--concurrency', '3', '--lease', `${LEASE_MS}ms`]
    const worker = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...flags, ...more], {
      cwd: folder,
      env: { ...process.env, CHAOS_LEDGER: ledger },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const member = { mode, process: worker, ready: false }
    const log = createWriteStream(join(folder, 'logs', `${number}-${worker.pid}.log`))
    let rest = ''
    worker.stderr.setEncoding('utf8').on('data', (text) => {
      log.write(text)
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) if (line.startsWith('{')) this.#hear(member, JSON.parse(line))
    })
    worker.once('exit', () => {
      log.end()
      if (!this.#stopping) this.#members[number] = this.#start(mode, number)
    })
    return member
  }

  #hear(member, { event, zygote }) {
    if (event === 'worker.ready') member.ready = true
    if (event === 'zygote.ready') this.#supervisors.set(zygote, member.process.pid)
    if (event === 'outcome.refused') this.warnings.refused++
    if (event === 'lease.lost') this.warnings.leaseLost++
    if (event === 'job.reclaimed') this.warnings.reclaimed++
    if (event === 'job.poisoned') this.warnings.poisoned++
  }
}

/** Child processes of a process, the direct ones. */
export function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
