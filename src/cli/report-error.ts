import { UsageError, WorkhorseError, ZygoteBootError } from '../errors.ts'
import { ModuleLoadError } from '../job/module-load-error.ts'

export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

/**
 * Tells people on stderr what went wrong, in one line where it is a known kind of mistake.
 * @returns the exit code
 */
export function reportError(error: unknown): number {
  if (!(error instanceof WorkhorseError)) {
    process.stderr.write(
      `workhorse: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    return EXIT_FAILED
  }
  // Only these are about the user's own code; everywhere else the message says all.
  const isTheirs = error instanceof ModuleLoadError || error instanceof ZygoteBootError
  process.stderr.write(`workhorse: ${error.message}\n${isTheirs ? userFrames(error.cause) : ''}`)
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED
}

/** Where in the user's own code it happened: neither Node's frames nor ours help anybody. */
function userFrames(cause: unknown): string {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line) && !FOREIGN_FRAME.test(line))
  return frames.map((frame) => `${frame}\n`).join('')
}

const OWN_FOLDER = new URL('..', import.meta.url).pathname
const FOREIGN_FRAME = new RegExp(`node:|/jiti/dist/|${OWN_FOLDER.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)
