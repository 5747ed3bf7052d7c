import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Settings } from '../../config/settings.ts'
import { UsageError, WorkhorseError } from '../../errors.ts'

/** A file that holds a worker's pid for as long as it runs, for scripts and service managers. */
export class PidFile {
  readonly #path: string

  /** @throws WorkhorseError where a process that runs has it, @throws UsageError where it cannot be written */
  constructor(path: string) {
    this.#path = path
    const holder = readPid(path)
    if (holder !== undefined && holder !== process.pid && isRunning(holder)) {
      throw new WorkhorseError(
        'WORKHORSE_PID_FILE_TAKEN',
        `${path} is held by process ${holder}, which runs; stop it, or take another --pid-file`,
      )
    }
    try {
      // Whole or not at all: nobody ever reads half a number.
      writeFileSync(`${path}.${process.pid}`, `${process.pid}\n`)
      renameSync(`${path}.${process.pid}`, path)
    } catch (error) {
      throw new UsageError(`--pid-file: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Another worker may have taken it since. */
  remove(): void {
    if (readPid(this.#path) === process.pid) rmSync(this.#path, { force: true })
  }
}

/** The file that the flag or the config file names, if any. @throws as PidFile's constructor */
export function openPidFile(flag: string | undefined, { config, folder }: Settings): PidFile | undefined {
  if (flag !== undefined) return new PidFile(flag)
  return config.pidFile === undefined ? undefined : new PidFile(resolve(folder, config.pidFile))
}

/** Undefined where there is no such file, or no pid in it. */
export function readPid(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return /^[1-9]\d*$/.test(text) ? Number(text) : undefined
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether a process of this pid is there, whoever's it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
