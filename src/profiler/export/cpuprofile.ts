import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Frame, isProfilerNode, type Profile } from '../profile.ts'

/**
 * V8's own format, which Chrome DevTools and VS Code open. It knows samples in time and no weights: each stack becomes
 * one sample that lasts as long as the stack weighs, one after another.
 */
export function toCpuProfile({ frames, nodes }: Profile, folder = process.cwd()): string {
  const children: number[][] = nodes.map(() => [])
  for (let index = 1; index < nodes.length; index++) {
    children[(nodes[index] as (typeof nodes)[number]).parent]?.push(index + 1)
  }
  const samples: number[] = []
  const timeDeltas: number[] = []
  let previous = 0
  let endTime = 0
  for (let index = 1; index < nodes.length; index++) {
    const node = nodes[index] as (typeof nodes)[number]
    const weight = Math.round(node.self)
    if (weight <= 0 || isProfilerNode(frames[node.frame] as Frame)) continue
    // A sample lasts until the next one.
    samples.push(index + 1)
    timeDeltas.push(previous)
    previous = weight
    endTime += weight
  }
  return JSON.stringify({
    nodes: nodes.map((node, index) => ({
      id: index + 1,
      callFrame: callFrame(frames[node.frame], folder),
      hitCount: hits(node, frames[node.frame]),
      ...((children[index] as number[]).length > 0 ? { children: children[index] } : {}),
    })),
    startTime: 0,
    endTime,
    samples,
    timeDeltas,
  })
}

/** Readers take it for the share of the time that is the node's own. */
function hits({ self }: Profile['nodes'][number], frame: Frame | undefined): number {
  return frame === undefined || isProfilerNode(frame) ? 0 : Math.round(self)
}

/**
 * In V8's own files these stand beside all stacks, and readers put them onto the stack before: in a merged profile a
 * stack that has nothing to do with them. Here they have their place, under names that readers leave there.
 */
const MOVED_BY_READERS: Readonly<Record<string, string>> = {
  '(garbage collector)': 'garbage collection',
  '(program)': 'program',
}

function callFrame(frame: Frame | undefined, folder: string): object {
  if (frame === undefined) {
    return { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 }
  }
  const { function: name, file, line, column } = frame
  const functionName = MOVED_BY_READERS[name] ?? name
  const url = file === '' || /^[a-z]+:/.test(file) ? file : pathToFileURL(resolve(folder, file)).href
  return { functionName, scriptId: '0', url, lineNumber: line - 1, columnNumber: (column ?? 0) - 1 }
}
