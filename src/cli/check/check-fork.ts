import type { Settings } from '../../config/settings.ts'
import { formatDuration, parseDuration } from '../../support/duration.ts'
import type { Leftover, LeftoverKind } from '../../worker/isolation/fork/census.ts'
import { inspectPreload } from '../../worker/isolation/fork/inspect-preload.ts'
import type { LoadedAddon } from '../../worker/isolation/fork/inspection.ts'
import { requireModules } from '../surroundings.ts'
import { error, type Finding, ok, thrown, warning } from './finding.ts'
import { findKnownAddon, packageOf } from './known-addons.ts'

/** Where a thing belongs that must not be there when horses are forked. */
const MOVES: Readonly<Record<LeftoverKind, string>> = {
  timer: 'start it in afterFork() or in the job',
  socket: 'connect in afterFork() or in the job; or close it before preload ends',
  server: 'listen in afterFork() or in the job',
  'child-process': 'start it in the job; or wait for its end before preload ends',
  thread: 'start it in afterFork() or in the job',
  watcher: 'start it in afterFork(), or leave it out of the job modules',
  operation: 'await it in preload()',
  database: 'open it in afterFork() or in the job; or close it before preload ends',
  file: 'close it when it is read; or open it in afterFork() or in the job',
  other: 'open it in afterFork() or in the job; or close it before preload ends',
}

/** Runs the application's preload in a zygote that never forks: what it would refuse, what is doubtful, and what to do. */
export async function checkForkSafety(settings: Settings): Promise<Finding[]> {
  try {
    const { nodeFlags = [], bootTimeout = 60_000 } = settings.config.zygote ?? {}
    const modules = requireModules(settings)
    const { leftovers, addons, loadMs, warmUpMs } = await inspectPreload({
      modules,
      nodeFlags,
      bootTimeoutMs: parseDuration(bootTimeout, 'bootTimeout'),
      freeze: false,
      ballastMb: 0,
      hiddenEnv: ['WORKHORSE_BROKER'],
    })
    return [
      ok('jobs file', modules.join(', ')),
      ok('preload', `loaded in ${formatDuration(loadMs)}, warmed up in ${formatDuration(warmUpMs)}`),
      ...addons.map(describeAddon),
      ...leftovers.map(describeLeftover),
      ...(leftovers.length === 0 ? [ok('left open', 'nothing')] : []),
    ]
  } catch (cause) {
    return [thrown('preload', cause)]
  }
}

function describeLeftover({ kind, isRefusal, text, openedAt, remark }: Leftover): Finding {
  const what = remark === undefined ? text : `${text} (${remark})`
  const finding = isRefusal ? error(kind, what) : warning(kind, what)
  return { ...finding, ...(openedAt === undefined ? {} : { openedAt }), moveTo: MOVES[kind] }
}

function describeAddon({ file, loadedAt }: LoadedAddon): Finding {
  const name = packageOf(file) ?? file
  const known = findKnownAddon(file)
  const place = loadedAt === undefined ? {} : { openedAt: loadedAt }
  if (known === undefined) return { ...ok('addon', `${name}: nothing is known against it (${file})`), ...place }
  return { ...warning('addon', `${name}: ${known.why} (${file})`), ...place, moveTo: known.instead }
}
