/**
 * An immediate made ahead of time: what a horse would make for itself it would make in fresh memory, and this one is
 * dear. Called in the zygote from the turn of the event loop in which it forks, so that it is due in each horse's next.
 * @returns as `setImmediate`, for the horse
 */
export function prepareFirstTurn(): (callback: () => void) => void {
  let waiting: (() => void) | undefined
  let over = false
  setImmediate(() => {
    over = true
    waiting?.()
  })
  return (callback) => {
    if (over || waiting !== undefined) setImmediate(callback)
    else waiting = callback
  }
}
