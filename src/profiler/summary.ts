import { formatBytes } from '../support/bytes.ts'
import { frameLabel } from './export/label.ts'
import { isProfilerNode, type Profile } from './profile.ts'

const ROWS = 10

/** What a merged profile says, as text: where the time goes by phase, and which functions take it themselves. */
export function summariseProfile(profile: Profile): string {
  const { meta } = profile
  const total = profile.nodes[0]?.total ?? 0
  const lines = [headline(profile), '']
  for (const { name, value } of phaseRows(profile)) lines.push(row(profile, name, value, total))
  lines.push('', 'themselves, without what they call:')
  for (const { label, self } of selfRows(profile).slice(0, ROWS)) lines.push(row(profile, label, self, total))
  if (meta.unit === 'microseconds') lines.push('', samplerLine(profile))
  for (const remark of meta.remarks ?? []) lines.push(`note: ${remark}`)
  return lines.join('\n')
}

function headline({ meta, nodes }: Profile): string {
  const whole = nodes[0]?.total ?? 0
  const each = meta.executions > 0 ? whole / meta.executions : 0
  const what = meta.unit === 'bytes' ? `${formatBytes(each)} allocated` : `${ms(each)} CPU`
  const executions = meta.executions === 1 ? '1 execution' : `${meta.executions} executions`
  const parts = [`${meta.title}: ${executions}, ${what} each`]
  if (meta.lost > 0) parts.push(`${meta.lost} lost`)
  if (meta.skipped > 0) parts.push(`${meta.skipped} left alone`)
  return parts.join(', ')
}

/** By how much each execution is slower for being measured. */
function samplerLine({ meta }: Profile): string {
  const { startUs, stopUs } = meta.sampler
  const each = meta.executions > 0 ? (startUs + stopUs) / meta.executions : 0
  return `measuring cost ${ms(each)} CPU in each execution, which is not in these figures; ${meta.rateHz} samples a second`
}

function phaseRows({ nodes, frames }: Profile): { name: string; value: number }[] {
  const sums = new Map<string, number>()
  for (const node of nodes) {
    const parent = nodes[node.parent]
    if (node.phase === undefined || parent?.phase !== undefined) continue
    const name = frames[node.frame]?.function ?? ''
    sums.set(name, (sums.get(name) ?? 0) + node.total)
  }
  return [...sums].map(([name, value]) => ({ name, value }))
}

function selfRows({ nodes, frames }: Profile): { label: string; self: number }[] {
  const sums = new Map<number, number>()
  for (const { frame, self } of nodes) {
    if (self > 0 && frame >= 0) sums.set(frame, (sums.get(frame) ?? 0) + self)
  }
  return [...sums]
    .map(([frame, self]) => ({ frame: frames[frame] as Profile['frames'][number], self }))
    .filter(({ frame }) => !isProfilerNode(frame) && frame.category !== 'group')
    .map(({ frame, self }) => ({ label: frameLabel(frame), self }))
    .sort((a, b) => b.self - a.self)
}

function row({ meta }: Profile, label: string, value: number, total: number): string {
  const each = meta.executions > 0 ? value / meta.executions : 0
  const share = total > 0 ? (100 * value) / total : 0
  const shown = meta.unit === 'bytes' ? formatBytes(each) : ms(each)
  return `${`${share.toFixed(1)} %`.padStart(8)}  ${shown.padStart(10)}  ${label}`
}

function ms(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(microseconds < 10_000 ? 2 : 1)} ms`
}
