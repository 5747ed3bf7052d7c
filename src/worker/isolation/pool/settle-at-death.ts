import type { JobFailure } from '../../../job/failure.ts'
import type { Bill, ProcessUsage } from '../../../job/record.ts'
import { toMicroseconds } from '../../../support/to-microseconds.ts'
import type { ExplainableDeath } from '../fork/horse-death.ts'
import type { PoolExecution } from './pool-execution.ts'
import { usageBetween } from './usage-between.ts'

/** What is known when a pool child dies with jobs in it. */
export interface DeathFacts {
  /** Its death in words, as if one job had it for itself. */
  readonly explained: JobFailure
  /** Where it was ended for its size. */
  readonly memoryExcess: string | undefined
  /** What its jobs have used; undefined where several had it. */
  readonly usage: ProcessUsage | undefined
}

/** Ends the jobs of a dead pool child. One of them may have ended it, or have been meant: the others fail because of that. */
export function settleAtDeath(executions: readonly PoolExecution[], facts: DeathFacts): void {
  const culprit = executions.find(({ doom, killed }) => doom !== undefined || killed)
  for (const execution of executions) {
    const bill = billOf(performance.now() - execution.begunAt, facts.usage)
    if (execution.doom) execution.settle({ type: 'failed', failure: execution.doom, bill })
    else if (facts.memoryExcess) execution.settle({ type: 'failed', failure: tooLarge(facts.memoryExcess), bill })
    else if (execution.killed) execution.settle({ type: 'killed', givenUp: false, bill })
    else
      execution.settle({
        type: 'failed',
        failure: culprit ? becauseOf(culprit, facts.explained) : facts.explained,
        bill,
      })
  }
}

export function billOf(ms: number, usage: ProcessUsage | undefined): Bill {
  const wallMs = toMicroseconds(ms)
  return usage === undefined ? { wallMs } : { wallMs, usage }
}

/** The kernel's account of the whole life, less what it was when the job began. */
export function usageAtDeath(before: ProcessUsage | undefined, { status }: ExplainableDeath): ProcessUsage | undefined {
  if (status?.cpuUserMs === undefined || before === undefined) return undefined
  const { exitCode: _exitCode, signal: _signal, ...usage } = status
  return usageBetween(before, usage as ProcessUsage)
}

function tooLarge(message: string): JobFailure {
  return { kind: 'out-of-memory', name: 'OutOfMemoryError', message }
}

/** Jobs that share a process share its end. */
function becauseOf(culprit: PoolExecution, explained: JobFailure): JobFailure {
  const { name, id } = culprit.job
  const message = `its pool child, which ran ${name} ${id} at the same time, was ended because of that job: ${culprit.doom?.message ?? explained.message}`
  return { ...explained, message }
}
