import { describe, expect, it } from 'vitest'
import { readClaims } from '../../src/broker/redis/claimed-job.ts'

const CREATED = '2026-11-23T14:05:09.123456Z'

/** Texts as scripts/lib/claim.lua joins them: id, execution, slot, attempt, started, then the hash's. */
function texts(
  id: string,
  more: {
    readonly group?: string
    readonly options?: string
    readonly retries?: string
    readonly abandonments?: string
  } = {},
) {
  const { group = '', options = '', retries = '', abandonments = '' } = more
  const hash = ['default', CREATED, '', '180', '', group, abandonments, options, retries, '', '', '', '']
  return [id, `${id}-run`, 'w.1', '1', CREATED, ...hash].join('\0')
}

const DATA = Buffer.from('["noop", null, [1, 2], {}]')
const NONE = Buffer.alloc(0)

describe('what a call to Redis has claimed', () => {
  it('is read, with what few jobs have', () => {
    const [plain, other] = readClaims([
      Buffer.from(texts('a')),
      DATA,
      NONE,
      Buffer.from(texts('b', { group: 'g', options: '{"isolation":"pool"}', retries: '2', abandonments: '1' })),
      DATA,
      Buffer.from('{"x":1}'),
    ])
    expect(plain).toMatchObject({ jobId: 'a', executionId: 'a-run', slot: 'w.1' })
    const at = Date.UTC(2026, 10, 23, 14, 5, 9, 123)
    expect(plain?.job?.claimed).toEqual({
      id: 'a',
      name: 'noop',
      queue: 'default',
      args: '[1,2]',
      executionId: 'a-run',
      attempt: 1,
      timeoutMs: 180_000,
      createdAt: at,
      enqueuedAt: at,
      startedAt: at,
    })
    expect(other?.job?.claimed).toMatchObject({
      group: 'g',
      isolation: 'pool',
      retriesLeft: 2,
      abandonments: 1,
      meta: '{"x":1}',
    })
  })

  it('fails where a field has the character that stands between fields, and takes no other along', () => {
    const [broken, sound] = readClaims([
      Buffer.from(texts('a', { group: 'g\0h' })),
      DATA,
      NONE,
      Buffer.from(texts('b')),
      DATA,
      NONE,
    ])
    expect(broken).toMatchObject({ jobId: 'a', executionId: 'a-run', slot: 'w.1' })
    expect(broken?.failure?.message).toBe('one of its fields has a NUL in it')
    expect(sound?.job?.claimed.id).toBe('b')
  })
})
