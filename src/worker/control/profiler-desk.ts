import type { ClaimedJob } from '../../job/record.ts'
import type { ExecutionProfiler, ProfileRequest, Profiling } from '../isolation/profiling.ts'

/**
 * Lets several want executions of one worker profiled: who came last is asked first, and an execution is measured for one of them
 * only. While nobody is there, the isolation has no profiler, and profiling costs nothing.
 */
export class ProfilerDesk {
  readonly #profiling: Profiling
  #members: readonly ExecutionProfiler[] = []
  #samplesMany = false
  /** Who is to get what an execution has measured. */
  readonly #owners = new Map<string, ExecutionProfiler>()
  readonly #all: ExecutionProfiler = {
    request: (job) => this.#request(job),
    collected: (job, raw) => {
      this.#owners.get(job.executionId)?.collected(job, raw)
      this.#owners.delete(job.executionId)
    },
  }

  constructor(profiling: Profiling) {
    this.#profiling = profiling
  }

  /** Why nothing can be profiled here; undefined where it can. */
  get refusal(): string | undefined {
    return this.#profiling.refusal
  }

  /** @returns how to leave; what is measured already still arrives */
  add(member: ExecutionProfiler): () => void {
    this.#seat([member, ...this.#members])
    return () => this.#seat(this.#members.filter((other) => other !== member))
  }

  handOver(): Promise<void> {
    return this.#profiling.handOverProfiles()
  }

  #seat(members: readonly ExecutionProfiler[]): void {
    this.#members = members
    this.#profiling.profiler = members.length < 2 ? members[0] : this.#all
    const samplesMany = members.some((member) => member.samplesMany)
    if (samplesMany !== this.#samplesMany) this.#profiling.expectSampling?.(samplesMany)
    this.#samplesMany = samplesMany
  }

  #request(job: ClaimedJob): ProfileRequest | undefined {
    for (const member of this.#members) {
      const request = member.request(job)
      if (request === undefined) continue
      this.#owners.set(job.executionId, member)
      return request
    }
    return undefined
  }
}
