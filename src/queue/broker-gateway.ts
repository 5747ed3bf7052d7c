import type { Broker } from '../broker/broker.ts'
import type { JobGateway } from '../job/gateway.ts'

/** The job gateway of a process that holds a broker. */
export function brokerGateway(broker: Broker): JobGateway {
  return {
    enqueue: (jobs) => broker.jobEnqueue(jobs),
    fetch: (id) => broker.jobFetch(id),
    wait: (id, timeoutMs) => broker.jobWait(id, timeoutMs === undefined ? {} : { timeoutMs }),
  }
}
