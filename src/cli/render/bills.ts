import type { Bill } from '../../job/record.ts'
import type { BillSum } from '../../queue/bills.ts'
import { formatBytes } from '../../support/bytes.ts'
import { formatDuration } from '../../support/duration.ts'
import { type Column, renderTable } from './table.ts'

/** What one execution has cost, in lines of a few words. */
export function renderBill({ wallMs, waitMs, forkMs, usage, memory, exitCode, signal }: Bill): string {
  const times = [`${formatDuration(wallMs)} in all`]
  if (waitMs !== undefined) times.push(`waited ${formatDuration(waitMs)}`)
  if (forkMs !== undefined) times.push(`fork ${formatDuration(forkMs)}`)
  if (usage !== undefined) {
    times.push(`CPU ${formatDuration(usage.cpuUserMs)} user, ${formatDuration(usage.cpuSystemMs)} system`)
  }
  const lines = [times.join(', ')]
  if (memory !== undefined) {
    const { peakIncrementBytes, inheritedBytes } = memory
    lines.push(
      `memory ${formatBytes(peakIncrementBytes)} of its own at the peak, ${formatBytes(inheritedBytes)} inherited`,
    )
  } else if (usage !== undefined) {
    lines.push(`memory ${formatBytes(usage.maxRssBytes)} at the peak, what was inherited included`)
  }
  if (usage !== undefined) {
    const faults = `${usage.minorFaults} minor and ${usage.majorFaults} major page faults`
    const switches = `${usage.voluntarySwitches} voluntary and ${usage.involuntarySwitches} involuntary context switches`
    lines.push(`${faults}, ${switches}`)
  }
  if (exitCode !== undefined) lines.push(`exit code ${exitCode}`)
  if (signal !== undefined) lines.push(`ended by ${signal}`)
  return lines.join('\n')
}

export function renderBillSums(sums: readonly BillSum[]): string {
  return renderTable(SUM_COLUMNS, sums)
}

const SUM_COLUMNS: readonly Column<BillSum>[] = [
  { title: 'job', value: ({ name }) => name },
  { title: 'queue', value: ({ queue }) => queue },
  { title: 'executions', value: ({ executions }) => executions, right: true },
  { title: 'cpu', value: ({ cpuMs }) => formatDuration(cpuMs), right: true },
  { title: 'cpu each', value: ({ cpuMs, executions }) => formatDuration(cpuMs / executions), right: true },
  { title: 'wall each', value: ({ wallMs, executions }) => formatDuration(wallMs / executions), right: true },
  { title: 'wait each', value: ({ waitMs, executions }) => formatDuration(waitMs / executions), right: true },
  { title: 'most memory', value: ({ peakIncrementBytes }) => formatBytes(peakIncrementBytes), right: true },
]
