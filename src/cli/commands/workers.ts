import { UsageError } from '../../errors.ts'
import { show } from '../../support/duration.ts'
import { createLogger } from '../../support/logger.ts'
import type { Invocation } from '../command.ts'
import { writeFlagValue } from '../flag-value.ts'
import type { FlagValues } from '../flags.ts'
import { chooseIsolation } from '../serve/choose-isolation.ts'
import { Crew } from '../serve/crew.ts'
import { openPidFile } from '../serve/pid-file.ts'
import { reapOrphans } from '../serve/reap-orphans.ts'
import { ServiceManager } from '../serve/service-manager.ts'
import { assertWatchable, planWorker, type WorkerFlag } from '../serve/worker-plan.ts'
import { readSettings } from '../surroundings.ts'

export async function runWorkers({ flags, positionals }: Invocation<WorkerFlag | 'pid-file'>): Promise<number> {
  reapOrphans()
  const [count = '', ...queues] = positionals
  const size = parseSize(count)
  const logger = createLogger(flags['log-level'] ?? 'info')
  // What is wrong for all of them is said once, here, before any is started.
  const settings = await readSettings(flags)
  const plan = planWorker(flags, queues, settings)
  const isolation = chooseIsolation(plan.wantedIsolation, logger)
  if (flags.watch !== undefined) assertWatchable(isolation)
  const service = new ServiceManager(logger)
  const { 'pid-file': pidPath, ...passed } = flags
  const pidFile = openPidFile(pidPath, settings)
  process.title = `workhorse: master of ${size} workers`
  logger.info({ event: 'workers.started' }, `master (pid ${process.pid}) starts ${size} workers`)
  const argsOf = (number: number): readonly string[] => workerArguments({ ...passed, isolation }, queues, number)
  try {
    return await new Crew({ size, burst: flags.burst ?? false, argsOf, logger, service }).run()
  } finally {
    pidFile?.remove()
  }
}

function parseSize(text: string): number {
  const size = Number(text)
  if (/^\d+$/.test(text) && size >= 1 && size <= 1000) return size
  throw new UsageError(
    `workers N: expected how many workers, from 1 to 1000, got ${show(text)} (see workhorse help workers)`,
  )
}

/** The same flags for the verb `worker`: what was parsed is written again. */
export function workerArguments(flags: FlagValues<WorkerFlag>, queues: readonly string[], number: number): string[] {
  const named = flags.name === undefined ? flags : { ...flags, name: `${flags.name}-${number}` }
  const written = Object.entries(named).flatMap(([flag, value]) =>
    [value].flat().map((one) => (one === true ? `--${flag}` : `--${flag}=${writeFlagValue(one)}`)),
  )
  return ['worker', `--crew=${number}`, ...written, '--', ...queues]
}
