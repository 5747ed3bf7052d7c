import type { ExecutionOutcome, Maintenance } from '../../broker/broker.ts'
import type { WorkerCommand } from '../../broker/command.ts'
import type { ClaimedJob } from '../../job/record.ts'

/** What happens in a worker, for logs, metrics and tests. */
export interface WorkerEvents {
  started: [job: ClaimedJob]
  ended: [job: ClaimedJob, outcome: ExecutionOutcome]
  /** The outcome came too late: the lease was lost and the job is somebody else's. */
  refused: [outcome: ExecutionOutcome]
  leaseLost: [job: ClaimedJob]
  output: [job: ClaimedJob, stream: 'stdout' | 'stderr', line: string]
  jobLog: [job: ClaimedJob, message: string]
  /** The job has limits that cannot be kept in the mode in which it runs. */
  unlimited: [job: ClaimedJob]
  /** It leaves by itself. */
  leaving: [reason: LeaveReason]
  /** It runs more or fewer jobs at a time from now on. */
  resized: [from: number, to: number, reason: string]
  commanded: [command: WorkerCommand]
  maintained: [report: Maintenance]
  brokerFailed: [error: unknown]
  brokerBack: []
}

/** It has begun as many jobs as it may, or has had nothing to do for as long as it may. */
export type LeaveReason = 'max-jobs' | 'idle'
