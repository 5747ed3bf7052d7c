import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** When the newest of these files, or of the files in these folders, was changed (Unix ms); 0 where there is none. */
export function newestChange(paths) {
  let newest = 0
  for (const path of paths) {
    if (!existsSync(path)) continue
    const stat = statSync(path)
    const time = stat.isDirectory() ? newestChange(readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs
    if (time > newest) newest = time
  }
  return newest
}
