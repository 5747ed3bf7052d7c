/** What a worker tells the master that has started it. */
export type CrewMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'ended'; readonly finished: number; readonly failed: number }

/** Tell the master, where there is one; resolves when the message is on its way. */
export async function tellMaster(message: CrewMessage): Promise<void> {
  if (!process.connected) return
  // An error is a master that is gone: the disconnect says so.
  await new Promise<void>((resolve) => process.send?.(message, undefined, {}, () => resolve()))
}
