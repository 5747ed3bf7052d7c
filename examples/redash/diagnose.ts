import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeEvent } from './benchmark.ts'

/** Less than the doctor would take by itself: what these jobs repeat is plain, and somebody is watching. */
const RUNS = '30'

export interface DiagnoseOptions {
  /** The command line's main file. */
  readonly cli: string
  readonly jobsFile: string
  /** The database that its jobs write to. */
  readonly database: string
}

/**
 * What took a profiler, a flame graph read by eye and a guess, as one command: the doctor looks at the application as
 * it was, names what each horse repeats, tries its advice, and leaves flame graphs of before, after and the difference.
 * @returns the folder of the flame graphs
 */
export async function diagnose({ cli, jobsFile, database }: DiagnoseOptions): Promise<string> {
  const graphs = await mkdtemp(join(tmpdir(), 'workhorse-flame-graphs-'))
  const args = [
    'doctor',
    'record_event',
    '--args',
    JSON.stringify([makeEvent(0)]),
    '--runs',
    RUNS,
    '--verify',
    '--graphs',
    graphs,
  ]
  console.log('\nThe doctor on the first case (workhorse doctor record_event --verify):\n')
  const child = spawn(process.execPath, [cli, ...args, '--jobs-file', jobsFile], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, REDASH_HOIST: 'as-is', REDASH_DATABASE: database },
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the doctor left with exit code ${code}: ${errors}`)
  console.log(
    `\nFlame graphs: ${['before.svg', 'after.svg', 'diff.svg'].map((name) => join(graphs, name)).join('\n              ')}`,
  )
  return graphs
}
