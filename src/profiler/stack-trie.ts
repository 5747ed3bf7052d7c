/** Figures of one node on one side of a comparison; everything but a comparison has side 0 only. */
export interface NodeFigures {
  readonly self: number
  readonly total: number
  /** Sum of squares of the totals of single executions. */
  readonly totalSquares: number
  readonly samples: number
  readonly executions: number
}

interface Side {
  readonly self: number[]
  readonly total: number[]
  readonly totalSquares: number[]
  readonly samples: number[]
  readonly executions: number[]
}

/**
 * All stacks seen, each once; its size depends on how many different stacks there are, not on how many executions.
 * One execution at a time is put in: `add` for each sample, then `endExecution`.
 */
export class StackTrie {
  readonly parents: number[] = [-1]
  readonly frames: number[] = [-1]
  readonly #children: (Map<number, number> | undefined)[] = [undefined]
  readonly #sides: readonly Side[]
  /** What the execution at hand has so far. */
  readonly #pendingSelf = new Map<number, number>()
  readonly #pendingTotal = new Map<number, number>()

  constructor(sides = 1) {
    this.#sides = Array.from({ length: sides }, emptySide)
  }

  get size(): number {
    return this.parents.length
  }

  /** The node of `frame` below `parent`. */
  child(parent: number, frame: number): number {
    let children = this.#children[parent]
    if (children === undefined) {
      children = new Map()
      this.#children[parent] = children
    }
    const known = children.get(frame)
    if (known !== undefined) return known
    const index = this.parents.push(parent) - 1
    this.frames.push(frame)
    this.#children.push(undefined)
    for (const side of this.#sides) for (const figures of Object.values(side) as number[][]) figures.push(0)
    children.set(frame, index)
    return index
  }

  /** One sample, or several of the same stack. */
  add(node: number, weight: number, samples: number, side = 0): void {
    this.#pendingSelf.set(node, (this.#pendingSelf.get(node) ?? 0) + weight)
    const figures = this.#sides[side] as Side
    figures.samples[node] = (figures.samples[node] as number) + samples
  }

  /** What was added since the last call was one execution. */
  endExecution(side = 0): void {
    const { self, total, totalSquares, executions } = this.#sides[side] as Side
    for (const [leaf, weight] of this.#pendingSelf) {
      self[leaf] = (self[leaf] as number) + weight
      for (let node = leaf; node >= 0; node = this.parents[node] as number) {
        this.#pendingTotal.set(node, (this.#pendingTotal.get(node) ?? 0) + weight)
      }
    }
    for (const [node, weight] of this.#pendingTotal) {
      total[node] = (total[node] as number) + weight
      totalSquares[node] = (totalSquares[node] as number) + weight * weight
      executions[node] = (executions[node] as number) + 1
    }
    this.#pendingSelf.clear()
    this.#pendingTotal.clear()
  }

  children(node: number): number[] {
    return [...(this.#children[node]?.values() ?? [])]
  }

  figures(node: number, side = 0): NodeFigures {
    const { self, total, totalSquares, samples, executions } = this.#sides[side] as Side
    return {
      self: self[node] as number,
      total: total[node] as number,
      totalSquares: totalSquares[node] as number,
      samples: samples[node] as number,
      executions: executions[node] as number,
    }
  }
}

function emptySide(): Side {
  return { self: [0], total: [0], totalSquares: [0], samples: [0], executions: [0] }
}
