import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './temporary-directory.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A user's project in a temporary directory, with this package installed in it. @returns its path */
export async function createProject(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await temporaryDirectory()
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules', 'workhorse'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

/** Of those jobs in `JOBS` that have a queue of their own. */
export const QUEUES: Readonly<Record<string, string>> = { shout: 'loud', fail: 'loud', hold: 'slow' }

/** Jobs for most tests. `hold` runs until a file `release` is in its folder; it says so before. */
export const JOBS = `
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { job } from 'workhorse'

export const add = job('add', (a, b) => a + b)
export const shout = job('shout', { queue: 'loud' }, (text) => {
  console.log(text.toUpperCase())
  return { text: text.toUpperCase() }
})
export const fail = job('fail', { queue: 'loud' }, () => {
  throw new TypeError('it broke\\nbadly')
})
export const hold = job('hold', { queue: 'slow' }, async () => {
  console.log('holding')
  while (!existsSync('release')) await setTimeout(10)
  return 'released'
})
`
