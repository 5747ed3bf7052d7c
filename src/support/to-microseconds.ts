/** Milliseconds without what is finer than a microsecond, which is noise that takes a dozen digits to write. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
