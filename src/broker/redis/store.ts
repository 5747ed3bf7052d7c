import { type Argument, Connection, type Reply } from './connection.ts'
import { Keys } from './keys.ts'
import { diagnose, unavailable } from './redis-error.ts'
import { loadScript } from './script.ts'
import { formatRedisUrl, type RedisOptions } from './url.ts'

const RETRY_MS = [20, 50, 100, 250, 500]

/** What a script is to be told, at the first attempt and at later ones, before which an answer may have got lost. */
export type ScriptArguments = (isRetry: boolean) => readonly Argument[]

/**
 * The connection that scripts and commands go over, in their order. A Redis that cannot be reached, or will not work for
 * the moment, is waited for as long as the broker's patience lasts. What may have been carried out although no answer came
 * is sent again only with a word of that, so that nothing happens twice.
 */
export class Store {
  readonly keys: Keys
  readonly url: string
  readonly options: RedisOptions
  readonly #connection: Connection

  private constructor(connection: Connection, options: RedisOptions) {
    this.#connection = connection
    this.options = options
    this.keys = new Keys(options.prefix)
    this.url = formatRedisUrl(options)
  }

  /** Connects at once. @throws BrokerUnavailableError, @throws UsageError where the client is not installed */
  static async open(options: RedisOptions): Promise<Store> {
    const connection = await Connection.create(options)
    const store = new Store(connection, options)
    try {
      // Who starts against a server that is not there learns it now, not after some patience.
      await connection.ready(performance.now())
      return store
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** One more connection of the same kind, for what blocks. */
  connect(): Promise<Connection> {
    return Connection.create(this.options)
  }

  assertUsable(): void {
    this.#connection.assertUsable()
  }

  /** Runs a script whose second run does no harm, or which knows by `isRetry` what to do about it. */
  run(name: string, args: ScriptArguments): Promise<Reply> {
    const script = loadScript(name)
    return this.#patiently(async (isRetry) => {
      const sent: Argument[] = [script.sha, 1, this.keys.queues, this.keys.prefix]
      for (const argument of args(isRetry)) sent.push(argument)
      try {
        return await this.#connection.send('EVALSHA', sent)
      } catch (error) {
        // A server that has restarted knows no scripts.
        if (!/^NOSCRIPT/.test((error as Error).message)) throw error
        sent[0] = script.source
        return this.#connection.send('EVAL', sent)
      }
    })
  }

  /** Sends a command whose second run does no harm. */
  command(name: string, ...args: Argument[]): Promise<Reply> {
    return this.#patiently(() => this.#connection.send(name, args))
  }

  close(): void {
    this.#connection.close()
  }

  async #patiently<T>(attempt: (isRetry: boolean) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.options.patienceMs
    let mayHaveHappened = false
    for (let turn = 0; ; turn++) {
      this.#connection.assertUsable()
      if (!this.#connection.isReady) await this.#reconnect(deadline, mayHaveHappened)
      try {
        return await attempt(mayHaveHappened)
      } catch (error) {
        this.#connection.assertUsable()
        const trouble = diagnose(error)
        if (trouble.kind === 'mistake') throw error
        if (trouble.kind === 'connection') mayHaveHappened = true
        // A replica that was the master: the next connection finds the new one.
        if (trouble.kind === 'passing' && trouble.reason.includes('replica')) this.#connection.drop()
        const left = deadline - performance.now()
        if (trouble.kind === 'refusing' || left <= 0) throw this.#giveUp(trouble.reason, mayHaveHappened, error)
        await new Promise((resolve) => setTimeout(resolve, Math.min(left, RETRY_MS[turn] ?? 1000)))
      }
    }
  }

  async #reconnect(deadline: number, mayHaveHappened: boolean): Promise<void> {
    try {
      await this.#connection.ready(deadline)
    } catch (error) {
      if (mayHaveHappened && diagnose(error).kind !== 'mistake') throw this.#giveUp('cannot be reached', true, error)
      throw error
    }
  }

  #giveUp(reason: string, mayHaveHappened: boolean, cause: unknown): Error {
    const doubt = mayHaveHappened ? '. The connection broke before the answer came: it may have been done or not' : ''
    return unavailable(this.url, `${reason}${doubt}`, cause)
  }
}
