import { ForkUnavailableError } from '../../errors.ts'
import type { Logger } from '../../support/logger.ts'
import { explainForkAvailability } from '../../worker/isolation/fork/load-native.ts'
import type { IsolationMode } from '../../worker/isolation/isolation.ts'

/**
 * Fork where nobody says otherwise and it works; where it does not, pool, with a line that says why.
 * @throws ForkUnavailableError where fork was asked for
 */
export function chooseIsolation(wanted: IsolationMode | undefined, logger: Logger): IsolationMode {
  if (wanted === 'inline' || wanted === 'pool') return wanted
  const fork = explainForkAvailability()
  if (fork.available) return 'fork'
  if (wanted === 'fork') throw new ForkUnavailableError(fork.reason)
  logger.warn(
    { event: 'isolation.pool' },
    `jobs run in pool mode, several one after another in each process: ${fork.reason}`,
  )
  return 'pool'
}
