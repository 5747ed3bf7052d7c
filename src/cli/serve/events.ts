export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface SignalEvent {
  readonly type: 'signal'
  readonly signal: StopSignal
}

/** What can be asked of workers by signals, beside stopping. */
export type ControlEvent =
  /** SIGHUP: load the jobs anew. */
  | { readonly type: 'reload' }
  /** --watch: these files have changed. */
  | { readonly type: 'changed'; readonly files: readonly string[] }
  /** SIGTSTP, as with Sidekiq: take no more jobs, and stay. */
  | { readonly type: 'quiet' }

export type ControlSignal = 'SIGHUP' | 'SIGTSTP'

/** By shell convention a process that a signal has ended leaves with 128 plus its number. */
export const SIGNAL_EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Records Ctrl-C and SIGTERM as events; the main loop acts on them. */
export function recordSignals(inbox: { push(event: SignalEvent): void }): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => inbox.push({ type: 'signal', signal }))
}

/** Records what else workers are told by signals. */
export function recordControlSignals(inbox: { push(event: ControlEvent): void }): void {
  process.on('SIGHUP', () => inbox.push({ type: 'reload' }))
  process.on('SIGTSTP', () => inbox.push({ type: 'quiet' }))
}
