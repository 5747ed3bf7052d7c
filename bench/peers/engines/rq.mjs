import { PYTHON, worker } from '../lib/paths.mjs'
import { redisCounter } from '../lib/redis-counter.mjs'

/**
 * RQ of Debian. `fork` is `rq worker` as it comes: each horse imports the job's module. `fork-preloaded` has imported it
 * before. `simple` is its SimpleWorker, which runs jobs itself. Each slot is a worker, which is a process.
 */
export const rq = {
  name: 'rq',

  producer: (place, { way, jobs, work }) =>
    python([worker('rq_producer.py'), urlOf(place), way, String(jobs), work], place),

  workers: (place, { isolation, slots, work }) => {
    const url = urlOf(place)
    const command =
      isolation === 'fork'
        ? python(['-m', 'rq.cli', 'worker', '--url', url, '--quiet', 'default'], place)
        : python([worker('rq_worker.py'), url, isolation, work], place)
    return Array.from({ length: slots }, () => command)
  },

  async counter({ client }, { slots = 1 }) {
    const commands = {
      ended: ['ZCARD', 'rq:finished:default'],
      waiting: ['LLEN', 'rq:queue:default'],
      workers: ['SCARD', 'rq:workers'],
    }
    return redisCounter(client, commands, slots)
  },
}

function python(args, { folder }) {
  return { file: PYTHON, args, env: { PYTHONPATH: worker(''), PYTHONPYCACHEPREFIX: folder, PYTHONWARNINGS: 'ignore' } }
}

function urlOf({ socket, port }) {
  return port === undefined ? `unix://${socket}` : `redis://127.0.0.1:${port}/0`
}
