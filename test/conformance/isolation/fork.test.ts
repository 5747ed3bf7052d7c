import { fixtureJobs, forkIsolation } from '../../support/fork-isolation.ts'
import { describeIsolation } from './isolation-suite.ts'

describeIsolation('fork', async () => {
  const { isolation } = forkIsolation([fixtureJobs('behaviours.mjs')])
  await isolation.start()
  return isolation
})
