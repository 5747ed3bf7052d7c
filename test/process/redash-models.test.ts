import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RawEvent } from '../../examples/redash/events.ts'

/*
 * The models of examples/redash: that they are what Redash has, that an event is recorded as Redash records it,
 * and that what its jobs module does before a fork leaves nothing open that must not cross one.
 */

/** Table, columns, relations that Redash declares, relations that exist as back references of others'. */
const TABLES: readonly (readonly [string, number, number, number])[] = [
  ['organizations', 6, 2, 6],
  ['users', 11, 1, 9],
  ['groups', 6, 2, 0],
  ['access_permissions', 6, 2, 0],
  ['changes', 7, 1, 0],
  ['data_sources', 8, 2, 2],
  ['data_source_groups', 4, 2, 0],
  ['query_results', 8, 2, 0],
  ['queries', 21, 6, 1],
  ['favorites', 7, 1, 0],
  ['alerts', 10, 3, 0],
  ['dashboards', 14, 3, 0],
  ['visualizations', 8, 1, 1],
  ['widgets', 8, 1, 1],
  ['events', 8, 2, 0],
  ['api_keys', 9, 2, 0],
  ['notification_destinations', 7, 2, 0],
  ['alert_subscriptions', 6, 3, 0],
  ['query_snippets', 8, 2, 0],
]

const BACK_REFERENCES = [
  'Organization.users',
  'Organization.dataSources',
  'Organization.queries',
  'Organization.dashboards',
  'Organization.notificationDestinations',
  'Organization.querySnippets',
  'User.grantor',
  'User.grantee',
  'User.changes',
  'User.modifiedQueries',
  'User.favorites',
  'User.alerts',
  'User.events',
  'User.notificationDestinations',
  'User.querySnippets',
  'DataSource.queryResults',
  'DataSource.queries',
  'Query.alerts',
  'Visualization.widgets',
  'Widget.dashboard',
]

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

const directory = mkdtempSync(join(tmpdir(), 'redash-models-'))
process.env['REDASH_DATABASE'] = join(directory, 'redash.db')

const { database, RedashDataSource } = await import('../../examples/redash/database.ts')
const { recordEvent, InvalidEventError } = await import('../../examples/redash/events.ts')
const { seed } = await import('../../examples/redash/seed.ts')
const { recordThrowAwayEvents } = await import('../../examples/redash/warm-up.ts')
const { Event } = await import('../../examples/redash/models/event.ts')

const script = join(directory, 'zygote.cjs')
const engine = join(directory, 'engine.cjs')

beforeAll(async () => {
  await seed(database)
  // Once: a process that starts while another's copy is written would find an empty script, and do nothing.
  writeFileSync(script, ZYGOTE)
  writeFileSync(engine, 'module.exports = globalThis.engine')
})

afterAll(async () => {
  await database.destroy()
  rmSync(directory, { recursive: true })
})

describe('the models', () => {
  test('19 classes with 162 columns', () => {
    const found = database.entityMetadatas.map((entity) => [entity.tableName, entity.ownColumns.length])
    expect(found).toEqual(TABLES.map(([table, columns]) => [table, columns]))
    expect(sum(TABLES.map(([, columns]) => columns))).toBe(162)
  })

  test('40 relations and 20 back references', () => {
    const isBackReference = (name: string) => BACK_REFERENCES.includes(name)
    const found = database.entityMetadatas.map((entity) => {
      const names = entity.ownRelations.map((relation) => `${entity.name}.${relation.propertyName}`)
      const backReferences = names.filter(isBackReference)
      return [entity.tableName, names.length - backReferences.length, backReferences.length]
    })
    expect(found).toEqual(TABLES.map(([table, , relations, backReferences]) => [table, relations, backReferences]))
    expect(sum(TABLES.map(([, , relations]) => relations))).toBe(40)
    expect(BACK_REFERENCES).toHaveLength(20)
  })

  test('every inverse side leads back, and a relation to one has a foreign key', () => {
    for (const { ownRelations, name } of database.entityMetadatas) {
      for (const relation of ownRelations) {
        const where = `${name}.${relation.propertyName}`
        if (relation.isManyToOne) expect(relation.foreignKeys, where).toHaveLength(1)
        if (relation.isOneToMany) expect(relation.inverseRelation?.inverseRelation, where).toBe(relation)
      }
    }
  })

  test('the tables have the same columns', async () => {
    for (const [table, columns] of TABLES) {
      expect(await database.query(`PRAGMA table_info(${table})`), table).toHaveLength(columns)
    }
  })
})

