import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderHtml } from '../../src/profiler/flame/render-html.ts'
import { renderSvg } from '../../src/profiler/flame/render-svg.ts'
import type { Profile } from '../../src/profiler/profile.ts'
import { launchBrowser, openFile } from '../support/browser.ts'
import { largeProfile, profileOf } from '../support/flame-profiles.ts'
import { redashDiff, redashProfile } from '../support/flame-redash.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** The page has time to redraw, however busy the machine is. */
const soon = <T>(get: () => T) => expect.poll(get, { timeout: 10_000 })

const RENDERERS = { svg: renderSvg, html: renderHtml }
type Kind = keyof typeof RENDERERS

interface Look extends BrowserContextOptions {
  readonly hash?: string
}

function show(kind: Kind, profile: Profile, look: Look = {}) {
  return openFile(browser, `profile.${kind}`, RENDERERS[kind](profile), look)
}

/** The frames of that name, without where they are from. */
function frames(page: Page, name: string): Locator {
  return page.locator('.frame', { has: page.locator('tspan:first-child', { hasText: new RegExp(`^${name}…?$`) }) })
}

async function widthOf(frame: Locator): Promise<number> {
  return Number(await frame.locator('rect').getAttribute('width'))
}

/** Of all nodes of that function, none of which calls itself. */
function totalOf({ frames, nodes }: Profile, name: string): number {
  return nodes.reduce((sum, { frame, total }) => (frames[frame]?.function === name ? sum + total : sum), 0)
}

/** What is in the search field; `inputValue()` knows no fields in SVG files. */
const queryOf = (page: Page) => page.evaluate('document.querySelector("input").value')

async function topOf(frame: Locator): Promise<number> {
  return (await frame.boundingBox())?.y ?? Number.NaN
}

const focusedName = (page: Page) => page.locator('.frame:focus tspan').first().textContent()
const detailsOf = (page: Page) => page.locator('.details')
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

