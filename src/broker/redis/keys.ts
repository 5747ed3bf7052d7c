/** Names of keys and channels, as Python RQ 2.10 has them; ours are under `<prefix>:workhorse:`. */
export class Keys {
  /** With its colon. */
  readonly prefix: string

  constructor(prefix: string) {
    this.prefix = `${prefix}:`
  }

  get queues(): string {
    return `${this.prefix}queues`
  }

  get suspended(): string {
    return `${this.prefix}suspended`
  }

  get groups(): string {
    return `${this.prefix}groups`
  }

  get paused(): string {
    return this.own('paused')
  }

  get schedules(): string {
    return this.own('schedules')
  }

  /** Heard by workers that wait. */
  get wakeChannel(): string {
    return this.own('wake')
  }

  job(id: string): string {
    return `${this.prefix}job:${id}`
  }

  dependents(id: string): string {
    return `${this.prefix}job:${id}:dependents`
  }

  results(id: string): string {
    return `${this.prefix}results:${id}`
  }

  queue(name: string): string {
    return `${this.prefix}queue:${name}`
  }

  registry(kind: string, queue: string): string {
    return `${this.prefix}${kind}:${queue}`
  }

  group(name: string): string {
    return `${this.prefix}group:${name}`
  }

  /** A worker of RQ, a slot of ours among them. */
  worker(name: string): string {
    return `${this.prefix}worker:${name}`
  }

  ownWorker(name: string): string {
    return this.own(`worker:${name}`)
  }

  /** RQ's channel of commands to a worker. */
  commandChannel(worker: string): string {
    return `${this.prefix}pubsub:${worker}`
  }

  endedChannel(jobId: string): string {
    return this.own(`ended:${jobId}`)
  }

  own(name: string): string {
    return `${this.prefix}workhorse:${name}`
  }
}
