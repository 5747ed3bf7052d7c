import { describe, expect, it } from 'vitest'
import {
  isEnded,
  isJobState,
  JOB_STATES,
  type JobEvent,
  type JobState,
  nextState,
  statesAllowing,
} from '../../src/job/states.ts'

/** Every transition there is; what is not listed here must not happen. */
const TRANSITIONS: readonly (readonly [from: JobState, event: JobEvent, to: JobState])[] = [
  ['queued', 'claim', 'started'],
  ['queued', 'cancel', 'canceled'],
  ['started', 'finish', 'finished'],
  ['started', 'fail', 'failed'],
  ['started', 'release', 'queued'],
  ['started', 'abandon', 'queued'],
  ['started', 'retry-later', 'scheduled'],
  ['started', 'stop', 'stopped'],
  ['started', 'cancel', 'canceled'],
  ['scheduled', 'become-due', 'queued'],
  ['scheduled', 'requeue', 'queued'],
  ['scheduled', 'cancel', 'canceled'],
  ['deferred', 'dependencies-met', 'queued'],
  ['deferred', 'requeue', 'queued'],
  ['deferred', 'cancel', 'canceled'],
  ['finished', 'requeue', 'queued'],
  ['failed', 'requeue', 'queued'],
  ['stopped', 'requeue', 'queued'],
  ['canceled', 'requeue', 'queued'],
]

const EVENTS = [...new Set(TRANSITIONS.map(([, event]) => event))]

describe('job states', () => {
  it.each(TRANSITIONS)('%s, on %s, becomes %s', (from, event, to) => {
    expect(nextState(from, event)).toBe(to)
  })

  it('have no other transition', () => {
    const found = JOB_STATES.flatMap((from) =>
      EVENTS.flatMap((event) => {
        const to = nextState(from, event)
        return to === undefined ? [] : [`${from} ${event} ${to}`]
      }),
    )
    expect(found.toSorted()).toEqual(TRANSITIONS.map((transition) => transition.join(' ')).toSorted())
  })

  it('are those of Python RQ', () => {
    expect(JOB_STATES).toEqual([
      'queued',
      'started',
      'finished',
      'failed',
      'deferred',
      'scheduled',
      'stopped',
      'canceled',
    ])
  })

  it('tell from which ones an event can happen', () => {
    expect(statesAllowing('claim')).toEqual(['queued'])
    expect(statesAllowing('requeue')).toEqual(['finished', 'failed', 'deferred', 'scheduled', 'stopped', 'canceled'])
    expect(statesAllowing('cancel')).toEqual(['queued', 'started', 'deferred', 'scheduled'])
  })

  it('that are ended can only be requeued', () => {
    const ended = JOB_STATES.filter(isEnded)
    expect(ended).toEqual(['finished', 'failed', 'stopped', 'canceled'])
    for (const state of ended) {
      expect(EVENTS.filter((event) => nextState(state, event) !== undefined)).toEqual(['requeue'])
    }
  })

  it('are known by name', () => {
    expect(JOB_STATES.every(isJobState)).toBe(true)
    expect(['running', '', 'Queued', 'toString'].some(isJobState)).toBe(false)
  })
})
