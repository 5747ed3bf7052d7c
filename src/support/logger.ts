import { type Logger, pino } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Where log lines go; `isTTY` decides whether for people or for machines. */
export interface LogStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * One line per event: for people on a terminal, JSON where piped.
 * Colours only on a terminal, and not where NO_COLOR is set.
 */
export function createLogger(level: LogLevel, stream: LogStream = process.stderr): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (!stream.isTTY) return pino(options, { write: (line) => void stream.write(line) })
  const colours = process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''
  return pino(options, { write: (line) => void stream.write(formatLine(line, colours)) })
}

const COLOURS: Readonly<Record<string, string>> = { debug: '90', info: '36', warn: '33', error: '31' }

function formatLine(line: string, colours: boolean): string {
  const { level, time, msg, job, id, err } = JSON.parse(line) as Record<string, string> & { err?: { stack?: string } }
  const clock = (time ?? '').slice(11, 23)
  const tag = (level ?? '').padEnd(5)
  const subject = job ? `[${job} ${(id ?? '').slice(0, 8)}] ` : ''
  const stack = err?.stack ? `\n${err.stack}` : ''
  const shownTag = colours ? `\u001b[${COLOURS[level ?? ''] ?? '0'}m${tag}\u001b[0m` : tag
  return `${clock} ${shownTag} ${subject}${msg ?? ''}${stack}\n`
}
