import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createProject } from '../support/project.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(join(ROOT, 'docs', 'profiler.md'), 'utf8')

/** What the page promises that a command prints. */
const PRINTS: readonly (readonly [RegExp, RegExp])[] = [
  [/jobs show first --profile/, /price first.*: 1 execution,[\s\S]*written to .*first\.svg/],
  [/profile --slowest/, /price: the slowest 1 of 5 executions against the median/],
  [/^npx workhorse doctor$/, /price +[\d.]+ .*1 finished in[\s\S]*Nothing was run\. To examine price/],
  [/^npx workhorse profile --run 20 price/, /20 executions, [\d.]+ ms CPU each[\s\S]*loadPrices \(jobs\.mjs:5\)/],
  [
    /^npx workhorse doctor .*--verify/,
    /preload\(\(\) => loadPrices\(\)\)[\s\S]*Verified, with price run once before the fork/,
  ],
]

const files = [...PAGE.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)]
const commands = [...PAGE.matchAll(/^```bash\n(.*?)^```$/gms)].flatMap(([, text = '']) => text.trim().split('\n'))

describe('docs/profiler.md', { timeout: 400_000 }, () => {
  it('has commands that do what it says', async () => {
    const folder = await createProject()
    const bin = join(folder, 'node_modules', '.bin')
    await mkdir(bin)
    await symlink(join(ROOT, 'dist', 'cli', 'main.js'), join(bin, 'workhorse'))
    for (const [, name = '', text = ''] of files) await writeFile(join(folder, name), text)
    expect(commands.length).toBeGreaterThan(4)
    for (const command of commands) {
      const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` }
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command.replace(/^npx /, '')], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
      expect(status, `${command}\n${stdout}\n${stderr}`).toBe(0)
      const expected = PRINTS.find(([pattern]) => pattern.test(command))?.[1]
      if (expected) expect(stdout, command).toMatch(expected)
    }
  })
})
