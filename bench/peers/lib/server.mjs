import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.mjs'

/** The one server of a run: on a Unix socket and on a port, nothing kept. */
export async function startServer(folder) {
  const socket = join(folder, 'redis.sock')
  const port = await freePort()
  const lines = [`port ${port}`, 'bind 127.0.0.1', `unixsocket ${socket}`, `dir ${folder}`, 'save ""', 'appendonly no']
  const child = spawn('redis-server', ['-'], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(`${lines.join('\n')}\n`)
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`redis-server left with ${code}`)))
    child.stdout.on('data', (chunk) => {
      if (chunk.includes('eady to accept connections')) resolve()
    })
  })
  const client = new Redis(socket)
  return {
    socket,
    port,
    client,
    version: await infoField(client, 'server', 'redis_version'),
    stop() {
      client.disconnect()
      child.kill('SIGKILL')
    },
  }
}

/** What the server has done since its statistics were reset: CPU, and calls by command, those of scripts included. */
export async function readStatistics(client) {
  const cpu = await client.info('cpu')
  const calls = {}
  for (const [, name, count] of (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    calls[name] = Number(count)
  }
  const seconds = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(cpu)?.[1] ?? 0)
  return { cpuSeconds: seconds('used_cpu_user') + seconds('used_cpu_sys'), calls }
}

async function infoField(client, section, field) {
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(await client.info(section))?.[1] ?? 'unknown'
}
