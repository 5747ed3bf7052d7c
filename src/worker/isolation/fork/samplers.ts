import type { ProfileRequest } from '../profiling.ts'
import { InspectorSession } from './inspector-session.ts'
import { Witness } from './witness.ts'

/** A way to measure a process. */
export interface Instrument {
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
      return new CpuSampler(request.interval)
    case 'heap':
      return new HeapSampler(request.interval)
    case 'witness':
      return new Witness(request.suspects ?? [])
  }
}

class CpuSampler implements Instrument {
  readonly #interval: number
  #session: InspectorSession | undefined

  constructor(interval: number) {
    this.#interval = interval
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
