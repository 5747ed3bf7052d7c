import { describeBroker, type SuitePart } from './broker-suite.ts'
import { clusterOpener } from './redis-opener.ts'

/** What touches many keys, blocks, or speaks over channels; `WORKHORSE_TEST_CLUSTER=all` runs the rest, too. */
const PARTS: readonly SuitePart[] = [
  'enqueue',
  'claims',
  'outcomes',
  'leases',
  'scheduled',
  'jobWait',
  'workWait',
  'workers',
  'commands',
  'dependencies',
  'schedules',
  'closing',
]

describeBroker('Redis Cluster', clusterOpener(), process.env['WORKHORSE_TEST_CLUSTER'] === 'all' ? undefined : PARTS)
