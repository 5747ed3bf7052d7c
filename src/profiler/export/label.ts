import type { Frame } from '../profile.ts'

/** `function (file:line)`, as people and most tools write a frame. */
export function frameLabel({ function: name, file, line }: Frame): string {
  if (file === '') return name
  return line > 0 ? `${name} (${file}:${line})` : `${name} (${file})`
}
