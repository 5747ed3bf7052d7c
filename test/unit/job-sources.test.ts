import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { listSources } from '../../src/cli/serve/job-sources.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

async function sources(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  for (const [name, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await symlink(join(folder, target), join(folder, name))
  }
  return { folder, list: () => listSources([join(folder, 'app/jobs.ts')]) }
}

it('finds what job modules import, however it is written, and however deep', async () => {
  const { folder, list } = await sources(
    {
      'app/jobs.ts': `import { a } from './a.js'
        export * from "../shared/index"
        import './side-effect'
        const lazy = () => import('./lazy.mjs')
        const old = require('./old.cjs')
        import data from './data.json' with { type: 'json' }
        import { readFileSync } from 'node:fs'
        import mine from 'mine'
        import other from 'installed'
        import gone from './gone'`,
      'app/a.ts': `import type { B } from './b.ts'`,
      'app/b.ts': `import './jobs.ts'`,
      'app/side-effect/index.mts': '',
      'app/lazy.mjs': '',
      'app/old.cjs': '',
      'app/data.json': '{ "from": "./unrelated.ts" }',
      'app/unrelated.ts': '',
      'shared/index.tsx': '',
      'packages/mine/package.json': '{ "main": "main.js" }',
      'packages/mine/main.js': '',
      'node_modules/installed/index.js': '',
    },
    { 'node_modules/mine': 'packages/mine' },
  )
  expect([...list().keys()].map((file) => relative(folder, file)).sort()).toEqual([
    'app/a.ts',
    'app/b.ts',
    'app/data.json',
    'app/jobs.ts',
    'app/lazy.mjs',
    'app/old.cjs',
    'app/side-effect/index.mts',
    'packages/mine/main.js',
    'shared/index.tsx',
  ])
})

it('tells a change of the text, and of nothing else', async () => {
  const { folder, list } = await sources({ 'app/jobs.ts': `import './a.ts'`, 'app/a.ts': '1' })
  const before = list()
  await writeFile(join(folder, 'app/a.ts'), '1')
  expect(list()).toEqual(before)
  await writeFile(join(folder, 'app/a.ts'), '2')
  expect(list()).not.toEqual(before)
})
