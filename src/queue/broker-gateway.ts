import type { Broker } from '../broker/broker.ts'
import type { JobGateway } from '../job/gateway.ts'
import { cancelJob, stopJob } from './control.ts'

/** The job gateway of a process that holds a broker. */
export function brokerGateway(broker: Broker): JobGateway {
  return {
    enqueue: (jobs) => broker.jobEnqueue(jobs),
    cancel: (id, options) => cancelJob(broker, id, options),
    stop: (id, graceMs) => stopJob(broker, id, graceMs),
    requeue: (id) => broker.jobRequeue(id),
    delete: (id) => broker.jobDelete(id),
    results: (id) => broker.jobResults(id),
    groupFetch: (name) => broker.groupFetch(name),
    groupDelete: (name) => broker.groupDelete(name),
    fetch: (id) => broker.jobFetch(id),
    wait: (id, timeoutMs) => broker.jobWait(id, timeoutMs === undefined ? {} : { timeoutMs }),
  }
}
