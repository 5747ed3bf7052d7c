import { inRepository, worker } from '../lib/paths.mjs'
import { redisCounter } from '../lib/redis-counter.mjs'

const CLI = inRepository('dist/cli/main.js')

/** Workhorse as it is installed, by its command line. */
export const workhorse = {
  name: 'workhorse',

  producer: (place, { way, jobs, work, store }) => ({
    file: process.execPath,
    args: [worker('workhorse-producer.mjs'), urlOf(place, store), way, String(jobs), work],
  }),

  workers: (place, { isolation, slots, work, store }) => [
    {
      file: process.execPath,
      args: [
        ...[CLI, 'worker', 'default', '--broker', urlOf(place, store), '--jobs-file', jobsOf(work)],
        ...['--isolation', isolation, '--concurrency', String(slots), '--log-level', 'error'],
      ],
    },
  ],

  async counter(place, { store }) {
    if (store === 'sqlite') return sqliteCounter(urlOf(place, store))
    return redisCounter(place.client, {
      ended: ['ZCARD', 'rq:finished:default'],
      waiting: ['LLEN', 'rq:queue:default'],
    })
  },
}

function urlOf({ socket, port, folder }, store) {
  if (store === 'sqlite') return `sqlite:${folder}/queue.db`
  return port === undefined ? `redis+unix://${socket}` : `redis://127.0.0.1:${port}/0`
}

function jobsOf(work) {
  return work === 'noop' ? worker('workhorse-jobs.mjs') : inRepository('examples/redash/jobs.ts')
}

async function sqliteCounter(url) {
  const { connectBroker } = await import(inRepository('dist/broker/index.js'))
  const broker = await connectBroker(url)
  const countOf = async (state) => (await broker.queueList()).find(({ name }) => name === 'default')?.counts[state] ?? 0
  return {
    commands: 0,
    ended: () => countOf('finished'),
    waiting: () => countOf('queued'),
    close: () => broker.close(),
  }
}
