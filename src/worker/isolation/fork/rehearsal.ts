import { createCurrentJob } from '../../../job/context.ts'
import { describeThrown } from '../../../job/describe-thrown.ts'
import { executeJob } from '../../execute-job.ts'
import { encodeFrame, readFrame } from './frames.ts'
import type { Native } from './native.ts'

const ROUNDS = 200

/**
 * Runs our own path of a horse before the fork, so that horses inherit it compiled: messages in and out,
 * the lifecycle of a job, the description of an error. It leaves nothing behind but compiled code.
 */
export async function rehearse(native: Native): Promise<void> {
  const silent = { update: () => {}, log: () => {} }
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = encodeFrame({ type: 'run', job: { id: `${round}`, name: 'rehearsal' } }, '[]')
    let position = 0
    readFrame((into, offset) => {
      const copied = bytes.copy(into, offset, position)
      position += copied
      return copied
    })
    const identity = { id: `${round}`, name: 'a job that does not exist', queue: 'rehearsal', attempt: 1 }
    const current = createCurrentJob(identity, new AbortController(), silent)
    await executeJob(current, '[]', (_, call) => call())
    describeThrown(new Error('rehearsal'), 'error')
  }
  native.loopActivity()
}