describe.each(['svg', 'html'] as const)('a flame graph as %s', (kind) => {
  it('opens as one file that asks for nothing, with everything drawn to scale', async () => {
    const profile = redashProfile()
    const { page } = await show(kind, profile)
    // What measuring cost is drawn beside what was measured, as at most 6 % of it.
    const drawn = (profile.nodes[0]?.total ?? 0) * 1.06
    const share = (await widthOf(frames(page, 'job'))) / (await widthOf(frames(page, 'all')))
    expect(share).toBeCloseTo(totalOf(profile, 'job') / drawn, 2)
    expect(await page.locator('h1').textContent()).toBe('record_event')
    expect(await page.locator('.subtitle').textContent()).toContain('200 executions of record_event in 200 processes')
    expect(await page.locator('.drawn').textContent()).toBe('27 frames')
  })

  it('zooms to a frame that is clicked, keeps its callers above it, and resets', async () => {
    const { page } = await show(kind, redashProfile())
    const frame = frames(page, 'EntityManager.save')
    const [whole, before] = [await widthOf(frames(page, 'all')), await widthOf(frame)]
    expect(before).toBeLessThan(whole / 2)
    await frame.click()
    await soon(() => widthOf(frame)).toBeCloseTo(whole, 0)
    expect(await page.locator('.ancestor').count()).toBe(3)
    expect(await frames(page, 'DataSource.buildMetadatas').count()).toBe(0)
    expect(await detailsOf(page).textContent()).toContain('of the zoomed frame')
    await button(page, 'Reset zoom').click()
    await soon(() => widthOf(frame)).toBeCloseTo(before, 0)
    expect(await button(page, 'Reset zoom').isDisabled()).toBe(true)
  })

  it('goes back to a caller that is clicked while zoomed', async () => {
    const { page } = await show(kind, redashProfile())
    await frames(page, 'EntityManager.save').click()
    await page.locator('.ancestor', { hasText: 'recordEvent' }).click()
    await soon(() => page.locator('.ancestor').count()).toBe(2)
    expect(await frames(page, 'DataSource.buildMetadatas').count()).toBe(1)
  })

  it('searches by regular expression and says how much of the time matches, nested matches once', async () => {
    const profile = redashProfile()
    const { page } = await show(kind, profile)
    const search = page.getByRole('searchbox')
    await search.fill('^(recordEvent|DataSource\\.build)')
    const matched = page.locator('.matched')
    const share = (totalOf(profile, 'recordEvent') / (profile.nodes[0]?.total ?? 0)) * 100
    await soon(() => matched.textContent()).toBe(`${share.toFixed(1)} % matched`)
    expect(await page.locator('.frame.found').count()).toBe(2)
    await search.fill('')
    await soon(() => page.locator('.frame.found').count()).toBe(0)
    expect(await matched.textContent()).toBe('')
  })

  it('searches in files and lines, and tells cases apart only where the query does', async () => {
    const { page } = await show(kind, redashProfile())
    const search = page.getByRole('searchbox')
    const found = () => page.locator('.frame.found').count()
    await search.fill('database\\.ts:22')
    await soon(found).toBe(1)
    await search.fill('datasource\\.buildmeta')
    await soon(found).toBe(1)
    await search.fill('Datasource')
    await soon(found).toBe(0)
    expect(await page.locator('.matched').textContent()).toBe('0 % matched')
  })

  it('says when the query is no regular expression', async () => {
    const { page } = await show(kind, redashProfile())
    await page.getByRole('searchbox').fill('(')
    await soon(() => page.locator('.matched').textContent()).toBe('not a regular expression')
    expect(await page.getByRole('searchbox').getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator('.frame.found, .frame.other').count()).toBe(0)
  })

  it('is operated by keyboard', async () => {
    const { page } = await show(kind, redashProfile())
    await page.keyboard.press('Home')
    expect(await focusedName(page)).toBe('all')
    for (const name of ['job', 'recordEvent', 'connect']) {
      await page.keyboard.press('ArrowDown')
      expect(await focusedName(page)).toBe(name)
    }
    await page.keyboard.press('ArrowRight')
    expect(await focusedName(page)).toBe('EntityManager.save')
    expect(await detailsOf(page).textContent()).toContain('EntityManager.js:88')
    await page.keyboard.press('Enter')
    await soon(() => page.locator('.ancestor').count()).toBe(3)
    expect(await focusedName(page)).toBe('EntityManager.save')
    await page.keyboard.press('Backspace')
    await soon(() => page.locator('.ancestor').count()).toBe(2)
    await page.keyboard.press('/')
    await page.keyboard.type('snakeCase')
    await soon(() => page.locator('.frame.found').count()).toBe(1)
    await page.keyboard.press('Enter')
    expect(await focusedName(page)).toBe('snakeCase')
    await page.keyboard.press('Escape')
    await soon(() => page.locator('.frame.found').count()).toBe(0)
    await page.keyboard.press('Escape')
    await soon(() => page.locator('.ancestor').count()).toBe(0)
  })

  it('shows its keys, and types no command while one searches', async () => {
    const { page } = await show(kind, redashProfile())
    await page.keyboard.press('?')
    expect(await page.getByText('icicle or flame').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.getByText('icicle or flame').isVisible()).toBe(false)
    await page.keyboard.press('/')
    await page.keyboard.type('lrd?')
    expect(await queryOf(page)).toBe('lrd?')
    expect(await button(page, 'Icicle').getAttribute('aria-pressed')).toBe('true')
  })

  it('keeps what is seen in the address: a link restores it', async () => {
    const { page, url } = await show(kind, redashProfile())
    await frames(page, 'EntityManager.save').click()
    await page.getByRole('searchbox').fill('query')
    await button(page, 'Flame').click()
    await soon(() => page.url()).toContain('query=query')
    const link = page.url()
    expect(link.startsWith(`${url}#`)).toBe(true)
    const { page: other } = await show(kind, redashProfile(), { hash: link.slice(url.length) })
    await soon(() => other.locator('.ancestor').count()).toBe(3)
    expect(await queryOf(other)).toBe('query')
    expect(await other.locator('.matched').textContent()).toMatch(/matched/)
    expect(await button(other, 'Flame').getAttribute('aria-pressed')).toBe('true')
  })

  it('goes back step by step with the browser, but not letter by letter', async () => {
    const { page } = await show(kind, redashProfile())
    await frames(page, 'recordEvent').click()
    await soon(() => page.locator('.ancestor').count()).toBe(2)
    await page.getByRole('searchbox').pressSequentially('save')
    await soon(() => page.url()).toContain('query=save')
    await frames(page, 'EntityManager.save').click()
    await soon(() => page.locator('.ancestor').count()).toBe(3)
    await page.goBack()
    await soon(() => page.locator('.ancestor').count()).toBe(2)
    await page.goBack()
    await soon(() => page.locator('.ancestor').count()).toBe(0)
    expect(await queryOf(page)).toBe('')
  })

  it('takes an address that leads nowhere as the whole graph', async () => {
    const { page } = await show(kind, redashProfile(), { hash: '#zoom=9.9.9&layout=pyramid&query=%E0%A4%A' })
    expect(await page.locator('.ancestor').count()).toBe(0)
    expect(await frames(page, 'recordEvent').count()).toBe(1)
  })

  it('stands as an icicle or as a flame', async () => {
    const { page } = await show(kind, redashProfile())
    expect(await topOf(frames(page, 'all'))).toBeLessThan(await topOf(frames(page, 'snakeCase')))
    await page.keyboard.press('l')
    await soon(async () => (await topOf(frames(page, 'all'))) > (await topOf(frames(page, 'snakeCase')))).toBe(true)
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowUp')
    expect(await focusedName(page)).toBe('job')
  })

  it('turns round: functions by their own time, with their callers', async () => {
    const { page } = await show(kind, redashProfile())
    await button(page, 'Bottom up').click()
    const leaf = frames(page, 'snakeCase')
    await soon(() => leaf.getAttribute('aria-level')).toBe('2')
    await leaf.click()
    await soon(() => frames(page, 'EntityMetadataBuilder.build').count()).toBe(1)
    expect(await frames(page, 'job').getAttribute('aria-level')).toBe('9')
    expect(await detailsOf(page).textContent()).toContain('self 1.46 s')
    // The share of the time that has a function in its stack is the same from both ends.
    await button(page, 'Reset zoom').click()
    await page.getByRole('searchbox').fill('buildMetadatas')
    const matched = () => page.locator('.matched').textContent()
    await soon(matched).toMatch(/\d % matched/)
    const bottomUp = await matched()
    await button(page, 'Top down').click()
    await soon(() => button(page, 'Top down').getAttribute('aria-pressed')).toBe('true')
    expect(await matched()).toBe(bottomUp)
  })

  it('is dark where the system is, and where the reader says so', async () => {
    const { page } = await show(kind, redashProfile(), { colorScheme: 'dark' })
    const paper = () => page.evaluate('getComputedStyle(document.querySelector(".app")).backgroundColor')
    const ink = () => page.evaluate('getComputedStyle(document.querySelector(".frame text")).fill')
    const dark = [await paper(), await ink()]
    await button(page, 'Light').click()
    const light = [await paper(), await ink()]
    expect(light[0]).toBe('rgb(255, 255, 255)')
    expect(light[1]).not.toBe(dark[1])
    expect(page.url()).toContain('theme=light')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.keyboard.press('d')
    await soon(async () => [await paper(), await ink()]).toEqual(dark)
  })

  it('shows names that are markup, scripts or tricks as the text that they are', async () => {
    const names = [
      '</script><script>alert(1)</script>',
      ']]><script>alert(2)</script>',
      '"><img src=x onerror=alert(3)>',
      "' onmouseover='alert(4)",
      '<!-- &lt;b&gt; &#x41; $& `',
      'long'.repeat(125),
      '\u202egnp.elif',
      'שלום עולם',
      '👩‍👩‍👧‍👦 family 🚀 日本語の関数',
      'nul\0bell\u0007\ud800',
    ]
    const profile = profileOf(
      names.map((name) => ({ name, file: `src/${name}`, line: 1, self: 1000 })),
      { title: names.join(' '), jobs: names },
    )
    const { page } = await show(kind, profile)
    for (const name of names.slice(0, 5)) {
      const frame = page.locator('.frame', { has: page.locator('title', { hasText: name }) })
      await frame.hover()
      expect(await page.locator('.details .name').textContent()).toBe(name)
      expect(await page.locator('.details .location').textContent()).toBe(`src/${name}:1`)
    }
    expect(await page.locator('img, script:not(#profile):not(:last-of-type)').count()).toBe(0)
    expect(await page.locator('.frame').count()).toBe(names.length + 1)
    const titles = await page.locator('.frame title').allTextContents()
    expect(titles.filter((title) => title.startsWith('\\u202egnp.elif'))).toHaveLength(1)
    expect(titles.filter((title) => title.startsWith('nul\\u0000bell\\u0007\\ud800'))).toHaveLength(1)
    const row = await page.locator('.frame').nth(1).boundingBox()
    for (const text of await page.locator('.frame svg').all()) {
      expect((await text.boundingBox())?.width ?? 0).toBeLessThanOrEqual((row?.width ?? 0) * names.length)
    }
  })

  it('draws what can be seen of 5,000 frames, and says what it leaves out', async () => {
    const { page } = await show(kind, largeProfile(5000))
    const elements = () => page.evaluate('document.querySelectorAll("*").length') as Promise<number>
    expect(await page.locator('.drawn').textContent()).toMatch(
      /^[\d,]+ frames; [\d,]+ more are narrower than half a pixel/,
    )
    expect(await elements()).toBeLessThan(6000)
    await button(page, 'Bottom up').click()
    await soon(() => page.locator('.drawn').textContent()).toMatch(/narrower than 1 pixel/)
    expect(await elements()).toBeLessThan(6000)
  })

  it('redraws 5,000 frames in the next frame of the screen, with one layout', async () => {
    const { page } = await show(kind, largeProfile(5000))
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const layouts = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'LayoutCount')?.value as number
    }
    const before = await layouts()
    const ancestors = await page.evaluate(`(async () => {
      const frame = [...document.querySelectorAll('.frame')].find((frame) => frame.getAttribute('aria-level') === '4')
      frame.dispatchEvent(new MouseEvent('click', { bubbles: true }))
      await new Promise((done) => requestAnimationFrame(done))
      return document.querySelectorAll('.frame.ancestor').length
    })()`)
    expect(ancestors).toBe(3)
    expect((await layouts()) - before).toBeLessThanOrEqual(2)
  })

  it('finds by zooming what was too narrow', async () => {
    const narrow = { name: 'needle', file: 'src/hay.ts', line: 3, self: 5 }
    const haystack = { name: 'haystack', file: 'src/hay.ts', line: 1, self: 1000, children: [narrow] }
    const { page } = await show(
      kind,
      profileOf([{ name: 'field', file: 'src/hay.ts', line: 9, self: 99_000, children: [haystack] }]),
    )
    expect(await page.locator('.drawn').textContent()).toBe(
      '3 frames; 1 more are narrower than half a pixel: zoom in to see them',
    )
    await page.keyboard.press('Home')
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
    await soon(() => page.locator('.drawn').textContent()).toBe('2 frames')
  })

  it('is named for those who cannot see it, and has one stop for the Tab key', async () => {
    const { page } = await show(kind, redashProfile())
    expect(await page.getByRole('tree', { name: 'Flame graph' }).count()).toBe(1)
    const frame = page.getByRole('treeitem', { name: /^recordEvent \(src\/jobs\/record-event.ts:14\)\s\S+ s, / })
    expect(await frame.getAttribute('aria-level')).toBe('3')
    expect(await page.locator('.frame[tabindex="0"]').count()).toBe(1)
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('.frame[tabindex="0"]').count()).toBe(1)
    expect(await page.title()).toBe('record_event')
  })

  it('fits a narrow window, and follows when that changes', async () => {
    const { page } = await show(kind, redashProfile(), { viewport: { width: 340, height: 600 } })
    const overflow = 'document.querySelector(".app").scrollWidth - innerWidth'
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0)
    expect(await widthOf(frames(page, 'all'))).toBeLessThan(340)
    await page.setViewportSize({ width: 1000, height: 600 })
    await soon(() => widthOf(frames(page, 'all'))).toBeGreaterThan(900)
  })

  it('shows a picture with names where scripts do not run', async () => {
    const { page } = await show(kind, redashProfile(), { javaScriptEnabled: false })
    expect(await page.locator('.frame').count()).toBe(27)
    expect(await page.getByText('DataSource.buildMetadatas').count()).toBeGreaterThan(0)
    for (const frame of await page.locator('.frame:has(text)').all()) {
      const [rect, text] = await Promise.all([frame.locator('rect').boundingBox(), frame.locator('text').boundingBox()])
      if (rect === null || text === null) throw new Error('a frame without a box')
      expect(text.x).toBeGreaterThanOrEqual(rect.x)
      expect(text.x + text.width).toBeLessThanOrEqual(rect.x + rect.width + 1)
    }
  })

  it('is well-formed where a share is almost nothing', async () => {
    const tiny = { name: 'load', category: 'group', self: 1 } as const
    const { page } = await show(
      kind,
      profileOf([{ name: 'job', category: 'group', self: 0, children: [{ name: 'run', self: 1e8 }] }, tiny]),
    )
    expect(await page.locator('.legend').textContent()).toContain('other < 0.01 %')
  })

  it('says that nothing was measured', async () => {
    const { page } = await show(kind, profileOf([], { executions: 0, processes: 0 }))
    expect(await page.locator('.empty').textContent()).toContain('No samples')
  })
})

