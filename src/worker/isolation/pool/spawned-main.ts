import { fstatSync } from 'node:fs'
import { hasHooks, runHooks } from '../../../job/hooks.ts'
import { loadModules } from '../../../job/load-modules.ts'
import { installExitGuards } from '../fork/exit-guards.ts'
import { PROTOCOL } from '../fork/messages.ts'
import type { ChildChannel } from './child-channel.ts'
import type { ChildSystem } from './child-system.ts'
import type { SpawnOrder, StartStage } from './messages.ts'
import { watchParent } from './parent-watch.ts'
import { PoolChild } from './pool-child.ts'
import { openSocketWire } from './socket-wire.ts'

/**
 * Entry of a pool child where fork does not work, started by SpawnedChild: a plain Node process that loads the
 * application itself. Descriptor 3 is its channel.
 */
const CHANNEL = 3

async function boot(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '{}') as SpawnOrder
  process.title = 'workhorse: pool child, booting'
  const { reallyExit } = process as unknown as { reallyExit: (code: number) => never }
  const child = new PoolChild(childSystem(reallyExit.bind(process)), CHANNEL, order.role)
  installExitGuards()(child)
  watchParent(order.supervisorPid)
  await stage(child, 'loading the job modules', () => load(order))
  await stage(child, 'preload', () => runHooks('preload'))
  await stage(child, 'warmUp', () => runHooks('warmUp'))
  child.begin()
}

async function load({ protocol, modules }: SpawnOrder): Promise<void> {
  if (protocol !== PROTOCOL) {
    throw new Error(
      `expected protocol ${PROTOCOL}, got ${protocol}; was the package replaced under a running worker? Restart it`,
    )
  }
  await loadModules(modules)
}

async function stage(child: PoolChild, name: StartStage, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (thrown) {
    child.startFailed(name, thrown)
  }
}

/** Node's own `beforeExit` says when the loop has run empty, as long as the channel does not keep it alive. */
function childSystem(exit: (code: number) => never): ChildSystem {
  let watch: { readonly channel: ChildChannel; readonly callback: () => void } | undefined
  process.on('beforeExit', () => {
    const { channel, callback } = watch ?? {}
    watch = undefined
    channel?.hold(true)
    callback?.()
  })
  return {
    exit,
    hasHooks,
    fileSize: (descriptor) => fstatSync(descriptor).size,
    openWire: openSocketWire,
    onLoopEmpty(channel, callback) {
      if (watch !== undefined) return
      watch = { channel, callback }
      channel.hold(false)
    },
  }
}

void boot()
