import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RedisServer } from './redis-server.ts'

/** Debian's, whatever other Python comes first on the path. */
const PYTHON = '/usr/bin/python3'

/** What every script finds: the connection, the queues in both serializers, and the functions of `tasks`. */
const PRELUDE = `
import json, sys, time
from datetime import datetime, timedelta
from redis import Redis
from rq import Queue, Retry, Worker
from rq.job import Job
from rq.serializers import JSONSerializer, DefaultSerializer
connection = Redis(unix_socket_path=SOCKET)
def queue(name='default', serializer=JSONSerializer):
    return Queue(name, connection=connection, serializer=serializer)
def fetch(id, serializer=JSONSerializer):
    return Job.fetch(id, connection=connection, serializer=serializer)
def answer(value):
    print(json.dumps(value))
`

/** Functions that a Python worker can import. */
const TASKS = `
import time
def add(a, b=0): return a + b
def fail(message): raise ValueError(message)
def nothing(): return None
def sleep(seconds): time.sleep(seconds)
`

/** Python with RQ, working on a test's server. */
export class PythonRq {
  readonly #server: RedisServer
  readonly #folder: string

  constructor(server: RedisServer) {
    this.#server = server
    this.#folder = join(server.folder, 'python')
    mkdirSync(this.#folder, { recursive: true })
    writeFileSync(join(this.#folder, 'tasks.py'), TASKS)
  }

  /** Runs a script to its end; what it gave to `answer` last. */
  async run<T>(script: string): Promise<T> {
    const text = `SOCKET = ${JSON.stringify(this.#server.socket)}\n${PRELUDE}\n${dedent(script)}\n`
    const output = await this.#collect(this.#spawn(['-c', text]))
    return JSON.parse(output.trim().split('\n').at(-1) ?? 'null') as T
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

  #spawn(args: readonly string[]): ChildProcess {
    const env = { ...process.env, PYTHONPATH: this.#folder, PYTHONWARNINGS: 'ignore', LC_ALL: 'C.UTF-8' }
    return spawn(PYTHON, args, { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
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
