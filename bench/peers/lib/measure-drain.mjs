import { cpuSeconds } from './cpu-time.mjs'
import { answerOf, end, start } from './processes.mjs'
import { startProxy } from './proxy.mjs'
import { readStatistics } from './server.mjs'

const LOOK_MS = 10
/** Jobs before the clock starts: the workers boot, connect and warm up with them. */
const WARM_UP_SHARE = 0.25
const MOST_MS = 180_000

/**
 * All jobs are enqueued first, then the workers start. The clock runs from the moment at which all workers are there and a
 * quarter of the jobs has ended, until all have.
 */
export async function measureDrain({ engine, server, folder, environment, drain, jobs }) {
  await server.client.flushall()
  const proxy = drain.delayMs === undefined ? undefined : await startProxy(server.port, drain.delayMs)
  const place = { ...server.place, folder, ...(proxy ? { port: proxy.port } : {}) }
  const counter = await engine.counter(place, drain)
  const workers = []
  try {
    await answerOf(withEnvironment(engine.producer({ ...place, ...server.place }, { ...drain, jobs, way: 'bulk' })))
    for (const command of engine.workers(place, drain)) workers.push(start(withEnvironment(command)))
    return await timed({ counter, server, proxy, workers, jobs })
  } finally {
    await Promise.all(workers.map(end))
    await counter.close?.()
    proxy?.stop()
  }

  function withEnvironment(command) {
    return { ...command, env: { ...environment, ...command.env } }
  }
}

async function timed({ counter, server, proxy, workers, jobs }) {
  const look = watcher(counter, workers, jobs)
  const first = await look(async (ended) => ended >= jobs * WARM_UP_SHARE && (await counter.isReady?.()) !== false)
  const requestsBefore = await proxy?.requests()
  await server.client.config('RESETSTAT')
  const before = await readStatistics(server.client)
  const pids = workers.map(({ child }) => child.pid)
  const workerCpuBefore = cpuSeconds(pids)
  // Our own looks are not the engine's commands.
  const commandsBefore = counter.commands
  const from = { ended: await counter.ended(), at: performance.now() }
  if (from.ended >= jobs) throw new Error(`${jobs} jobs were too few: all had ended when the clock started (${first})`)
  await look(async (ended) => ended >= jobs)
  const seconds = (performance.now() - from.at) / 1000
  const workerCpu = cpuSeconds(pids) - workerCpuBefore
  const measured = jobs - from.ended
  const requests = (await proxy?.requests()) - requestsBefore
  const after = await readStatistics(server.client)
  return {
    jobs: measured,
    seconds,
    jobsPerSecond: measured / seconds,
    workerCpuUsPerJob: (workerCpu * 1e6) / measured,
    redisCpuUsPerJob: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / measured,
    scriptCallsPerJob: ((after.calls.evalsha ?? 0) + (after.calls.eval ?? 0)) / measured,
    commandsPerJob: (sum(Object.values(after.calls)) - (counter.commands - commandsBefore)) / measured,
    ...(proxy ? { requestsPerJob: requests / measured } : {}),
  }
}

/** Asks again and again until `isEnough` of what has ended. */
function watcher(counter, workers, jobs) {
  const deadline = performance.now() + MOST_MS
  return async (isEnough) => {
    for (;;) {
      const ended = await counter.ended()
      if (await isEnough(ended)) return ended
      const dead = workers.find(({ child }) => child.exitCode !== null || child.signalCode !== null)
      if (dead) throw new Error(`a worker has left after ${ended} of ${jobs} jobs:\n${dead.output}`)
      if (performance.now() > deadline) {
        throw new Error(
          `only ${ended} of ${jobs} jobs in ${MOST_MS} ms:\n${workers.map(({ output }) => output).join('\n')}`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}
