import { brokerVariables } from '../../config/broker-variables.ts'
import type { Settings } from '../../config/settings.ts'
import { listJobs } from '../../job/registry.ts'
import { formatBytes } from '../../support/bytes.ts'
import { formatDuration, parseDuration } from '../../support/duration.ts'
import { ForkIsolation } from '../../worker/isolation/fork/fork-isolation.ts'
import { explainForkAvailability } from '../../worker/isolation/fork/load-native.ts'
import type { BootReport } from '../../worker/isolation/fork/messages.ts'
import { InlineIsolation } from '../../worker/isolation/inline/inline-isolation.ts'
import { resolvePoolOptions } from '../../worker/isolation/pool/pool-config.ts'
import { PoolIsolation } from '../../worker/isolation/pool/pool-isolation.ts'
import type { PoolEvents } from '../../worker/isolation/pool/pool-options.ts'
import { SpawnNursery } from '../../worker/isolation/pool/spawned-process.ts'
import { requireModules } from '../surroundings.ts'
import { error, type Finding, ok, thrown, warning } from './finding.ts'

/** Loads the jobs as a worker would: in a zygote, hooks and all, or in a spawned child, or inline. */
export async function checkJobs(settings: Settings): Promise<Finding[]> {
  try {
    const modules = requireModules(settings)
    const files = ok('jobs file', modules.join(', '))
    return [files, ...(await load(modules, settings))]
  } catch (cause) {
    return [thrown('jobs file', cause)]
  }
}

function load(modules: readonly string[], settings: Settings): Promise<Finding[]> {
  const { isolation, pool } = settings.config
  if (isolation === 'inline') return tryInline(modules)
  const spawns = isolation === 'pool' && pool?.start === 'spawn'
  return spawns || !explainForkAvailability().available ? trySpawn(modules, settings) : tryZygote(modules, settings)
}

async function tryZygote(modules: readonly string[], settings: Settings): Promise<Finding[]> {
  const { nodeFlags = [], bootTimeout = 60_000, freeze = true } = settings.config.zygote ?? {}
  let report: BootReport | undefined
  const options = {
    modules,
    nodeFlags,
    bootTimeoutMs: parseDuration(bootTimeout, 'bootTimeout'),
    freeze,
    ballastMb: 0,
    hiddenEnv: brokerVariables(settings),
    standby: 0,
    exitGraceMs: 0,
  }
  const isolation = new ForkIsolation(options, {
    zygoteReady: (_pid, boot) => {
      report = boot
    },
    zygoteDied: () => {},
    forkFailed: () => {},
    zygoteOutput: () => {},
    broken: () => {},
  })
  try {
    await isolation.start()
  } catch (cause) {
    return [thrown('zygote', cause)]
  } finally {
    await isolation.close()
  }
  return report === undefined ? [error('zygote', '[BUG] it came up without a report')] : describeBoot(report)
}

function describeBoot(report: BootReport): Finding[] {
  const took = formatDuration(report.loadMs + report.warmUpMs)
  return [
    ok('zygote', `boots in ${took} and holds ${formatBytes(report.rssBytes)}`),
    ...report.warnings.map((text) => warning('zygote', `preload: ${text}`)),
    describeNames(report.jobs),
  ]
}

/** One child, that is ready when it has loaded the jobs and run all hooks; it runs none. */
async function trySpawn(modules: readonly string[], settings: Settings): Promise<Finding[]> {
  const { nodeFlags = [], bootTimeout = 60_000 } = settings.config.zygote ?? {}
  const options = resolvePoolOptions({ perChild: 1 }, { min: 1, max: 1 }, parseDuration(bootTimeout, 'bootTimeout'))
  const nursery = new SpawnNursery({
    modules,
    role: { perChild: 1 },
    startMs: options.startMs,
    nodeFlags,
    hiddenEnv: brokerVariables(settings),
  })
  const began = performance.now()
  let names: readonly string[] = []
  const isolation = new PoolIsolation(options, nursery, {
    ...SILENT,
    childReady: (_pid, _startMs, jobs) => {
      names = jobs
    },
  })
  try {
    await isolation.start()
    const took = formatDuration(performance.now() - began)
    return [ok('pool', `a spawned child is ready in ${took}`), describeNames(names)]
  } catch (cause) {
    return [thrown('pool', cause)]
  } finally {
    await isolation.close()
  }
}

const SILENT: PoolEvents = {
  childReady: () => {},
  childRetired: () => {},
  childDied: () => {},
  startFailed: () => {},
  childOutput: () => {},
  notice: () => {},
  broken: () => {},
}

async function tryInline(modules: readonly string[]): Promise<Finding[]> {
  const began = performance.now()
  await new InlineIsolation({ modules }).start()
  const took = formatDuration(performance.now() - began)
  return [ok('inline', `jobs load in ${took}`), describeNames(listJobs().map(({ name }) => name))]
}

function describeNames(names: readonly string[]): Finding {
  if (names.length === 0) return warning('jobs', 'the jobs file defines none; call job() in it, or import what does')
  return ok('jobs', names.join(', '))
}
