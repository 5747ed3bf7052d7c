import { describe, expect, it } from 'vitest'
import { formatRedisUrl, parseRedisUrl } from '../../src/broker/redis/url.ts'
import { UsageError } from '../../src/errors.ts'

const DEFAULTS = { tls: false, db: 0, prefix: 'rq', serializer: 'json', patienceMs: 5000 }
const tcp = (host: string, port: number) => ({ kind: 'tcp', address: { host, port } })

describe('the URL of a Redis broker', () => {
  it.each([
    ['redis://localhost', { at: tcp('localhost', 6379) }],
    ['redis://', { at: tcp('localhost', 6379) }],
    ['valkey://cache.example:7000/3', { at: tcp('cache.example', 7000), db: 3 }],
    ['redis://[::1]:7000', { at: tcp('::1', 7000) }],
    ['rediss://user:p%40ss@host/1', { at: tcp('host', 6379), tls: true, username: 'user', password: 'p@ss', db: 1 }],
    ['redis://:secret@host', { at: tcp('host', 6379), password: 'secret' }],
    ['redis+unix:///run/redis.sock?db=2', { at: { kind: 'unix', path: '/run/redis.sock' }, db: 2 }],
    ['valkey+unix:///run/my%20redis.sock', { at: { kind: 'unix', path: '/run/my redis.sock' } }],
    ['unix:///run/redis.sock', { at: { kind: 'unix', path: '/run/redis.sock' } }],
    [
      'redis+sentinel://:pw@one,two:26380/main/1?sentinelPassword=x',
      {
        at: {
          kind: 'sentinel',
          sentinels: [
            { host: 'one', port: 26379 },
            { host: 'two', port: 26380 },
          ],
          master: 'main',
        },
        password: 'pw',
        sentinelPassword: 'x',
        db: 1,
      },
    ],
    [
      'redis+cluster://one:7000,two:7001?prefix={jobs}',
      {
        at: {
          kind: 'cluster',
          nodes: [
            { host: 'one', port: 7000 },
            { host: 'two', port: 7001 },
          ],
        },
        prefix: '{jobs}',
      },
    ],
    ['redis+cluster://one', { at: { kind: 'cluster', nodes: [{ host: 'one', port: 6379 }] }, prefix: '{rq}' }],
    [
      'redis://host?prefix={tenant}&serializer=pickle&patience=30s',
      { at: tcp('host', 6379), prefix: '{tenant}', serializer: 'pickle', patienceMs: 30_000 },
    ],
    ['rediss://host?ca=/etc/ca.pem', { at: tcp('host', 6379), tls: true, ca: '/etc/ca.pem' }],
  ])('%s says all that there is', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual({ ...DEFAULTS, ...expected })
  })

  it.each([
    ['redis://user:secret@host:7000/1', 'redis://host:7000/1'],
    ['rediss://host?prefix=jobs', 'rediss://host:6379/0?prefix=jobs'],
    ['redis+unix:///run/r.sock?db=2', 'unix:///run/r.sock?db=2'],
    ['redis+sentinel://:pw@one,two/main', 'redis+sentinel://one:26379,two:26379/main/0'],
    ['redis+cluster://one', 'redis+cluster://one:6379'],
  ])('%s is shown without secrets', (url, shown) => {
    expect(formatRedisUrl(parseRedisUrl(url))).toBe(shown)
  })

  it.each([
    ['redis://host/one', /'one' for the number of a database/],
    ['redis://host/1?db=2', /two databases, 1 and 2/],
    ['redis://host/1/2', /too many parts/],
    ['redis://one,two', /more than one host/],
    ['redis://host:99999', /no host and port in 'host:99999'/],
    ['redis://secret@host', /a user without a password/],
    ['redis://host?prefx=a', /unknown broker option 'prefx', did you mean 'prefix'\?/],
    ['redis://host?serializer=jason', /did you mean 'json'\?/],
    ['redis://host?prefix=a:b', /without blanks and colons/],
    ['redis://host?patience=soon', /patience/],
    ['redis+unix://', /names no socket/],
    ['redis+unix://host/path', /names no socket/],
    ['redis+sentinel://one', /names no master/],
    ['redis+cluster://one?prefix=rq', /needs a tag, such as \{rq\}/],
    ['redis+cluster://one/3', /a cluster has only one/],
  ])('%s is refused with the mend', (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(UsageError)
    expect(() => parseRedisUrl(url)).toThrow(message)
  })

  it('does not tell the password where it refuses', () => {
    expect(() => parseRedisUrl('redis://user:secret@host/x')).toThrow(/^(?!.*secret)/)
  })
})
