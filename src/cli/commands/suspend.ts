import { formatDuration } from '../../support/duration.ts'
import type { Invocation } from '../command.ts'
import { print, printJson } from '../render/print.ts'
import { withBroker } from '../surroundings.ts'

type SuspendFlag = 'broker' | 'config' | 'json'

export function runSuspend({ flags }: Invocation<SuspendFlag | 'for'>): Promise<number> {
  const { for: ttlMs } = flags
  return withBroker(flags, async (broker) => {
    await broker.workSuspend(ttlMs === undefined ? {} : { ttlMs })
    if (flags.json) printJson({ suspended: true })
    else print(`suspended ${ttlMs === undefined ? 'until workhorse resume' : `for ${formatDuration(ttlMs)}`}`)
    return 0
  })
}

export function runResume({ flags }: Invocation<SuspendFlag>): Promise<number> {
  return withBroker(flags, async (broker) => {
    const wasSuspended = await broker.workSuspended()
    await broker.workResume()
    if (flags.json) printJson({ suspended: false })
    else print(wasSuspended ? 'resumed' : 'nothing was suspended')
    return 0
  })
}
