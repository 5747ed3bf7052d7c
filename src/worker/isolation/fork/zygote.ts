import type { ZygoteNotice } from './messages.ts'
import type { Offspring } from './offspring.ts'

/** What a zygote tells its supervisor. */
export interface ZygoteEvents {
  forked(notice: Extract<ZygoteNotice, { type: 'forked' }>): void
  forkFailed(notice: Extract<ZygoteNotice, { type: 'fork-failed' }>): void
  exited(notice: Extract<ZygoteNotice, { type: 'exited' }>): void
  reapFailed(notice: Extract<ZygoteNotice, { type: 'reap-failed' }>): void
  /** The zygote is gone. Its horses go with it. */
  died(end: string): void
  output(stream: 'stdout' | 'stderr', text: string): void
}

/** For those who only boot one. */
export const SILENT: ZygoteEvents = {
  forked: () => {},
  forkFailed: () => {},
  exited: () => {},
  reapFailed: () => {},
  died: () => {},
  output: () => {},
}

/** What a zygote is told. */
export interface ZygoteOrders {
  /** Ask for a horse, a pool child or an heir; `forked` or `forkFailed` follows. */
  fork(offspring: Offspring): void
  kill(horse: number): void
  /** Whether horses from now on are going to be sampled. */
  keepSamplerReady(ready: boolean): void
}

/** A process that forks: one that was spawned and has loaded the application, or the heir of such a one. */
export interface Zygote {
  readonly pid: number | undefined
  readonly orders: ZygoteOrders
  /** Ends the zygote and with it all of its horses. Resolves when it is gone. */
  close(): Promise<void>
}

/** Passes on what a zygote tells of those that it forks. */
export function hearOffspring(events: ZygoteEvents, notice: ZygoteNotice): void {
  switch (notice.type) {
    case 'forked':
      return events.forked(notice)
    case 'fork-failed':
      return events.forkFailed(notice)
    case 'reap-failed':
      return events.reapFailed(notice)
    case 'exited':
      return events.exited(notice)
  }
}
