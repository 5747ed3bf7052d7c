import { runHooks } from '../../../job/hooks.ts'
import { loadModules } from '../../../job/load-modules.ts'
import type { Census, Leftovers } from './census.ts'
import { collectAll } from './garbage.ts'
import type { ZygoteOptions } from './messages.ts'

export interface LoadedApplication {
  readonly loadMs: number
  readonly warmUpMs: number
  readonly leftovers: Leftovers
}

/** A step of the boot failed; `cause` is what the user's code threw. */
export class BootFailure extends Error {
  readonly stage: string
  constructor(stage: string, cause: unknown) {
    super(stage, { cause })
    this.stage = stage
  }
}

/** Imports the job modules, runs `preload` and `warmUp`, and takes stock of what they leave open. */
export async function loadApplication(options: ZygoteOptions, census: Census): Promise<LoadedApplication> {
  const began = performance.now()
  await stage('loading the job modules', () => loadModules(options.modules))
  await stage('preload', () => runHooks('preload'))
  keepBallast(options.ballastMb)
  const loaded = performance.now()
  collectAll()
  const collected = performance.now()
  await stage('warmUp', () => runHooks('warmUp'))
  return { loadMs: loaded - began, warmUpMs: performance.now() - collected, leftovers: await settle(census) }
}

async function stage(name: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (thrown) {
    throw new BootFailure(name, thrown)
  }
}

/** Things that close themselves (a finishing file operation, a socket on its way out) get a moment to do so. */
async function settle(census: Census): Promise<Leftovers> {
  const deadline = performance.now() + 500
  for (;;) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const leftovers = census.take()
    if (leftovers.refusals.length === 0 || performance.now() > deadline) return leftovers
  }
}

let ballast: unknown[] | undefined

/** Live heap of small objects, as an application's own would be. */
function keepBallast(megabytes: number): void {
  if (megabytes === 0) return
  ballast = []
  const bytesPerObject = 64
  const count = Math.ceil((megabytes * 1024 * 1024) / bytesPerObject)
  for (let i = 0; i < count; i++) ballast.push({ a: i, b: i + 1, c: null })
}
