export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface SignalEvent {
  readonly type: 'signal'
  readonly signal: StopSignal
}

/** By shell convention a process that a signal has ended leaves with 128 plus its number. */
export const SIGNAL_EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Records Ctrl-C and SIGTERM as events; the main loop acts on them. */
export function recordSignals(inbox: { push(event: SignalEvent): void }): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => inbox.push({ type: 'signal', signal }))
}
