import { COMMON_FLAGS } from './flags/common-flags.ts'
import type { ValueOf } from './flags/flag.ts'
import { JOB_FLAGS as FLAGS_OF_JOBS } from './flags/job-flags.ts'
import { MEASURE_FLAGS } from './flags/measure-flags.ts'
import { WORKER_FLAGS } from './flags/worker-flags.ts'

export type { Flag, Range } from './flags/flag.ts'

/** Every flag of every verb. A name means the same thing wherever it is taken. */
export const FLAGS = { ...COMMON_FLAGS, ...WORKER_FLAGS, ...FLAGS_OF_JOBS, ...MEASURE_FLAGS } as const

export type FlagName = keyof typeof FLAGS

/** The flags that were given; durations and times are milliseconds. */
export type FlagValues<N extends FlagName> = { readonly [K in N]?: ValueOf<(typeof FLAGS)[K]> }

/** Flags of every verb that needs to know where jobs live. */
export const BROKER_FLAGS = ['broker', 'config'] as const
/** Flags of every verb that needs the job definitions, too. */
export const JOB_FLAGS = ['broker', 'config', 'jobs-file'] as const
