import type { ProfileMeta } from '../profile.ts'
import { formatAmount, formatCount } from './graph/amounts.ts'

/** What was profiled, how often, and what it cost, in a line. */
export function subtitleOf(meta: ProfileMeta): string {
  const facts = meta.diff === undefined ? plainFacts(meta) : comparedFacts(meta, meta.diff)
  if (meta.lost > 0) facts.push(`${formatCount(meta.lost)} lost`)
  if (meta.skipped > 0) facts.push(`${formatCount(meta.skipped)} left out`)
  if (meta.rateHz > 0) facts.push(`${formatCount(meta.rateHz)} samples a second`)
  facts.push(...(meta.remarks ?? []))
  return facts.join(' \u00b7 ')
}

function plainFacts(meta: ProfileMeta): string[] {
  const executions = `${formatCount(meta.executions)} ${meta.executions === 1 ? 'execution' : 'executions'}`
  const facts = [`${executions}${ofJobs(meta)} in ${countOf(meta.processes, 'process', 'processes')}`]
  if (meta.cpuUs > 0 && meta.executions > 0) {
    const each = formatAmount(meta.cpuUs / meta.executions, 'microseconds')
    facts.push(`${formatAmount(meta.cpuUs, 'microseconds')} CPU, ${each} each`)
  }
  return facts
}

function comparedFacts(meta: ProfileMeta, diff: NonNullable<ProfileMeta['diff']>): string[] {
  const ms = (value: number) => formatAmount(value * 1000, 'microseconds')
  if (diff.sides !== undefined) {
    const { cold, warm } = diff.sides
    return [
      `${cold}: ${countOf(diff.coldExecutions, 'execution', 'executions')}${ofJobs(meta)}, ${ms(diff.coldMsPerJob)} CPU each`,
      `${warm}: ${countOf(diff.warmExecutions, 'execution', 'executions')}, ${ms(diff.warmMsPerJob)} CPU each`,
    ]
  }
  return [
    `cold: ${countOf(diff.coldExecutions, 'fresh process', 'fresh processes')}${ofJobs(meta)}, ${ms(diff.coldMsPerJob)} per job`,
    `warm: ${countOf(diff.warmExecutions, 'job', 'jobs')} in used processes (after ${formatCount(diff.warmAfter)}), ${ms(diff.warmMsPerJob)} per job`,
  ]
}

function ofJobs({ jobs }: ProfileMeta): string {
  if (jobs.length === 0) return ''
  return ` of ${jobs.slice(0, 3).join(', ')}${jobs.length > 3 ? ` and ${jobs.length - 3} more` : ''}`
}

function countOf(count: number, one: string, several: string): string {
  return `${formatCount(count)} ${count === 1 ? one : several}`
}
