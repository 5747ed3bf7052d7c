import { AsyncLocalStorage } from 'node:async_hooks'
import { NoCurrentJobError, UsageError } from '../errors.ts'
import { show } from '../support/duration.ts'
import { singleton } from '../support/singleton.ts'
import { findNonJson, type JsonValue } from './json.ts'

/** Free data that travels with a job. */
export interface JobMeta {
  readonly [key: string]: JsonValue | undefined
}

/** The job that the calling code belongs to. */
export interface CurrentJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  /** 1 for the first execution. */
  readonly attempt: number
  /** As enqueued, or as last set. */
  readonly meta: JobMeta
  /** Aborts when the job reaches its timeout or is told to stop; a grace later its process is killed. */
  readonly signal: AbortSignal
  /** Replace the job's meta, for all to see. @throws UsageError where it is not JSON */
  setMeta(meta: JobMeta): void
  /** Tell how far the job is. @param fraction 0 to 1 */
  progress(fraction: number): void
  /** Write a line to the worker's log under this job's name and id. */
  log(message: string): void
}

/** What carries a running job's words to whoever runs it. */
export interface JobReporter {
  update(change: { readonly meta?: string; readonly progress?: number }): void
  log(message: string): void
}

export interface JobIdentity {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly attempt: number
  readonly meta?: string | undefined
}

interface ContextState {
  /** Where one process runs one job, this is it, and no async hook needs to be enabled to find it. */
  only: CurrentJob | undefined
  storage: AsyncLocalStorage<CurrentJob> | undefined
}

const state = singleton('context', (): ContextState => ({ only: undefined, storage: undefined }))

/**
 * The job that is running this code.
 * @throws NoCurrentJobError outside a job
 * @example
 * const { id, signal } = currentJob()
 * await fetch(url, { signal })
 */
export function currentJob(): CurrentJob {
  const current = state.storage?.getStore() ?? state.only
  if (current === undefined) throw new NoCurrentJobError()
  return current
}

/** For a process that runs one job at a time. */
export function setOnlyJob(job: CurrentJob | undefined): void {
  state.only = job
}

/** For a process that runs several jobs at once. */
export function runInJob<R>(job: CurrentJob, run: () => R): R {
  state.storage ??= new AsyncLocalStorage<CurrentJob>()
  return state.storage.run(job, run)
}

/** Aborts a signal that is only made when somebody asks for it: most jobs never do. */
export class LazyAbort {
  #controller: AbortController | undefined
  #reason: Error | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  abort(reason: string): void {
    this.#reason ??= new DOMException(reason, 'AbortError')
    this.#controller?.abort(this.#reason)
  }
}

export function createCurrentJob(identity: JobIdentity, abort: LazyAbort, reporter: JobReporter): CurrentJob {
  return new RunningJob(identity, abort, reporter)
}

/**
 * A class, because V8 gives every object literal with a getter a hidden class of its own, which keeps all that the
 * getter can see until the next full collection. Its functions are fields: people take them out of the object.
 */
class RunningJob implements CurrentJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly attempt: number
  readonly setMeta: CurrentJob['setMeta']
  readonly progress: CurrentJob['progress']
  readonly log: CurrentJob['log']
  readonly #abort: LazyAbort
  readonly #metaText: string | undefined
  #meta: JobMeta | undefined

  constructor(identity: JobIdentity, abort: LazyAbort, reporter: JobReporter) {
    this.id = identity.id
    this.name = identity.name
    this.queue = identity.queue
    this.attempt = identity.attempt
    this.#abort = abort
    this.#metaText = identity.meta
    this.setMeta = (meta) => {
      const finding = findNonJson(meta, 'meta')
      if (finding) throw new UsageError(`setMeta(): ${finding}`)
      this.#meta = meta
      reporter.update({ meta: JSON.stringify(meta) })
    }
    this.progress = (fraction) => {
      if (!(fraction >= 0 && fraction <= 1)) {
        throw new UsageError(`progress(): expected a fraction from 0 to 1, got ${show(fraction)}`)
      }
      reporter.update({ progress: fraction })
    }
    this.log = (message) => reporter.log(String(message))
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get meta(): JobMeta {
    this.#meta ??= this.#metaText === undefined ? {} : (JSON.parse(this.#metaText) as JobMeta)
    return this.#meta
  }
}
