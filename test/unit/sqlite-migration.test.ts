import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { connectBroker } from '../../src/broker/connect.ts'
import { loadDriver } from '../../src/broker/sqlite/driver.ts'
import { jobs } from '../../src/broker/sqlite/migrations/001-jobs.ts'
import { claimOne, enqueue, finished, handIn, newJob, retried } from '../support/jobs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

it('a file of the first schema is brought to the newest, with its jobs', async () => {
  const file = join(await temporaryDirectory(), 'jobs.db')
  const old = loadDriver().open(file)
  old.exec(jobs.sql)
  old.exec(`INSERT INTO jobs (seq, id, name, queue, state, position, created_at, enqueued_at, timeout_ms, result_ttl_ms, failure_ttl_ms)
    VALUES (1, 'old', 'add', 'default', 'queued', 1, 1000, 1000, -1, -1, -1), (2, 'gone', 'add', 'default', 'failed', 2, 1000, 1000, -1, -1, -1)`)
  old.exec(`INSERT INTO job_args VALUES (1, '[1,2]'), (2, '[]')`)
  old.exec(`PRAGMA application_id = ${0x576b4873}; PRAGMA user_version = 1`)
  old.close()

  const broker = await connectBroker(`sqlite:${file}`)
  onTestFinished(() => broker.close())
  expect(await broker.jobFetch('old')).toMatchObject({ state: 'queued', args: '[1,2]', createdAt: 1000 })
  await broker.jobEnqueue([newJob({ id: 'after', dependsOn: { jobIds: ['old'] } })])
  await handIn(broker, [finished(await claimOne(broker))])
  expect((await broker.jobFetch('after'))?.state).toBe('queued')
  await broker.jobDelete('gone')
  await enqueue(broker, ['new'], { retry: { max: 1, delaysMs: [] } })
  await claimOne(broker)
  await handIn(broker, [retried(await claimOne(broker))])
  expect((await broker.queueList())[0]?.counts).toMatchObject({ queued: 1, started: 1, finished: 1, failed: 0 })
})
