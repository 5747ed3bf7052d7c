import type { Settings } from './settings.ts'

/**
 * Environment variables that the processes of jobs do not get, because they hold the URL of the broker, which may hold its
 * password: `WORKHORSE_BROKER`, and whatever else says the same. With `exposeBrokerUrl` only the former.
 */
export function brokerVariables({ brokerUrl, config }: Pick<Settings, 'brokerUrl' | 'config'>): readonly string[] {
  const own = ['WORKHORSE_BROKER']
  // The path of a file is no secret, and may well be meant for the jobs.
  if (config.exposeBrokerUrl === true || brokerUrl.toLowerCase().startsWith('sqlite:')) return own
  const others = Object.entries(process.env).filter(([name, value]) => value === brokerUrl && !own.includes(name))
  return [...own, ...others.map(([name]) => name)]
}
