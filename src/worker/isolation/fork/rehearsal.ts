import { closeSync } from 'node:fs'
import { setOnlyJob } from '../../../job/context.ts'
import { job } from '../../../job/definition.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import { forgetJob } from '../../../job/registry.ts'
import { becomeHorse, type Horse } from './horse-main.ts'
import type { HorseSystem } from './horse-system.ts'
import type { HorseCommand, HorseReport } from './messages.ts'
import type { Native } from './native.ts'

const SYNCHRONOUS_ROUNDS = 300
const ASYNCHRONOUS_ROUNDS = 30
const NAME = 'workhorse.rehearsal'

/**
 * Lives the life of a horse in the zygote, many times, so that every horse inherits that code compiled and its memory
 * touched. The same code runs, over real sockets, with a real job; only what would change the zygote itself
 * (its group, its standard output, its exit) is a stand-in.
 */
export async function rehearse(
  native: Native,
  real: HorseSystem,
  announce: (horse: Horse | undefined) => void,
): Promise<void> {
  job(NAME, (wait: boolean) => (wait ? new Promise<void>((resolve) => setTimeout(resolve, 0)) : undefined))
  await loadLazyParts()
  const title = process.title
  for (let round = 0; round < SYNCHRONOUS_ROUNDS; round++) await live(native, real, announce, false)
  for (let round = 0; round < ASYNCHRONOUS_ROUNDS; round++) await live(native, real, announce, true)
  describeThrown(new Error('rehearsal'), 'error')
  process.title = title
  forgetJob(NAME)
  setOnlyJob(undefined)
}

function standIns(): Partial<HorseSystem> {
  return {
    becomeOwnProcess: (_parent, _name, output, surplus) => {
      for (const descriptor of [...output, ...surplus]) closeSync(descriptor)
      return true
    },
    hasHooks: () => false,
    onLoopEmpty: () => {},
  }
}

/**
 * Parts of Node that are loaded at their first use, which would be in every horse again. fetch is the dearest:
 * it brings a WebAssembly module, and what a horse compiles of that leaves a task with a thread that it does not have.
 */
async function loadLazyParts(): Promise<void> {
  void process.stdout
  void process.stderr
  await (await fetch('data:,')).text()
}

async function live(
  native: Native,
  real: HorseSystem,
  announce: (horse: Horse | undefined) => void,
  wait: boolean,
): Promise<void> {
  const [ours, theirs] = native.socketPair('stream')
  const job = { id: 'rehearsal', name: NAME, queue: 'rehearsal', attempt: 1 }
  const run: HorseCommand = { type: 'run', job, title: `workhorse: horse rehearsal ${NAME}` }
  native.sendFrame(ours, JSON.stringify(run), JSON.stringify([wait]))
  const descriptors = [theirs, native.memoryFile('rehearsal'), native.memoryFile('rehearsal')]
  const zygoteDescriptors = [native.memoryFile('rehearsal')]
  let horse: Horse | undefined
  await new Promise<void>((resolve) => {
    const exit = (() => resolve()) as unknown as HorseSystem['exit']
    const system = { ...real, ...standIns(), exit }
    becomeHorse(system, { descriptors, zygoteDescriptors, zygotePid: process.ppid }, (born) => {
      horse = born
      announce(born)
    })
  })
  announce(undefined)
  assertReport(native.receiveFrame(ours))
  await horse?.close()
  closeSync(ours)
}

/** A rehearsal that did not go as the real thing does would warm up the wrong code. */
function assertReport(frame: readonly [header: string, body: string] | null): void {
  if (frame !== null && (JSON.parse(frame[0]) as HorseReport).type === 'finished') return
  throw new Error(`[BUG] the rehearsal of a horse failed: ${frame?.[1] ?? 'no report'}`)
}
