/** One thing that was looked at, and what was seen. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  readonly subject: string
  readonly text: string
  /** File, line and column of what opened it. */
  readonly openedAt?: string
  /** Where it belongs instead. */
  readonly moveTo?: string
}

export function ok(subject: string, text: string): Finding {
  return { level: 'ok', subject, text }
}

export function warning(subject: string, text: string): Finding {
  return { level: 'warning', subject, text }
}

export function error(subject: string, text: string): Finding {
  return { level: 'error', subject, text }
}

/** What a check that threw has found. */
export function thrown(subject: string, cause: unknown): Finding {
  return error(subject, cause instanceof Error ? cause.message : String(cause))
}
