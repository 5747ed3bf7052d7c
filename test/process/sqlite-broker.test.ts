import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Broker, connectBroker } from '../../src/broker/index.ts'
import { loadDriver } from '../../src/broker/sqlite/driver.ts'
import { SCHEMA_VERSION } from '../../src/broker/sqlite/migrations/migrate.ts'
import { openConnection } from '../../src/broker/sqlite/open.ts'
import { BrokerUnavailableError, ForkedBrokerError } from '../../src/errors.ts'
import { eventually } from '../support/eventually.ts'
import { claim, claimOne, enqueue, finished, handIn, ids, newJob } from '../support/jobs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const FIXTURES = fileURLToPath(new URL('./fixtures/sqlite/', import.meta.url))

async function temporaryFile(): Promise<string> {
  return path.join(await temporaryDirectory(), 'jobs.db')
}

async function open(file: string): Promise<Broker> {
  const broker = await connectBroker(`sqlite:${file}`)
  onTestFinished(() => broker.close())
  return broker
}

/** A process that runs a fixture, ended with the test. */
function start(fixture: string, ...args: (string | number)[]): ChildProcess {
  const child = fork(path.join(FIXTURES, fixture), args.map(String), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** The next message of a child; fails where the child leaves without one. */
async function hear<T>(child: ChildProcess): Promise<T> {
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${child.spawnargs[1]} left without a word: ${code ?? signal}`)
  })
  // What comes after the message is nobody's failure.
  gone.catch(() => {})
  const [message] = await Promise.race([once(child, 'message'), gone])
  return message as T
}

/** Statements on the file itself, by a connection of the test's own. */
function query<Row>(file: string, sql: string): Row[] {
  const database = loadDriver().open(file)
  try {
    return database.prepare(sql).all([]) as Row[]
  } finally {
    database.close()
  }
}

function expectWhole(file: string): void {
  expect(query<{ integrity_check: string }>(file, 'PRAGMA integrity_check')).toMatchObject([{ integrity_check: 'ok' }])
  const [orphans] = query<Record<string, number>>(
    file,
    `SELECT (SELECT count(*) FROM jobs WHERE seq NOT IN (SELECT seq FROM job_args)) AS without_args,
      (SELECT count(*) FROM job_args WHERE seq NOT IN (SELECT seq FROM jobs)) AS args_alone,
      (SELECT count(*) FROM job_outcomes WHERE seq NOT IN (SELECT seq FROM jobs)) AS outcomes_alone,
      (SELECT count(*) FROM jobs WHERE state = 'finished' AND seq NOT IN (SELECT seq FROM job_outcomes)) AS no_outcome,
      (SELECT count(*) FROM jobs WHERE state NOT IN ('queued', 'started')) - (SELECT total(jobs) FROM settled_counts) AS miscounted,
      (SELECT count(*) FROM jobs WHERE (state = 'started') <> (lease_until IS NOT NULL)) AS odd_leases`,
  )
  expect(orphans).toMatchObject({
    without_args: 0,
    args_alone: 0,
    outcomes_alone: 0,
    no_outcome: 0,
    miscounted: 0,
    odd_leases: 0,
  })
}

describe('several processes on one SQLite file', { timeout: 120_000 }, () => {
  it('lose nothing, double nothing and starve nobody', async () => {
    const file = await temporaryFile()
    const jobs = 400
    const producers = Array.from({ length: 4 }, () => start('producer.mjs', `sqlite:${file}`, jobs))
    const consumers = [1, 1, 3, 10].map((limit) => start('consumer.mjs', `sqlite:${file}`, limit))
    const all = [...producers, ...consumers]
    await Promise.all(all.map((child) => hear(child)))
    const begin = performance.now()
    for (const child of all) child.send('go')

    type Report = { ids: string[]; longestMs: number; refused?: string[] }
    const produced = await Promise.all(producers.map((child) => hear<Report>(child)))
    for (const child of consumers) child.send('stop')
    const consumed = await Promise.all(consumers.map((child) => hear<Report>(child)))
    const ms = performance.now() - begin

    const given = produced.flatMap((report) => report.ids)
    const run = consumed.flatMap((report) => report.ids)
    expect(given).toHaveLength(4 * jobs)
    expect(run.toSorted()).toEqual(given.toSorted())
    expect(consumed.flatMap((report) => report.refused)).toEqual([])
    const longest = Math.max(...[...produced, ...consumed].map((report) => report.longestMs))
    expect(longest).toBeLessThan(15_000)
    console.info(
      `4 producers and 4 consumers: ${Math.round((4 * jobs * 1000) / ms)} jobs/s, longest call ${Math.round(longest)} ms`,
    )

    const [queue] = await (await open(file)).queueList()
    expect(queue?.counts).toMatchObject({ queued: 0, started: 0, finished: 4 * jobs })
    expectWhole(file)
  })

  it('may all open a file that does not exist yet', async () => {
    const file = await temporaryFile()
    const openers = Array.from({ length: 6 }, () => start('opener.mjs', `sqlite:${file}`))
    await Promise.all(openers.map((child) => hear(child)))
    for (const child of openers) child.send('go')
    const left = openers.map((child) => once(child, 'exit'))
    expect(await Promise.all(openers.map((child) => hear(child)))).toEqual(Array(6).fill('opened'))
    // The last to leave has the file for itself for a moment, and the test's own look does not wait.
    await Promise.all(left)
    expectWhole(file)
  })

  it('wake each other without polling', async () => {
    const file = await temporaryFile()
    const broker = await open(file)
    const waker = start('waker.mjs', `sqlite:${file}`)
    await hear(waker)
    const latencies: number[] = []
    for (let round = 0; round < 60; round++) {
      // A pause of any length, so that the waiter is asleep in most rounds.
      await new Promise((resolve) => setTimeout(resolve, round % 7))
      const awake = broker.workWait({ queues: ['default'], timeoutMs: 20_000 })
      waker.send('enqueue')
      await awake
      const woken = process.hrtime.bigint()
      // May have woken for nothing: then the job comes in a moment.
      const job = await eventually(() => claimOne(broker))
      latencies.push(Number(woken - BigInt(JSON.parse(job.args)[0])) / 1e6)
      await handIn(broker, [finished(job)])
    }
    latencies.sort((a, b) => a - b)
    const [p50, p99] = [latencies[30] ?? 0, latencies[59] ?? 0]
    console.info(`enqueue in another process to awake: p50 ${p50.toFixed(2)} ms, worst of 60 ${p99.toFixed(2)} ms`)
    // The slow check of waiters comes every 2 s: anything under it was a wake-up.
    expect(p50).toBeLessThan(200)
  })

  it('wait for one that holds the file without blocking their own event loop', async () => {
    const file = await temporaryFile()
    const broker = await open(file)
    await hear(start('lock-holder.mjs', file, 700))
    let ticks = 0
    const ticking = setInterval(() => ticks++, 10)
    const begin = performance.now()
    await Promise.all(['a', 'b', 'c'].map((id) => enqueue(broker, [id])))
    const ms = performance.now() - begin
    clearInterval(ticking)
    expect(ms).toBeGreaterThan(300)
    expect(ticks).toBeGreaterThan(ms / 10 / 5)
    expect(ids(await claim(broker, { limit: 5 }))).toEqual(['a', 'b', 'c'])
  })

  it('see nothing of a transaction whose process was killed in it', async () => {
    const file = await temporaryFile()
    const broker = await open(file)
    await enqueue(broker, ['before'])
    const writer = start('torn-writer.mjs', file)
    await once(writer.stdout as NodeJS.ReadableStream, 'data')
    const logged = (await stat(`${file}-wal`)).size
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    // The test is worth something only where part of the transaction had reached the disk.
    expect(logged).toBeGreaterThan(1_000_000)
    await enqueue(broker, ['after'])
    expect(ids((await broker.jobList({ limit: 100 })).jobs)).toEqual(['after', 'before'])
    expectWhole(file)
  })

  it('keep a whole file however often one of them is killed', async () => {
    const file = await temporaryFile()
    const broker = await open(file)
    for (let round = 0; round < 8; round++) {
      const workers = [start('busy-worker.mjs', `sqlite:${file}`), start('busy-worker.mjs', `sqlite:${file}`)]
      await Promise.all(workers.map((worker) => hear(worker)))
      await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 120))
      for (const worker of workers) worker.kill('SIGKILL')
      await Promise.all(workers.map((worker) => once(worker, 'exit')))
      expectWhole(file)
    }
    // What the killed ones held comes back, and all of it can be brought to an end.
    await eventually(
      async () => {
        await broker.maintain({ maxAbandonments: 100 })
        const jobs = await claim(broker, { limit: 1000 })
        await handIn(
          broker,
          jobs.map((job) => finished(job)),
        )
        const [queue] = await broker.queueList()
        expect(queue?.counts).toMatchObject({ queued: 0, started: 0 })
      },
      { timeoutMs: 20_000 },
    )
    expectWhole(file)
  })
})

describe('an SQLite broker', { timeout: 60_000 }, () => {
  it('does not keep its process, also when never closed', async () => {
    const child = start('leave-open.mjs', `sqlite:${await temporaryFile()}`)
    const begin = performance.now()
    let text = ''
    child.stdout?.on('data', (chunk) => (text += chunk))
    child.disconnect()
    const [code] = await once(child, 'exit')
    expect({ code, text }).toEqual({ code: 0, text: 'at its end\n' })
    expect(performance.now() - begin).toBeLessThan(20_000)
  })

  it('refuses to work in a fork of the process that opened it, and does not close there', async () => {
    const file = await temporaryFile()
    const broker = await open(file)
    await enqueue(broker, ['a'])
    const { pid } = process
    Object.defineProperty(process, 'pid', { value: pid + 1, configurable: true })
    try {
      for (const call of [
        () => broker.jobFetch('a'),
        () => enqueue(broker, ['b']),
        () => enqueue(broker, []),
        () => claim(broker),
        () => broker.workWait({ queues: ['default'] }),
        () => broker.jobWait('a', {}),
        () => broker.workerList(),
        () => broker.close(),
      ]) {
        await expect(call()).rejects.toThrow(ForkedBrokerError)
      }
    } finally {
      Object.defineProperty(process, 'pid', { value: pid, configurable: true })
    }
    expect(ids(await claim(broker))).toEqual(['a'])
  })

  it.each([
    ['', 1],
    ['?synchronous=normal', 1],
    ['?synchronous=full', 2],
    ['?synchronous=FULL', 2],
  ])('opened with "%s" has PRAGMA synchronous %i', async (search, level) => {
    const { parseSqliteUrl } = await import('../../src/broker/sqlite/url.ts')
    const connection = await openConnection(parseSqliteUrl(`sqlite:jobs.db${search}`, await temporaryDirectory()))
    onTestFinished(() => connection.close())
    expect(connection.get('PRAGMA synchronous')).toMatchObject({ synchronous: level })
    expect(connection.get('PRAGMA journal_mode')).toMatchObject({ journal_mode: 'wal' })
    expect(Object.values(connection.get<object>('PRAGMA busy_timeout') ?? {})).toContain(0)
  })

  it('brings an empty file to its schema, once', async () => {
    const file = await temporaryFile()
    await writeFile(file, '')
    await enqueue(await open(file), ['a'])
    expect(query(file, 'PRAGMA user_version')).toMatchObject([{ user_version: SCHEMA_VERSION }])
    expect(ids((await (await open(file)).jobList({ limit: 10 })).jobs)).toEqual(['a'])
  })

  it('refuses a file of a newer version, and leaves it as it is', async () => {
    const file = await temporaryFile()
    await (await open(file)).close()
    const database = loadDriver().open(file)
    database.exec('PRAGMA user_version = 99')
    database.close()
    const attempt = connectBroker(`sqlite:${file}`)
    await expect(attempt).rejects.toThrow(BrokerUnavailableError)
    await expect(attempt).rejects.toThrow(/newer Workhorse \(schema 99, this one knows up to \d+\); update/)
    expect(query(file, 'PRAGMA user_version')).toMatchObject([{ user_version: 99 }])
  })

  it('refuses the database of another program', async () => {
    const file = await temporaryFile()
    const database = loadDriver().open(file)
    database.exec('CREATE TABLE jobs (theirs TEXT)')
    database.close()
    await expect(connectBroker(`sqlite:${file}`)).rejects.toThrow(/another program/)
    expect(query(file, 'SELECT name FROM sqlite_schema')).toMatchObject([{ name: 'jobs' }])
  })

  it('refuses a file that is no database, and does not touch it', async () => {
    const file = await temporaryFile()
    const text = 'this is a text, and quite a long one at that\n'.repeat(100)
    await writeFile(file, text)
    const attempt = connectBroker(`sqlite:${file}`)
    await expect(attempt).rejects.toThrow(BrokerUnavailableError)
    await expect(attempt).rejects.toThrow(/not an SQLite database/)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('names the directory that is missing', async () => {
    const directory = path.join(await temporaryDirectory(), 'nowhere')
    const attempt = connectBroker(`sqlite:${directory}/jobs.db`)
    await expect(attempt).rejects.toThrow(BrokerUnavailableError)
    await expect(attempt).rejects.toThrow(`there is no directory ${directory}; make it`)
  })

  it('counts twenty thousand jobs and lists the newest without looking at them all', async () => {
    const broker = await open(await temporaryFile())
    const args = JSON.stringify(['x'.repeat(200)])
    for (let batch = 0; batch < 20; batch++) {
      await broker.jobEnqueue(Array.from({ length: 1000 }, (_, index) => newJob({ id: `${batch}-${index}`, args })))
    }
    for (let batch = 0; batch < 10; batch++) {
      const jobs = await claim(broker, { limit: 1000 })
      await handIn(
        broker,
        jobs.map((job) => finished(job)),
      )
    }
    const begin = performance.now()
    const [queue] = await broker.queueList()
    const page = await broker.jobList({ limit: 10, state: 'finished' })
    const ms = performance.now() - begin
    expect(queue?.counts).toMatchObject({ queued: 10_000, finished: 10_000 })
    expect(page.jobs).toHaveLength(10)
    expect(ms).toBeLessThan(1000)
  })
})
