import { UsageError } from '../errors.ts'

const MAX_LENGTH = 200

/**
 * Queue names go into comma-separated lists, command lines and keys, so they hold no comma and no blanks.
 * @throws UsageError naming what is wrong with `name`.
 */
export function assertQueueName(name: unknown): asserts name is string {
  const problem = queueNameProblem(name)
  if (problem === undefined) return
  const seen = typeof name === 'string' ? JSON.stringify(name.slice(0, 60)) : String(name)
  throw new UsageError(`queue name ${seen} ${problem}`)
}

function queueNameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string') return `is a ${name === null ? 'null' : typeof name}; pass a string`
  if (name === '') return "is empty; pass a name such as 'default'"
  if (name.length > MAX_LENGTH) return `has ${name.length} characters; at most ${MAX_LENGTH} are allowed`
  if (name.includes(',')) return "holds a comma, which separates queues in lists; use '-', ':' or '.'"
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (/[\s\u0000-\u001f\u007f-\u009f]/.test(name)) return "holds a blank or a control character; use '-', ':' or '.'"
  return undefined
}
