/**
 * What can be told to a worker from anywhere. The words are RQ's (`rq:pubsub:<worker>`), but for `cancel-job`.
 * A command for a job that the worker does not run (any more) does nothing.
 */
export type WorkerCommand =
  /** Take no more, finish what runs, leave. */
  | { readonly type: 'shutdown' }
  /** Abort the job's signal and after `graceMs` (none: at once) kill its process group; it becomes `stopped`. */
  | { readonly type: 'stop-job'; readonly jobId: string; readonly graceMs?: number }
  /** Abort the job's signal; where it obeys it becomes `canceled`. */
  | { readonly type: 'cancel-job'; readonly jobId: string }
  /** Kill what runs, or only that job; those executions fail, and are retried where their jobs say so. */
  | { readonly type: 'kill-horse'; readonly jobId?: string }
