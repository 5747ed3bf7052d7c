import { closeSync } from 'node:fs'
import { setOnlyJob } from '../../../job/context.ts'
import { job } from '../../../job/definition.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import { forgetJob } from '../../../job/registry.ts'
import { prepareFirstTurn } from './first-turn.ts'
import { becomeHorse, type Horse, inherit } from './horse-main.ts'
import { createSystem, type HorseSystem } from './horse-system.ts'
import type { HorseCommand, HorseReport } from './messages.ts'
import type { Native } from './native.ts'

const SYNCHRONOUS_ROUNDS = 300
const ASYNCHRONOUS_ROUNDS = 30
const NAME = 'workhorse.rehearsal'

/** What lives through a rehearsal. */
interface Stage {
  readonly native: Native
  readonly renewIdentity: () => void
  readonly announce: (horse: Horse | undefined) => void
}

/**
 * Lives the life of a horse in the zygote, many times, so that every horse inherits that code compiled and its memory
 * touched. The same code runs, over real sockets, with real jobs; only what would change the zygote itself
 * (its group, its standard output, its exit) is a stand-in.
 *
 * Of each such thing, and of the job, there are two, taken in turn: the only function that V8 ever sees called at some
 * place it builds into the code that it makes, and a horse, which calls another, would have to throw that code away.
 */
export async function rehearse(stage: Stage): Promise<void> {
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 0))
  const names = [`${NAME}.1`, `${NAME}.2`] as const
  job(names[0], async (long: boolean) => (long ? wait() : undefined))
  job(names[1], (long: boolean) => (long ? wait() : undefined))
  await loadLazyParts()
  const title = process.title
  for (let round = 0; round < SYNCHRONOUS_ROUNDS; round++) await live(stage, round, names[round % 2] as string, false)
  for (let round = 0; round < ASYNCHRONOUS_ROUNDS; round++) await live(stage, round, names[round % 2] as string, true)
  describeThrown(new Error('rehearsal'), 'error')
  process.title = title
  for (const name of names) forgetJob(name)
  setOnlyJob(undefined)
}

type StandIns = Pick<HorseSystem, 'becomeOwnProcess' | 'exit' | 'hasHooks' | 'nextTurn' | 'onLoopEmpty'>

const STAND_INS: readonly ((leave: () => void) => StandIns)[] = [
  (leave) => ({
    becomeOwnProcess: (_parent, _name, output, surplus) => closeAll([...output, ...surplus]),
    exit: () => leave() as never,
    hasHooks: () => false,
    nextTurn: setImmediate,
    onLoopEmpty: () => {},
  }),
  (leave) => ({
    becomeOwnProcess: (_parent, _name, output, surplus) => closeAll(surplus) && closeAll(output),
    exit: () => leave() as never,
    hasHooks: () => false,
    nextTurn: prepareFirstTurn(),
    onLoopEmpty: () => {},
  }),
]

function closeAll(descriptors: readonly number[]): true {
  for (const descriptor of descriptors) closeSync(descriptor)
  return true
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
  { native, renewIdentity, announce }: Stage,
  round: number,
  name: string,
  long: boolean,
): Promise<void> {
  const [ours, theirs] = native.socketPair('stream')
  const job = { id: 'rehearsal', name, queue: 'rehearsal', attempt: 1 }
  const run: HorseCommand = { type: 'run', job, title: `workhorse: horse rehearsal ${name}` }
  native.sendFrame(ours, JSON.stringify(run), JSON.stringify([long]))
  const descriptors = passOn(native, [theirs, native.memoryFile('rehearsal'), native.memoryFile('rehearsal')])
  const zygoteDescriptors = [native.memoryFile('rehearsal')]
  const standIns = STAND_INS[round % 2] as (leave: () => void) => StandIns
  let horse: Horse | undefined
  await new Promise<void>((resolve) => {
    const system = Object.assign(createSystem(native, renewIdentity, setImmediate), standIns(resolve))
    horse = becomeHorse(system, inherit(descriptors, zygoteDescriptors, process.ppid), announce)
  })
  announce(undefined)
  assertReport(native.receiveFrame(ours))
  await horse?.close()
  closeSync(ours)
}

/** Descriptors as they come to a zygote: V8 tells apart arrays that look the same. */
function passOn(native: Native, descriptors: readonly number[]): readonly number[] {
  const [from, to] = native.socketPair('seqpacket')
  native.sendPacket(from, Buffer.of(0), descriptors)
  const packet = native.receivePacket(to)
  for (const descriptor of [...descriptors, from, to]) closeSync(descriptor)
  if (packet === null) throw new Error('[BUG] a packet was lost in the rehearsal')
  return packet.descriptors
}

/** A rehearsal that did not go as the real thing does would warm up the wrong code. */
function assertReport(frame: readonly [header: string, body: string] | null): void {
  if (frame !== null && (JSON.parse(frame[0]) as HorseReport).type === 'finished') return
  throw new Error(`[BUG] the rehearsal of a horse failed: ${frame?.[1] ?? 'no report'}`)
}
