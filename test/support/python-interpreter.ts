import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'

const shared = new Map<string, PythonInterpreter>()

afterAll(async () => {
  for (const interpreter of shared.values()) await interpreter.close()
  shared.clear()
})

/** A Python that runs script after script: starting one, and importing RQ, takes longer than most scripts. */
export class PythonInterpreter {
  /** Reads JSON texts line by line, runs each as a script of its own, and writes what it gave to `answer` or its traceback. */
  static readonly LOOP = `
import json, sys, traceback
out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    said = {'value': None}
    def answer(value): said['value'] = value
    try:
        exec(compile(json.loads(line), '<script>', 'exec'), {'answer': answer, '__name__': 'script'})
    except BaseException:
        said = {'error': traceback.format_exc()}
    out.write(json.dumps(said) + '\\n')
    out.flush()
`

  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  #turn: Promise<unknown> = Promise.resolve()
  #errors = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#answers = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString()
    })
  }

  /** One for all tests of a file that ask for the same. */
  static shared(key: string, start: () => ChildProcess): PythonInterpreter {
    const known = shared.get(key) ?? new PythonInterpreter(start())
    shared.set(key, known)
    return known
  }

  run(script: string): Promise<unknown> {
    const next = this.#turn.then(async () => {
      this.#child.stdin?.write(`${JSON.stringify(script)}\n`)
      const { value, done } = await this.#answers.next()
      if (done === true) throw new Error(`python has left\n${this.#errors}`)
      const said = JSON.parse(value) as { readonly value?: unknown; readonly error?: string }
      if (said.error !== undefined) throw new Error(said.error)
      return said.value
    })
    this.#turn = next.catch(() => {})
    return next
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin?.end()
    await ended
  }
}
