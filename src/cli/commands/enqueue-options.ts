import { UsageError } from '../../errors.ts'
import type { EnqueueOptions } from '../../job/options.ts'
import { defined } from '../../support/defined.ts'
import type { FlagValues } from '../flags.ts'

export type EnqueueOptionFlag =
  | ('queue' | 'id' | 'front' | 'ttl' | 'unique' | 'group' | 'meta' | 'on-success' | 'on-failure' | 'on-stopped')
  | ('retry' | 'retry-delay' | 'backoff' | 'repeat' | 'repeat-delay' | 'depends-on' | 'allow-failure')

type Flags = FlagValues<EnqueueOptionFlag>

/** What the flags say of one enqueue. Their values are checked where the options of an API call are. @throws UsageError */
export function readEnqueueOptions(flags: Flags): EnqueueOptions {
  const { queue, id, front, ttl, unique, group, meta } = flags
  return defined({
    ...{ queue, id, atFront: front, ttl, unique, group },
    meta: meta === undefined ? undefined : parseMeta(meta),
    retry: readRetry(flags),
    repeat: readRepeat(flags),
    dependsOn: readDependsOn(flags),
    onSuccess: flags['on-success'],
    onFailure: flags['on-failure'],
    onStopped: flags['on-stopped'],
  })
}

function readRetry(flags: Flags): EnqueueOptions['retry'] {
  const { retry: max, 'retry-delay': delay, backoff } = flags
  if (max !== undefined) return { max, ...defined({ delay, backoff }) }
  if (delay !== undefined) throw new UsageError('--retry-delay needs --retry N')
  if (backoff !== undefined) throw new UsageError('--backoff needs --retry N')
  return undefined
}

function readRepeat({ repeat: times, 'repeat-delay': delay }: Flags): EnqueueOptions['repeat'] {
  if (times !== undefined) return { times, ...defined({ delay }) }
  if (delay !== undefined) throw new UsageError('--repeat-delay needs --repeat N')
  return undefined
}

function readDependsOn({ 'depends-on': jobs, 'allow-failure': allowFailure }: Flags): EnqueueOptions['dependsOn'] {
  if (jobs !== undefined) return { jobs, ...defined({ allowFailure }) }
  if (allowFailure) throw new UsageError('--allow-failure needs --depends-on ID')
  return undefined
}

function parseMeta(text: string): NonNullable<EnqueueOptions['meta']> {
  try {
    return JSON.parse(text) as NonNullable<EnqueueOptions['meta']>
  } catch {
    throw new UsageError(`--meta: expected a JSON object such as '{"user": 7}', got ${text}`)
  }
}
