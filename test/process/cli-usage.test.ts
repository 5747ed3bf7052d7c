import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { packageVersion } from '../../src/support/package-version.ts'
import { printed, runCli } from '../support/cli.ts'
import { createProject, JOBS } from '../support/project.ts'

/** What a usage mistake prints: one line on stderr, nothing on stdout, exit code 2. */
async function mistake(args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<string> {
  const cwd = await createProject(files)
  const { code, stdout, stderr } = await runCli(args, { cwd })
  expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
  return stderr.trimEnd().replaceAll(cwd, '/project')
}

describe('help', () => {
  test('without a verb, and by --help and help, lists all verbs', async () => {
    const cwd = await createProject()
    const help = await printed([], { cwd })
    expect(await printed(['--help'], { cwd })).toBe(help)
    expect(await printed(['help'], { cwd })).toBe(help)
    expect(help.replace(packageVersion(), 'VERSION')).toMatchInlineSnapshot(`
      "Workhorse VERSION, a job engine in which every job runs in a fresh, warm process

      Usage: workhorse <verb> [arguments] [flags]

        worker [queues…]        run the jobs of some queues
        workers N [queues…]     run several workers and keep them alive
        enqueue NAME [JSON…]    put a job on its queue
        info                    show queues, workers and what they run
        health                  say whether a worker of this host is at work; for probes
        jobs list               list jobs, newest first
        jobs show ID            show all that is known of a job
        jobs requeue [ID…]      put ended jobs back on their queues
        jobs cancel [ID…]       take jobs out that wait; ask those that run to end
        jobs stop [ID…]         end running jobs, wherever they run
        jobs delete [ID…]       forget jobs
        queues list             list queues with their counts
        queues pause QUEUE…     let workers take nothing more from queues
        queues resume QUEUE…    let workers take from paused queues again
        queues empty QUEUE…     delete all that waits in queues
        groups list             list groups of jobs
        groups show NAME        list the jobs of a group
        groups delete NAME…     forget groups; their jobs stay
        schedule list           list what is enqueued again and again
        schedule run NAME       enqueue the job of a schedule now
        schedule delete NAME…   forget schedules
        suspend                 let all workers take nothing more
        resume                  let all workers go on
        profile [NAME [JSON…]]  show where jobs spend their time, over many processes
        doctor [NAME]           say what every fresh process of a job repeats, and how to mend it
        bench [JOB]             measure a job, or the engine alone, on this machine
        check                   say whether everything here is ready to work
        shell                   open a REPL with the jobs loaded

      workhorse help <verb> tells more of one. workhorse --version prints the version."
    `)
  })

  test('of a verb shows arguments, flags and examples', async () => {
    const cwd = await createProject()
    const help = await printed(['help', 'enqueue'], { cwd })
    expect(await printed(['enqueue', '--help'], { cwd })).toBe(help)
    expect(help).toMatchInlineSnapshot(`
      "Usage: workhorse enqueue NAME [JSON…] [flags]

      Put a job on its queue.
      Arguments are JSON; a string needs its own quotes: '"text"'.
      Prints the id; with --wait the result, as JSON. A --unique job that is there already is not enqueued again.

      Flags
        --broker URL       where jobs live; else WORKHORSE_BROKER, the config file, REDIS_URL, or sqlite:workhorse.db
        --config PATH      config file; else workhorse.config.{ts,mts,js,mjs} in this folder
        --jobs-file PATH   job module, may be repeated; else the config file, else jobs.{ts,mts,js,mjs}
        --queue QUEUE      queue to put it on; else the job's own
        --in D             run it when this time is over
        --at TIME          run it at this time (ISO 8601)
        --id ID            the job's id; else a random UUID
        --front            before all that waits in the queue
        --retry N          retries after a failed attempt; else the job's own
        --retry-delay D    before the first retry, the second, …, may be repeated; the last one stays; else none
        --backoff D        before the first retry; each further one waits twice as long
        --repeat N         how often it runs again when it has finished; else the job's own
        --repeat-delay D   before the first repeat, the second, …, may be repeated; else none
        --ttl D            forget it where it was not started within this time
        --depends-on ID    run it when this job has finished, may be repeated
        --allow-failure    with --depends-on: or has failed
        --unique KEY       only where no job of this name and key waits or runs
        --group NAME       the group it belongs to
        --meta JSON        data that travels with it, as a JSON object
        --on-success NAME  job to enqueue when it has finished
        --on-failure NAME  job to enqueue when it has failed for good
        --on-stopped NAME  job to enqueue when it was stopped
        --wait[=D]         wait until it has ended, at most D, and print its result
        --json             print JSON
        -h, --help         print this

      Examples
        workhorse enqueue add 2 3 --wait
        workhorse enqueue send_mail '"a@example.org"' --in 5m --retry 5 --backoff 10s
        workhorse enqueue publish --depends-on 5c9e… --depends-on 81b2…"
    `)
  })

  test('of worker does not show what is ours alone', async () => {
    expect(await printed(['help', 'worker'], { cwd: await createProject() })).not.toContain('crew')
  })

  test('of a noun lists the verbs below it', async () => {
    const cwd = await createProject()
    const help = await printed(['help', 'jobs'], { cwd })
    expect(await printed(['jobs', '--help'], { cwd })).toBe(help)
    expect(help).toMatchInlineSnapshot(`
      "Usage: workhorse jobs <verb>

        jobs list           list jobs, newest first
        jobs show ID        show all that is known of a job
        jobs requeue [ID…]  put ended jobs back on their queues
        jobs cancel [ID…]   take jobs out that wait; ask those that run to end
        jobs stop [ID…]     end running jobs, wherever they run
        jobs delete [ID…]   forget jobs

      workhorse help jobs <verb> tells more."
    `)
  })

  test('of a verb below a noun', async () => {
    expect(await printed(['help', 'jobs', 'requeue'], { cwd: await createProject() })).toMatchInlineSnapshot(`
      "Usage: workhorse jobs requeue [ID…] [flags]

      Put ended jobs back on their queues.

      Flags
        --broker URL   where jobs live; else WORKHORSE_BROKER, the config file, REDIS_URL, or sqlite:workhorse.db
        --config PATH  config file; else workhorse.config.{ts,mts,js,mjs} in this folder
        --state STATE  all jobs in this state (queued, started, finished, failed, deferred, scheduled, stopped, canceled)
        --queue QUEUE  with --state: only jobs of this queue
        --json         print JSON
        -h, --help     print this

      Examples
        workhorse jobs requeue --state failed --queue emails"
    `)
  })

  test('--version', async () => {
    expect(await printed(['--version'], { cwd: await createProject() })).toBe(packageVersion())
  })
})

describe('a mistake is one line with the nearest known name', () => {
  test('verbs', async () => {
    expect(await mistake(['wroker'])).toMatchInlineSnapshot(
      `"workhorse: unknown verb 'wroker'; did you mean 'worker'? (see workhorse help)"`,
    )
    expect(await mistake(['hlep'])).toMatchInlineSnapshot(
      `"workhorse: unknown verb 'hlep'; did you mean 'help'? (see workhorse help)"`,
    )
    expect(await mistake(['zzz'])).toMatchInlineSnapshot(
      `"workhorse: unknown verb 'zzz'; known are worker, workers, enqueue, info, health, jobs, queues, groups, schedule, suspend, resume, profile, doctor, bench, check, shell, help (see workhorse help)"`,
    )
    expect(await mistake(['help', 'enqeue'])).toMatchInlineSnapshot(
      `"workhorse: unknown verb 'enqeue'; did you mean 'enqueue'? (see workhorse help)"`,
    )
    expect(await mistake(['jobs'])).toMatchInlineSnapshot(
      `"workhorse: jobs needs one of list, show, requeue, cancel, stop, delete (see workhorse help jobs)"`,
    )
    expect(await mistake(['jobs', 'lsit'])).toMatchInlineSnapshot(
      `"workhorse: unknown verb 'jobs lsit'; did you mean 'jobs list'? (see workhorse help jobs)"`,
    )
    expect(await mistake(['--json'])).toMatchInlineSnapshot(
      `"workhorse: --json of what? It needs a verb (see workhorse help)"`,
    )
  })

  test('flags', async () => {
    expect(await mistake(['worker', '--concurency', '3'])).toMatchInlineSnapshot(
      `"workhorse: unknown flag --concurency of worker; did you mean --concurrency? (see workhorse help worker)"`,
    )
    expect(await mistake(['info', '--burst'])).toMatchInlineSnapshot(
      `"workhorse: info takes no --burst (see workhorse help info)"`,
    )
    expect(await mistake(['info', '--json=yes'])).toMatchInlineSnapshot(`"workhorse: --json takes no value, got 'yes'"`)
    expect(await mistake(['worker', '--concurrency', 'many'])).toMatchInlineSnapshot(
      `"workhorse: --concurrency: expected a whole number of at least 1, or two as 2..8, the larger last, got 'many'"`,
    )
    expect(await mistake(['worker', '--concurrency'])).toMatchInlineSnapshot(
      `"workhorse: --concurrency needs a value: --concurrency N|MIN..MAX"`,
    )
    expect(await mistake(['worker', '--name', '--burst'])).toMatchInlineSnapshot(
      `"workhorse: --name needs a value: --name NAME"`,
    )
    expect(await mistake(['worker', '--isolation', 'frok'])).toMatchInlineSnapshot(
      `"workhorse: --isolation: expected one of fork, pool, inline, got 'frok'; did you mean 'fork'?"`,
    )
    expect(await mistake(['worker', '--lease', 'soon'])).toMatchInlineSnapshot(
      `"workhorse: --lease: expected milliseconds or text with a unit such as '500ms', '10s', '3m', '2h' or '7d', got 'soon'"`,
    )
    expect(await mistake(['enqueue', 'add', '--at', 'noon'])).toMatchInlineSnapshot(
      `"workhorse: --at: expected a time such as 2030-01-31T08:00:00Z, got 'noon'"`,
    )
    expect(await mistake(['jobs', 'list', '--limit', '5000'])).toMatchInlineSnapshot(
      `"workhorse: --limit: expected a whole number from 1 to 1000, got '5000'"`,
    )
  })

  test('arguments', async () => {
    expect(await mistake(['info', 'now'])).toMatchInlineSnapshot(
      `"workhorse: info takes no arguments; 'now' is too much (see workhorse help info)"`,
    )
    expect(await mistake(['jobs', 'show'])).toMatchInlineSnapshot(
      `"workhorse: jobs show needs ID (see workhorse help jobs show)"`,
    )
    expect(await mistake(['workers', 'four'])).toMatchInlineSnapshot(
      `"workhorse: workers N: expected how many workers, from 1 to 1000, got 'four' (see workhorse help workers)"`,
    )
    expect(await mistake(['jobs', 'delete'])).toMatchInlineSnapshot(
      `"workhorse: jobs delete which? Pass ids, or all in a state: workhorse jobs delete --state failed"`,
    )
    expect(await mistake(['jobs', 'delete', 'x', '--state', 'failed'])).toMatchInlineSnapshot(
      `"workhorse: jobs delete takes ids, or --state with or without --queue, but not both"`,
    )
    expect(await mistake(['jobs', 'requeue', '--state', 'queued'])).toMatchInlineSnapshot(
      `"workhorse: queued jobs cannot be requeued; finished, failed, deferred, scheduled, stopped, canceled ones can"`,
    )
    expect(await mistake(['worker', 'a,b'], { 'jobs.mjs': JOBS })).toMatchInlineSnapshot(
      `"workhorse: queue name "a,b" holds a comma, which separates queues in lists; use '-', ':' or '.'"`,
    )
  })

  test('job names and arguments of a job', async () => {
    expect(await mistake(['enqueue', 'shuot', '1'], { 'jobs.mjs': JOBS })).toMatchInlineSnapshot(
      `"workhorse: job 'shuot' is not defined; did you mean 'shout'? Defined are add, shout, fail, hold"`,
    )
    expect(await mistake(['enqueue', 'shout', 'hello'])).toMatchInlineSnapshot(
      `"workhorse: argument 1 of shout is not JSON: hello; a string needs quotes of its own: '"hello"'"`,
    )
    expect(await mistake(['enqueue', 'add', '1', '{a:1}'])).toMatchInlineSnapshot(
      `"workhorse: argument 2 of add is not JSON: {a:1}; put it in single quotes, so that the shell leaves its own quotes alone"`,
    )
    expect(await mistake(['enqueue', 'add', '--in', '1m', '--at', '2030-01-01'])).toMatchInlineSnapshot(
      `"workhorse: enqueue takes --in or --at, but not both"`,
    )
  })

  test('files that are not there', async () => {
    expect(await mistake(['worker'])).toMatchInlineSnapshot(
      `"workhorse: no jobs file: there is none of jobs.ts, jobs.mts, jobs.js, jobs.mjs in /project; write one, or name it with --jobs-file PATH or by 'jobs' in workhorse.config.ts"`,
    )
    expect(await mistake(['enqueue', 'add'])).toMatchInlineSnapshot(
      `"workhorse: no jobs file: there is none of jobs.ts, jobs.mts, jobs.js, jobs.mjs in /project; write one, or name it with --jobs-file PATH or by 'jobs' in workhorse.config.ts"`,
    )
    expect(await mistake(['worker', '--jobs-file', 'work.ts'])).toMatchInlineSnapshot(
      `"workhorse: no such jobs file: /project/work.ts"`,
    )
    expect(await mistake(['info', '--config', 'my.config.ts'])).toMatchInlineSnapshot(
      `"workhorse: no such config file: /project/my.config.ts"`,
    )
  })

  test('broker URLs', async () => {
    expect(await mistake(['info', '--broker', 'workhorse.db'])).toMatchInlineSnapshot(
      `"workhorse: broker URL 'workhorse.db' has no scheme; write for example sqlite:workhorse.db"`,
    )
    expect(await mistake(['info', '--broker', 'sqlight:x.db'])).toMatchInlineSnapshot(
      `"workhorse: unknown broker scheme 'sqlight:'; write for example sqlite:workhorse.db or redis://localhost:6379"`,
    )
  })

  test('options of the config file', async () => {
    const config = 'export default { concurency: 3 }'
    expect(await mistake(['info'], { 'workhorse.config.mjs': config })).toMatchInlineSnapshot(
      `"workhorse: /project/workhorse.config.mjs: unknown option 'concurency'; did you mean 'concurrency'? Known are app, broker, exposeBrokerUrl, jobs, queues, concurrency, isolation, queueIsolation, pool, standby, grace, exitGrace, lease, maxAbandonments, maxJobs, maxIdleTime, pidFile, zygote, profile"`,
    )
  })
})

describe('what is no usage mistake exits 1', () => {
  test('a broker that cannot be opened', async () => {
    const cwd = await createProject()
    await mkdir(join(cwd, 'workhorse.db'))
    const { code, stdout, stderr } = await runCli(['info'], { cwd })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    // What is in parentheses is the SQLite library's.
    expect(stderr.replace(/\(.*\)/, '(…)')).toBe(`workhorse: ${cwd}/workhorse.db: the file cannot be opened (…)\n`)
  })

  test('a config file that throws, with the place', async () => {
    const cwd = await createProject({ 'workhorse.config.mjs': 'export default {}\nnull.x' })
    const { code, stderr } = await runCli(['info'], { cwd })
    expect(code).toBe(1)
    expect(stderr.replaceAll(cwd, '/project')).toMatchInlineSnapshot(`
      "workhorse: /project/workhorse.config.mjs cannot be loaded: TypeError: Cannot read properties of null (reading 'x')
          at file:///project/workhorse.config.mjs:2:6
      "
    `)
  })
})

test('a reader of stdout that leaves early is no error', async () => {
  const cwd = await createProject()
  const main = join(cwd, 'node_modules/workhorse/dist/cli/main.js')
  const pipe = `"${process.execPath}" "${main}" info --watch=1 | head -n 1`
  const { stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', pipe], { cwd })
  expect(stderr).toBe('')
})

test('a reader of stdout that is slow gets everything', async () => {
  const cwd = await createProject({ 'jobs.mjs': JOBS })
  const input = `for (let i = 0; i < 200; i++) await add.enqueue('x'.repeat(1000), i)`
  await printed(['shell'], { cwd, input })
  const main = join(cwd, 'node_modules/workhorse/dist/cli/main.js')
  // The list is more than a pipe holds; the note comes when all of it is written, as far as the writer knows.
  const reader = 'until [ -s note ]; do sleep 0.01; done; cat'
  const pipe = `"${process.execPath}" "${main}" jobs list --limit 199 2> note | (${reader})`
  const { stdout } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', pipe], { cwd })
  expect(stdout.trimEnd().split('\n')).toHaveLength(200)
})
