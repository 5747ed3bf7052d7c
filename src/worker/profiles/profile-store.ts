import { mkdirSync } from 'node:fs'
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ClaimedJob } from '../../job/record.ts'
import { prepareControlFolder } from '../control/control-path.ts'
import { fileNameOf, folderOfJob, parseFileName } from './profile-files.ts'

export interface ProfileStoreOptions {
  /** Absolute path. */
  readonly folder: string
  /** Profiles of each job name. */
  readonly keep: number
  /** Of all of them together. */
  readonly keepBytes: number
}

interface StoredFile {
  readonly path: string
  readonly at: number
  readonly bytes: number
}

const compress = promisify(gzip)
/** One that is larger would push out too many others. */
const LARGEST_SHARE = 1 / 8
/** Beyond this many that wait to be written, more are dropped: a slow disk must not fill the worker's memory. */
const MOST_WAITING = 32
/** Other workers write into the same folder: from time to time all is counted. */
const RECOUNT_AFTER = 50

/**
 * Profiles of single executions, in a folder that only this user may enter: the last of each job, and not more bytes than allowed.
 * Several workers may share it. Nothing here is on the way of a job: what fails is told, and dropped.
 */
export class ProfileStore {
  readonly #options: ProfileStoreOptions
  readonly #onProblem: (message: string) => void
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #writtenSinceCount = RECOUNT_AFTER
  #dropped = 0

  /** @throws WorkhorseError where the folder is open to others */
  constructor(options: ProfileStoreOptions, onProblem: (message: string) => void) {
    this.#options = options
    this.#onProblem = onProblem
    prepareControlFolder(options.folder, 'profile.folder in the config file')
  }

  /** @param raw JSON text of a RawProfile; goes in as it is */
  put(job: ClaimedJob, raw: Buffer): void {
    if (this.#waiting >= MOST_WAITING) {
      if (this.#dropped++ === 0) this.#onProblem('profiles come faster than they can be written; some are dropped')
      return
    }
    this.#waiting++
    this.#last = this.#last
      .then(() => this.#write(job, raw))
      .catch((error: unknown) => this.#onProblem(`a profile could not be stored: ${(error as Error).message}`))
      .finally(() => {
        this.#waiting--
      })
  }

  /** Resolves when all that was put is written. */
  flush(): Promise<void> {
    return this.#last
  }

  async #write({ id, executionId, name, queue, attempt }: ClaimedJob, raw: Buffer): Promise<void> {
    const at = Date.now()
    const head = { format: 'workhorse-profile-1', jobId: id, executionId, job: name, queue, attempt, at }
    const text = Buffer.concat([Buffer.from(`${JSON.stringify(head).slice(0, -1)},"raw":`), raw, Buffer.from('}')])
    const data = await compress(text, { level: 3 })
    const { folder, keepBytes } = this.#options
    if (data.length > keepBytes * LARGEST_SHARE) {
      return this.#onProblem(
        `the profile of ${name} ${id} has ${data.length} bytes, too many to be kept (keepBytes: ${keepBytes})`,
      )
    }
    const home = folderOfJob(folder, name)
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const path = join(home, fileNameOf(at, id, executionId))
    // Whoever reads never sees half of it.
    await writeFile(`${path}.part`, data, { mode: 0o600 })
    await rename(`${path}.part`, path)
    await this.#pruneJob(home)
    if (++this.#writtenSinceCount >= RECOUNT_AFTER || data.length * RECOUNT_AFTER > keepBytes) await this.#pruneAll()
  }

  async #pruneJob(home: string): Promise<void> {
    const names = (await readdir(home)).filter((name) => parseFileName(name) !== undefined)
    const excess = names.length - this.#options.keep
    if (excess <= 0) return
    const oldest = names.sort((a, b) => timeOf(a) - timeOf(b)).slice(0, excess)
    for (const name of oldest) await rm(join(home, name), { force: true })
  }

  async #pruneAll(): Promise<void> {
    this.#writtenSinceCount = 0
    const files = await this.#listAll()
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    for (const file of files.sort((a, b) => a.at - b.at)) {
      if (bytes <= this.#options.keepBytes) return
      await rm(file.path, { force: true })
      bytes -= file.bytes
    }
  }

  async #listAll(): Promise<StoredFile[]> {
    const { folder } = this.#options
    const files: StoredFile[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      for (const name of await readdir(join(folder, entry.name))) {
        const path = join(folder, entry.name, name)
        const at = parseFileName(name)?.at
        // Another worker may have pruned it meanwhile.
        const bytes = at === undefined ? undefined : await sizeOf(path)
        if (at !== undefined && bytes !== undefined) files.push({ path, at, bytes })
      }
    }
    return files
  }
}

function timeOf(name: string): number {
  return parseFileName(name)?.at ?? 0
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}
