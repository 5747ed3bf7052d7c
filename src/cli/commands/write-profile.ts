import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError } from '../../errors.ts'
import { EXTENSIONS, formatOfFile, type ProfileFormat } from '../../profiler/export/format-names.ts'
import { exportProfile } from '../../profiler/export/formats.ts'
import type { Profile } from '../../profiler/profile.ts'

export interface ProfileTarget {
  readonly file: string
  readonly format: ProfileFormat
}

/**
 * Where a profile goes, and in which form. @param name of the file where none is given, without its ending
 * @throws UsageError where the file's name does not tell the format, and nothing else does
 */
export function chooseTarget(
  output: string | undefined,
  format: ProfileFormat | undefined,
  name = 'profile',
): ProfileTarget {
  const asked = output === undefined ? undefined : formatOfFile(output)
  const chosen = format ?? asked
  if (chosen === undefined && output !== undefined) {
    const endings = Object.values(EXTENSIONS).join(', ')
    throw new UsageError(`--output: cannot tell the format of '${output}' by its ending (${endings}); add --format`)
  }
  const used = chosen ?? 'svg'
  return { file: resolve(output ?? `${name}${EXTENSIONS[used]}`), format: used }
}

export async function writeProfile(profile: Profile, { file, format }: ProfileTarget): Promise<void> {
  await writeFile(file, exportProfile(profile, format))
}
