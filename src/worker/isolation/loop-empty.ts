import type { JobFailure } from '../../job/failure.ts'

/** Why a job fails that nothing can wake up any more. */
export const LOOP_EMPTY: JobFailure = {
  kind: 'loop-empty',
  name: 'LoopEmptyError',
  message:
    'the event loop ran empty before the job settled: it awaits something that nothing can resolve any more, such as a promise whose resolve is never called or an unref()ed timer',
}
