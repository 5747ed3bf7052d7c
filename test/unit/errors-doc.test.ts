import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FAILURE_KINDS } from '../../src/job/failure.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8')

/** Second-level headings below a first-level one. */
function headingsBelow(title: string): string[] {
  const section = page.split(/^# /m).find((text) => text.startsWith(`${title}\n`)) ?? ''
  return [...section.matchAll(/^## (.+)$/gm)].map((match) => match[1] as string)
}

/** Codes that any file of src/ gives to an error. */
function codesInSource(): string[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const codes = files.flatMap((name) => {
    const text = readFileSync(join(ROOT, 'src', name), 'utf8')
    return [...text.matchAll(/(?:super|new WorkhorseError)\(\s*'(WORKHORSE_[A-Z_]+)'/g)].map(
      (match) => match[1] as string,
    )
  })
  return [...new Set(codes)].sort()
}

describe('docs/errors.md', () => {
  it('has a heading for every error code, and for nothing else', () => {
    expect(headingsBelow('Codes').sort()).toEqual(codesInSource())
  })

  it('has a heading for every kind of failure, in the order of the source', () => {
    expect(headingsBelow('Kinds of failure')).toEqual([...FAILURE_KINDS])
  })

  it('says of each how to mend it', () => {
    const entries = page.split(/^## /m).slice(1)
    expect(entries.filter((entry) => !/^Mend: /m.test(entry)).map((entry) => entry.split('\n')[0])).toEqual([])
  })
})
