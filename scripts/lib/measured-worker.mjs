import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { childrenOf, titleOf } from './processes.mjs'
import { root } from './root.mjs'

/** A worker of the command line, in fork mode, of which one knows the zygote. */
export class MeasuredWorker {
  #process
  /** Resolves when it takes jobs. */
  ready
  /** Pid of the zygote that forks. */
  zygote

  constructor(cwd, url, modules) {
    const flags = ['worker', '--broker', url, ...modules.flatMap((module) => ['--jobs-file', module])]
    this.#process = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...flags, '--isolation', 'fork'], {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.ready = new Promise((resolve, reject) => {
      const lines = createInterface({ input: this.#process.stderr })
      lines.on('line', (line) => this.#hear(line, resolve))
      this.#process.once('exit', () => reject(new Error(`the worker left: ${this.#last}`)))
      // Later it may be killed as often as one likes.
      this.#process.once('error', reject)
    })
    this.ready.catch(() => {})
  }

  #last = ''

  #hear(line, ready) {
    this.#last = line
    if (!line.startsWith('{')) return
    const { event, zygote } = JSON.parse(line)
    if (event === 'zygote.ready' || event === 'zygote.succeeded') this.zygote = zygote
    if (event === 'worker.ready') ready()
  }

  /** Pid of the one that stands by to be the zygote. */
  heir() {
    return childrenOf(this.zygote).find((pid) => titleOf(pid).startsWith('workhorse: zygote, standing by'))
  }

  hasHeir() {
    return this.heir() !== undefined
  }

  kill() {
    this.#process.kill('SIGKILL')
  }

  async end() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.kill()
    await ended
  }
}
