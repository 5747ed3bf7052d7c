import type { WriteStream } from 'node:tty'

const CODES = { bold: 1, dim: 90, red: 31, green: 32, yellow: 33 } as const
export type Colour = keyof typeof CODES

/** Colours on a terminal only, and not where NO_COLOR (or `TERM=dumb`) forbids them. */
export function paint(text: string, colour: Colour): string {
  const stream: Partial<WriteStream> = process.stdout
  if (!stream.isTTY || !stream.hasColors?.()) return text
  return `\u001b[${CODES[colour]}m${text}\u001b[0m`
}
