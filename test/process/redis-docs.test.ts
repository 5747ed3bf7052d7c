import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { printedJson, startCli } from '../support/cli.ts'
import { createProject } from '../support/project.ts'
import { ownRedis } from '../support/redis-server.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/redis.md', import.meta.url)), 'utf8')

/** The code block whose first line is a comment with this file's name. */
function block(file: string): string {
  const text = [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
  return text.find((code) => code.startsWith(`// ${file}\n`) || code.startsWith(`# ${file}\n`)) ?? ''
}

describe('docs/redis.md', () => {
  it('shows a Python program whose job Workhorse runs', async () => {
    const server = await ownRedis({ tcp: true })
    const project = await createProject()
    writeFileSync(join(project, 'event-jobs.ts'), block('event-jobs.ts'))
    writeFileSync(join(project, 'enqueue.py'), block('enqueue.py').replace('6379', String(server.port)))
    const command =
      /^ {4}workhorse (worker .*)$/m.exec(page)?.[1]?.replace('6379', String(server.port)).split(' ') ?? []
    const worker = startCli(command, { cwd: project })
    await worker.waitForEvent('worker.ready')
    const python = spawn('/usr/bin/python3', ['enqueue.py'], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    python.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await new Promise((resolve) => python.once('close', resolve))
    const promised = /`python3 enqueue.py` prints `(.*?)`/.exec(page)?.[1]
    expect(output.trim()).toBe(promised)
    worker.kill('SIGTERM')
    await worker.exited
  })

  it('says which settings the check wants', async () => {
    const server = await ownRedis({ tcp: true, config: ['maxmemory-policy allkeys-lru'] })
    const project = await createProject()
    writeFileSync(join(project, 'jobs.ts'), block('event-jobs.ts'))
    const options = { cwd: project, env: { REDIS_URL: server.tcpUrl } }
    const { facts, warnings } = await printedJson<{ facts: Finding[]; warnings: Finding[] }>(['check'], options)
    expect(facts.find(({ subject }) => subject === 'broker')?.text).toContain('set by REDIS_URL')
    expect(facts.find(({ subject }) => subject === 'store')?.text).toMatch(
      /^(Redis|Valkey) \d+\.\d+\.\d+, no appendonly/,
    )
    const texts = warnings.filter(({ subject }) => subject === 'store').map(({ text }) => text)
    expect(texts).toEqual([
      expect.stringContaining('set it to noeviction'),
      expect.stringContaining('set appendonly to yes'),
    ])
    for (const setting of ['`maxmemory-policy` | `noeviction`', '`appendonly` | `yes`']) expect(page).toContain(setting)
  })
})

interface Finding {
  readonly subject: string
  readonly text: string
}
