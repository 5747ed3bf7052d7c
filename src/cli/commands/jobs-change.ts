import type { Broker } from '../../broker/broker.ts'
import { JobStateError, UsageError, WorkhorseError } from '../../errors.ts'
import { nextState, statesAllowing } from '../../job/states.ts'
import { cancelJob, stopJob } from '../../queue/control.ts'
import { type ChangeReport, changeJobs, deleteJobs, type JobSelection, requeueJobs } from '../../queue/inspect.ts'
import type { Invocation } from '../command.ts'
import { note, print, printJson } from '../render/print.ts'
import { EXIT_FAILED } from '../report-error.ts'
import { withBroker } from '../surroundings.ts'

type ChangeFlag = 'broker' | 'config' | 'state' | 'queue' | 'json'
type Change = (broker: Broker, selection: JobSelection) => Promise<ChangeReport>

export function runJobsRequeue(invocation: Invocation<ChangeFlag>): Promise<number> {
  const { state } = invocation.flags
  if (state !== undefined && nextState(state, 'requeue') === undefined) {
    throw new UsageError(`${state} jobs cannot be requeued; ${statesAllowing('requeue').join(', ')} ones can`)
  }
  return change(invocation, 'requeue', 'requeued', requeueJobs)
}

export function runJobsDelete(invocation: Invocation<ChangeFlag>): Promise<number> {
  const { state } = invocation.flags
  if (state === 'started') throw new UsageError('running jobs cannot be deleted; let them end first')
  return change(invocation, 'delete', 'deleted', deleteJobs)
}

/** What waits is taken out; what runs is asked to end. */
export function runJobsCancel(invocation: Invocation<ChangeFlag | 'dependents'>): Promise<number> {
  const { state, dependents: enqueueDependents = false } = invocation.flags
  if (state !== undefined && nextState(state, 'cancel') === undefined) {
    throw new UsageError(`${state} jobs cannot be canceled; ${statesAllowing('cancel').join(', ')} ones can`)
  }
  return change(invocation, 'cancel', 'canceled', (broker, selection) =>
    changeJobs(broker, selection, async (id) => void (await cancelJob(broker, id, { enqueueDependents }))),
  )
}

/** Resolves when they have ended. */
export function runJobsStop(invocation: Invocation<ChangeFlag | 'grace'>): Promise<number> {
  const { state, grace = 0 } = invocation.flags
  if (state !== undefined && state !== 'started') {
    throw new UsageError(`${state} jobs cannot be stopped; started ones can (workhorse jobs cancel takes others)`)
  }
  return change(invocation, 'stop', 'stopped', (broker, selection) =>
    changeJobs(broker, selection, async (id) => {
      const ended = await stopJob(broker, id, grace)
      if (ended !== 'stopped' && ended !== 'canceled')
        throw new JobStateError(id, ended, 'it ended before it was stopped')
    }),
  )
}

function change(
  { flags, positionals }: Invocation<ChangeFlag>,
  verb: string,
  done: string,
  apply: Change,
): Promise<number> {
  const selection = select(flags, positionals, verb)
  return withBroker(flags, async (broker) => {
    const { changed, refused } = await apply(broker, selection)
    for (const { reason } of refused) note(`workhorse: ${reason}`)
    if (flags.json) printJson({ [done]: changed, refused })
    else if (changed.length > 0) print(`${done} ${changed.length === 1 ? '1 job' : `${changed.length} jobs`}`)
    if (changed.length === 0 && refused.length === 0) {
      const { state = '', queue } = flags
      throw new WorkhorseError(
        'WORKHORSE_NOTHING_SELECTED',
        `nothing ${done}: no job is ${state}${queue === undefined ? '' : ` in queue '${queue}'`}`,
      )
    }
    return refused.length > 0 ? EXIT_FAILED : 0
  })
}

function select(flags: Invocation<ChangeFlag>['flags'], ids: readonly string[], verb: string): JobSelection {
  const { state, queue } = flags
  if (ids.length > 0) {
    if (state !== undefined || queue !== undefined) {
      throw new UsageError(`jobs ${verb} takes ids, or --state with or without --queue, but not both`)
    }
    return { ids }
  }
  if (state === undefined) {
    throw new UsageError(`jobs ${verb} which? Pass ids, or all in a state: workhorse jobs ${verb} --state failed`)
  }
  return queue === undefined ? { state } : { state, queue }
}
