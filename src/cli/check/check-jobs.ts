import type { Settings } from '../../config/settings.ts'
import { listJobs } from '../../job/registry.ts'
import { formatBytes } from '../../support/bytes.ts'
import { formatDuration, parseDuration } from '../../support/duration.ts'
import { ForkIsolation } from '../../worker/isolation/fork/fork-isolation.ts'
import { explainForkAvailability } from '../../worker/isolation/fork/load-native.ts'
import type { BootReport } from '../../worker/isolation/fork/messages.ts'
import { InlineIsolation } from '../../worker/isolation/inline/inline-isolation.ts'
import { requireModules } from '../surroundings.ts'
import { error, type Finding, ok, thrown, warning } from './finding.ts'

/** Loads the jobs as a worker would: in a zygote, hooks and all, or inline where that is what a worker here uses. */
export async function checkJobs(settings: Settings): Promise<Finding[]> {
  try {
    const modules = requireModules(settings)
    const files = ok('jobs file', modules.join(', '))
    const isInline = settings.config.isolation === 'inline' || !explainForkAvailability().available
    return [files, ...(isInline ? await tryInline(modules) : await tryZygote(modules, settings))]
  } catch (cause) {
    return [thrown('jobs file', cause)]
  }
}

async function tryZygote(modules: readonly string[], { config }: Settings): Promise<Finding[]> {
  const { nodeFlags = [], bootTimeout = 60_000, freeze = true } = config.zygote ?? {}
  let report: BootReport | undefined
  const options = {
    modules,
    nodeFlags,
    bootTimeoutMs: parseDuration(bootTimeout, 'bootTimeout'),
    freeze,
    ballastMb: 0,
    hiddenEnv: ['WORKHORSE_BROKER'],
    standby: 0,
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
