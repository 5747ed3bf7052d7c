import type { LeaveReason } from '../../worker/supervisor/worker-events.ts'

/** What a worker tells the master that has started it. */
export type CrewMessage =
  | { readonly type: 'ready' }
  | {
      readonly type: 'ended'
      readonly finished: number
      readonly failed: number
      /** Where it has left by itself. */
      readonly leaveReason?: LeaveReason
    }

/** Tell the master, where there is one; resolves when the message is on its way. */
export async function tellMaster(message: CrewMessage): Promise<void> {
  if (!process.connected) return
  // An error is a master that is gone: the disconnect says so.
  await new Promise<void>((resolve) => process.send?.(message, undefined, {}, () => resolve()))
}
