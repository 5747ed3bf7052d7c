import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How much more memory is in use for things that have grown old, after `work`. What was there before is old at its begin. */
export async function oldMemoryGrowth(work: () => unknown): Promise<number> {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const before = oldBytes()
  await work()
  return oldBytes() - before
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0
}
