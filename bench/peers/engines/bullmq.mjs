import { worker } from '../lib/paths.mjs'
import { redisCounter } from '../lib/redis-counter.mjs'

/** BullMQ with its default options; `sandbox` are its child processes, which it reuses. */
export const bullmq = {
  name: 'bullmq',

  producer: (place, { way, jobs, work }) => ({
    file: process.execPath,
    args: [worker('bullmq-producer.mjs'), addressOf(place), way, String(jobs), work],
  }),

  workers: (place, { isolation, slots, work }) => [
    {
      file: process.execPath,
      args: [worker('bullmq-worker.mjs'), addressOf(place), isolation, String(slots), work],
    },
  ],

  async counter({ client }) {
    return redisCounter(client, {
      ended: ['ZCARD', 'bull:default:completed'],
      waiting: ['LLEN', 'bull:default:wait'],
    })
  },
}

/** As ioredis takes it. */
function addressOf({ socket, port }) {
  return port === undefined ? socket : `redis://127.0.0.1:${port}/0`
}
