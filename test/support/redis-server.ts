import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

export interface RedisServerOptions {
  /** Lines of redis.conf, beyond those that keep it in its folder. */
  readonly config?: readonly string[]
  /** Listen on a port of 127.0.0.1, too. */
  readonly tcp?: boolean
  /** It is a node of a cluster, and needs a second port. */
  readonly clusterBus?: boolean
  /** Path of the server; else `WORKHORSE_TEST_REDIS_SERVER`, else the `redis-server` of this machine. */
  readonly binary?: string
}

/** What the tests run for Redis. */
export function redisServer(): string {
  return process.env['WORKHORSE_TEST_REDIS_SERVER'] ?? 'redis-server'
}

/** A redis-server of a test's own, in a folder of its own. */
export class RedisServer {
  readonly folder: string
  readonly socket: string
  readonly port: number
  /** Of a node of a cluster. */
  readonly busPort: number
  readonly #config: readonly string[]
  readonly #binary: string
  #process: ChildProcess | undefined
  #output = ''

  private constructor(
    folder: string,
    ports: { port: number; busPort: number },
    config: readonly string[],
    binary: string,
  ) {
    this.folder = folder
    this.socket = join(folder, 'redis.sock')
    this.port = ports.port
    this.busPort = ports.busPort
    this.#config = config
    this.#binary = binary
  }

  static async create(options: RedisServerOptions = {}): Promise<RedisServer> {
    const { config = [], tcp = false, clusterBus = false, binary = redisServer() } = options
    const folder = mkdtempSync(join(tmpdir(), 'workhorse-redis-'))
    const ports = { port: tcp ? await freePort() : 0, busPort: clusterBus ? await freePort() : 0 }
    const server = new RedisServer(folder, ports, config, binary)
    await server.start()
    return server
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  /** With a prefix, one server serves many tests that know nothing of each other. */
  url(options = ''): string {
    return `redis+unix://${this.socket}?patience=10s${options === '' ? '' : `&${options}`}`
  }

  get tcpUrl(): string {
    return `redis://127.0.0.1:${this.port}/0`
  }

  /** Resolves when it takes commands. */
  async start(more: readonly string[] = []): Promise<void> {
    const lines = [
      `port ${this.port}`,
      `unixsocket ${this.socket}`,
      `dir ${this.folder}`,
      'save ""',
      ...(this.busPort === 0 ? [] : [`cluster-port ${this.busPort}`]),
      ...this.#config,
      ...more,
    ]
    const child = spawn(this.#binary, ['-'], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process = child
    this.#output = ''
    child.stdin.end(`${lines.join('\n')}\n`)
    const collect = (chunk: Buffer) => {
      this.#output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    await this.printed('eady to accept connections')
  }

  /** Resolves when the server has printed `text`. */
  async printed(text: string): Promise<void> {
    const child = this.#process as ChildProcess
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.#output.includes(text)) settle(resolve)
      }
      const fail = () => settle(() => reject(new Error(`${this.#binary} did not say '${text}':\n${this.#output}`)))
      const settle = (action: () => void) => {
        child.stdout?.off('data', look)
        child.off('error', fail)
        child.off('close', fail)
        action()
      }
      child.stdout?.on('data', look)
      child.on('error', fail)
      child.on('close', fail)
      look()
    })
  }

  /** By SIGTERM, or as it dies in a power cut. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A server for the tests of one file, gone after them. Called at the top of the file. */
export function sharedRedis(options: RedisServerOptions = {}): () => Promise<RedisServer> {
  let server: Promise<RedisServer> | undefined
  afterAll(async () => (await server)?.remove())
  return () => {
    server ??= RedisServer.create(options)
    return server
  }
}

/** A server for one test, gone after it. */
export async function ownRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.create(options)
  onTestFinished(() => server.remove())
  return server
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
