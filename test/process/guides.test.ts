import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, installInto, read, Terminals } from '../support/guide.ts'

/** What the pages promise that their commands print. */
const PRINTS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'docs/jobs.md': {
    'npx jiti sync.ts': /^\[ false, false, true \]\n\{ asked: 'by hand' \} canceled\n\[ 'queued', 'queued' \]\n$/,
    'npx workhorse worker --burst': /sync_user of 2: user 2 is up to date/,
    'npx workhorse jobs list --name sync_user.on-success': /finished/,
    'npx workhorse queues empty default': /deleted 0 jobs of default/,
    'npx workhorse suspend --for 10m': /suspended for 10 m/,
    'npx workhorse resume': /^resumed$/m,
  },
  'docs/retries.md': {
    'npx jiti rates.ts': /^rate 1.09\nfinished \nretried EUR: no answer\nretried EUR: no answer\n$/,
    [`npx workhorse enqueue fetch_rate '"USD"' --retry 5 --backoff 100ms --wait=30s`]: /^1.09$/m,
  },
  'docs/dependencies.md': {
    'npx jiti album.ts': /^(deferred|queued|started|finished)\nalbum-7 tidied up\nalbum-7 is online after 3 photos\n$/,
    'npx workhorse groups show album-7': /resize +images +finished/,
  },
  'docs/scheduling.md': {
    'npx workhorse schedule list': /^nightly-report +0 3 \* \* \* Europe\/Berlin .*\nping +every 30.0 s/m,
    'npx workhorse schedule run nightly-report': /^[0-9a-f-]{36}$/m,
  },
}

describe.each(Object.entries(PRINTS))('%s', (page, prints) => {
  const commands = blocksOf(read(page)).flatMap(({ language, text }) =>
    language === 'sh' ? text.trimEnd().split('\n') : [],
  )

  it('runs as it is written, from top to bottom', { timeout: 240_000 }, async () => {
    const folder = await installInto()
    for (const { text, file } of blocksOf(read(page))) if (file !== undefined) await writeFile(join(folder, file), text)
    const terminals = new Terminals(folder, prints)
    for (const command of commands) await terminals.run(command)
    await terminals.leave()
  })

  it('shows no command whose output is not looked at', () => {
    const looked = Object.keys(prints)
    expect(looked.filter((command) => !commands.includes(command))).toEqual([])
    expect(commands.filter((command) => !looked.includes(command) && !/^npx workhorse worker/.test(command))).toEqual(
      [],
    )
  })
})
