import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../../src/broker/broker.ts'
import { BrokerUnavailableError } from '../../../../src/errors.ts'
import { claim, enqueue, newJob, WORKER } from '../../../support/jobs.ts'
import type { Setup } from '../broker-suite.ts'

/** Every method that does something, called in a harmless way. */
const CALLS: Readonly<Record<string, (broker: Broker) => Promise<unknown>>> = {
  jobEnqueue: (broker) => broker.jobEnqueue([newJob()]),
  'jobEnqueue of nothing': (broker) => broker.jobEnqueue([]),
  jobExchange: (broker) => claim(broker),
  'jobExchange of nothing': (broker) => claim(broker, { limit: 0 }),
  jobUpdate: (broker) => broker.jobUpdate({ jobId: 'a', executionId: 'b' }),
  jobFetch: (broker) => broker.jobFetch('a'),
  jobList: (broker) => broker.jobList({ limit: 1 }),
  jobRequeue: (broker) => broker.jobRequeue('a'),
  jobDelete: (broker) => broker.jobDelete('a'),
  jobWait: (broker) => broker.jobWait('a', {}),
  leaseRenew: (broker) => broker.leaseRenew({ worker: WORKER, executions: [], leaseMs: 1000 }),
  maintain: (broker) => broker.maintain({ maxAbandonments: 3 }),
  queueList: (broker) => broker.queueList(),
  queuePause: (broker) => broker.queuePause('default'),
  queueResume: (broker) => broker.queueResume('default'),
  workerHeartbeat: (broker) =>
    broker.workerHeartbeat({ name: WORKER, state: 'idle', finished: 0, failed: 0, ttlMs: 1000 }),
  workerUnregister: (broker) => broker.workerUnregister(WORKER),
  workerList: (broker) => broker.workerList(),
  workWait: (broker) => broker.workWait({ queues: ['default'] }),
}

export function describeClosing(setup: Setup): void {
  describe('a closed broker', () => {
    it.each(Object.keys(CALLS))('refuses %s', async (name) => {
      const { broker } = await setup()
      await broker.close()
      await expect(CALLS[name]?.(broker)).rejects.toThrow(BrokerUnavailableError)
    })

    it('may be closed again', async () => {
      const { broker } = await setup()
      await broker.close()
      await broker.close()
    })

    it('leaves the other brokers of the store alone', async () => {
      const { broker, reopen } = await setup()
      const other = await reopen()
      await broker.close()
      await enqueue(other, ['a'])
      expect(await claim(other)).toHaveLength(1)
    })
  })

  describe('a broker', () => {
    it('has a URL and says what it can do', async () => {
      const { broker } = await setup()
      expect(broker.url).toMatch(/^[a-z+]+:/)
      expect(broker.capabilities).toEqual({ network: expect.any(Boolean), pythonRq: expect.any(Boolean) })
    })
  })
}
