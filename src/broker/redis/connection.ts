import { readFileSync } from 'node:fs'
import type { RedisOptions as ClientOptions, Cluster, Command, Redis } from 'ioredis'
import { BrokerUnavailableError, ForkedBrokerError } from '../../errors.ts'
import { loadClient } from './load-client.ts'
import { diagnose, unavailable } from './redis-error.ts'
import { formatRedisUrl, type RedisOptions } from './url.ts'

export type Argument = string | number | Buffer
export type Reply = null | number | Buffer | Reply[]

const RETRY_MS = [20, 50, 100, 250, 500, 1000]

/** One attempt may take so long, however short the patience. */
const CONNECT_MS = 5000

/** A connected server that does not answer for so long is as good as gone. */
const ANSWER_MS = 15_000

/**
 * One connection. It is made when it is needed, and made again when it broke and is needed again: nothing runs in the
 * background, so a process that only enqueued can end. Commands are sent once; whoever sends decides about a second time.
 */
export class Connection {
  readonly url: string
  readonly #client: Redis | Cluster
  readonly #Command: typeof Command
  readonly #openedIn = process.pid
  #connecting: Promise<void> | undefined
  #holds = 0
  #closed = false

  private constructor(client: Redis | Cluster, command: typeof Command, url: string) {
    this.#client = client
    this.#Command = command
    this.url = url
    // Every failure also rejects whoever waits for it; without a listener it would end the process.
    client.on('error', () => {})
    client.on('ready', () => this.#setRef())
  }

  static async create(options: RedisOptions): Promise<Connection> {
    const { Redis, Cluster, Command } = await loadClient()
    const settings = clientOptions(options)
    const client =
      options.at.kind === 'cluster'
        ? new Cluster([...options.at.nodes], {
            redisOptions: settings,
            lazyConnect: true,
            enableOfflineQueue: false,
            clusterRetryStrategy: () => null,
          })
        : new Redis(settings)
    return new Connection(client, Command, formatRedisUrl(options))
  }

  /** For subscriptions. */
  get client(): Redis | Cluster {
    return this.#client
  }

  get isReady(): boolean {
    return this.#client.status === 'ready'
  }

  /** @throws ForkedBrokerError, @throws BrokerUnavailableError after `close` */
  assertUsable(): void {
    if (process.pid !== this.#openedIn) throw new ForkedBrokerError(this.#openedIn, process.pid)
    if (this.#closed) throw new BrokerUnavailableError(`the broker of ${this.url} is closed; open another one`)
  }

  /** Connects where it is not, trying again until `deadline` (of performance.now()). @throws BrokerUnavailableError */
  async ready(deadline: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      this.assertUsable()
      if (this.isReady) return
      try {
        this.#connecting ??= this.#connect().finally(() => {
          this.#connecting = undefined
        })
        await within(this.#connecting, deadline)
        return
      } catch (error) {
        this.assertUsable()
        const trouble = diagnose(error)
        const left = deadline - performance.now()
        if (trouble.kind === 'mistake') throw error
        if (trouble.kind === 'refusing' || left <= 0) {
          throw unavailable(this.url, `cannot be reached: ${trouble.reason}`, error)
        }
        await sleep(Math.min(left, RETRY_MS[attempt] ?? 1000))
      }
    }
  }

  /** Sends one command, once; it must be connected. Rejects with what the client says. */
  async send(command: string, args: readonly Argument[], answerMs = ANSWER_MS): Promise<Reply> {
    this.assertUsable()
    const release = this.hold()
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`Socket timeout: no answer to ${command} within ${answerMs} ms`))
        this.#client.disconnect()
      }, answerMs)
    })
    try {
      // Without a reply encoding it answers in Buffers. Spread over a call, thousands of arguments would be copied on the stack.
      const sent = new this.#Command(command, [...args], { replyEncoding: null })
      this.#client.sendCommand(sent)
      return (await Promise.race([sent.promise, silence])) as Reply
    } finally {
      clearTimeout(timer)
      release()
    }
  }

  /** Keeps the process alive until the function returned is called: somebody waits for this connection. */
  hold(): () => void {
    let held = true
    this.#holds++
    if (this.#holds === 1) this.#setRef()
    return () => {
      if (!held) return
      held = false
      this.#holds--
      if (this.#holds === 0) this.#setRef()
    }
  }

  /** Breaks it without closing it for good. */
  drop(): void {
    if (!this.#closed) this.#client.disconnect()
  }

  close(): void {
    this.#closed = true
    this.#client.disconnect()
  }

  async #connect(): Promise<void> {
    // A client that is on its way down says so before it can be connected again.
    while (this.#client.status === 'close' || this.#client.status === 'disconnecting') await sleep(1)
    if (this.#client.status === 'ready') return
    if (this.#client.status !== 'wait' && this.#client.status !== 'end') return this.#untilSettled()
    const errors: Error[] = []
    const note = (error: Error) => errors.push(error)
    this.#client.on('error', note)
    try {
      await this.#client.connect()
    } catch (error) {
      // What the client says at last is that the connection is closed; why, it has said before.
      throw errors.at(-1) ?? error
    } finally {
      this.#client.off('error', note)
    }
  }

  async #untilSettled(): Promise<void> {
    const client = this.#client
    await new Promise<void>((resolve, reject) => {
      const settle = (action: () => void) => () => {
        client.off('ready', onReady)
        client.off('end', onEnd)
        action()
      }
      const onReady = settle(resolve)
      const onEnd = settle(() => reject(new Error('Connection is closed.')))
      client.on('ready', onReady)
      client.on('end', onEnd)
    })
  }

  #setRef(): void {
    for (const client of 'nodes' in this.#client ? this.#client.nodes() : [this.#client]) {
      const { stream } = client as unknown as { stream?: { ref?(): void; unref?(): void } }
      if (this.#holds > 0) stream?.ref?.()
      else stream?.unref?.()
    }
  }
}

function clientOptions(options: RedisOptions): ClientOptions {
  const { at, username, password, sentinelPassword, db } = options
  return {
    ...(at.kind === 'tcp' ? { host: at.address.host, port: at.address.port } : {}),
    ...(at.kind === 'unix' ? { path: at.path } : {}),
    ...(at.kind === 'sentinel'
      ? { sentinels: [...at.sentinels], name: at.master, sentinelRetryStrategy: () => null }
      : {}),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(options.tls ? { tls: readTls(options), enableTLSForSentinelMode: true } : {}),
    ...(at.kind === 'cluster' ? {} : { db }),
    connectionName: 'workhorse',
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: 250,
    retryStrategy: () => null,
    keepAlive: 30_000,
  }
}

function readTls({ ca, cert, key }: RedisOptions): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
  }
}

/** Whoever waits longer than it likes leaves; the connecting goes on for the others. */
async function within(connecting: Promise<void>, deadline: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const wait = Math.max(CONNECT_MS, deadline - performance.now())
    timer = setTimeout(() => reject(new Error('LOADING or silent: it took too long to become ready')), wait)
  })
  try {
    await Promise.race([connecting, late])
  } finally {
    clearTimeout(timer)
    connecting.catch(() => {})
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
