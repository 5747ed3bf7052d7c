import type { WorkerCommand } from '../../broker/command.ts'
import type { Execution } from './execution.ts'

/** What a worker's commands are about. */
export interface Commanded {
  /** Take no more jobs, finish what runs, leave. */
  stop(): void
  /** The execution of a job that runs here now. */
  findJob(jobId: string): Execution | undefined
  list(): readonly Execution[]
}

/** Carries out what somebody tells this worker. A job that does not run here (any more) is no mistake of the teller's. */
export function obeyCommand(command: WorkerCommand, { stop, findJob, list }: Commanded): void {
  switch (command.type) {
    case 'shutdown':
      return stop()
    case 'stop-job':
      return findJob(command.jobId)?.stop(command.graceMs ?? 0)
    case 'cancel-job':
      return findJob(command.jobId)?.cancel()
    case 'kill-horse':
      for (const execution of list()) {
        if (command.jobId === undefined || command.jobId === execution.job.id) execution.kill()
      }
  }
}
