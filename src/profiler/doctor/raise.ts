import type { CallPlace } from '../../worker/isolation/profiling.ts'
import type { Trial } from '../capture/trial.ts'
import { FrameTable } from '../frame-table.ts'
import type { CallFrame } from '../v8.ts'
import type { CallFacts } from './call-facts.ts'
import type { Repeat } from './repeat.ts'
import type { RepeatFinder } from './repeats.ts'
import { watchSuspects } from './witness-runs.ts'

export interface Raised {
  readonly repeats: readonly Repeat[]
  /** Those that are given one of the job's own arguments, with its value as JSON. */
  readonly given: ReadonlyMap<Repeat, string>
}

/**
 * After an `await` the sampler sees a function without its callers, so the shallowest one that it has seen need not be
 * the shallowest there is. Here each repeat is called once more under a debugger, which knows callers over awaits, and goes
 * up to its outermost caller that does nothing else, opens nothing, and is given none of the job's arguments. Repeats that meet in one caller become one.
 */
export async function raiseRepeats(
  trial: Trial,
  job: string,
  args: readonly string[],
  found: readonly Repeat[],
  finder: RepeatFinder,
  facts: CallFacts,
  frames: FrameTable,
): Promise<Raised> {
  const own = await watchSuspects(
    trial,
    job,
    args,
    found.map(({ frame }) => frames.callFrame(frame)),
  )
  /** A used process gets other arguments, too, and does not call it for them: then it is not done for each of them. */
  const isForAll = (index: number): boolean =>
    own.givenVarious.has(index) && finder.isRepeated(frames.callFrame((found[index] as Repeat).frame))
  const chains = found.map((_, index) =>
    own.given.has(index) ? [] : repeatedCallers(found[index] as Repeat, own.callers.get(index) ?? []),
  )
  const ancestors = [...new Map(chains.flat().map((frame) => [frames.intern(frame), frame])).entries()]
  const above = await watchSuspects(
    trial,
    job,
    args,
    ancestors.map(([, frame]) => frame),
  )
  const isGivenOne = (index: number): boolean => ancestors.some(([key], at) => key === index && above.given.has(at))

  const merged = new Map<number, Repeat>()
  const given = new Map<Repeat, string>()
  for (const [index, repeat] of found.entries()) {
    const value = own.given.get(index)
    if (value !== undefined && !isForAll(index)) {
      given.set(repeat, value)
      continue
    }
    const chain = (chains[index] as CallFrame[]).map((frame) => frames.intern(frame))
    const stop = chain.findIndex(isGivenOne)
    const way = stop < 0 ? chain : chain.slice(0, stop)
    // What has no name is a bad name for it.
    const target = way.findLast((frame) => finder.isNameable(frame)) ?? repeat.frame
    const key = frames.category(target) === 'native' ? -1 - index : target
    const known = merged.get(key)
    merged.set(
      key,
      known
        ? together(known, repeat, target)
        : {
            ...repeat,
            frame: target,
            caller: target === repeat.frame ? repeat.caller : undefined,
            needsArguments: value !== undefined,
          },
    )
  }
  const repeats = [...merged.values()].sort((a, b) => b.coldMs - b.warmMs - (a.coldMs - a.warmMs))
  return { repeats: [...repeats, ...given.keys()], given }

  /** Up from the function, as long as all on the way can be done before the fork. */
  function repeatedCallers(repeat: Repeat, stack: readonly CallPlace[]): CallFrame[] {
    const callers: CallFrame[] = []
    const places = stack.filter(({ url }) => url !== '' && !url.startsWith('node:'))
    for (const [at, place] of places.entries()) {
      const caller = facts.functionAround(place)
      const above = places[at + 1]
      // What Workhorse calls is the job's own function.
      if (caller === undefined || above === undefined || FrameTable.isOwnUrl(above.url)) break
      if (!finder.isRepeated(caller) && !finder.isShellOf(repeat, caller)) break
      const index = frames.intern(caller)
      if (frames.isOwn(index) || finder.unsafeOf(index).length > 0) break
      callers.push(caller)
    }
    return callers
  }
}

function together(one: Repeat, other: Repeat, frame: number): Repeat {
  return {
    frame,
    nodes: [...one.nodes, ...other.nodes],
    coldMs: one.coldMs + other.coldMs,
    warmMs: one.warmMs + other.warmMs,
    presence: Math.max(one.presence, other.presence),
    unsafe: one.unsafe,
    within: one.within ?? other.within,
    needsArguments: one.needsArguments === true || other.needsArguments === true,
    caller: undefined,
  }
}
