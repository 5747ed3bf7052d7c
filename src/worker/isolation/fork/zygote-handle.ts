import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ZygoteBootError } from '../../../errors.ts'
import { FrameReader } from './frames.ts'
import type { ForkInspection } from './inspection.ts'
import { addPacking } from './memory-packing.ts'
import { type BootReport, PROTOCOL, type ZygoteCommand, type ZygoteNotice, type ZygoteOptions } from './messages.ts'
import type { Native } from './native.ts'
import type { Offspring } from './offspring.ts'
import { OutputFile } from './output-file.ts'

export interface ZygoteEvents {
  forked(notice: Extract<ZygoteNotice, { type: 'forked' }>): void
  forkFailed(notice: Extract<ZygoteNotice, { type: 'fork-failed' }>): void
  exited(notice: Extract<ZygoteNotice, { type: 'exited' }>): void
  reapFailed(notice: Extract<ZygoteNotice, { type: 'reap-failed' }>): void
  /** The zygote is gone, after or before it was ready. Its horses go with it. */
  died(end: string): void
  output(stream: 'stdout' | 'stderr', text: string): void
  /** Only of a trial, that then leaves. */
  inspected?(inspection: ForkInspection): void
}

export interface ZygoteLaunch extends ZygoteOptions {
  /** Additional flags for Node, for example `--max-old-space-size=512`. */
  readonly nodeFlags: readonly string[]
  readonly bootTimeoutMs: number
  /** Environment variables that a job must not see, such as the broker's URL. */
  readonly hiddenEnv: readonly string[]
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
const OUTPUT_INTERVAL_MS = 100
const SIGKILL = 9

/** The supervisor's view of a zygote: starts it, commands it, hears it, notices its death. */
export class ZygoteHandle {
  readonly #native: Native
  readonly #launch: ZygoteLaunch
  readonly #events: ZygoteEvents
  readonly #stdout: OutputFile
  readonly #stderr: OutputFile
  readonly #process: ChildProcess
  readonly #commands: number
  readonly #ready: Promise<BootReport>
  #resolveReady!: (report: BootReport) => void
  #rejectReady!: (error: Error) => void
  #bootError: ZygoteBootError | undefined
  #gone = false

