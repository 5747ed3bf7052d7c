import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning } from '../../support/is-running.ts'
import { findMemoryGroups, type MemoryGroupPlan, pids } from './find-memory-groups.ts'
import type { MemoryFiles } from './memory-files.ts'
import { MemoryGroup } from './memory-group.ts'

export type OpenedMemoryGroups =
  | { readonly groups: MemoryGroups; readonly folder: string; readonly version: 1 | 2 }
  | { readonly groups: undefined; readonly reason: string }

const NAME = /^workhorse-job-(\d+)-\d+$/

/** In this process: several may divide one group. */
let last = 0

/** Makes control groups for jobs that have a memory limit, and sees to it that they go away again. */
export class MemoryGroups {
  readonly #files: MemoryFiles
  readonly #parent: string
  readonly #make: (folder: string) => void
  /** Of executions that have ended, and left processes behind. */
  readonly #left = new Set<MemoryGroup>()

  private constructor(files: MemoryFiles, parent: string, make: (folder: string) => void) {
    this.#files = files
    this.#parent = parent
    this.#make = make
  }

  /**
   * Prepares the worker's own group, where that is its to divide; says why where it is not.
   * @param make for tests: makes a group as mkdir(2) does in a hierarchy of control groups, where files come with it
   */
  static open(
    plan: MemoryGroupPlan = findMemoryGroups(),
    make: (folder: string) => void = mkdirSync,
  ): OpenedMemoryGroups {
    if (!plan.possible) return { groups: undefined, reason: plan.reason }
    const { files, parent } = plan
    try {
      prepare(plan, make)
    } catch (error) {
      return { groups: undefined, reason: `${parent} cannot be divided: ${(error as Error).message}` }
    }
    return { groups: new MemoryGroups(files, parent, make), folder: parent, version: files.version }
  }

  /** @throws Error of the system */
  create(bytes: number): MemoryGroup {
    const folder = join(this.#parent, `workhorse-job-${process.pid}-${++last}`)
    return new MemoryGroup(this.#files, folder, bytes, this.#make)
  }

  /** Its execution has ended. */
  release(group: MemoryGroup): void {
    this.#left.add(group)
    for (const one of this.#left) if (one.remove()) this.#left.delete(one)
  }
}

type Possible = Extract<MemoryGroupPlan, { possible: true }>

function prepare({ files, parent, leaf }: Possible, make: (folder: string) => void): void {
  removeStale(parent)
  if (files.version === 1) return
  if (leaf !== undefined) {
    if (!existsSync(leaf)) make(leaf)
    for (const pid of pids(parent)) move(pid, leaf)
  }
  writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory')
}

function move(pid: number, group: string): void {
  try {
    writeFileSync(join(group, 'cgroup.procs'), String(pid))
  } catch (error) {
    // It has ended meanwhile.
    if ((error as { code?: string }).code !== 'ESRCH') throw error
  }
}

/** Groups of workers that were killed. Those in which a process still runs stay. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(NAME.exec(name)?.[1])
    if (Number.isNaN(pid) || isRunning(pid)) continue
    try {
      rmdirSync(join(parent, name))
    } catch (error) {
      const { code } = error as { code?: string }
      // Another worker that starts has been faster.
      if (code !== 'EBUSY' && code !== 'ENOENT') throw error
    }
  }
}

/** In words, for the log and for `workhorse check`. */
export function describeMemoryLimits(opened: OpenedMemoryGroups): string {
  if (opened.groups === undefined) return `memory limits of jobs are watched: ${opened.reason}`
  return `memory limits of jobs are kept by control groups (version ${opened.version}, in ${opened.folder})`
}
