import { type FrameTable, GARBAGE, IDLE } from './frame-table.ts'
import type { StackTrie } from './stack-trie.ts'
import type { CallFrame, CpuProfile } from './v8.ts'

const UNRESOLVED = -1

/** Finds V8's nodes of one profile their places among all stacks. */
export class CpuWalk {
  readonly profile: CpuProfile
  readonly #frames: FrameTable
  readonly #trie: StackTrie
  readonly #parents: number[] = []
  readonly #callFrames: (CallFrame | undefined)[] = []
  /** By phase: where each of V8's nodes is, and where its children go. */
  readonly #places = new Map<number, { at: number[]; below: number[] }>()
  /** Whether a node is still part of the machinery that leads to the job's own code. */
  readonly #machinery: boolean[] = []
  /** Where the code was before the collector came. */
  #last = UNRESOLVED

  constructor(profile: CpuProfile, frames: FrameTable, trie: StackTrie) {
    this.profile = profile
    this.#frames = frames
    this.#trie = trie
    for (const { id, callFrame, children } of profile.nodes) {
      this.#callFrames[id] = callFrame
      for (const child of children ?? []) this.#parents[child] = id
    }
  }

  beginExecution(): void {
    this.#last = UNRESOLVED
  }

  /** The place of a sample; undefined where the process was idle. */
  place(node: number, phaseNode: number): number | undefined {
    const callFrame = this.#callFrames[node]
    if (callFrame === undefined) return undefined
    if (callFrame.url === '' && callFrame.functionName === IDLE) {
      this.#last = UNRESOLVED
      return undefined
    }
    if (callFrame.url === '' && callFrame.functionName === GARBAGE) {
      const interrupted = this.#last === UNRESOLVED ? phaseNode : this.#last
      return this.#trie.child(interrupted, this.#frames.intern(callFrame))
    }
    this.#last = this.#resolve(node, phaseNode)
    return this.#last
  }

  /**
   * What leads from V8's root to the job's code is the same for all of them, and says nothing: the machinery of a
   * horse, and Node's frames above that. It shows where it is itself what runs.
   */
  #resolve(node: number, phaseNode: number): number {
    let places = this.#places.get(phaseNode)
    if (places === undefined) {
      places = { at: [], below: [] }
      this.#places.set(phaseNode, places)
    }
    const known = places.at[node]
    if (known !== undefined) return known
    const parent = this.#parents[node]
    const callFrame = this.#callFrames[node] as CallFrame
    if (parent === undefined) {
      this.#machinery[node] = true
      places.below[node] = phaseNode
      places.at[node] = phaseNode
      return phaseNode
    }
    this.#resolve(parent, phaseNode)
    const frame = this.#frames.intern(callFrame)
    const isMachinery = (this.#machinery[parent] as boolean) && this.#frames.category(frame) === 'node'
    this.#machinery[node] = isMachinery
    const isOwn = isMachinery && this.#frames.isOwn(frame)
    const at = this.#trie.child(isOwn ? phaseNode : (places.below[parent] as number), frame)
    places.at[node] = at
    places.below[node] = isOwn ? phaseNode : at
    return at
  }
}
