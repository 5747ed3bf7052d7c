import type { ProfileRequest } from '../profiling.ts'
import { InspectorSession } from './inspector-session.ts'
import type { Native } from './native.ts'
import { Witness } from './witness.ts'

/** A way to measure a process. */
export interface Instrument {
  /** What a reader is to know of how it measures. */
  readonly remark?: string | undefined
  start(): void
  /** What was seen until now does not count. Samplers need nothing: their samples carry the time. */
  forget?(): void
  /** What the job is called with. */
  learn?(args: readonly unknown[]): void
  /** What was seen: JSON. */
  stop(): unknown
  /** Leave no trace: for a process that goes on. */
  close?(): void
}

export function createInstrument(request: ProfileRequest): Instrument {
  switch (request.kind) {
    case 'cpu':
      return readySampler ? new ReadySampler(readySampler, request.interval) : new CpuSampler(request.interval, unready)
    case 'heap':
      return new HeapSampler(request.interval)
    case 'witness':
      return new Witness(request.suspects ?? [])
  }
}

/** The addon, where this process or the one it was forked from has V8's sampler ready. */
let readySampler: Sampler | undefined
/** Why there is none, where one was wanted. */
let unready: string | undefined

/**
 * Called in the zygote: what makes starting the sampler dear, V8's walk through all code that is loaded, is then done once, and
 * not in every horse. Where that cannot be had, horses do without, and what they measure says so.
 */
export function keepSamplerReady(
  native: Pick<Native, 'prepareSampler' | 'dismissSampler' | 'startSampler' | 'stopSampler'>,
  ready: boolean,
): void {
  addonNames = new Set(Object.keys(native))
  if (!ready) native.dismissSampler()
  readySampler = ready && native.prepareSampler() ? native : undefined
  unready = ready && readySampler === undefined ? NOT_EXPORTED : undefined
}

/** What this process's own addon calls its functions. */
let addonNames: ReadonlySet<string> = new Set()

/**
 * To V8 all functions of native addons are one, the one of Node that leads to them, and go by the name of one of them. Where that
 * is one of Workhorse's own, it would be taken for what the job does.
 */
function withAddonNames(profile: CpuProfile): CpuProfile {
  for (const { callFrame } of profile.nodes) {
    if (callFrame.url === '' && addonNames.has(callFrame.functionName)) callFrame.functionName = 'native addon'
  }
  return profile
}

interface CpuProfile {
  readonly nodes: readonly { readonly callFrame: { functionName: string; readonly url: string } }[]
}

const NOT_EXPORTED = `Node ${process.version} does not export V8's sampler, so each process started one of its own, which is slow`

type Sampler = Pick<Native, 'startSampler' | 'stopSampler'>

class ReadySampler implements Instrument {
  readonly #native: Sampler
  readonly #interval: number

  constructor(native: Sampler, interval: number) {
    this.#native = native
    this.#interval = interval
  }

  start(): void {
    this.#native.startSampler(this.#interval)
  }

  stop(): unknown {
    return withAddonNames(JSON.parse(this.#native.stopSampler()) as CpuProfile)
  }
}

class CpuSampler implements Instrument {
  readonly remark: string | undefined
  readonly #interval: number
  #session: InspectorSession | undefined

  constructor(interval: number, remark: string | undefined) {
    this.#interval = interval
    this.remark = remark
  }

  start(): void {
    this.#session = new InspectorSession()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.setSamplingInterval', { interval: this.#interval })
    this.#session.post('Profiler.start')
  }

  stop(): unknown {
    const profile = this.#session?.post<{ profile: CpuProfile }>('Profiler.stop').profile
    return profile && withAddonNames(profile)
  }

  close(): void {
    this.#session?.post('Profiler.disable')
    this.#session?.close()
  }
}

class HeapSampler implements Instrument {
  readonly #interval: number
  #session: InspectorSession | undefined

  constructor(interval: number) {
    this.#interval = interval
  }

  start(): void {
    this.#session = new InspectorSession()
    // What was allocated counts, not only what is still there at the end.
    const all = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }
    this.#session.post('HeapProfiler.startSampling', { samplingInterval: this.#interval, ...all })
  }

  stop(): unknown {
    return this.#session?.post<{ profile: unknown }>('HeapProfiler.stopSampling').profile
  }

  close(): void {
    this.#session?.close()
  }
}
