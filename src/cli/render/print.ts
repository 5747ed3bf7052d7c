/** Results go to stdout; everything else to stderr. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined))
}

/** What people should know, and programs that read stdout should not stumble over. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}
