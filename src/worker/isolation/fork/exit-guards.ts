/** What every way out of a process leads to. */
export interface ExitGuarded {
  /** `process.exit`, called by whatever runs. */
  exitCalled(exitCode: number): never
  /** An error that no code was there to catch. */
  uncaught(thrown: unknown, kind: 'uncaught-exception' | 'unhandled-rejection'): void
}

/**
 * Leads every way out of a Node process to the horse, which reports and leaves by _exit(2); Node's own ways out hang
 * in a forked process. Installed in the zygote, where they do nothing special, after preload: listeners of the
 * application's own come first.
 * @returns where to say which horse this process has become
 */
export function installExitGuards(): (horse: ExitGuarded | undefined) => void {
  let horse: ExitGuarded | undefined
  const exit = process.exit
  const guarded = (code?: number | string | null): never => {
    if (horse === undefined) return exit(code)
    return horse.exitCalled(Number(code ?? process.exitCode ?? 0) & 0xff)
  }
  process.exit = guarded
  Object.assign(process, { reallyExit: guarded })
  process.on('uncaughtException', (error) => {
    if (horse === undefined) throw error
    horse.uncaught(error, 'uncaught-exception')
  })
  process.on('unhandledRejection', (reason) => {
    if (horse === undefined) throw reason
    horse.uncaught(reason, 'unhandled-rejection')
  })
  return (born) => {
    horse = born
  }
}
