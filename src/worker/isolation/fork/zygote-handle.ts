import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ZygoteBootError } from '../../../errors.ts'
import type { ForkInspection } from './inspection.ts'
import { addPacking } from './memory-packing.ts'
import { type BootReport, PROTOCOL, type ZygoteNotice, type ZygoteOptions } from './messages.ts'
import type { Native } from './native.ts'
import { hearOffspring, type Zygote, type ZygoteEvents, type ZygoteOrders } from './zygote.ts'
import { ZygoteLine } from './zygote-line.ts'

export interface BootingEvents extends ZygoteEvents {
  /** Only of a trial, that then leaves. */
  inspected?(inspection: ForkInspection): void
}

export interface ZygoteLaunch extends ZygoteOptions {
  /** Additional flags for Node, for example `--max-old-space-size=512`. */
  readonly nodeFlags: readonly string[]
  readonly bootTimeoutMs: number
  /** Environment variables that a job must not see, such as the broker's URL. */
  readonly hiddenEnv: readonly string[]
  /** A copy of the zygote stands by, to take its place when it dies. Default true, but for one that witnesses. */
  readonly heir?: boolean
  /** For tests: before each try to boot another in place of one that died. Default up to 5 s. */
  readonly restartDelaysMs?: readonly number[]
}

/**
 * - The first two are what makes fork(2) safe at all.
 * - What preload and warm-up have compiled stays compiled, and what they have loaded is compiled whole:
 *   a horse would have to compile it again, every time.
 * - WebAssembly is optimised when it is compiled, not later: optimising later leaves tasks with the platform's thread,
 *   which a horse does not have, and a worker thread that ends by itself would wait for them for ever.
 * - Node's own code in huge pages: a horse need not fault it in, page by page. Node 26 has dropped the flag.
 */
const FORK_FLAGS = [
  '--single-threaded',
  '--v8-pool-size=0',
  '--no-flush-bytecode',
  '--no-lazy',
  '--no-wasm-dynamic-tiering',
]
const HUGE_TEXT_FLAG = Number(process.versions.node.split('.')[0]) < 26 ? ['--use-largepages=silent'] : []
/** Beside this module, compiled or not. */
const ENTRY = fileURLToPath(new URL(`./zygote-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
const SIGKILL = 9

/** The supervisor's view of a zygote that it has spawned: starts it, commands it, hears it, notices its death. */
export class ZygoteHandle implements Zygote {
  readonly #native: Native
  readonly #launch: ZygoteLaunch
  readonly #events: BootingEvents
  readonly #line: ZygoteLine
  readonly #process: ChildProcess
  readonly #ready: Promise<BootReport>
  #resolveReady!: (report: BootReport) => void
  #rejectReady!: (error: Error) => void
  #bootError: ZygoteBootError | undefined
  #gone = false

  constructor(native: Native, launch: ZygoteLaunch, events: BootingEvents) {
    this.#native = native
    this.#launch = launch
    this.#events = events
    this.#ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    this.#line = new ZygoteLine(native, {
      hear: (notice) => this.#hear(notice),
      output: (stream, text) => events.output(stream, text),
    })
    this.#process = this.#spawn()
    this.#line.handOver()
    this.#awaitEnd()
    this.#boot()
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Resolves when the zygote can fork. @throws ZygoteBootError saying what preload did */
  ready(): Promise<BootReport> {
    return this.#ready
  }

  get orders(): ZygoteOrders {
    return this.#line
  }

  async close(): Promise<void> {
    if (this.#gone) return
    const gone = new Promise<void>((resolve) => this.#process.once('close', () => resolve()))
    this.#process.kill('SIGKILL')
    await gone
  }

  #spawn(): ChildProcess {
    const { commands, notices, stdout, stderr } = this.#line.ends
    const env = { ...process.env }
    for (const name of this.#launch.hiddenEnv) delete env[name]
    addPacking(env)
    // A session of its own: Ctrl-C at a terminal is for the supervisor, which lets jobs finish.
    return spawn(process.execPath, [...FORK_FLAGS, ...HUGE_TEXT_FLAG, ...this.#launch.nodeFlags, ENTRY], {
      stdio: ['ignore', stdout, stderr, commands, notices],
      detached: true,
      env,
    })
  }

  #awaitEnd(): void {
    this.#process.once('error', (error) => this.#bury(`it could not be started: ${error.message}`))
    this.#process.once('exit', (code, signal) => {
      // All notices that it had written are heard before its death is.
      const end = signal ? `it was ended by ${signal}` : `it left with exit code ${code}`
      void this.#line.ended.then(() => this.#bury(end))
    })
  }

  #boot(): void {
    const { modules, freeze, ballastMb, bootTimeoutMs } = this.#launch
    const { witness = false, sampler = false, inspect = false } = this.#launch
    const options = { modules, freeze, ballastMb, witness, sampler, inspect }
    this.#line.send({ type: 'boot', protocol: PROTOCOL, options })
    const timer = setTimeout(() => {
      this.#bootError = new ZygoteBootError(
        `the zygote was not ready after ${bootTimeoutMs} ms: preload or warmUp hangs, or takes longer than bootTimeout allows`,
      )
      this.#process.kill('SIGKILL')
    }, bootTimeoutMs)
    const disarm = (): void => clearTimeout(timer)
    this.#ready.then(disarm, disarm)
  }

  #hear(notice: ZygoteNotice): void {
    switch (notice.type) {
      case 'ready':
        return this.#resolveReady(notice.report)
      case 'boot-failed': {
        const { name, message, stack } = notice.failure
        this.#bootError = new ZygoteBootError(`${notice.stage} failed: ${name}: ${message}`, {
          cause: Object.assign(new Error(message), { name, stack }),
        })
        return
      }
      case 'inspected':
        return this.#events.inspected?.(notice.inspection)
      case 'refused':
        this.#bootError = new ZygoteBootError(refusal(notice.leftovers))
        return
      default:
        return hearOffspring(this.#events, notice)
    }
  }

  #bury(end: string): void {
    if (this.#gone) return
    this.#gone = true
    // What preload may have spawned lives in the zygote's group; horses have groups of their own.
    if (this.#process.pid !== undefined) this.#native.killGroup(this.#process.pid, SIGKILL)
    const said = this.#line.close()
    this.#rejectReady(
      this.#bootError ?? new ZygoteBootError(`the zygote died before it was ready: ${end}${said ? `\n${said}` : ''}`),
    )
    // Nobody may be waiting for it any more.
    this.#ready.catch(() => {})
    this.#events.died(end)
  }
}

function refusal(leftovers: readonly string[]): string {
  const list = leftovers.map((leftover) => `  - ${leftover}`).join('\n')
  return `preload left open what must not be forked:\n${list}\nOpen it in afterFork() or in the job instead, or close it before preload ends`
}
