const BATCH = 100
/** On the way at a time: enough that no slot ever waits for a producer. */
const ON_THE_WAY = 300

/** Keeps a worker busy with jobs of one kind, and knows of each whether it ended once, and well. */
export class Load {
  #broker
  #make
  /** Ids that are on their way. What is kept here must not grow with the jobs. */
  #open = new Set()
  #ended = () => {}
  wrong = []
  finished = 0

  constructor(broker, supervisor, make) {
    this.#broker = broker
    this.#make = make
    supervisor.on('ended', ({ id }, { type, failure }) => {
      if (this.#open.delete(id) && type === 'finished') this.finished++
      else this.wrong.push(`${id} ${type} ${failure?.message ?? ''}`)
      this.#ended()
    })
  }

  /** Enqueues so many, and resolves when all of them have ended. */
  async run(count) {
    for (let left = count; left > 0; ) {
      const batch = Array.from({ length: Math.min(left, BATCH) }, () => this.#make())
      left -= batch.length
      for (const { id } of batch) this.#open.add(id)
      await this.#broker.jobEnqueue(batch)
      await this.#below(left > 0 ? ON_THE_WAY : 0)
    }
    await this.#told()
  }

  async #below(limit) {
    while (this.#open.size > limit) {
      await new Promise((resolve) => {
        this.#ended = resolve
      })
    }
  }

  /** The worker tells the broker of an end right after it has told us. */
  async #told() {
    for (;;) {
      const counts = (await this.#broker.queueList()).map(({ counts }) => counts)
      if (counts.every(({ queued, started }) => queued + started === 0)) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}
