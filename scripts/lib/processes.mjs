import { readFileSync } from 'node:fs'

/** Child processes of a process, the direct ones. */
export function childrenOf(pid) {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

/** What `ps` shows of it; empty where it has ended. */
export function titleOf(pid) {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

/** A zombie has ended, too. */
export function hasEnded(pid) {
  const stat = read(`/proc/${pid}/stat`)
  return stat === '' || /\) Z /.test(stat)
}

export async function eventually(look) {
  for (;;) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

function read(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    // ESRCH: it ends while it is read.
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error
    return ''
  }
}
