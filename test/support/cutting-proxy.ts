import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Stands between a broker and its Redis, and cuts the connection at the worst moments. */
export class CuttingProxy {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket; isMute: boolean }>()
  #loseAnswerTo: string | undefined
  #onLost: (() => void) | undefined

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  static async create(target: number): Promise<CuttingProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const proxy = new CuttingProxy(server, (server.address() as { port: number }).port)
    server.on('connection', (client) => proxy.#join(client, connect(target, '127.0.0.1')))
    onTestFinished(() => proxy.close())
    return proxy
  }

  /** Cuts all connections that are there. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy()
      upstream.destroy()
    }
  }

  /**
   * The next request that holds `text` reaches the server, and its answer is lost with the connection. Resolves when that
   * has happened.
   */
  loseAnswerTo(text: string): Promise<void> {
    this.#loseAnswerTo = text
    return new Promise((resolve) => {
      this.#onLost = resolve
    })
  }

  /** Requests over the connections that are there still reach the server; nothing of its answers comes back until they are cut. */
  swallowAnswers(): void {
    for (const pair of this.#pairs) pair.isMute = true
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, upstream: Socket): void {
    const pair = { client, upstream, isMute: false }
    this.#pairs.add(pair)
    let losing = false
    client.on('data', (chunk) => {
      if (this.#loseAnswerTo !== undefined && chunk.includes(this.#loseAnswerTo)) {
        this.#loseAnswerTo = undefined
        losing = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (pair.isMute) return
      if (!losing) {
        client.write(chunk)
        return
      }
      client.destroy()
      upstream.destroy()
      this.#onLost?.()
    })
    const end = () => {
      this.#pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('close', end).on('error', end)
  }
}
