import { gzipSync } from 'node:zlib'
import { type Frame, isProfilerNode, type Profile } from '../profile.ts'
import { ProtobufWriter } from './protobuf.ts'

/**
 * pprof's profile.proto, compressed, for `go tool pprof` and the services that take it: executions' samples with their
 * count and their weight. Field numbers are those of the published proto.
 */
export function toPprof({ meta, frames, nodes }: Profile): Buffer {
  const strings = new StringTable()
  const writer = new ProtobufWriter()
  const [type, unit] = meta.unit === 'bytes' ? ['alloc_space', 'bytes'] : ['cpu', 'nanoseconds']
  const factor = meta.unit === 'bytes' ? 1 : 1000
  const valueType = (name: string, of: string) =>
    new ProtobufWriter().integer(1, strings.index(name)).integer(2, strings.index(of))
  writer.message(1, valueType('samples', 'count')).message(1, valueType(type as string, unit as string))
  for (let index = 1; index < nodes.length; index++) {
    const node = nodes[index] as (typeof nodes)[number]
    const weight = Math.round(node.self * factor)
    if (weight <= 0 || isProfilerNode(frames[node.frame] as Frame)) continue
    const sample = new ProtobufWriter().packed(1, stackOf(nodes, index)).packed(2, [node.samples, weight])
    if (node.phase) {
      sample.message(3, new ProtobufWriter().integer(1, strings.index('phase')).integer(2, strings.index(node.phase)))
    }
    writer.message(2, sample)
  }
  frames.forEach((frame, index) => {
    const line = new ProtobufWriter().integer(1, index + 1).integer(2, frame.line)
    writer.message(4, new ProtobufWriter().integer(1, index + 1).message(4, line))
  })
  frames.forEach((frame, index) => {
    const name = strings.index(frame.function)
    const described = new ProtobufWriter()
      .integer(1, index + 1)
      .integer(2, name)
      .integer(3, name)
    writer.message(5, described.integer(4, strings.index(frame.file)).integer(5, frame.line))
  })
  const periodType = valueType(type as string, unit as string)
  for (const text of strings.all()) writer.text(6, text)
  writer.integer(9, meta.startedAt * 1e6).integer(10, Math.round(meta.durationMs * 1e6))
  writer.message(11, periodType).integer(12, meta.rateHz > 0 ? Math.round(1e9 / meta.rateHz) : 1)
  return gzipSync(writer.finish())
}

/** Location numbers, leaf first. */
function stackOf(nodes: Profile['nodes'], leaf: number): number[] {
  const stack: number[] = []
  for (let index = leaf; index > 0; index = (nodes[index] as (typeof nodes)[number]).parent) {
    stack.push((nodes[index] as (typeof nodes)[number]).frame + 1)
  }
  return stack
}

/** The first string is empty, by the format's rule. */
class StringTable {
  readonly #indexes = new Map<string, number>([['', 0]])

  index(text: string): number {
    const known = this.#indexes.get(text)
    if (known !== undefined) return known
    this.#indexes.set(text, this.#indexes.size)
    return this.#indexes.size - 1
  }

  all(): Iterable<string> {
    return this.#indexes.keys()
  }
}
