import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { PHASES, type PhaseMark } from '../../worker/isolation/profiling.ts'
import { folderOfJob, mark, parseFileName, type StoredName } from '../../worker/profiles/profile-files.ts'
import type { StoredProfile } from '../../worker/profiles/stored-profile.ts'

const decompress = promisify(gunzip)

/** A stored profile, with what its execution took. */
export interface ReadProfile extends StoredProfile {
  /** From the moment when it had its job until its result was told; waiting included. */
  readonly wallMs: number
  readonly cpuMs: number
}

/** The profiles of a job name that a worker has kept, the newest first. Empty where there are none. */
export async function readProfiles(folder: string, jobName: string): Promise<ReadProfile[]> {
  return readAll(folder, jobName, () => true)
}

/** Those of one job, each of another execution of it, the newest first. */
export async function readProfilesOf(folder: string, jobName: string, jobId: string): Promise<ReadProfile[]> {
  const wanted = mark(jobId)
  return readAll(folder, jobName, ({ job }) => job === wanted)
}

async function readAll(
  folder: string,
  jobName: string,
  isWanted: (name: StoredName) => boolean,
): Promise<ReadProfile[]> {
  const home = folderOfJob(folder, jobName)
  const found: ReadProfile[] = []
  for (const file of await namesIn(home)) {
    const name = parseFileName(file)
    const read = name && isWanted(name) ? await readOne(join(home, file)) : undefined
    if (read) found.push(read)
  }
  return found.sort((a, b) => b.at - a.at)
}

async function namesIn(folder: string): Promise<string[]> {
  return (await unlessGone(() => readdir(folder))) ?? []
}

async function readOne(file: string): Promise<ReadProfile | undefined> {
  const data = await unlessGone(() => readFile(file))
  if (data === undefined) return undefined
  const stored = JSON.parse((await decompress(data)).toString()) as StoredProfile
  return { ...stored, ...spansOf(stored.raw.executions[0] ?? []) }
}

/** A worker may prune what was just listed. */
async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

/** Of an execution: without the time before it had its job, which a process that was forked ahead would not show. */
function spansOf(marks: readonly PhaseMark[]): { readonly wallMs: number; readonly cpuMs: number } {
  const first = marks.find(({ phase }) => phase !== PHASES[0])
  const last = marks.at(-1)
  if (first === undefined || last === undefined) return { wallMs: 0, cpuMs: 0 }
  return { wallMs: (last.at - first.at) / 1000, cpuMs: (last.cpu - first.cpu) / 1000 }
}
