import { readFileSync } from 'node:fs'

/** Notices that the kernel's out-of-memory killer has struck on this machine. Nowhere but on Linux can that be seen. */
export class OomKills {
  #seen = count()

  /** Whether it has since this was last asked. */
  anyNew(): boolean {
    const now = count()
    const any = now > this.#seen
    this.#seen = now
    return any
  }
}

function count(): number {
  if (process.platform !== 'linux') return 0
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0)
}
