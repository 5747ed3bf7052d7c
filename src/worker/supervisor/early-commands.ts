import type { WorkerCommand } from '../../broker/command.ts'

/**
 * Commands for jobs that the broker may have given to this worker in a call that is still under way. They wait until the job
 * is here, or no call can bring it any more.
 */
export class EarlyCommands {
  #waiting: { readonly command: WorkerCommand; readonly exchange: number }[] = []

  /** @param exchange number of the last call under way: those up to it may bring the job */
  add(command: WorkerCommand, exchange: number): void {
    this.#waiting.push({ command, exchange })
  }

  /** Those to be obeyed now. @param underWay numbers of the calls that are */
  take(underWay: readonly number[], isHere: (jobId: string) => boolean): WorkerCommand[] {
    if (this.#waiting.length === 0) return []
    const oldest = Math.min(...underWay)
    const isDue = ({ command, exchange }: { readonly command: WorkerCommand; readonly exchange: number }): boolean =>
      oldest > exchange || ('jobId' in command && isHere(command.jobId))
    const due = this.#waiting.filter(isDue)
    this.#waiting = this.#waiting.filter((early) => !due.includes(early))
    return due.map(({ command }) => command)
  }
}
