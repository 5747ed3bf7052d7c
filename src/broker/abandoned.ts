import type { JobFailure } from '../job/failure.ts'

/** Why a job is failed whose workers have died with it `times` times. */
export function abandonedFailure(id: string, name: string, worker: string, times: number): JobFailure {
  return {
    kind: 'abandoned',
    name: 'AbandonedError',
    message:
      `job ${id} (${name}) was abandoned ${times} ${times === 1 ? 'time' : 'times'}: its worker, last ${worker}, ` +
      'died or was cut off while running it. It probably kills its worker, so it is not run again by itself',
  }
}
