import { writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describeThrown } from '../../../job/describe-thrown.ts'
import { runHooks } from '../../../job/hooks.ts'
import { loadModules } from '../../../job/load-modules.ts'
import { listJobs } from '../../../job/registry.ts'
import { AddonTracker } from './addon-tracker.ts'
import { Census, type Leftovers } from './census.ts'
import { installExitGuards } from './exit-guards.ts'
import { encodeFrame } from './frames.ts'
import { becomeHorse } from './horse-main.ts'
import { createSystem } from './horse-system.ts'
import { loadNative } from './load-native.ts'
import { PROTOCOL, type ZygoteCommand, type ZygoteNotice, type ZygoteOptions } from './messages.ts'
import type { Native } from './native.ts'
import { OpenerTracker } from './opener-tracker.ts'
import { installProcessIdentity } from './process-identity.ts'
import { rehearse } from './rehearsal.ts'
import { ZygoteLoop } from './zygote-loop.ts'

/**
 * Entry of the zygote process: load the application, take stock, freeze, then hand over to the loop that forks.
 * Started by ZygoteHandle with `--single-threaded --v8-pool-size=0`; descriptor 3 brings commands, 4 takes notices.
 */
const COMMANDS = 3
const NOTICES = 4
const SIGKILL = 9

class BootFailure extends Error {
  readonly stage: string
  constructor(stage: string, cause: unknown) {
    super(stage, { cause })
    this.stage = stage
  }
}

async function boot(): Promise<void> {
  const native = loadNative()
  native.setParentDeathSignal(SIGKILL)
  const zygotePid = process.pid
  process.title = 'workhorse: zygote, booting'
  native.setProcessName('workhorse-zygot')
  const options = receiveOptions(native)
  const identity = installProcessIdentity(native)
  // libuv starts its thread pool as one; from here on any further thread is somebody's.
  await stat('/')
  const openers = new OpenerTracker()
  const census = new Census(native, openers, new AddonTracker(native))
  openers.start()

  const began = performance.now()
  await stage('loading the job modules', () => loadModules(options.modules))
  await stage('preload', () => runHooks('preload'))
  const loaded = performance.now()
  await stage('warmUp', () => runHooks('warmUp'))
  const warmed = performance.now()

  const leftovers = await settle(census)
  openers.stop()
  if (leftovers.refusals.length > 0) {
    tell({ type: 'refused', leftovers: leftovers.refusals })
    native.exit(1)
  }
  const announce = installExitGuards()
  const system = createSystem(native, identity.renew)
  await rehearse(native, system, announce)
  keepBallast(options.ballastMb)
  // What a horse loads on its own is compiled as it is needed, as usual.
  setFlagsFromString('--lazy')
  collectGarbage()
  const frozen = options.freeze ? native.freeze() : { bytes: 0 }
  tell({
    type: 'ready',
    protocol: PROTOCOL,
    report: {
      jobs: listJobs().map(({ name }) => name),
      loadMs: loaded - began,
      warmUpMs: warmed - loaded,
      freezeMs: performance.now() - warmed,
      frozenBytes: frozen.bytes,
      rssBytes: process.memoryUsage.rss(),
      warnings: leftovers.warnings,
    },
  })
  process.title = 'workhorse: zygote'
  // The loop is entered from a fresh stack, which every horse inherits and later returns through.
  setImmediate(() => {
    const loop = new ZygoteLoop(native, { commands: COMMANDS, notices: NOTICES }, tell)
    const inheritance = { descriptors: loop.run(), zygoteDescriptors: loop.descriptors, zygotePid }
    becomeHorse(system, inheritance, announce)
  })
}

function receiveOptions(native: Native): ZygoteOptions {
  const packet = native.receivePacket(COMMANDS)
  if (packet === null) native.exit(0)
  const command = JSON.parse((packet as { data: Buffer }).data.toString()) as ZygoteCommand
  if (command.type !== 'boot' || command.protocol !== PROTOCOL) {
    throw new BootFailure(
      'the handshake',
      new Error(
        `expected boot of protocol ${PROTOCOL}, got ${JSON.stringify(command)}; was the package replaced under a running worker? Restart it`,
      ),
    )
  }
  return command.options
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

/** Twice: what the first collection makes unreachable, the second frees. The horses inherit a heap without garbage. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
}

function tell(notice: ZygoteNotice): void {
  const frame = encodeFrame(notice)
  let written = 0
  while (written < frame.length) written += writeSync(NOTICES, frame, written)
}

boot().catch((error: unknown) => {
  const failure = error instanceof BootFailure ? error.cause : error
  tell({
    type: 'boot-failed',
    stage: error instanceof BootFailure ? error.stage : 'the start of the zygote',
    failure: describeThrown(failure, 'error'),
  })
  process.exit(1)
})
