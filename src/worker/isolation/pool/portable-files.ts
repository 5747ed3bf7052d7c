import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OutputFiles } from '../fork/output-file.ts'

/** Output files without the addon: temporary ones, that have no name any more as soon as they are open. */
export const PORTABLE_FILES: OutputFiles = {
  memoryFile(name) {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`))
    const path = join(folder, 'output')
    try {
      return openSync(path, 'a+', 0o600)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  discard: () => {},
}
