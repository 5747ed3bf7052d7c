import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { toCpuProfile } from '../../src/profiler/export/cpuprofile.ts'
import { exportProfile } from '../../src/profiler/export/formats.ts'
import { launchBrowser } from '../support/browser.ts'
import { redashProfile } from '../support/flame-redash.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** The viewer as its makers have built it; its page works from a file. */
const SPEEDSCOPE = join(dirname(createRequire(import.meta.url).resolve('speedscope/package.json')), 'dist', 'release')
const PROFILE = redashProfile()

/** Runs in the page: as text, so that nothing translates its import. */
const READ = `async (text) => {
  const { CPUProfileDataModel } = await import('devtools://devtools/bundled/models/cpu_profile/cpu_profile.js')
  const flat = (node) => [{ name: node.functionName, self: node.self }, ...node.children.flatMap(flat)]
  return flat(new CPUProfileDataModel.CPUProfileDataModel(JSON.parse(text)).profileHead)
}`

interface Cost {
  readonly name: string
  /** Percent of everything. */
  readonly share: number
}

/** The dearest functions without what they call, dearest first. */
const DEAREST = dearest(
  PROFILE.nodes.flatMap(({ frame, self }) => {
    const { category, function: name } = PROFILE.frames[frame] ?? { category: 'group', function: '' }
    return category === 'profiler' ? [] : [{ name, self }]
  }),
)

function dearest(costs: readonly { readonly name: string; readonly self: number }[]): Cost[] {
  const sums = new Map<string, number>()
  for (const { name, self } of costs) sums.set(name, (sums.get(name) ?? 0) + self)
  const whole = [...sums.values()].reduce((sum, value) => sum + value, 0)
  return [...sums]
    .map(([name, self]) => ({ name, share: Math.round((100 * self) / whole) }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 3)
}

describe('exports, read by those that they are for', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  async function newPage(): Promise<Page> {
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    return context.newPage()
  }

  it.each(['speedscope', 'cpuprofile', 'folded', 'pprof'] as const)('speedscope shows %s', async (format) => {
    const page = await newPage()
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    const profile = join(await temporaryDirectory(), 'profile.js')
    const data = Buffer.from(exportProfile(PROFILE, format)).toString('base64')
    // As its own command line hands over a file.
    await writeFile(profile, `speedscope.loadFileFromBase64(${JSON.stringify(NAMES[format])}, "${data}")`)
    await page.goto(`${pathToFileURL(join(SPEEDSCOPE, 'index.html')).href}#localProfilePath=${profile}`)
    await page.waitForFunction("document.title.includes(' - speedscope')")
    // Its table of functions.
    await page.keyboard.press('3')
    const rows = await page.locator('table tr:has(td)').allInnerTexts()
    const shown = rows.slice(0, 3).map((row) => ({
      name: row
        .trim()
        .split('\n')
        .at(-1)
        ?.split('\t')
        .at(-1)
        ?.replace(/ \(.*:\d+\)$/, ''),
      share: Number(/\(<?>?(\d+)(?:\.\d+)?%\)[^(]*\(<?>?(\d+)(?:\.\d+)?%\)/.exec(row)?.[2]),
    }))
    expect(shown).toEqual(DEAREST)
    expect(errors).toEqual([])
  })

  it("Chromium's own DevTools read cpuprofile", async () => {
    const page = await newPage()
    await page.goto('devtools://devtools/bundled/inspector.html')
    const costs = await page.evaluate(`(${READ})(${JSON.stringify(toCpuProfile(PROFILE))})`)
    expect(dearest(costs as { name: string; self: number }[])).toEqual(DEAREST)
  })

  it('the viewer under test is the published one', async () => {
    expect(await readFile(join(SPEEDSCOPE, 'release.txt'), 'utf8')).toContain('speedscope@')
  })
})

const NAMES = {
  speedscope: 'profile.speedscope.json',
  cpuprofile: 'profile.cpuprofile',
  folded: 'profile.folded',
  pprof: 'profile.pb.gz',
}