describe('a comparison of cold with warm', () => {
  const fillOf = (frame: Locator) => frame.locator('rect').getAttribute('class')

  it('colours what is gone when warm, and only what differs by more than chance', async () => {
    const { page } = await show('svg', redashDiff())
    expect(await fillOf(frames(page, 'DataSource.buildMetadatas'))).toMatch(/^hoistable-/)
    expect(await fillOf(frames(page, 'connect'))).toMatch(/^less-/)
    expect(await fillOf(frames(page, 'EntityManager.save'))).toMatch(/^more-/)
    expect(await fillOf(frames(page, 'query'))).toMatch(/^same-/)
    await frames(page, 'DataSource.buildMetadatas').hover()
    expect(await detailsOf(page).textContent()).toContain('cold 61 ms per job, warm 0 ms')
    expect(await detailsOf(page).textContent()).toContain('hoistable')
  })

  it('keeps the place of what vanishes, and shows the warm side when asked', async () => {
    const { page } = await show('svg', redashDiff())
    const metadata = frames(page, 'DataSource.buildMetadatas')
    expect((await widthOf(metadata)) / (await widthOf(frames(page, 'all')))).toBeCloseTo(61 / 84.9, 1)
    expect(await frames(page, 'expire').count()).toBe(0)
    await button(page, 'Warm').click()
    await soon(() => metadata.count()).toBe(0)
    expect(await frames(page, 'expire').count()).toBe(1)
    expect(await page.locator('.legend').textContent()).not.toContain('hoistable')
    expect(await page.locator('.drawn').textContent()).toContain('4 without time on this side')
    expect(page.url()).toContain('width=warm')
  })

  it('colours by module, too', async () => {
    const { page } = await show('svg', redashDiff())
    await button(page, 'Module').click()
    await soon(() => fillOf(frames(page, 'DataSource.buildMetadatas'))).toMatch(/^node_modules-/)
    expect(await page.locator('.legend').textContent()).toContain('node_modules')
  })
})

it('is an image of its own size in a page that embeds it', async () => {
  const svg = Buffer.from(renderSvg(redashProfile())).toString('base64')
  const { page } = await openFile(browser, 'page.html', '<!doctype html><title>a page</title><img alt="">')
  const size = await page.evaluate(`new Promise((resolve, reject) => {
    const image = document.querySelector('img')
    image.onload = () => resolve(image.naturalWidth)
    image.onerror = () => reject(new Error('no image'))
    image.src = 'data:image/svg+xml;base64,${svg}'
  })`)
  expect(size).toBe(1200)
})

it('has a page that may run its own script and nothing else', async () => {
  const { page } = await show('html', redashProfile())
  const policy = await page.locator('meta[http-equiv]').getAttribute('content')
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+';/)
})
