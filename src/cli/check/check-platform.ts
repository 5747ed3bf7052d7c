import { findMemoryGroups } from '../../worker/cgroup/find-memory-groups.ts'
import { explainForkAvailability } from '../../worker/isolation/fork/load-native.ts'
import type { IsolationMode } from '../../worker/isolation/isolation.ts'
import { error, type Finding, ok, warning } from './finding.ts'

const WATCHED = 'limits of jobs are watched'
const OLDEST_NODE = [20, 19] as const

/** Node, and whether it can be forked here. */
export function checkPlatform(wanted: IsolationMode | undefined): Finding[] {
  return [checkNode(), checkFork(wanted), checkMemoryLimits(wanted)]
}

/** Who keeps them: the kernel, or the worker by looking. Asking changes nothing. */
function checkMemoryLimits(wanted: IsolationMode | undefined): Finding {
  if (wanted === 'inline' || wanted === 'pool') return ok('memory', WATCHED)
  const plan = findMemoryGroups()
  if (!plan.possible) return ok('memory', `${WATCHED}: ${plan.reason}`)
  const { files, parent } = plan
  return ok('memory', `limits of jobs in fork mode are kept by control groups (version ${files.version}, in ${parent})`)
}

function checkNode(): Finding {
  const version = process.versions.node
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
  if (isOld) return error('node', `${version} is too old; Workhorse needs ${OLDEST_NODE.join('.')} or later`)
  return ok('node', `${version} on ${process.platform}-${process.arch}`)
}

/** Only who asks for fork, and cannot have it, has an error: everybody else gets pool. */
function checkFork(wanted: IsolationMode | undefined): Finding {
  const fork = explainForkAvailability()
  if (fork.available) {
    if (process.env['WORKHORSE_UNTESTED_NODE'] !== '1') return ok('fork', `available, addon ${fork.path}`)
    return warning(
      'fork',
      'WORKHORSE_UNTESTED_NODE=1 is set: nobody asks whether fork was tested on this version of Node',
    )
  }
  if (wanted === 'fork') return error('fork', `the config file asks for it, but ${fork.reason}`)
  return wanted === 'inline' || wanted === 'pool'
    ? ok('fork', `not asked for (${fork.reason})`)
    : warning('fork', `jobs will run in pool mode: ${fork.reason}`)
}
