// What jobs commit to the broker's own store: one effect for each execution that came so far.
import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { loadDriver } from '../../../dist/broker/sqlite/driver.js'
import { isBusy } from '../../../dist/broker/sqlite/sqlite-error.js'

// The library that the broker uses, too: where both are in one process, as inline, a second one would take away the
// locks of the first. Loaded before the fork, opened after it.
const sqlite = loadDriver()
const KEY = 'chaos:effects'
const PATIENCE_MS = 20_000

/** Commits that execution `run` of job `id` was here. */
export async function commitEffect(id, run) {
  const place = process.env.CHAOS_EFFECTS
  if (place.startsWith('/') && !place.endsWith('.sock')) return commitToFile(place, id, run)
  const redis = new Redis(place, { maxRetriesPerRequest: 0, retryStrategy: () => null })
  // Said by whatever was asked of it, too.
  redis.on('error', () => {})
  try {
    await redis.rpush(KEY, JSON.stringify({ id, run }))
  } finally {
    redis.disconnect()
  }
}

/** All that was committed. */
export async function readEffects(place) {
  if (place.endsWith('.sock')) {
    const redis = new Redis(place)
    const rows = await redis.lrange(KEY, 0, -1)
    redis.disconnect()
    return rows.map((row) => JSON.parse(row))
  }
  const database = sqlite.open(place)
  const rows = database.prepare('SELECT id, run FROM effects').all([])
  database.close()
  return rows
}

export function prepareEffects(file) {
  const database = sqlite.open(file)
  database.exec('CREATE TABLE effects (id TEXT NOT NULL, run TEXT NOT NULL)')
  database.close()
}

async function commitToFile(file, id, run) {
  const database = sqlite.open(file)
  const deadline = Date.now() + PATIENCE_MS
  try {
    for (;;) {
      try {
        database.exec('BEGIN IMMEDIATE')
        database.prepare('INSERT INTO effects (id, run) VALUES (?, ?)').run([id, run])
        database.exec('COMMIT')
        return
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error
        // SQLite's own waiting would block the worker, where the job runs in it.
        await setTimeout(2)
      }
    }
  } finally {
    database.close()
  }
}
