import { type Logger, pino } from 'pino'
import type { LogLevel } from './log-level.ts'

export type { Logger }

/** Where log lines go; `isTTY` decides whether for people or for machines. */
export interface LogStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * One line per event: for people on a terminal, JSON where piped.
 * Colours only on a terminal, and not where NO_COLOR is set.
 * @param crew the worker's number, where several write to one terminal
 */
export function createLogger(level: LogLevel, stream: LogStream = process.stderr, crew?: number): Logger {
  const options = {
    level,
    base: { pid: process.pid, ...(crew === undefined ? {} : { crew }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (!stream.isTTY) return pino(options, { write: (line) => void stream.write(line) })
  const colours = process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''
  return pino(options, { write: (line) => void stream.write(formatLine(line, colours)) })
}

const COLOURS: Readonly<Record<string, string>> = { debug: '90', info: '36', warn: '33', error: '31', fatal: '31;1' }

interface Line {
  readonly level: string
  readonly time: string
  readonly msg?: string
  readonly event?: string
  readonly job?: string
  readonly id?: string
  readonly crew?: number
  readonly err?: { readonly stack?: string }
}

function formatLine(text: string, colours: boolean): string {
  const line = JSON.parse(text) as Line
  const paint = (what: string, colour: string): string => (colours ? `\u001b[${colour}m${what}\u001b[0m` : what)
  // The clock of whoever reads it; JSON lines have UTC.
  const clock = new Date(line.time).toTimeString().slice(0, 8) + line.time.slice(19, 23)
  const tag = paint(line.level.padEnd(5), COLOURS[line.level] ?? '0')
  const crew = line.crew === undefined ? '' : `#${line.crew} `
  const subject = line.job === undefined ? '' : `[${line.job} ${(line.id ?? '').slice(0, 8)}] `
  const bar = line.event === 'job.output' ? '| ' : ''
  const stack = line.err?.stack ? `\n${line.err.stack}` : ''
  return `${paint(clock, '90')} ${tag} ${crew}${subject}${bar}${line.msg ?? ''}${stack}\n`
}
