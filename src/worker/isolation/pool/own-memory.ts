import { readFileSync } from 'node:fs'

/**
 * Bytes of memory that a process has written and shares with nobody, nor with a file: for a forked child of a frozen
 * zygote that is what it has changed or added since its birth. Undefined where the system does not tell.
 */
export function ownMemory(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    // It is gone.
    return undefined
  }
}
