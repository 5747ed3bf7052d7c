/**
 * The states of a job are those of Python RQ 2.10 (rq/job.py, JobStatus), so that both can share one queue.
 */
export const JOB_STATES = [
  'queued',
  'started',
  'finished',
  'failed',
  'deferred',
  'scheduled',
  'stopped',
  'canceled',
] as const

export type JobState = (typeof JOB_STATES)[number]

/** What can happen to a job. Brokers carry these out; nothing else changes a state. */
export type JobEvent =
  | 'claim'
  | 'finish'
  | 'fail'
  | 'release'
  | 'abandon'
  | 'retry'
  | 'retry-later'
  | 'repeat'
  | 'repeat-later'
  | 'stop'
  | 'cancel'
  | 'become-due'
  | 'dependencies-met'
  | 'requeue'

const TRANSITIONS: { readonly [S in JobState]: { readonly [E in JobEvent]?: JobState } } = {
  queued: { claim: 'started', cancel: 'canceled' },
  started: {
    finish: 'finished',
    fail: 'failed',
    release: 'queued',
    abandon: 'queued',
    retry: 'queued',
    'retry-later': 'scheduled',
    repeat: 'queued',
    'repeat-later': 'scheduled',
    stop: 'stopped',
    cancel: 'canceled',
  },
  scheduled: { 'become-due': 'queued', requeue: 'queued', cancel: 'canceled' },
  deferred: { 'dependencies-met': 'queued', requeue: 'queued', cancel: 'canceled' },
  finished: { requeue: 'queued' },
  failed: { requeue: 'queued' },
  stopped: { requeue: 'queued' },
  canceled: { requeue: 'queued' },
}

/** The state after `event`, or nothing where the event cannot happen in `state`. */
export function nextState(state: JobState, event: JobEvent): JobState | undefined {
  return TRANSITIONS[state][event]
}

/** The states in which `event` can happen. */
export function statesAllowing(event: JobEvent): JobState[] {
  return JOB_STATES.filter((state) => nextState(state, event) !== undefined)
}

/** True where nothing happens to the job any more unless somebody asks for it. */
export function isEnded(state: JobState): boolean {
  return state === 'finished' || state === 'failed' || state === 'stopped' || state === 'canceled'
}

export function isJobState(value: string): value is JobState {
  return (JOB_STATES as readonly string[]).includes(value)
}
