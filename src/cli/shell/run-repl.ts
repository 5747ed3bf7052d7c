import { type REPLServer, start } from 'node:repl'
import { PassThrough } from 'node:stream'
import { EXIT_FAILED } from '../report-error.ts'

/**
 * A REPL with `scope` in it: with prompt and history on a terminal, else for a script on standard input.
 * Resolves to the exit code when it has ended; a script of which a line threw has failed.
 */
export async function runRepl(scope: object, historyFile: string): Promise<number> {
  return process.stdin.isTTY ? runInteractive(scope, historyFile) : runScript(scope)
}

async function runInteractive(scope: object, historyFile: string): Promise<number> {
  const repl = start({ prompt: 'workhorse> ', useGlobal: true })
  fill(repl, scope)
  repl.on('reset', () => fill(repl, scope))
  // A home that cannot be written is no reason not to start.
  repl.setupHistory(historyFile, () => {})
  await new Promise<void>((resolve) => repl.once('exit', resolve))
  return 0
}

/**
 * Line by line, each when the one before it is done: left to itself a REPL on a pipe starts the second line while the
 * first still awaits.
 */
async function runScript(scope: object): Promise<number> {
  const lines = (await readAll(process.stdin)).split('\n')
  const input = new PassThrough()
  const repl = start({
    input,
    output: process.stdout,
    prompt: '',
    terminal: false,
    useGlobal: true,
    ignoreUndefined: true,
  })
  fill(repl, scope)
  const next = (): void => {
    const line = lines.shift()
    if (line === undefined) repl.close()
    else input.write(`${line}\n`)
  }
  // It asks for the next line when it is done with one: an expression, a part of one, or a command such as .help.
  repl.displayPrompt = () => void setImmediate(next)
  const ended = new Promise<void>((resolve) => repl.once('exit', resolve))
  next()
  await ended
  return (repl as { lastError?: unknown }).lastError === undefined ? 0 : EXIT_FAILED
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function fill(repl: REPLServer, scope: object): void {
  for (const [name, value] of Object.entries(scope)) {
    Object.defineProperty(repl.context, name, { value, configurable: true, enumerable: true, writable: true })
  }
}
