import { readFileSync } from 'node:fs'
import { childrenOf } from '../../worker/isolation/fork/horse-meter.ts'
import { explainForkAvailability, loadNative } from '../../worker/isolation/fork/load-native.ts'

const INIT = 1
const INTERVAL_MS = 1000

/**
 * In a container without an init, where this process is pid 1, whatever loses its parent becomes its child: the horses of a
 * zygote that died, its heir, what jobs have left behind. Node waits for the children that it has spawned and for no others, so
 * the rest would stay as zombies. Those that Node will wait for are not zombies any more when its event loop has gone
 * round once; what is one at two looks is nobody's.
 */
export function reapOrphans(): void {
  if (process.pid !== INIT || !explainForkAvailability().available) return
  const native = loadNative()
  let before = new Set<string>()
  const look = (): void => {
    const zombies = childrenOf(INIT).flatMap((pid) => zombieOf(pid) ?? [])
    for (const { pid, key } of zombies) if (before.has(key)) native.wait(pid)
    before = new Set(zombies.map(({ key }) => key))
  }
  setInterval(look, INTERVAL_MS).unref()
}

/** With its time of birth: pids are given out again. */
function zombieOf(pid: number): { pid: number; key: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything; state is the first field after it, the start the 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? { pid, key: `${pid} ${fields[19]}` } : undefined
  } catch {
    // Node has waited for it.
    return undefined
  }
}
