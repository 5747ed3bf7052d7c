import { fixtureJobs } from '../../support/fork-isolation.ts'
import { poolIsolation } from '../../support/pool-isolation.ts'
import { describeIsolation } from './isolation-suite.ts'

describeIsolation('pool, forked from a zygote', async () => {
  const { isolation } = poolIsolation('fork', [fixtureJobs('behaviours.mjs')])
  await isolation.start()
  return isolation
})
