import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { printed, printedJson } from '../support/cli.ts'
import { createProject } from '../support/project.ts'
import { ownRedis } from '../support/redis-server.ts'

/** What a job finds in its environment, as Node has it and as the kernel shows it to all processes of the user. */
const JOBS = `
import { readFileSync } from 'node:fs'
import { job } from 'workhorse'

const seen = () => ({ ...process.env })
const atLoad = seen()
export const look = job('look', () => {
  const everywhere = [JSON.stringify(atLoad), JSON.stringify(seen()), readFileSync('/proc/self/environ', 'utf8')]
  return { secrets: everywhere.filter((text) => text.includes('s3cret')).length, other: process.env.OTHER, redis: process.env.REDIS_URL }
})
`

const MODES = [
  ['fork', {}],
  ['pool', { start: 'fork' }],
  ['pool', { start: 'spawn' }],
] as const

describe('a job sees no way to the broker', () => {
  it.each(MODES)('where the worker got it from REDIS_URL, in mode %s %j', async (isolation, pool) => {
    const server = await ownRedis({ tcp: true, config: ['requirepass s3cret'] })
    const url = server.tcpUrl.replace('//', '//:s3cret@')
    const run = async (exposeBrokerUrl: boolean) => {
      const config = JSON.stringify({ isolation, pool, exposeBrokerUrl, concurrency: 1 })
      const cwd = await createProject({ 'jobs.mjs': JOBS, 'workhorse.config.mjs': `export default ${config}` })
      const env = { REDIS_URL: url, CACHE_URL: url, OTHER: 'redis://elsewhere' }
      const id = await printed(['enqueue', 'look'], { cwd, env })
      await printed(['worker', '--burst'], { cwd, env })
      return (await printedJson<{ result: unknown }>(['jobs', 'show', id], { cwd, env })).result
    }
    expect(await run(false)).toEqual({ secrets: 0, other: 'redis://elsewhere' })
    if (isolation === 'fork') expect(await run(true)).toEqual({ secrets: 3, other: 'redis://elsewhere', redis: url })
  })

  it('as docs/configuration.md says', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
    expect(page).toContain('| `exposeBrokerUrl` |')
  })
})
