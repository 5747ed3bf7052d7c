import type { ExecutionOutcome } from '../broker/broker.ts'
import type { WorkerCommand } from '../broker/command.ts'
import type { ClaimedJob } from '../job/record.ts'
import type { SchedulerHooks } from '../scheduler/scheduler.ts'
import { formatDuration } from '../support/duration.ts'
import type { Logger } from '../support/logger.ts'
import type { Supervisor } from './supervisor/supervisor.ts'
import type { LeaveReason } from './supervisor/worker-events.ts'

/** Writes what the scheduler does to the worker's log. */
export function logSchedules(logger: Logger): SchedulerHooks {
  return {
    synced: ({ added, changed, removed }) => {
      const parts = Object.entries({ added, changed, removed }).filter(([, names]) => names.length > 0)
      if (parts.length === 0) return
      const text = parts.map(([what, names]) => `${what} ${names.join(', ')}`).join('; ')
      // Somebody may have two sets of job modules under one name, which remove each other's.
      logger[removed.length > 0 ? 'warn' : 'info'](
        { event: 'schedules.synced', added, changed, removed },
        `schedules: ${text}`,
      )
    },
    fired: ({ name }, id) =>
      logger.info(
        { event: 'schedule.fired', schedule: name, id },
        `schedule ${name}: ${id === undefined ? 'missed its time, passed over' : `enqueued ${id}`}`,
      ),
    failed: (error) =>
      logger.warn({ event: 'schedules.failed', err: error }, `schedules wait, trying on: ${(error as Error).message}`),
  }
}

/** Writes what happens in a worker to its log, one line each. */
export function logWorkerEvents(supervisor: Supervisor, logger: Logger): void {
  supervisor.on('started', (job) => {
    if (!logger.isLevelEnabled('debug')) return
    logger.debug({ event: 'job.started', ...subject(job) }, `started, attempt ${job.attempt}`)
  })
  supervisor.on('ended', (job, outcome) => logEnd(logger, job, outcome))
  supervisor.on('output', (job, stream, line) => logger.info({ event: 'job.output', ...subject(job), stream }, line))
  supervisor.on('jobLog', (job, message) => logger.info({ event: 'job.log', ...subject(job) }, message))
  supervisor.on('unlimited', (job) =>
    logger.warn(
      { event: 'limits.unkept', ...subject(job) },
      'its limits of memory, CPU time, open files and output are not kept here: that needs a process of its own (isolation fork)',
    ),
  )
  supervisor.on('leaving', (reason) => logger.info({ event: 'worker.leaving', reason }, LEAVE_REASONS[reason]))
  supervisor.on('resized', (from, to, reason) =>
    logger.info({ event: 'slots.changed', from, to, reason }, `slots ${from} → ${to}: ${reason}`),
  )
  supervisor.on('commanded', (command) => logger.info({ event: 'worker.commanded', command }, describeCommand(command)))
  supervisor.on('leaseLost', (job) =>
    logger.warn(
      { event: 'lease.lost', ...subject(job) },
      'its lease is lost, another worker may run it already; killing it here',
    ),
  )
  supervisor.on('refused', ({ jobId, executionId, type }) =>
    logger.warn(
      { event: 'outcome.refused', id: jobId, execution: executionId, outcome: type },
      `execution ${executionId} of job ${jobId} ended too late (${type}): its lease was lost, and this end does not count`,
    ),
  )
  supervisor.on('maintained', ({ reclaimed, poisoned }) => {
    for (const { jobId, worker } of reclaimed) {
      logger.warn({ event: 'job.reclaimed', id: jobId }, `job ${jobId} queued again: its worker ${worker} is gone`)
    }
    for (const { jobId, worker } of poisoned) {
      logger.error(
        { event: 'job.poisoned', id: jobId },
        `job ${jobId} failed: its workers keep dying, the last was ${worker}`,
      )
    }
  })
  supervisor.on('brokerFailed', (error) =>
    logger.error(
      { event: 'broker.failed', err: error },
      `the broker cannot be reached, trying on: ${(error as Error).message}`,
    ),
  )
  supervisor.on('brokerBack', () => logger.info({ event: 'broker.back' }, 'the broker is back'))
}

function logEnd(logger: Logger, job: ClaimedJob, outcome: ExecutionOutcome): void {
  if (outcome.type === 'finished' && !logger.isLevelEnabled('info')) return
  const { bill } = outcome
  const took = bill ? ` in ${formatDuration(bill.wallMs)}` : ''
  const fields = { event: `job.${outcome.type}`, ...subject(job), ...(bill ? { bill } : {}) }
  if (outcome.type === 'finished') logger.info(fields, `finished${took}`)
  else if (outcome.type === 'released') logger.warn(fields, 'put back to the front of its queue')
  else if (outcome.type === 'canceled') logger.warn(fields, `canceled${took}`)
  else {
    const { failure } = outcome
    const next = outcome.type === 'failed' && outcome.retry ? `; again ${when(outcome.retry.delayMs)}` : ''
    const text = `${outcome.type}${took}${next}: ${failure.name}: ${firstLine(failure.message)}`
    logger[next === '' ? 'error' : 'warn']({ ...fields, failure }, text)
  }
}

function when(delayMs: number): string {
  return delayMs === 0 ? 'at once' : `in ${formatDuration(delayMs)}`
}

const LEAVE_REASONS: Readonly<Record<LeaveReason, string>> = {
  'max-jobs': 'it has begun as many jobs as it may: taking no more, finishing what runs',
  idle: 'it has had nothing to do for as long as it may: leaving',
}

function describeCommand(command: WorkerCommand): string {
  return 'jobId' in command ? `told to ${command.type} ${command.jobId}` : `told to ${command.type}`
}

/** The whole message is in the job's record, and in the line's `failure`. */
function firstLine(text: string): string {
  const [first = '', ...rest] = text.split('\n')
  return rest.length === 0 ? first : `${first} …`
}

function subject(job: ClaimedJob): { job: string; id: string; queue: string } {
  return { job: job.name, id: job.id, queue: job.queue }
}
