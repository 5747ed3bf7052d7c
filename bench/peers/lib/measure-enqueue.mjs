import { answerOf } from './processes.mjs'
import { readStatistics } from './server.mjs'

/** How many jobs one producer stores in a second, nobody working. Its process is warm: a quarter is stored before. */
export async function measureEnqueue({ engine, server, folder, environment, enqueue, jobs }) {
  await server.client.flushall()
  await server.client.config('RESETSTAT')
  const { cpuSeconds } = await readStatistics(server.client)
  const place = { ...server.place, folder }
  const counter = await engine.counter(place, enqueue)
  try {
    const command = engine.producer(place, { ...enqueue, jobs, work: 'noop' })
    const { seconds, jobs: measured } = await answerOf({ ...command, env: { ...environment, ...command.env } })
    const stored = await counter.waiting()
    if (stored !== jobs) throw new Error(`${engine.name} stored ${stored} of ${jobs} jobs`)
    const after = await readStatistics(server.client)
    return {
      jobs: measured,
      seconds,
      jobsPerSecond: measured / seconds,
      redisCpuUsPerJob: ((after.cpuSeconds - cpuSeconds) * 1e6) / jobs,
    }
  } finally {
    await counter.close?.()
  }
}
