import { readFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** How much memory this process and what it starts can still take. */
export interface FreeMemory {
  readonly availableBytes: number
  /** All that there is: the machine's, or the limit of the control group. */
  readonly limitBytes: number
}

/**
 * The least of what the machine has available and what the control groups that this process is in leave it. Memory that
 * only holds files counts as free: the kernel drops it for whoever needs more.
 * @param root for tests: where `proc` and `sys` are
 */
export function readFreeMemory(root = '/'): FreeMemory {
  const known = [machine(root), ...groups(root)].filter((memory) => memory !== undefined)
  // Elsewhere than on Linux.
  if (known.length === 0) return { availableBytes: freemem(), limitBytes: totalmem() }
  return known.reduce((least, memory) => (memory.availableBytes < least.availableBytes ? memory : least))
}

function machine(root: string): FreeMemory | undefined {
  const text = read(join(root, 'proc/meminfo'))
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1])
  const [available, total] = [kilobytes('MemAvailable') * 1024, kilobytes('MemTotal') * 1024]
  return Number.isNaN(available + total) ? undefined : { availableBytes: available, limitBytes: total }
}

interface GroupFiles {
  readonly limit: string
  readonly usage: string
  /** In `memory.stat`: what holds files that nobody has looked at lately. */
  readonly reclaimable: RegExp
}

const VERSION_2: GroupFiles = { limit: 'memory.max', usage: 'memory.current', reclaimable: /^inactive_file (\d+)/m }
const VERSION_1: GroupFiles = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  reclaimable: /^total_inactive_file (\d+)/m,
}

function groups(root: string): (FreeMemory | undefined)[] {
  const lines = read(join(root, 'proc/self/cgroup'))?.split('\n') ?? []
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) return []
    if (controllers === '') return lineage(join(root, 'sys/fs/cgroup'), path, VERSION_2)
    return controllers?.split(',').includes('memory')
      ? lineage(join(root, 'sys/fs/cgroup/memory'), path, VERSION_1)
      : []
  })
}

/** The group and all that it is in: each may have a limit. In a container the path may be the host's, and be missing. */
function lineage(mount: string, path: string, files: GroupFiles): (FreeMemory | undefined)[] {
  const found = [group(mount, files)]
  for (let at = path; at !== '/' && at !== '.' && at !== ''; at = dirname(at)) found.push(group(join(mount, at), files))
  return found
}

function group(folder: string, files: GroupFiles): FreeMemory | undefined {
  const limit = number(read(join(folder, files.limit)))
  const usage = number(read(join(folder, files.usage)))
  // `max` is no number.
  if (limit === undefined || usage === undefined) return undefined
  const reclaimable = number(files.reclaimable.exec(read(join(folder, 'memory.stat')) ?? '')?.[1]) ?? 0
  return { availableBytes: Math.max(0, limit - usage + reclaimable), limitBytes: limit }
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
