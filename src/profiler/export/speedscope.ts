import { packageVersion } from '../../support/package-version.ts'
import { isProfilerNode, type Profile } from '../profile.ts'

/** A file for https://www.speedscope.app, by its published schema: one sampled profile, a sample for each stack. */
export function toSpeedscope({ meta, frames, nodes }: Profile): string {
  const stacks: number[][] = [[]]
  const samples: number[][] = []
  const weights: number[] = []
  let sum = 0
  for (let index = 1; index < nodes.length; index++) {
    const node = nodes[index] as (typeof nodes)[number]
    const stack = [...(stacks[node.parent] as number[]), node.frame]
    stacks.push(stack)
    if (node.self <= 0 || isProfilerNode(frames[node.frame] as (typeof frames)[number])) continue
    samples.push(stack)
    weights.push(node.self)
    sum += node.self
  }
  return JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: `workhorse@${packageVersion()}`,
    name: meta.title,
    activeProfileIndex: 0,
    shared: {
      frames: frames.map(({ function: name, file, line, column }) => ({
        name,
        ...(file === '' ? {} : { file }),
        ...(line === 0 ? {} : { line }),
        ...(column === undefined ? {} : { col: column }),
      })),
    },
    profiles: [{ type: 'sampled', name: meta.title, unit: meta.unit, startValue: 0, endValue: sum, samples, weights }],
  })
}
