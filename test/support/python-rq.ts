import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, onTestFinished } from 'vitest'
import { type Newer, newer } from './newer.ts'
import { PythonInterpreter } from './python-interpreter.ts'
import type { RedisServer } from './redis-server.ts'

/** Debian's, whatever other Python comes first on the path. */
const PYTHON = '/usr/bin/python3'

/** What every script finds: the connection, the queues in both serializers, and the functions of `tasks`. */
const PRELUDE = `
import json, sys, time
from datetime import datetime, timedelta
from redis import Redis
import rq
from rq import Queue, Retry, Worker
from rq.job import Job
from rq.serializers import JSONSerializer, DefaultSerializer
connection = Redis(unix_socket_path=SOCKET)
def queue(name='default', serializer=JSONSerializer):
    return Queue(name, connection=connection, serializer=serializer)
def fetch(id, serializer=JSONSerializer):
    return Job.fetch(id, connection=connection, serializer=serializer)
`

/** Functions that a Python worker can import. */
const TASKS = `
import time
def add(a, b=0): return a + b
def fail(message): raise ValueError(message)
def nothing(): return None
def sleep(seconds): time.sleep(seconds)
def record(job, connection, *rest): connection.rpush('seen', job.id)
`

/** One RQ that can be tested against, or why it cannot. */
export interface RqVersion {
  readonly name: string
  /** 1 or 2. */
  readonly major: number
  /** Where it is, where it is not this machine's own. */
  readonly path?: string
  readonly missing?: string
}

/** Debian stable's, the next one's, and the newest. */
export const RQ_VERSIONS: readonly RqVersion[] = [
  { name: 'RQ 1.13', major: 1 },
  toVersion('RQ of trixie', newer('rq-trixie')),
  toVersion('RQ of sid', newer('rq-sid')),
]

function toVersion(name: string, found: Newer): RqVersion {
  if (found.path === undefined) return { name, major: 2, missing: found.reason }
  return { name: `RQ ${found.version}`, major: 2, path: found.path }
}

/** The same with the oldest and the newest RQ; with those in between where `WORKHORSE_TEST_RQ` is `all`. */
export function describeRq(name: string, body: (version: RqVersion) => void): void {
  const between = process.env['WORKHORSE_TEST_RQ'] === 'all'
  for (const version of RQ_VERSIONS.filter((one, index) => between || index === 0 || one === RQ_VERSIONS.at(-1))) {
    if (version.missing === undefined) describe(`${name}, ${version.name}`, () => body(version))
    else it.skip(`${name}, ${version.name}: ${version.missing}`)
  }
}

/** Python with RQ, working on a test's server. */
export class PythonRq {
  readonly #server: RedisServer
  readonly #version: RqVersion
  readonly #folder: string

  constructor(server: RedisServer, version: RqVersion = RQ_VERSIONS[0] as RqVersion) {
    this.#server = server
    this.#version = version
    this.#folder = join(server.folder, 'python')
    mkdirSync(this.#folder, { recursive: true })
    writeFileSync(join(this.#folder, 'tasks.py'), TASKS)
  }

  /** Runs a script to its end; what it gave to `answer` last. */
  async run<T>(script: string): Promise<T> {
    const text = `SOCKET = ${JSON.stringify(this.#server.socket)}\n${PRELUDE}\n${dedent(script)}\n`

    return (await PythonInterpreter.shared(this.#version.name, () => this.#interpreter()).run(text)) as T
  }

  /** Runs `rq` with this server, to its end; what it printed. */
  async rq(...args: string[]): Promise<string> {
    const url = `unix://${this.#server.socket}`
    return this.#collect(this.#spawn(['-m', 'rq.cli', args[0] ?? 'info', '--url', url, ...args.slice(1)]))
  }

  /** Starts `rq worker`; it is gone at the end of the test. */
  startWorker(...args: string[]): ChildProcess {
    const child = this.#spawn(['-m', 'rq.cli', 'worker', '--url', `unix://${this.#server.socket}`, ...args])
    child.stdout?.resume()
    child.stderr?.resume()
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('close', resolve))
      // Its horse lives in a session of its own. Asked a second time, a second later, it takes the horse along.
      child.kill('SIGTERM')
      const again = setTimeout(() => child.kill('SIGTERM'), 1500)
      const force = setTimeout(() => child.kill('SIGKILL'), 8000)
      await ended
      clearTimeout(again)
      clearTimeout(force)
    })
    return child
  }

  /** It outlives the server, so it is not in its folder. */
  #interpreter(): ChildProcess {
    return this.#spawn(['-c', PythonInterpreter.LOOP], { cwd: tmpdir(), stdin: 'pipe' })
  }

  #spawn(args: readonly string[], { cwd = this.#folder, stdin = 'ignore' as 'ignore' | 'pipe' } = {}): ChildProcess {
    const { path } = this.#version
    const folders = path === undefined ? this.#folder : `${this.#folder}:${path}`
    const env = { ...process.env, PYTHONPATH: folders, PYTHONWARNINGS: 'ignore', LC_ALL: 'C.UTF-8' }
    return spawn(PYTHON, args, { cwd, env, stdio: [stdin, 'pipe', 'pipe'] })
  }

  async #collect(child: ChildProcess): Promise<string> {
    let output = ''
    let errors = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    if (code !== 0) throw new Error(`python left with ${code}\n${output}\n${errors}`)
    return output
  }
}

function dedent(text: string): string {
  const lines = text.split('\n').filter((line, index) => index > 0 || line.trim() !== '')
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return lines.map((line) => line.slice(indent)).join('\n')
}
