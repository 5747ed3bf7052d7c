import { createRequire } from 'node:module'

/** What is used of node:inspector's Session. With this form of `post`, the answer comes before it returns. */
interface Session {
  connect(): void
  disconnect(): void
  on(event: string, listener: (message: { readonly params: unknown }) => void): void
  post(method: string, params: object, answer: (error: Error | null, result: unknown) => void): void
}

/** V8's inspector on the thread that calls, as plain calls. */
export class InspectorSession {
  readonly #session: Session

  constructor() {
    // Not loaded before it is needed: a zygote whose horses are never measured does not have it.
    const inspector = createRequire(import.meta.url)('node:inspector') as { Session: new () => Session }
    this.#session = new inspector.Session()
    this.#session.connect()
  }

  /** @throws whatever the inspector refuses */
  post<Result>(method: string, params: object = {}): Result {
    let failure: Error | null = null
    let answer: unknown
    this.#session.post(method, params, (error, result) => {
      failure = error
      answer = result
    })
    if (failure !== null) throw failure
    return answer as Result
  }

  /** All that it had switched on is off again. */
  close(): void {
    this.#session.disconnect()
  }

  on<Params>(event: string, listener: (params: Params) => void): void {
    this.#session.on(event, ({ params }) => listener(params as Params))
  }
}
