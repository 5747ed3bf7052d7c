/** Cuts what a job prints into lines; what is left without a line end is a line too when the job has ended. */
export class OutputLines {
  readonly #emit: (line: string) => void
  #rest = ''

  constructor(emit: (line: string) => void) {
    this.#emit = emit
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#emit(line)
  }

  end(): void {
    if (this.#rest !== '') this.#emit(this.#rest)
    this.#rest = ''
  }
}
