import { inspect } from 'node:util'
import type { JobFailure } from '../../job/failure.ts'
import type { JobCallbacks } from '../../job/policies.ts'
import { type JobResultEntry, UNLIMITED } from '../../job/record.ts'
import type { JobState } from '../../job/states.ts'
import type { JobView } from '../../queue/inspect.ts'
import { formatDuration } from '../../support/duration.ts'
import { renderBill } from './bills.ts'
import { type Colour, paint } from './colours.ts'

const STATE_COLOURS: Readonly<Partial<Record<JobState, Colour>>> = {
  finished: 'green',
  failed: 'red',
  started: 'yellow',
  stopped: 'red',
  canceled: 'dim',
}

export function stateColour(state: JobState): Colour | undefined {
  return STATE_COLOURS[state]
}

/** Everything about one job, a line for each fact; facts that are not there have no line. */
export function renderJob(job: JobView, results: readonly JobResultEntry[] = []): string {
  const facts: [string, string | undefined][] = [
    ['id', job.id],
    ['job', job.name],
    ['queue', job.queue],
    ['state', painted(job.state)],
    ['arguments', value(job.args)],
    ['meta', job.meta === undefined ? undefined : value(job.meta)],
    ['progress', job.progress === undefined ? undefined : `${Math.round(job.progress * 100)} %`],
    ['created', time(job.createdAt)],
    ['enqueued', time(job.enqueuedAt)],
    ['due', time(job.dueAt)],
    ['started', time(job.startedAt)],
    ['ended', time(job.endedAt)],
    ['kept until', time(job.expiresAt)],
    ['timeout', limit(job.timeoutMs)],
    ['attempts', String(job.attempts)],
    ['retries', job.retry === undefined ? undefined : `${job.retriesLeft ?? 0} of ${job.retry.max} left`],
    ['repeats', job.repeat === undefined ? undefined : `${job.repeatsLeft ?? 0} of ${job.repeat.times} left`],
    ['waits for', job.state === 'deferred' ? job.dependsOn?.jobIds.join(' ') : undefined],
    ['group', job.group],
    ['callbacks', job.callbacks === undefined ? undefined : describeCallbacks(job.callbacks)],
    [
      'abandoned',
      job.abandonments === 0
        ? undefined
        : `by ${job.abandonments === 1 ? '1 worker' : `${job.abandonments} workers`} that died`,
    ],
    ['worker', job.worker],
    ['result', job.result === undefined ? undefined : value(job.result)],
    ['bill', job.bill === undefined ? undefined : renderBill(job.bill)],
    ['failure', job.failure === undefined ? undefined : renderFailure(job.failure)],
    ['history', results.length < 2 ? undefined : results.map(renderResult).join('\n')],
  ]
  const width = Math.max(...facts.map(([title]) => title.length))
  return facts
    .filter((fact): fact is [string, string] => fact[1] !== undefined)
    .map(
      ([title, text]) => `${paint(title.padEnd(width), 'dim')}  ${text.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`,
    )
    .join('\n')
}

function describeCallbacks(callbacks: JobCallbacks): string {
  return Object.entries(callbacks)
    .map(([kind, { name }]: [string, { name: string }]) => `${kind}: ${name}`)
    .join(', ')
}

function renderResult({ type, at, worker, failure, bill }: JobResultEntry): string {
  const why = failure === undefined ? '' : `: ${failure.name}: ${failure.message.split('\n')[0]}`
  const what = `${new Date(at).toISOString()} ${type}${worker === undefined ? '' : ` by ${worker}`}${why}`
  return bill === undefined ? what : `${what}\n  ${renderBill(bill).replaceAll('\n', '\n  ')}`
}

function painted(state: JobState): string {
  const colour = stateColour(state)
  return colour === undefined ? state : paint(state, colour)
}

function value(json: unknown): string {
  return inspect(json, { depth: 6, breakLength: 100, maxArrayLength: 100, maxStringLength: 2000 })
}

function time(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}

function limit(ms: number): string {
  return ms === UNLIMITED ? 'none' : formatDuration(ms)
}

function renderFailure(failure: JobFailure): string {
  const code = failure.code === undefined ? '' : ` (code ${failure.code})`
  const lines = [`${failure.kind}: ${failure.name}: ${failure.message}${code}`]
  // Its first line repeats name and message.
  if (failure.stack !== undefined) lines.push(...failure.stack.split('\n').filter((line) => /^\s+at /.test(line)))
  if (failure.cause !== undefined)
    lines.push(`cause: ${failure.cause.stack ?? `${failure.cause.name}: ${failure.cause.message}`}`)
  if (failure.stderrTail !== undefined) lines.push('the last it wrote to stderr:', failure.stderrTail.trimEnd())
  return lines.join('\n')
}
