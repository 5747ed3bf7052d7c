import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Candidate } from './candidate.ts'
import type { ExportAnswer } from './probe-jobs.ts'

/** What is tried before the fork. */
export type Hoist =
  | { readonly type: 'call'; readonly call: ExportAnswer }
  /** Run the job itself so many times: what it makes on the way stays, and its code is compiled. */
  | { readonly type: 'run-job'; readonly times: number }

/** The mend that a candidate asks for, as far as it can be tried without touching the application. */
export function hoistOf(candidate: Candidate): Hoist {
  if (candidate.kind === 'jit') return { type: 'run-job', times: 100 }
  return candidate.call === undefined ? { type: 'run-job', times: 1 } : { type: 'call', call: candidate.call }
}

export function describeHoist(hoist: Hoist, job: string): string {
  if (hoist.type === 'run-job')
    return `${job} run ${hoist.times === 1 ? 'once' : `${hoist.times} times`} before the fork`
  const { name, method } = hoist.call
  return `${method === undefined ? name : `${name}.${method}`}() called before the fork`
}

/**
 * Writes a module that does it, to be loaded after the application's own.
 * @returns its path
 */
export async function writeHoistModule(folder: string, hoist: Hoist, job: string, args: string): Promise<string> {
  const path = join(folder, 'hoist.mjs')
  await writeFile(path, hoist.type === 'call' ? callModule(hoist.call) : runJobModule(job, args, hoist.times))
  return path
}

/** Beside this one, compiled or not: the very modules that the zygote has loaded. */
function own(path: string): string {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  return JSON.stringify(new URL(`../../${path}${extension}`, import.meta.url).href)
}

function callModule({ file, name, method }: ExportAnswer): string {
  const target = `loaded[${JSON.stringify(name)}]`
  return `import { preload } from ${own('job/hooks')}
import { loadModule } from ${own('job/load-modules')}
preload(async () => {
  const loaded = await loadModule(${JSON.stringify(file)})
  await ${method === undefined ? target : `${target}[${JSON.stringify(method)}]`}()
})
`
}

function runJobModule(job: string, args: string, times: number): string {
  return `import { createCurrentJob, LazyAbort, setOnlyJob } from ${own('job/context')}
import { warmUp } from ${own('job/hooks')}
import { findJob } from ${own('job/registry')}
warmUp(async () => {
  const name = ${JSON.stringify(job)}
  const { handler } = findJob(name)
  for (let i = 0; i < ${times}; i++) {
    const identity = { id: 'warm-up-' + i, name, queue: 'trial', attempt: 1 }
    setOnlyJob(createCurrentJob(identity, new LazyAbort(), { update: () => {}, log: () => {} }))
    await handler(...JSON.parse(${JSON.stringify(args)}))
  }
  setOnlyJob(undefined)
})
`
}
