import type { Broker } from '../broker/broker.ts'
import type { JobGateway } from '../job/gateway.ts'
import { cancelJob, stopJob } from './control.ts'

/** The job gateway of a process that holds a broker. */
export function brokerGateway(broker: Broker): JobGateway {
  return {
    enqueue: (jobs) => broker.jobEnqueue(jobs),
    cancel: (id) => cancelJob(broker, id),
    stop: (id, graceMs) => stopJob(broker, id, graceMs),
    fetch: (id) => broker.jobFetch(id),
    wait: (id, timeoutMs) => broker.jobWait(id, timeoutMs === undefined ? {} : { timeoutMs }),
  }
}
