import { writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { describeThrown } from '../../../job/describe-thrown.ts'
import { listJobs } from '../../../job/registry.ts'
import { listSchedules } from '../../../scheduler/declarations.ts'
import { becomePoolChild } from '../pool/forked-main.ts'
import { addonOpenings } from './addon-openings.ts'
import { AddonTracker } from './addon-tracker.ts'
import { startBlockCoverage } from './block-coverage.ts'
import { Census } from './census.ts'
import { type ExitGuarded, installExitGuards } from './exit-guards.ts'
import { prepareFirstTurn } from './first-turn.ts'
import { encodeFrame } from './frames.ts'
import { collectYoung } from './garbage.ts'
import { becomeHeir } from './heir-main.ts'
import { becomeHorse, inherit } from './horse-main.ts'
import { createSystem, type HorseSystem } from './horse-system.ts'
import { BootFailure, loadApplication } from './load-application.ts'
import { loadNative } from './load-native.ts'
import { removePacking } from './memory-packing.ts'
import { PROTOCOL, type ZygoteCommand, type ZygoteNotice, type ZygoteOptions } from './messages.ts'
import type { Native } from './native.ts'
import { OpenerTracker } from './opener-tracker.ts'
import { installProcessIdentity } from './process-identity.ts'
import { rehearse } from './rehearsal.ts'
import { readRole } from './role.ts'
import { keepSamplerReady } from './samplers.ts'
import { ZygoteLoop } from './zygote-loop.ts'

/**
 * Entry of the zygote process, started by ZygoteHandle with `--single-threaded --v8-pool-size=0`:
 * 1. load the application, warm it up, take stock of what it leaves open;
 * 2. rehearse the life of a horse;
 * 3. turn the memory into a file-backed image;
 * 4. hand over to the loop that forks.
 * Descriptor 3 brings commands, 4 takes notices.
 */
const SOCKETS = { commands: 3, notices: 4 }
const SIGKILL = 9

async function boot(): Promise<void> {
  removePacking(process.env)
  const native = loadNative()
  native.setParentDeathSignal(SIGKILL)
  process.title = 'workhorse: zygote, booting'
  native.setProcessName('workhorse-zygot')
  const options = receiveOptions(native)
  const identity = installProcessIdentity(native)

  // libuv starts its thread pool as one; from here on any further thread is somebody's.
  await stat('/')
  if (options.witness) prepareWitnesses()
  const watch = options.inspect ? new (await import('./inspection.ts')).InspectionWatch() : undefined
  watch?.start()
  const openers = new OpenerTracker(options.inspect)
  const census = new Census(native, openers, new AddonTracker(native))
  openers.start()
  const { loadMs, warmUpMs, leftovers } = await loadApplication(options, census)
  openers.stop()
  if (watch !== undefined) {
    tell({ type: 'inspected', inspection: watch.report(census, { loadMs, warmUpMs }) })
    native.exit(0)
  }
  if (leftovers.refusals.length > 0) {
    tell({ type: 'refused', leftovers: leftovers.refusals })
    native.exit(1)
  }

  const announce = installExitGuards()
  await rehearse({ native, renewIdentity: identity.renew, announce })
  if (options.sampler) keepSamplerReady(native, true)
  process.title = 'workhorse: zygote'

  // The loop is entered from a fresh stack, which every horse inherits and later returns through.
  setImmediate(() => {
    const loop = new ZygoteLoop(native, SOCKETS)
    const image = solidify(native, options)
    const jobs = listJobs().map(({ name }) => name)
    const warnings = [...leftovers.warnings, ...image.warnings]
    const rssBytes = process.memoryUsage.rss()
    const { freezeMs, frozenBytes } = image
    tell({
      type: 'ready',
      protocol: PROTOCOL,
      report: { jobs, schedules: listSchedules(), loadMs, warmUpMs, freezeMs, frozenBytes, rssBytes, warnings },
    })
    serve(native, createSystem(native, identity.renew, prepareFirstTurn()), loop, announce)
  })
}

/** Returns only in a horse or a pool child. An heir serves on, from the same depth of the stack. */
function serve(
  native: Native,
  system: HorseSystem,
  ownLoop: ZygoteLoop,
  announce: (born: ExitGuarded | undefined) => void,
): void {
  for (let loop = ownLoop; ; ) {
    const zygotePid = process.pid
    const zygoteDescriptors = loop.descriptors
    const inheritance = inherit(loop.run(), zygoteDescriptors, zygotePid)
    // A fourth descriptor says what it is to be, where that is not a plain horse.
    const roleFile = inheritance.descriptors[3]
    const role = roleFile === undefined ? undefined : readRole(roleFile)
    if (role === undefined) return void becomeHorse(system, inheritance, announce)
    if ('pool' in role) {
      // It stays longer than any profiling, and V8's account of all code costs it a little.
      keepSamplerReady(native, false)
      return becomePoolChild(system, inheritance, role.pool, announce)
    }
    if ('profile' in role) return void becomeHorse(system, { ...inheritance, profile: role.profile }, announce)
    loop = becomeHeir(native, system, inheritance, announce)
  }
}

function receiveOptions(native: Native): ZygoteOptions {
  const packet = native.receivePacket(SOCKETS.commands)
  // The supervisor is gone already.
  if (packet === null) return native.exit(0)
  const command = JSON.parse(packet.data.toString()) as ZygoteCommand
  if (command.type === 'boot' && command.protocol === PROTOCOL) return command.options
  const seen = JSON.stringify(command)
  const error = `expected boot of protocol ${PROTOCOL}, got ${seen}; was the package replaced under a running worker? Restart it`
  throw new BootFailure('the handshake', new Error(error))
}

function prepareWitnesses(): void {
  addonOpenings.install()
  startBlockCoverage()
}

interface Image {
  readonly frozenBytes: number
  readonly freezeMs: number
  readonly warnings: readonly string[]
}

/** The last thing before the first fork. */
function solidify(native: Native, options: ZygoteOptions): Image {
  // What a horse loads on its own is compiled as it is needed, as usual.
  setFlagsFromString('--lazy')
  collectYoung()
  const begun = performance.now()
  if (!options.freeze) return { frozenBytes: 0, freezeMs: 0, warnings: [] }
  try {
    const { bytes } = native.freeze()
    return { frozenBytes: bytes, freezeMs: performance.now() - begun, warnings: [] }
  } catch (error) {
    // Some memory must not be replaced (jemalloc's, for one). Forks work all the same, and cost more.
    const warning = `the memory cannot be frozen, so forks take longer: ${(error as Error).message}`
    return { frozenBytes: 0, freezeMs: 0, warnings: [warning] }
  }
}

function tell(notice: ZygoteNotice): void {
  const frame = encodeFrame(notice)
  let written = 0
  while (written < frame.length) written += writeSync(SOCKETS.notices, frame, written)
}

boot().catch((error: unknown) => {
  const [stage, thrown] = error instanceof BootFailure ? [error.stage, error.cause] : ['the start of the zygote', error]
  tell({ type: 'boot-failed', stage, failure: describeThrown(thrown, 'error') })
  process.exit(1)
})
