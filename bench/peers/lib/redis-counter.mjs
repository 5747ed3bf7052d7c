/**
 * Looks into Redis for how many jobs have ended, and how many wait: each one command that takes the same time however many
 * there are. @param commands {ended, waiting, workers}, each a command as a list
 */
export function redisCounter(client, { ended, waiting, workers }, slots = 1) {
  const counter = {
    /** Looks so far. */
    commands: 0,
    ended: () => ask(ended),
    waiting: () => ask(waiting),
    ...(workers === undefined ? {} : { isReady: async () => (await ask(workers)) >= slots }),
  }
  async function ask([name, ...args]) {
    counter.commands++
    return Number(await client.call(name, ...args))
  }
  return counter
}
