import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** A command, and its own arguments, that starts it. */
  readonly under?: readonly string[]
  /** Standard input; empty by default. */
  readonly input?: string
  /** After this long the process is killed, and the test fails. */
  readonly timeoutMs?: number
}

export interface CliExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command of the built `workhorse` to its end. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliExit> {
  const cli = startCli(args, options)
  const { timeoutMs = 20_000 } = options
  const timer = setTimeout(() => cli.kill('SIGKILL'), timeoutMs)
  const exit = await cli.exited
  clearTimeout(timer)
  if (exit.signal === 'SIGKILL') {
    throw new Error(`workhorse ${args.join(' ')} had not ended after ${timeoutMs} ms\n${exit.stdout}\n${exit.stderr}`)
  }
  return exit
}

/** As runCli, for a command that must succeed; resolves to what it printed. */
export async function printed(args: readonly string[], options: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, options)
  if (code !== 0) throw new Error(`workhorse ${args.join(' ')} left with ${code}\n${stdout}\n${stderr}`)
  return stdout.trimEnd()
}

/** As printed, parsed. */
export async function printedJson<T>(args: readonly string[], options: CliOptions): Promise<T> {
  return JSON.parse(await printed([...args, '--json'], options)) as T
}

/** Starts a command that goes on; whatever is left of it at the end of the test is killed. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const cli = new RunningCli(args, options)
  onTestFinished(async () => {
    cli.kill('SIGKILL')
    await cli.exited
  })
  return cli
}

export class RunningCli {
  readonly exited: Promise<CliExit>
  readonly #process: ChildProcess
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], { cwd, env, input, under = [] }: CliOptions) {
    const [command, ...rest] = [...under, process.execPath, MAIN, ...args] as [string, ...string[]]
    this.#process = spawn(command, rest, { cwd, env: environment(cwd, env) })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#process.stdin?.end(input ?? '')
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }

  get pid(): number {
    return this.#process.pid as number
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The log so far, parsed: whole lines. */
  get log(): readonly LogLine[] {
    const lines = this.#stderr.split('\n').slice(0, -1)
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine)
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Resolves when `pattern` was printed, to stdout or stderr. */
  async waitForOutput(pattern: string | RegExp, timeoutMs = 15_000): Promise<void> {
    const holds =
      typeof pattern === 'string' ? (text: string) => text.includes(pattern) : (text: string) => pattern.test(text)
    await eventually(
      () => {
        if (holds(this.#stdout) || holds(this.#stderr)) return
        throw new Error(`waited for ${pattern}, and this was printed:\n${this.#stdout}\n${this.#stderr}`)
      },
      { timeoutMs },
    )
  }

  /** Resolves to the first log line of an event. */
  async waitForEvent(event: string, timeoutMs = 15_000): Promise<LogLine> {
    await this.waitForOutput(new RegExp(`"event":"${event}".*\n`), timeoutMs)
    return this.log.find((line) => line.event === event) as LogLine
  }
}

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly event?: string
  readonly pid: number
  readonly crew?: number
  readonly job?: string
  readonly id?: string
  readonly [field: string]: unknown
}

/** Nothing of the machine's own configuration, and a home that is the test's. */
function environment(cwd: string, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(WORKHORSE(?!_TEST_RUN)|REDIS_URL|VITEST|NODE_OPTIONS|FORCE_COLOR|NO_COLOR)/.test(name),
  )
  return { ...Object.fromEntries(own), HOME: join(cwd), ...env }
}

/** Whether a process is there and no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/^\d+ \(.*\) Z/.test(stat)
}

/** Fails where one of them goes on. Who dies with its parent does so a moment after it. */
export async function expectGone(pids: readonly number[], timeoutMs = 2000): Promise<void> {
  await eventually(
    async () => {
      for (const pid of pids) if (await isAlive(pid)) throw new Error(`process ${pid} is still there`)
    },
    { timeoutMs },
  )
}

/** Pids of a process's children, however deep. */
export async function descendants(pid: number): Promise<number[]> {
  const { readdir, readFile } = await import('node:fs/promises')
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = new Map<number, number>()
  for (const one of pids) {
    const stat = await readFile(`/proc/${one}/stat`, 'utf8').catch(() => '')
    const parent = /^\d+ \(.*\) \S (\d+)/.exec(stat)?.[1]
    if (parent !== undefined) parents.set(one, Number(parent))
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one)
    return parent !== undefined && (parent === pid || isBelow(parent))
  }
  return pids.filter(isBelow)
}