  constructor(native: Native, launch: ZygoteLaunch, events: ZygoteEvents) {
    this.#native = native
    this.#launch = launch
    this.#events = events
    this.#stdout = new OutputFile(native, 'workhorse-zygote-stdout')
    this.#stderr = new OutputFile(native, 'workhorse-zygote-stderr')
    this.#ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    const [commands, theirCommands] = native.socketPair('seqpacket')
    const [notices, theirNotices] = native.socketPair('stream')
    this.#commands = commands
    this.#process = this.#spawn(theirCommands, theirNotices)
    closeSync(theirCommands)
    closeSync(theirNotices)
    this.#listen(notices)
    this.#boot()
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Resolves when the zygote can fork. @throws ZygoteBootError saying what preload did */
  ready(): Promise<BootReport> {
    return this.#ready
  }

  /** Ask for a horse or a pool child; `forked` or `forkFailed` follows. */
  fork(offspring: Offspring): void {
    offspring.ordered = true
    this.#send({ type: 'fork', horse: offspring.number }, offspring.descriptors)
  }

  kill(horse: number): void {
    this.#send({ type: 'kill', horse })
  }

  /** Whether horses from now on are going to be sampled. */
  keepSamplerReady(ready: boolean): void {
    this.#send({ type: 'sampler', ready })
  }

  /** Ends the zygote and with it all of its horses. Resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#gone) return
    const gone = new Promise<void>((resolve) => this.#process.once('close', () => resolve()))
    this.#process.kill('SIGKILL')
    await gone
  }

  #spawn(commands: number, notices: number): ChildProcess {
    const env = { ...process.env }
    for (const name of this.#launch.hiddenEnv) delete env[name]
    addPacking(env)
    // A session of its own: Ctrl-C at a terminal is for the supervisor, which lets jobs finish.
    return spawn(process.execPath, [...FORK_FLAGS, ...HUGE_TEXT_FLAG, ...this.#launch.nodeFlags, ENTRY], {
      stdio: ['ignore', this.#stdout.descriptor, this.#stderr.descriptor, commands, notices],
      detached: true,
      env,
    })
  }

  #listen(notices: number): void {
    const reader = new FrameReader<ZygoteNotice>()
    const socket = new Socket({ fd: notices, readable: true, writable: false })
    socket.on('data', (chunk: Buffer) => {
      for (const { header } of reader.push(chunk)) this.#hear(header)
    })
    // Followed by `close`.
    socket.on('error', () => {})
    const output = setInterval(() => this.#drainOutput(), OUTPUT_INTERVAL_MS)
    output.unref()
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    this.#process.once('error', (error) => {
      clearInterval(output)
      this.#bury(`it could not be started: ${error.message}`)
    })
    this.#process.once('exit', (code, signal) => {
      clearInterval(output)
      // All notices that it had written are heard before its death is.
      void closed.then(() => this.#bury(signal ? `it was ended by ${signal}` : `it left with exit code ${code}`))
    })
  }

  #boot(): void {
    const { modules, freeze, ballastMb, bootTimeoutMs } = this.#launch
    const { witness = false, sampler = false, inspect = false } = this.#launch
    const options = { modules, freeze, ballastMb, witness, sampler, inspect }
    this.#send({ type: 'boot', protocol: PROTOCOL, options })
    const timer = setTimeout(() => {
      this.#bootError = new ZygoteBootError(
        `the zygote was not ready after ${bootTimeoutMs} ms: preload or warmUp hangs, or takes longer than bootTimeout allows`,
      )
      this.#process.kill('SIGKILL')
    }, bootTimeoutMs)
    const disarm = (): void => clearTimeout(timer)
    this.#ready.then(disarm, disarm)
  }

  #send(command: ZygoteCommand, descriptors: readonly number[] = []): void {
    if (this.#gone) return
    try {
      this.#native.sendPacket(this.#commands, Buffer.from(JSON.stringify(command)), descriptors)
    } catch (error) {
      const { code } = error as { code?: string }
      // A dead zygote: its `exit` event is on the way and settles everything that was asked of it.
      if (code !== 'EPIPE' && code !== 'ECONNRESET' && code !== 'ENOTCONN') throw error
    }
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
      case 'forked':
        return this.#events.forked(notice)
      case 'fork-failed':
        return this.#events.forkFailed(notice)
      case 'reap-failed':
        return this.#events.reapFailed(notice)
      case 'exited':
        return this.#events.exited(notice)
    }
  }

  #bury(end: string): void {
    if (this.#gone) return
    this.#gone = true
    // What preload may have spawned lives in the zygote's group; horses have groups of their own.
    if (this.#process.pid !== undefined) this.#native.killGroup(this.#process.pid, SIGKILL)
    this.#drainOutput()
    const said = this.#stderr.tail.trim()
    this.#rejectReady(
      this.#bootError ?? new ZygoteBootError(`the zygote died before it was ready: ${end}${said ? `\n${said}` : ''}`),
    )
    // Nobody may be waiting for it any more.
    this.#ready.catch(() => {})
    this.#stdout.close()
    this.#stderr.close()
    closeSync(this.#commands)
    this.#events.died(end)
  }

  #drainOutput(): void {
    const stdout = this.#stdout.read()
    const stderr = this.#stderr.read()
    if (stdout !== '') this.#events.output('stdout', stdout)
    if (stderr !== '') this.#events.output('stderr', stderr)
  }
}

function refusal(leftovers: readonly string[]): string {
  const list = leftovers.map((leftover) => `  - ${leftover}`).join('\n')
  return `preload left open what must not be forked:\n${list}\nOpen it in afterFork() or in the job instead, or close it before preload ends`
}
