import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary-directory.ts'

/** Debian's Chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const executablePath = folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path))
  if (executablePath === undefined)
    throw new Error('chromium is not on the PATH; install: sudo apt-get install chromium')
  // Its sandbox refuses to start for root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}

export interface OpenedFile {
  readonly page: Page
  readonly url: string
}

/** Opens a file as a reader would. What it asks the network for, and errors in it, fail the test. */
export async function openFile(
  browser: Browser,
  name: string,
  text: string,
  options: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<OpenedFile> {
  const { hash = '', ...contextOptions } = options
  const path = join(await temporaryDirectory(), name)
  await writeFile(path, text)
  const url = pathToFileURL(path).href
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...contextOptions })
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => troubles.push(message.text()))
  page.on('dialog', (dialog) => troubles.push(`a dialog: ${dialog.message()}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) troubles.push(`it asked for ${request.url()}`)
  })
  onTestFinished(async () => {
    await context.close()
    expect(troubles).toEqual([])
  })
  await page.goto(url + hash)
  return { page, url }
}
