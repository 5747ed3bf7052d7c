import { describe, expect, it } from 'vitest'
import { connectBroker } from '../../src/broker/index.ts'
import { formatSqliteUrl, parseSqliteUrl } from '../../src/broker/sqlite/url.ts'
import { UsageError } from '../../src/errors.ts'

describe('the URL of an SQLite broker', () => {
  it.each([
    ['sqlite:jobs.db', '/app/jobs.db'],
    ['sqlite:./data/jobs.db', '/app/data/jobs.db'],
    ['sqlite:../jobs.db', '/jobs.db'],
    ['sqlite:/var/jobs.db', '/var/jobs.db'],
    ['sqlite:///var/jobs.db', '/var/jobs.db'],
    ['SQLITE:jobs.db', '/app/jobs.db'],
    ['sqlite:with%20blank%3F.db', '/app/with blank?.db'],
    ['sqlite:jobs.db?', '/app/jobs.db'],
  ])('%s is the file %s', (url, file) => {
    expect(parseSqliteUrl(url, '/app')).toEqual({ file, synchronous: 'normal' })
  })

  it('says how safe writes are', () => {
    expect(parseSqliteUrl('sqlite:jobs.db?synchronous=full', '/app').synchronous).toBe('full')
  })

  it.each([
    [{ file: '/var/jobs.db', synchronous: 'normal' as const }, 'sqlite:///var/jobs.db'],
    [{ file: '/var/jobs.db', synchronous: 'full' as const }, 'sqlite:///var/jobs.db?synchronous=full'],
    [{ file: '/a b/c?d%.db', synchronous: 'normal' as const }, 'sqlite:///a%20b/c%3Fd%25.db'],
  ])('comes back from what it was read as', (options, url) => {
    expect(formatSqliteUrl(options)).toBe(url)
    expect(parseSqliteUrl(url, '/elsewhere')).toEqual(options)
  })
})

describe('connectBroker', () => {
  it.each([
    ['', "broker URL '' has no scheme; write for example sqlite:workhorse.db"],
    ['jobs.db', "broker URL 'jobs.db' has no scheme; write for example sqlite:jobs.db"],
    ['sqlite:', "broker URL 'sqlite:' names no file; write for example sqlite:workhorse.db"],
    ['sqlite:data/', "broker URL 'sqlite:data/' names no file; write for example sqlite:workhorse.db"],
    ['sqlite:///', "broker URL 'sqlite:///' names no file; write for example sqlite:workhorse.db"],
    [
      'sqlite://jobs.db',
      "broker URL 'sqlite://jobs.db' names a host; write sqlite:jobs.db or, for an absolute path, sqlite:///jobs.db",
    ],
    [
      'sqlite::memory:',
      "broker URL 'sqlite::memory:': producers and workers share a file, so memory will not do; name a file",
    ],
    ['sqlite:100%.db', "broker URL 'sqlite:100%.db' has a '%' that starts no escape; write it as %25"],
    [
      'sqlite:jobs.db?syncronous=full',
      "unknown broker option 'syncronous', did you mean 'synchronous'?; SQLite has synchronous",
    ],
    [
      'sqlite:jobs.db?synchronous=ful',
      "broker option synchronous is 'ful', did you mean 'full'?; it is one of normal, full",
    ],
    [
      'sqlit:jobs.db',
      "unknown broker scheme 'sqlit:', did you mean 'sqlite:'?; write for example sqlite:workhorse.db or redis://localhost:6379",
    ],
    [
      'postgres://localhost',
      "unknown broker scheme 'postgres:'; write for example sqlite:workhorse.db or redis://localhost:6379",
    ],
  ])('refuses %j in one line with the mend', async (url, message) => {
    const attempt = connectBroker(url)
    await expect(attempt).rejects.toThrow(UsageError)
    await expect(attempt).rejects.toMatchObject({ message })
  })
})
