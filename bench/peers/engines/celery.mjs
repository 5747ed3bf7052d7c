import { PYTHON, worker } from '../lib/paths.mjs'

/** Celery's prefork pool, one worker of `slots` children; results in a database of their own, so that they can be counted. */
export const celery = {
  name: 'celery',

  producer: (place, { way, jobs, work }) => python([worker('celery_producer.py'), way, String(jobs), work], place),

  workers: (place, { slots }) => [
    python(
      [
        '-m',
        'celery',
        '-A',
        'celery_jobs',
        'worker',
        '--pool',
        'prefork',
        '--concurrency',
        String(slots),
        '-l',
        'ERROR',
      ],
      place,
    ),
  ],

  async counter({ client }) {
    const results = client.duplicate({ db: 1 })
    const counter = {
      commands: 0,
      ended() {
        counter.commands++
        return results.dbsize()
      },
      waiting: () => client.llen('celery'),
      close: async () => results.disconnect(),
    }
    return counter
  },
}

function python(args, { folder, socket }) {
  const env = {
    PYTHONPATH: worker(''),
    PYTHONPYCACHEPREFIX: folder,
    PYTHONWARNINGS: 'ignore',
    BENCH_REDIS: `redis+socket://${socket}?virtual_host=`,
    // The worker would rather not run as root.
    C_FORCE_ROOT: '1',
  }
  return { file: PYTHON, args, env }
}
