import { readFileSync } from 'node:fs'

/** True where the process runs; a zombie has ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** True where it waits for something. */
export function isAsleep(pid: number): boolean {
  return /\) S /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

/** Direct child processes. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** What `ps` shows of it; empty where it has ended. */
export function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
