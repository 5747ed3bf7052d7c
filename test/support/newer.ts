import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/debian-newer/', import.meta.url))

/** Something that Debian stable has not, or why it is not here. */
export type Newer =
  | { readonly path: string; readonly version: string }
  | { readonly path?: undefined; readonly reason: string }

/** What scripts/fetch-newer.mjs has fetched. */
export function newer(name: 'valkey' | 'rq-trixie' | 'rq-sid'): Newer {
  const file = join(FOLDER, 'found.json')
  const found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Newer>)[name] : undefined
  if (found === undefined) return { reason: 'not fetched; run node scripts/fetch-newer.mjs' }
  return found.path === undefined ? found : { ...found, path: join(FOLDER, found.path) }
}

/** Of this machine where it has one, else the one that was fetched. */
export function valkeyServer(): Newer {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const path = folders.map((folder) => join(folder, 'valkey-server')).find((file) => existsSync(file))
  return path === undefined ? newer('valkey') : { path, version: 'of this machine' }
}
