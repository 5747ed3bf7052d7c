import { bullmq } from '../engines/bullmq.mjs'
import { celery } from '../engines/celery.mjs'
import { rq } from '../engines/rq.mjs'
import { workhorse } from '../engines/workhorse.mjs'

/**
 * What is measured. `jobs` is for some seconds on two cores. A case with `delayMs` goes through the proxy, which also counts
 * requests; the others over a Unix socket.
 */
export const CASES = [
  ...drains('noop', rq, 'fork', { 1: 400, 4: 600 }),
  ...drains('noop', rq, 'fork-preloaded', { 1: 400, 4: 600 }),
  ...drains('noop', rq, 'simple', { 1: 4000, 4: 5000 }),
  ...drains('noop', celery, 'prefork', { 2: 5000 }),
  ...drains('noop', bullmq, 'inline', { 1: 15_000, 50: 40_000 }),
  ...drains('noop', bullmq, 'sandbox', { 1: 12_000, 4: 20_000 }),
  ...drains('noop', workhorse, 'fork', { 1: 4000, 4: 8000 }),
  ...drains('noop', workhorse, 'pool', { 1: 40_000, 2: 40_000, 4: 50_000 }),
  ...drains('noop', workhorse, 'inline', { 1: 15_000, 50: 50_000 }),
  ...drains('noop', workhorse, 'fork', { 4: 2500 }, { store: 'sqlite' }),
  ...drains('noop', workhorse, 'pool', { 1: 40_000, 4: 60_000 }, { store: 'sqlite' }),
  ...drains('noop', workhorse, 'inline', { 50: 30_000 }, { store: 'sqlite' }),

  ...drains('record_event', rq, 'fork', { 4: 60 }),
  ...drains('record_event', rq, 'fork-preloaded', { 4: 400 }),
  ...drains('record_event', rq, 'simple', { 4: 1500 }),
  ...drains('record_event', celery, 'prefork', { 2: 2500 }),
  ...drains('record_event', bullmq, 'sandbox', { 4: 4000 }),
  ...drains('record_event', bullmq, 'inline', { 50: 4000 }),
  ...drains('record_event', workhorse, 'fork', { 4: 800 }),
  ...drains('record_event', workhorse, 'pool', { 4: 5000 }),
  ...drains('record_event', workhorse, 'inline', { 50: 5000 }),
  ...drains('record_event', workhorse, 'fork', { 4: 800 }, { store: 'sqlite' }),

  ...drains('noop', rq, 'fork-preloaded', { 4: 600 }, { delayMs: 0 }),
  ...drains('noop', workhorse, 'fork', { 4: 2000 }, { delayMs: 0 }),
  ...drains('noop', workhorse, 'pool', { 4: 10_000 }, { delayMs: 0 }),
  ...[0, 2].flatMap((delayMs) => [
    ...drains('noop', bullmq, 'inline', { 50: 30_000 }, { delayMs }),
    ...drains('noop', workhorse, 'inline', { 50: 40_000 }, { delayMs }),
  ]),

  ...['bulk', 'single'].flatMap((way) => [
    enqueues(rq, way, way === 'bulk' ? 12_000 : 4000),
    enqueues(bullmq, way, way === 'bulk' ? 60_000 : 12_000),
    enqueues(workhorse, way, way === 'bulk' ? 80_000 : 12_000),
    enqueues(workhorse, way, way === 'bulk' ? 80_000 : 12_000, 'sqlite'),
  ]),
  enqueues(celery, 'single', 4000),
]

function drains(work, engine, isolation, jobsBySlots, more = {}) {
  return Object.entries(jobsBySlots).map(([text, jobs]) => {
    const drain = { work, isolation, slots: Number(text), ...more }
    return { id: idOf([work, engine.name, isolation, text], more), engine, jobs, drain }
  })
}

function enqueues(engine, way, jobs, store) {
  return { id: idOf(['enqueue', engine.name, way], { store }), engine, jobs, enqueue: { way, store } }
}

function idOf(parts, { store, delayMs }) {
  return [...parts, ...(store ? [store] : []), ...(delayMs === undefined ? [] : [`proxy+${delayMs}ms`])].join('/')
}
