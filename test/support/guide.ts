import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type RunningCli, startCli } from './cli.ts'
import { createProject } from './project.ts'

/** Pages as their readers follow them: files to write, commands to type. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGE_NAME = 'workhorse'

export interface Block {
  readonly language: string
  readonly text: string
  /** Named by a comment in its first line. */
  readonly file: string | undefined
}

/** A file of this repository. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
    file: /^\/\/ (\S+\.ts)\n/.exec(text)?.[1],
  }))
}

/** An empty project in which workhorse is installed, as npm would do it. */
export async function installInto(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await createProject(files)
  const bin = join(folder, 'node_modules', '.bin')
  await mkdir(bin)
  await symlink(join(ROOT, 'dist', 'cli', 'main.js'), join(bin, 'workhorse'))
  await symlink(join(ROOT, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs'), join(bin, 'jiti'))
  return folder
}

/** The reader's terminals: one for the worker, which a new one replaces, and one for everything else. */
export class Terminals {
  readonly #folder: string
  readonly #prints: Readonly<Record<string, RegExp>>
  #worker: RunningCli | undefined

  /** @param prints what a command must print */
  constructor(folder: string, prints: Readonly<Record<string, RegExp>>) {
    this.#folder = folder
    this.#prints = prints
  }

  async run(command: string): Promise<void> {
    if (command === `npm install ${PACKAGE_NAME}`) return
    const worker = /^npx workhorse (workers? .*|worker)$/.exec(command)?.[1]
    if (worker !== undefined && !worker.includes('--burst')) return this.#startWorker(worker.split(' '))
    const { code, output } = await this.#runToEnd(command)
    expect(code, `${command}\n${output}`).toBe(0)
    const expected = this.#prints[command]
    if (expected !== undefined) expect(output, command).toMatch(expected)
  }

  async #startWorker(args: readonly string[]): Promise<void> {
    await this.leave()
    this.#worker = startCli(args, { cwd: this.#folder })
    await this.#worker.waitForEvent(`${args[0]}.ready`, 60_000)
  }

  /** Ctrl-C in the worker's terminal. */
  async leave(): Promise<void> {
    this.#worker?.kill('SIGINT')
    const exit = await this.#worker?.exited
    if (exit !== undefined) expect(exit.code, exit.stderr).toBe(0)
    this.#worker = undefined
  }

  /** npx looks into node_modules/.bin first; so does this, and nowhere else. */
  async #runToEnd(command: string): Promise<{ code: number | null; output: string }> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|WORKHORSE_BROKER)/.test(name))
    const folders = [join(this.#folder, 'node_modules', '.bin'), dirname(process.execPath), process.env['PATH']]
    const PATH = folders.join(delimiter)
    const env = { ...Object.fromEntries(kept), PATH, HOME: this.#folder }
    const shell = spawn('sh', ['-c', command.replaceAll('npx ', '')], { cwd: this.#folder, env, timeout: 60_000 })
    let output = ''
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    shell.stdin.end()
    const code = await new Promise<number | null>((resolve) => shell.once('close', resolve))
    return { code, output }
  }
}
