import type { Broker } from '../broker/broker.ts'
import { connectBroker } from '../broker/connect.ts'
import { resolveSettings, type Settings } from '../config/settings.ts'
import { UsageError } from '../errors.ts'
import { DEFAULT_MODULE_NAMES } from '../job/load-modules.ts'
import type { FlagValues } from './flags.ts'

/** What flags, environment and config file say together. */
export function readSettings(flags: FlagValues<'broker' | 'config' | 'jobs-file'>): Promise<Settings> {
  return resolveSettings({ broker: flags.broker, configFile: flags.config, jobs: flags['jobs-file'] })
}

/** The job modules. @throws UsageError where there is none, saying where one was looked for */
export function requireModules(settings: Settings): readonly string[] {
  if (settings.modules.length > 0) return settings.modules
  const names = DEFAULT_MODULE_NAMES.join(', ')
  throw new UsageError(
    `no jobs file: there is none of ${names} in ${settings.folder}; write one, or name it with --jobs-file PATH or by 'jobs' in workhorse.config.ts`,
  )
}

export function openBroker(settings: Settings): Promise<Broker> {
  return connectBroker(settings.brokerUrl, { cwd: settings.brokerFolder })
}

/** Opens the broker for one command, and closes it whatever happens. */
export async function withBroker<R>(
  flags: FlagValues<'broker' | 'config'>,
  use: (broker: Broker) => Promise<R>,
): Promise<R> {
  const broker = await openBroker(await readSettings(flags))
  try {
    return await use(broker)
  } finally {
    await broker.close()
  }
}
