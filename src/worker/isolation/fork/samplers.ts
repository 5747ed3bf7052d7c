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
  if (!ready) native.dismissSampler()
  readySampler = ready && native.prepareSampler() ? native : undefined
  unready = ready && readySampler === undefined ? NOT_EXPORTED : undefined
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
    return JSON.parse(this.#native.stopSampler())
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
    return this.#session?.post<{ profile: unknown }>('Profiler.stop').profile
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
