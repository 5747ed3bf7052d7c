import type { Flag } from './flag.ts'

/** Flags of nearly every verb. */
export const COMMON_FLAGS = {
  broker: {
    kind: 'text',
    value: 'URL',
    help: 'where jobs live; else WORKHORSE_BROKER, the config file, REDIS_URL, or sqlite:workhorse.db',
  },
  config: { kind: 'text', value: 'PATH', help: 'config file; else workhorse.config.{ts,mts,js,mjs} in this folder' },
  'jobs-file': {
    kind: 'texts',
    value: 'PATH',
    help: 'job module, may be repeated; else the config file, else jobs.{ts,mts,js,mjs}',
  },
  fork: {
    kind: 'switch',
    help: 'run the preload, and say what it leaves open that must not be forked, who opened it, and where it belongs',
  },
  json: { kind: 'switch', help: 'print JSON' },
  help: { kind: 'switch', short: 'h', help: 'print this' },
  version: { kind: 'switch', help: 'print the version' },
} as const satisfies Readonly<Record<string, Flag>>
