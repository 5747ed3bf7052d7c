import { isProfilerNode, type Profile } from '../profile.ts'
import { frameLabel } from './label.ts'

/**
 * One line for each stack: its frames from the root on, separated by semicolons, then its weight. The form that
 * flamegraph.pl, inferno and speedscope read. What the sampler itself cost is left out.
 */
export function toFolded({ frames, nodes }: Profile): string {
  const paths: string[] = ['']
  const lines: string[] = []
  for (let index = 1; index < nodes.length; index++) {
    const node = nodes[index] as (typeof nodes)[number]
    const frame = frames[node.frame] as (typeof frames)[number]
    // A semicolon would end the frame, a line end the stack.
    const label = frameLabel(frame).replace(/[;\r\n]/g, ',')
    const above = paths[node.parent] as string
    const path = above === '' ? label : `${above};${label}`
    paths.push(path)
    const weight = Math.round(node.self)
    if (weight > 0 && !isProfilerNode(frame)) lines.push(`${path} ${weight}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}
