import type { HorseLimits } from '../fork/messages.ts'
import type { RunOrder } from './messages.ts'
import type { PoolExecution } from './pool-execution.ts'
import type { PoolProcess } from './pool-process.ts'
import { kernelLimits, runOrder } from './run-command.ts'

/** Orders for a pool child that go to it together: it is woken once. */
export class OrderBatch {
  readonly #process: PoolProcess
  readonly #notice: (message: string) => void
  #orders: RunOrder[] = []
  #arguments = ''

  constructor(process: PoolProcess, notice: (message: string) => void) {
    this.#process = process
    this.#notice = notice
  }

  add(number: number, execution: PoolExecution): void {
    this.#orders.push(runOrder(number, execution, this.#limitsToKeep(execution)))
    this.#arguments += execution.job.args
  }

  /** @returns the numbers that were sent */
  send(round: number): readonly number[] {
    const jobs = this.#orders
    if (jobs.length === 0) return []
    const body = this.#arguments
    this.#orders = []
    this.#arguments = ''
    this.#process.send({ type: 'run', round, jobs }, body)
    return jobs.map(({ execution }) => execution)
  }

  /** Without the addon, which a spawned child has not, the kernel cannot be asked to keep anything. */
  #limitsToKeep({ job }: PoolExecution): HorseLimits | undefined {
    const kept = kernelLimits(job.limits)
    if (kept === undefined || this.#process.inheritsMemory) return kept
    if (kept.openFiles !== undefined) {
      this.#notice(`job ${job.name}: its limit of open files is not kept in a child that was spawned`)
    }
    return undefined
  }
}
