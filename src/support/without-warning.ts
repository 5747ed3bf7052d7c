/** Runs `action` with one kind of process warning kept quiet; all others pass. */
export async function withoutWarning<T>(pattern: RegExp, action: () => Promise<T> | T): Promise<T> {
  const original = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!pattern.test(String(warning))) (original as (...args: unknown[]) => void).call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return await action()
  } finally {
    process.emitWarning = original
  }
}
