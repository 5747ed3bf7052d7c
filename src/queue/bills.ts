import type { Broker, JobListParams } from '../broker/broker.ts'
import type { Bill, JobRecord } from '../job/record.ts'

/** What the jobs that a broker keeps have cost. Both look at every one of them: a report, not something to poll. */

export const BILL_KEYS = ['cpu', 'memory', 'wall', 'wait'] as const
export type BillKey = (typeof BILL_KEYS)[number]

/** What all kept jobs of one name on one queue have cost together, each with the last ten of its executions. */
export interface BillSum {
  readonly name: string
  readonly queue: string
  readonly executions: number
  readonly cpuMs: number
  readonly wallMs: number
  readonly waitMs: number
  readonly minorFaults: number
  readonly majorFaults: number
  /** The most that one of them has used of its own. */
  readonly peakIncrementBytes: number
}

const PAGE = 1000

/** The dearest jobs, the dearest first. Jobs without a bill are none. */
export async function dearestJobs(
  broker: Broker,
  filter: Omit<JobListParams, 'limit' | 'cursor'>,
  key: BillKey,
  limit: number,
): Promise<JobRecord[]> {
  let dearest: JobRecord[] = []
  for await (const page of pages(broker, filter)) {
    const billed = page.filter(({ bill }) => bill !== undefined)
    dearest = [...dearest, ...billed].sort((a, b) => costOf(b.bill, key) - costOf(a.bill, key)).slice(0, limit)
  }
  return dearest
}

/** The name and queue that have cost the most CPU time first. */
export async function sumBills(broker: Broker): Promise<BillSum[]> {
  const sums = new Map<string, BillSum>()
  for await (const page of pages(broker, {})) {
    for (const job of page) {
      const key = JSON.stringify([job.name, job.queue])
      for (const bill of await billsOf(broker, job)) sums.set(key, add(sums.get(key) ?? nothing(job), bill))
    }
  }
  return [...sums.values()].sort((a, b) => b.cpuMs - a.cpuMs)
}

/** Of all executions that are remembered. One that was canceled is in no history, and its bill is the job's. */
async function billsOf(broker: Broker, { id, executionId, bill }: JobRecord): Promise<Bill[]> {
  const results = await broker.jobResults(id)
  const isKnown = results.some((entry) => entry.executionId === executionId)
  const all = [...(isKnown ? [] : [bill]), ...results.map((entry) => entry.bill)]
  return all.filter((one) => one !== undefined)
}

export function costOf(bill: Bill | undefined, key: BillKey): number {
  switch (key) {
    case 'cpu':
      return cpuMsOf(bill)
    case 'memory':
      return bill?.memory?.peakIncrementBytes ?? 0
    case 'wall':
      return bill?.wallMs ?? 0
    case 'wait':
      return bill?.waitMs ?? 0
  }
}

/** User and system; 0 without a bill. */
export function cpuMsOf(bill: Bill | undefined): number {
  return (bill?.usage?.cpuUserMs ?? 0) + (bill?.usage?.cpuSystemMs ?? 0)
}

/** All jobs that a filter lets through, a thousand at a time, the newest first. */
export async function* pages(
  broker: Broker,
  filter: Omit<JobListParams, 'limit' | 'cursor'>,
): AsyncGenerator<readonly JobRecord[]> {
  let cursor: string | undefined
  do {
    const page = await broker.jobList({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) })
    yield page.jobs
    cursor = page.cursor
  } while (cursor !== undefined)
}

function nothing({ name, queue }: JobRecord): BillSum {
  const zero = { executions: 0, cpuMs: 0, wallMs: 0, waitMs: 0, minorFaults: 0, majorFaults: 0, peakIncrementBytes: 0 }
  return { name, queue, ...zero }
}

function add(sum: BillSum, bill: Bill): BillSum {
  return {
    ...sum,
    executions: sum.executions + 1,
    cpuMs: sum.cpuMs + cpuMsOf(bill),
    wallMs: sum.wallMs + bill.wallMs,
    waitMs: sum.waitMs + (bill.waitMs ?? 0),
    minorFaults: sum.minorFaults + (bill.usage?.minorFaults ?? 0),
    majorFaults: sum.majorFaults + (bill.usage?.majorFaults ?? 0),
    peakIncrementBytes: Math.max(sum.peakIncrementBytes, bill.memory?.peakIncrementBytes ?? 0),
  }
}