describe('the database', () => {
  test('is in WAL mode, checks foreign keys and waits 30 s for a lock', async () => {
    expect(await database.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(await database.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }])
    expect(await database.query('PRAGMA busy_timeout')).toEqual([{ timeout: 30_000 }])
  })

  test('is seeded once', async () => {
    await seed(database)
    expect(await database.query('SELECT slug FROM organizations')).toEqual([{ slug: 'default' }])
    expect(await database.query('SELECT email, groups FROM users')).toEqual([
      { email: 'ada@example.org', groups: '[1,2]' },
    ])
  })

  test('configures the mappers once, and without a connection', async () => {
    const fresh = new RedashDataSource(join(directory, 'never-opened.db'))
    expect(fresh.entityMetadatas).toHaveLength(0)
    await fresh.configureMappers()
    const [first] = fresh.entityMetadatas
    await fresh.configureMappers()
    expect(fresh.entityMetadatas[0]).toBe(first)
    expect(fresh.isInitialized).toBe(false)
  })

  test('is not made by a wrong path', async () => {
    const path = join(directory, 'absent.db')
    const absent = new RedashDataSource(path)
    const message = `${path}: there is no such database; create it by seed(), or set REDASH_DATABASE`
    await expect(absent.open()).rejects.toThrow(message)
    expect(existsSync(path)).toBe(false)
  })

  test('keeps its metadata over a warm-up, and its rows out of it', async () => {
    const [first] = database.entityMetadatas
    const before = await database.manager.count(Event)
    await database.destroy()
    await recordThrowAwayEvents(3)
    expect(database.isInitialized).toBe(false)
    await database.open()
    expect(database.entityMetadatas[0]).toBe(first)
    expect(await database.manager.count(Event)).toBe(before)
  })
})

describe('record_event', () => {
  const event: RawEvent = {
    org_id: 1,
    user_id: 1,
    action: 'execute',
    object_type: 'query',
    object_id: 17,
    timestamp: 1_572_393_600.25,
    user_name: 'Ada Lovelace',
    ip: '203.0.113.9',
    parameters: { from: '2019-10-01' },
  }
  const without = (...fields: string[]) =>
    Object.fromEntries(Object.entries(event).filter(([name]) => !fields.includes(name))) as RawEvent

  const stored = async (id: number) => {
    const row = await database.manager.findOneByOrFail(Event, { id })
    return { ...row, org: undefined, user: undefined }
  }

  test('stores what it knows in columns and all else in additional_properties', async () => {
    const { id } = await recordEvent(event)
    expect(await stored(id)).toEqual({
      id,
      orgId: 1,
      userId: 1,
      action: 'execute',
      objectType: 'query',
      objectId: '17',
      additionalProperties: { user_name: 'Ada Lovelace', ip: '203.0.113.9', parameters: { from: '2019-10-01' } },
      createdAt: new Date('2019-10-30T00:00:00.250Z'),
    })
  })

  test('keeps the time in UTC', async () => {
    const { id } = await recordEvent(event)
    const rows = await database.query('SELECT created_at FROM events WHERE id = ?', [id])
    expect(rows).toEqual([{ created_at: '2019-10-30 00:00:00.250' }])
  })

  test('does without a user, an object id and additional properties', async () => {
    const { id } = await recordEvent({ org_id: 1, action: 'list', object_type: 'query', timestamp: 0 })
    expect(await stored(id)).toMatchObject({ userId: null, objectId: null, additionalProperties: {} })
  })

  test('leaves its argument as it was', async () => {
    const copy = structuredClone(event)
    await recordEvent(event)
    expect(event).toEqual(copy)
  })

  test.each([
    ['org_id', 'record_event: org_id is missing; expected the id of an organization'],
    ['action', 'record_event: action is missing; expected what was done, as "view"'],
    ['object_type', 'record_event: object_type is missing; expected what it was done to, as "query"'],
    ['timestamp', 'record_event: timestamp is missing; expected Unix seconds'],
  ])('demands %s', async (field, message) => {
    const failure = recordEvent(without(field))
    await expect(failure).rejects.toThrow(InvalidEventError)
    await expect(failure).rejects.toMatchObject({ message, field })
  })

  test('refuses a value of another type', async () => {
    await expect(recordEvent({ ...event, timestamp: 'yesterday' as unknown as number })).rejects.toThrow(
      'record_event: timestamp is "yesterday"; expected Unix seconds',
    )
  })

  test('refuses an organization that does not exist', async () => {
    await expect(recordEvent({ ...event, org_id: 404 })).rejects.toThrow('FOREIGN KEY constraint failed')
  })

  test('takes turns on one connection, and one that fails does not harm the others', async () => {
    const before = await database.manager.count(Event)
    const runs = Array.from({ length: 60 }, (_, i) => recordEvent({ ...event, org_id: i % 3 === 0 ? 404 : 1 }))
    const outcomes = await Promise.allSettled(runs)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(40)
    expect(await database.manager.count(Event)).toBe(before + 40)
  })
})

