import { fileURLToPath } from 'node:url'
import type { CallFrame } from '../v8.ts'

interface StackFrame {
  /** Without class, `async` and `new`; empty for the top level of a file. */
  readonly name: string
  readonly file: string
  /** Of the call, from 0. */
  readonly line: number
}

/** What is opened under a function. */
export class Openings {
  readonly #openings: readonly { readonly what: string; readonly frames: readonly StackFrame[] }[]

  constructor(openings: readonly { readonly what: string; readonly stack: string }[]) {
    this.#openings = openings.map(({ what, stack }) => ({ what, frames: parseStack(stack) }))
  }

  /**
   * In words, each once.
   * @param endLine the function's last line, where it is known: those without a name are told by their place
   */
  under(frame: CallFrame, endLine: number | undefined): string[] {
    const file = fileOf(frame.url)
    const name = nameOf(frame)
    const last = endLine ?? Number.POSITIVE_INFINITY
    const isHere = (at: StackFrame): boolean =>
      at.file === file && at.name === name && (name !== '' || (at.line >= frame.lineNumber && at.line <= last))
    const found = this.#openings.filter(({ frames }) => frames.some(isHere))
    return [...new Set(found.map(({ what }) => what))]
  }
}

function nameOf({ functionName }: CallFrame): string {
  return functionName === '(anonymous)' ? '' : lastWord(functionName)
}

/** Lines as `at async DataSource.initialize (file:///a/b.js:1:2)`, or without a name `at file:///a/b.js:1:2`. */
function parseStack(stack: string): StackFrame[] {
  return stack.split('\n').flatMap((line) => {
    const found = /^\s*at (?:async )?(?:new )?(?:(.*?) (?:\[as [^\]]+\] )?\()?([^()\s]+):(\d+):\d+\)?$/.exec(line)
    if (!found) return []
    const [, name = '', place = '', at] = found
    // V8 writes this where a function without a name is called through something that has one.
    const known = name === '<anonymous>' ? '' : lastWord(name)
    return [{ name: known, file: fileOf(place), line: Number(at) - 1 }]
  })
}

function lastWord(name: string): string {
  return name.split('.').at(-1) ?? name
}

function fileOf(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url.replace(/[?#].*$/, '')) : url
}
