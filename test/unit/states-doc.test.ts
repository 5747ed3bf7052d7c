import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isEnded, JOB_STATES, type JobEvent, nextState } from '../../src/job/states.ts'

const page = readFileSync(new URL('../../docs/states.md', import.meta.url), 'utf8')

const EVENTS = Object.keys({
  claim: true,
  finish: true,
  fail: true,
  release: true,
  abandon: true,
  retry: true,
  'retry-later': true,
  repeat: true,
  'repeat-later': true,
  stop: true,
  cancel: true,
  'become-due': true,
  'dependencies-met': true,
  requeue: true,
} satisfies Record<JobEvent, true>) as JobEvent[]

function transitionsInSource(): string[] {
  const rows = JOB_STATES.flatMap((state) =>
    EVENTS.map((event) => ({ state, event, to: nextState(state, event) })).filter(({ to }) => to !== undefined),
  )
  return rows.map(({ state, event, to }) => `${state} --> ${to} : ${event}`).sort()
}

describe('docs/states.md', () => {
  it('draws the transition table of src/job/states.ts', () => {
    const drawn = [...page.matchAll(/^ {2}([a-z]+ --> [a-z]+ : [a-z-]+)$/gm)].map((match) => match[1] as string)
    expect(drawn.sort()).toEqual(transitionsInSource())
  })

  it('lists every state, and whether it is the end', () => {
    const rows = [...page.matchAll(/^\| `([a-z]+)` \| .* \| (yes|no) \|$/gm)].map((match) => [match[1], match[2]])
    expect(rows).toEqual(JOB_STATES.map((state) => [state, isEnded(state) ? 'yes' : 'no']))
  })

  it('explains every event', () => {
    const events = page.slice(page.indexOf('## Events'))
    expect(EVENTS.filter((event) => !events.includes(`\`${event}\``))).toEqual([])
  })
})
