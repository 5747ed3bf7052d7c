import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadScript } from '../../src/broker/redis/script.ts'

const FOLDER = fileURLToPath(new URL('../../src/broker/redis/scripts/', import.meta.url))
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.lua'))
  .map((name) => name.slice(0, -4))

describe('the scripts for Redis', () => {
  it.each(names)('%s says what it takes, returns and keeps', (name) => {
    const header = /^--@include .*\n((?:--.*\n)+)/.exec(readFileSync(join(FOLDER, `${name}.lua`), 'utf8'))?.[1] ?? ''
    expect(header).toMatch(/KEYS: .*ARGV: /s)
    expect(header).toMatch(/Returns /)
    expect(header).toMatch(/Invariant: |Writes nothing|Forgets a schedule|A worker leaves|Groups of jobs/)
  })

  it('are small enough for a look', () => {
    for (const name of names) expect(loadScript(name).source.split('\n').length, name).toBeLessThan(800)
  })
})
