// What opening a flame graph and zooming into it costs the browser, by number of frames: node scripts/measure-graph.mjs [clicks]
// In CPU time of the page's thread, which a busy machine does not change much.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'

const clicks = Number(process.argv[2] ?? 30)
const SIZES = [500, 5000, 20_000]
const jiti = createJiti(import.meta.url)
const { largeProfile } = await jiti.import('../test/support/flame-profiles.ts')
const { launchBrowser } = await jiti.import('../test/support/browser.ts')
const { renderSvg } = await jiti.import('../src/profiler/flame/render-svg.ts')

/** Zooms into a frame, or out again, and waits until it is on the screen. */
const ZOOM = `async (click) => {
  const frames = [...document.querySelectorAll('.frame')].filter((frame) => frame.getAttribute('aria-level') === '4')
  const target = click % 2 === 0 ? frames[click % frames.length] : document.querySelector('.frame')
  target.dispatchEvent(new MouseEvent('click', { bubbles: true }))
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
}`

const folder = mkdtempSync(join(tmpdir(), 'workhorse-graph-'))
const browser = await launchBrowser()
try {
  for (const size of SIZES) {
    const path = join(folder, `${size}.svg`)
    const text = renderSvg(largeProfile(size))
    writeFileSync(path, text)
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const busyMs = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value
    }
    const before = await busyMs()
    await page.goto(pathToFileURL(path).href)
    await page.waitForSelector('.drawn')
    const opened = await busyMs()
    const costs = []
    for (let click = 0; click < clicks; click++) {
      const start = await busyMs()
      await page.evaluate(`(${ZOOM})(${click})`)
      costs.push((await busyMs()) - start)
    }
    costs.sort((a, b) => a - b)
    const elements = await page.evaluate('document.querySelectorAll("*").length')
    const [median, worst] = [costs[Math.floor(costs.length / 2)], costs.at(-1)]
    console.log(
      `${size} frames, ${(text.length / 1000).toFixed(0)} kB, ${elements} elements: opened in ${(opened - before).toFixed(0)} ms, a click takes ${median.toFixed(1)} ms (at most ${worst.toFixed(1)})`,
    )
    await page.close()
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
