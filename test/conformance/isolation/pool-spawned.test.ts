import { fixtureJobs } from '../../support/fork-isolation.ts'
import { poolIsolation } from '../../support/pool-isolation.ts'
import { describeIsolation } from './isolation-suite.ts'

describeIsolation('pool, spawned', async () => {
  const { isolation } = poolIsolation('spawn', [fixtureJobs('behaviours.mjs')])
  await isolation.start()
  return isolation
})
