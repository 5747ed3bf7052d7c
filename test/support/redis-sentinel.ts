import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'
import { freePort, type RedisServer, redisServer } from './redis-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface Sentinel {
  readonly port: number
  /** Resolves when it has found so many replicas of its master. */
  knowsReplicas(count: number): Promise<void>
  /** Resolves when the master is the server of this port. */
  masterIs(port: number): Promise<void>
}

/** A sentinel of its own for one test, that watches the server as `mymaster`. */
export async function startSentinel(server: RedisServer, config: readonly string[] = []): Promise<Sentinel> {
  const port = await freePort()
  const folder = await temporaryDirectory()
  const file = join(folder, 'sentinel.conf')
  const watch = `sentinel monitor mymaster 127.0.0.1 ${server.port} 1`
  writeFileSync(file, `${[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, watch, ...config].join('\n')}\n`)
  const child = spawn(redisServer(), [file, '--sentinel'], { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
  })
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 })
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  const masterIs = (wanted: number) =>
    eventually(
      async () =>
        expect(await redis.call('SENTINEL', 'get-master-addr-by-name', 'mymaster')).toEqual([
          '127.0.0.1',
          String(wanted),
        ]),
      { timeoutMs: 30_000 },
    )
  await masterIs(server.port)
  return {
    port,
    masterIs,
    knowsReplicas: (count) =>
      eventually(async () => expect(await redis.call('SENTINEL', 'replicas', 'mymaster')).toHaveLength(count), {
        timeoutMs: 30_000,
      }),
  }
}
