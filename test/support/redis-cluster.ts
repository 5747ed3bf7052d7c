import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'
import { RedisServer } from './redis-server.ts'

/** Slots are shared out among them in this order. */
const RANGES = [
  [0, 5460],
  [5461, 10922],
  [10923, 16383],
] as const

/** A Redis Cluster of three masters. */
export async function startCluster(): Promise<readonly RedisServer[]> {
  const config = ['cluster-enabled yes', 'cluster-announce-ip 127.0.0.1', 'cluster-node-timeout 5000']
  const servers = await Promise.all(RANGES.map(() => RedisServer.create({ tcp: true, clusterBus: true, config })))
  const clients = servers.map(({ socket }) => new Redis({ path: socket }))
  try {
    for (const [index, [from, to]] of RANGES.entries()) {
      await clients[index]?.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
      // Each with an epoch of its own, so that they need not settle that first.
      await clients[index]?.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    }
    for (const { port, busPort } of servers.slice(1)) {
      await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort)
    }
    for (const client of clients) {
      await eventually(
        async () => {
          const info = String(await client.call('CLUSTER', 'INFO'))
          expect(info).toContain('cluster_state:ok')
          expect(info).toContain('cluster_known_nodes:3')
        },
        { timeoutMs: 20_000 },
      )
    }
    return servers
  } finally {
    for (const client of clients) client.disconnect()
  }
}
