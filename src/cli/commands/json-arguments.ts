import { UsageError } from '../../errors.ts'

/** The text of an array of arguments, as `--args` takes it. @throws UsageError */
export function checkArguments(text: string): string {
  try {
    if (Array.isArray(JSON.parse(text))) return text
  } catch {
    // Said below, as for whatever else is no array.
  }
  throw new UsageError(`--args: expected a JSON array of arguments, such as '[1, "text"]', got '${text}'`)
}
