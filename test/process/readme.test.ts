import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { blocksOf, installInto, read, Terminals } from '../support/guide.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const README = read('README.md')
const PACKAGE = JSON.parse(read('package.json')) as { name: string; scripts: Record<string, string> }

/** What the README promises that a command prints. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  'npx jiti enqueue.ts': /^5$/m,
  'npx workhorse check': /^no errors/m,
  'npx jiti results.ts': /^costs 30$/m,
  'npx workhorse enqueue add 20 22 --id answer --wait': /^42$/m,
  'npx workhorse jobs list --state finished --limit 5': /answer/,
  'npx workhorse jobs show answer': /finished/,
  'npx workhorse jobs delete later': /deleted 1 job/,
  "echo 'await add(20, 22)' | npx workhorse shell": /42/,
  'npx jiti shop.test.ts': /pass 1/,
  'npx workhorse bench noop --jobs 100 --samples 10': /noop/,
}

describe('README.md', () => {
  it('runs as it is written, from top to bottom', { timeout: 240_000 }, async () => {
    const folder = await installInto()
    const terminals = new Terminals(folder, PRINTS)
    for (const { language, text, file } of blocksOf(README)) {
      if (file !== undefined) await writeFile(join(folder, file), text)
      if (language !== 'sh') continue
      for (const command of text.trimEnd().split('\n')) await terminals.run(command)
    }
    await terminals.leave()
  })

  it('shows no command that the test does not run', () => {
    const commands = blocksOf(README).flatMap(({ language, text }) =>
      language === 'sh' ? text.trimEnd().split('\n') : [],
    )
    expect(Object.keys(PRINTS).filter((command) => !commands.includes(command))).toEqual([])
    expect(commands.filter((command) => !/npx (workhorse|jiti) |^npm (init|pkg|install) /.test(command))).toEqual([])
  })

  it.skipIf(!nodeStripsTypes())('runs its first example on plain Node', { timeout: 60_000 }, async () => {
    const folder = await installInto(minimalExample())
    const terminals = new Terminals(folder, PRINTS)
    await terminals.run('npx workhorse worker')
    await terminals.run('node enqueue.ts')
    await terminals.leave()
  })

  it('has its first example in examples/minimal', () => {
    for (const [file, text] of Object.entries(minimalExample())) expect(text).toBe(read(`examples/minimal/${file}`))
    expect(readdirSync(join(ROOT, 'examples', 'minimal')).sort()).toEqual(Object.keys(minimalExample()).sort())
  })
})

describe('the documentation', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
    readdirSync(join(ROOT, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  )

  it('names only npm scripts that exist', () => {
    const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]))
    expect(named.filter((script) => !((script as string) in PACKAGE.scripts))).toEqual([])
    expect(PACKAGE.scripts).toHaveProperty('test')
  })

  it('links only to pages and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
        .filter(([, path, anchor]) => !leadsSomewhere(page, path ?? '', anchor))
        .map(([link]) => `${page}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  it('shows TypeScript that compiles', { timeout: 120_000 }, async () => {
    const files = pages.flatMap((page, number) =>
      blocksOf(read(page))
        .filter(({ language }) => language === 'ts')
        .map(({ text, file }, index) => [`page-${number}/${file ?? `${index}.ts`}`, text] as const),
    )
    const folder = await installInto(Object.fromEntries(files))
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }))
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    expect(stdout).toBe('')
  })
})

const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'preserve',
  moduleResolution: 'bundler',
  moduleDetection: 'force',
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules', '@types')],
}

function minimalExample(): Record<string, string> {
  const [jobs, enqueue] = blocksOf(README).filter(({ file }) => file !== undefined)
  return { 'jobs.ts': jobs?.text ?? '', 'enqueue.ts': enqueue?.text ?? '' }
}

function nodeStripsTypes(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript)
}

function leadsSomewhere(page: string, path: string, anchor: string | undefined): boolean {
  const folder = page.startsWith('docs/') ? 'docs' : ''
  const target = path === '' ? page : join(folder, path)
  let text: string
  try {
    text = read(target)
  } catch {
    return false
  }
  if (anchor === undefined) return true
  const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
  return anchors.includes(anchor)
}
