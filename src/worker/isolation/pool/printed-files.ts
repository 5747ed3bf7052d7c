import type { Printed, PrintedSpan } from './messages.ts'

const FILES = [1, 2] as const
const UNKNOWN: Printed = [-1, -1]

/** Which part of a child's output is a job's: the supervisor reads it only when something was printed. */
export class PrintedFiles {
  readonly #fileSize: (descriptor: number) => number
  #told: Printed = UNKNOWN
  #from: Printed = UNKNOWN

  constructor(fileSize: (descriptor: number) => number) {
    this.#fileSize = fileSize
  }

  /** A job begins. */
  begin(): void {
    this.#from = this.#sizes()
  }

  /** It has ended. Undefined where nothing was printed since the last one ended. */
  end(): PrintedSpan | undefined {
    const from = this.#from
    const to = this.#sizes()
    if (isSame(from, this.#told) && isSame(to, from)) return undefined
    this.#told = to
    return { from, to }
  }

  #sizes(): Printed {
    const [stdout, stderr] = FILES
    return [this.#size(stdout), this.#size(stderr)]
  }

  #size(descriptor: number): number {
    try {
      return this.#fileSize(descriptor)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EBADF') throw error
      // A job has closed it, and nobody prints there any more.
      return 0
    }
  }
}

function isSame(one: Printed, other: Printed): boolean {
  return one[0] === other[0] && one[1] === other[1]
}
