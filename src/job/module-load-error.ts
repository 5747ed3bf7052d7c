import { WorkhorseError } from '../errors.ts'

/** A jobs or config file could not be loaded. Its stack is that of what was thrown. */
export class ModuleLoadError extends WorkhorseError {
  readonly file: string
  constructor(file: string, thrown: unknown, place?: string) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const message = error.message.replace(/\s*\n\s*/g, ' ').trim()
    super('WORKHORSE_MODULE_LOAD', `${file} cannot be loaded: ${error.name}: ${message}${place ? ` (${place})` : ''}`, {
      cause: thrown,
    })
    this.file = file
    if (error.stack !== undefined) this.stack = error.stack
  }
}
