import { setGatewayProvider } from '../../../dist/job/gateway-provider.js'
import { InlineIsolation } from '../../../dist/worker/isolation/inline/inline-isolation.js'
import type { Isolation, RunningExecution } from '../../../dist/worker/isolation/isolation.js'
import { fixtureJobs } from '../../support/fork-isolation.ts'
import { describeIsolation } from './isolation-suite.ts'

const open = async (): Promise<Isolation> => {
  const inline = new InlineIsolation({ modules: [fixtureJobs('behaviours.mjs')] })
  await inline.start()
  return {
    mode: 'inline',
    schedules: [],
    start: () => inline.start(),
    close: () => inline.close(),
    run: (job, observer): RunningExecution => {
      // Jobs in this process enqueue by this process's gateway, as a worker sets it.
      setGatewayProvider(() => observer.gateway)
      return inline.run(job, observer)
    },
  }
}

describeIsolation('inline', open, {
  sharedProcess: "inline jobs are part of the worker's own process: what ends the one ends the other",
})
