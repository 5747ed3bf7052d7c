import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type MemoryFiles, VERSION_1, VERSION_2 } from './memory-files.ts'

/** Whether the memory limits of jobs can be kept by control groups here. */
export type MemoryGroupPlan =
  | {
      readonly possible: true
      readonly files: MemoryFiles
      /** Groups of jobs are made in it. */
      readonly parent: string
      /** What is in `parent` itself must move here first: of a version 2 group either groups or processes use memory. */
      readonly leaf?: string
    }
  | { readonly possible: false; readonly reason: string }

/** The group that a worker makes of the processes of its own group. */
const LEAF = 'workhorse-workers'

/**
 * Where the worker's own control group has been handed over to it, so that it may divide it.
 * @param root for tests: where `proc` and `sys` are
 */
export function findMemoryGroups(root = '/'): MemoryGroupPlan {
  const lines = read(join(root, 'proc/self/cgroup'))?.split('\n') ?? []
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if (controllers?.split(',').includes('memory')) return planVersion1(join(root, VERSION_1.mount, path))
  }
  const path = lines.map((line) => /^0::(.*)$/.exec(line)?.[1]).find((found) => found !== undefined)
  if (path === undefined) return refusal('there are no control groups')
  return planVersion2(root, path)
}

function planVersion1(parent: string): MemoryGroupPlan {
  if (!isWritable(join(parent, 'cgroup.procs'))) return refusal(`${parent} is not writable`)
  return { possible: true, files: VERSION_1, parent }
}

function planVersion2(root: string, path: string): MemoryGroupPlan {
  const own = join(root, VERSION_2.mount, path)
  // Another worker of the unit, or systemd by DelegateSubgroup, has put us below the group that is ours to divide.
  const isBelow = basename(own) === LEAF || (isUnit(dirname(own)) && !isUnit(own))
  const parent = isBelow ? dirname(own) : own
  for (const file of ['cgroup.procs', 'cgroup.subtree_control']) {
    if (!isWritable(join(parent, file)))
      return refusal(`${join(parent, file)} is not writable; is the group delegated?`)
  }
  const controllers = read(join(parent, 'cgroup.controllers'))?.trim().split(' ') ?? []
  if (!controllers.includes('memory')) return refusal(`${parent} has no memory controller`)
  if (isBelow) return { possible: true, files: VERSION_2, parent }
  const strangers = pids(parent).filter((pid) => !isOfWorkers(root, pid))
  if (strangers.length > 0) {
    return refusal(
      `other processes are in the worker's control group ${parent} (pid ${strangers[0]}); give it one of its own`,
    )
  }
  return { possible: true, files: VERSION_2, parent, leaf: join(parent, LEAF) }
}

function refusal(reason: string): MemoryGroupPlan {
  return { possible: false, reason }
}

function isUnit(path: string): boolean {
  return /\.(service|scope)$/.test(path)
}

/** Groups have no memory of whom they belong to: only a group in which nobody else is may be divided. */
function isOfWorkers(root: string, pid: number): boolean {
  const command = pid === process.pid ? undefined : read(join(root, `proc/${pid}/cmdline`))
  // One that has just been started has no title yet.
  const entry = process.argv[1] ?? 'workhorse: '
  return pid === process.pid || command?.startsWith('workhorse: ') === true || command?.includes(entry) === true
}

export function pids(group: string): number[] {
  return (read(join(group, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number)
}

function isWritable(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