describe('fresh processes', () => {
  test.each(['as-is', 'preload', 'warm'])('%s: nothing is open before the fork', async (hoist) => {
    const { census, entities } = await zygote(hoist)
    expect(census).toEqual({ threads: 0, sockets: [], databases: [], resources: [] })
    expect(entities).toBe(hoist === 'as-is' ? 0 : 19)
  })

  test('an unknown variant stops the start', async () => {
    await expect(zygote('some')).rejects.toThrow('REDASH_HOIST is "some"; expected as-is, preload or warm')
  })

  test('four processes record 250 events each in one file', { timeout: 120_000 }, async () => {
    await database.query('DELETE FROM events')
    const workers = [0, 1, 2, 3].map((worker) => zygote('preload', worker * 250, 250))
    for (const { jobs } of await Promise.all(workers)) expect(jobs).toHaveLength(250)
    const ids: { object_id: string }[] = await database.query('SELECT object_id FROM events ORDER BY object_id + 0')
    expect(ids.map(({ object_id }) => Number(object_id))).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  })

  test('what is hoisted, a job does not pay', { timeout: 120_000 }, async () => {
    const [asIs, preload] = await Promise.all(['as-is', 'preload'].map(async (hoist) => (await zygote(hoist)).jobs[0]))
    // Five times as much on any machine that was tried.
    expect(asIs?.cpuMs).toBeGreaterThan(1.5 * (preload?.cpuMs ?? 0))
  })
})

interface Report {
  /** What was opened since the process began. */
  readonly census: { threads: number; sockets: string[]; databases: string[]; resources: string[] }
  readonly entities: number
  readonly preloadMs: number
  readonly warmUpMs: number
  readonly jobs: readonly { readonly wallMs: number; readonly cpuMs: number }[]
}

/**
 * A process that does what a zygote does up to the fork, with its flags, and runs `count` jobs instead of it.
 * The engine is stood in for by three functions: this is about what the application leaves behind.
 */
async function zygote(hoist: string, first = 0, count = 1): Promise<Report> {
  const jiti = createRequire(import.meta.url).resolve('jiti')
  const application = resolve(import.meta.dirname, '../../examples/redash')
  const parameters = JSON.stringify({ jiti, application, engine, first, count })
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--single-threaded', '--v8-pool-size=0', script, parameters],
    { env: { ...process.env, REDASH_HOIST: hoist }, timeout: 60_000 },
  )
  return JSON.parse(stdout) as Report
}

const ZYGOTE = `
const { readdirSync, readlinkSync, promises } = require('node:fs')
const { jiti: loader, application, engine, first, count } = JSON.parse(process.argv[2])

const hooks = { preload: [], warmUp: [] }
let recordEvent
globalThis.engine = {
  job: (name, options, handler) => { recordEvent = handler },
  preload: (hook) => hooks.preload.push(hook),
  warmUp: (hook) => hooks.warmUp.push(hook),
}

function open() {
  const files = readdirSync('/proc/self/fd').map((descriptor) => {
    try { return readlinkSync('/proc/self/fd/' + descriptor) } catch { return '' }
  })
  return { threads: readdirSync('/proc/self/task').length, files }
}

async function run(hooks) {
  const begun = performance.now()
  for (const hook of hooks) await hook()
  return performance.now() - begun
}

async function main() {
  // libuv's own pool starts at the first use of a promised file function, and survives a fork.
  await promises.stat('/')
  const before = open()
  const jiti = require(loader).createJiti(__filename, { alias: { workhorse: engine } })
  await jiti.import(application + '/jobs.ts')
  const { database } = await jiti.import(application + '/database.ts')
  const { makeEvent } = await jiti.import(application + '/seed.ts')
  const preloadMs = await run(hooks.preload)
  const warmUpMs = await run(hooks.warmUp)
  await new Promise(setImmediate)
  await new Promise(setImmediate)

  const after = open()
  const added = after.files.filter((file) => !before.files.includes(file))
  const census = {
    threads: after.threads - before.threads,
    sockets: added.filter((file) => file.startsWith('socket:')),
    databases: added.filter((file) => /[.]db\\b|memory|etilqs/.test(file)),
    resources: process.getActiveResourcesInfo().filter((resource) => !/^(PipeWrap|CloseReq)$/.test(resource)),
  }
  const entities = database.entityMetadatas.length

  const jobs = []
  for (let i = first; i < first + count; i++) {
    const begun = performance.now()
    const cpu = process.cpuUsage()
    await recordEvent(makeEvent(i))
    const { user, system } = process.cpuUsage(cpu)
    jobs.push({ wallMs: performance.now() - begun, cpuMs: (user + system) / 1000 })
  }
  console.log(JSON.stringify({ census, entities, preloadMs, warmUpMs, jobs }))
}

main()
`
