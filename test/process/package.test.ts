import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const JOBS = `
import { job, preload } from 'workhorse'
let warm = 'cold'
preload(() => { warm = 'warm before it was born' })
export const greet = job('greet', (name) => name + ' is ' + warm)
`

it('the tarball installs into an empty project without scripts, and forks there', { timeout: 180_000 }, async () => {
  const folder = await temporaryDirectory()
  const { stdout: packed } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  })
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths).toContain(`prebuilds/${process.platform}-${process.arch}/workhorse.node`)
  expect(paths).toContain('dist/index.d.ts')
  expect(paths.filter((path) => /^(src|test|examples|scripts)\//.test(path))).toEqual(['scripts/build-native.mjs'])

  await writeFile(join(folder, 'package.json'), '{ "name": "empty", "version": "1.0.0", "type": "module" }')
  await writeFile(join(folder, 'jobs.mjs'), JOBS)
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(folder, filename)], { cwd: folder })

  const workhorse = (...args: string[]) =>
    run(process.execPath, [join(folder, 'node_modules', '.bin', 'workhorse'), ...args], { cwd: folder })
  const { stdout: id } = await workhorse('enqueue', 'greet', '"the horse"')
  await workhorse('worker', '--burst', '--isolation', 'fork')
  const { stdout: shown } = await workhorse('jobs', 'show', id.trim(), '--json')
  expect(shown).toContain('the horse is warm before it was born')
})
