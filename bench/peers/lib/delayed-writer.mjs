/** Writes each chunk so many milliseconds after it came, in order. Below a timer's grain it spins on setImmediate. */
export class DelayedWriter {
  #socket
  #delayMs
  #waiting = []
  #isArmed = false

  constructor(socket, delayMs) {
    this.#socket = socket
    this.#delayMs = delayMs
  }

  push(chunk) {
    if (this.#delayMs === 0) {
      this.#socket.write(chunk)
      return
    }
    this.#waiting.push({ chunk, dueAt: performance.now() + this.#delayMs })
    this.#arm()
  }

  #arm() {
    const first = this.#waiting[0]
    if (this.#isArmed || first === undefined) return
    this.#isArmed = true
    const left = first.dueAt - performance.now()
    // A timer fires up to a millisecond late: it is set short, and the rest is turned over.
    const wait = left > 1.5 ? (next) => setTimeout(next, Math.floor(left - 1)) : setImmediate
    wait(() => {
      this.#isArmed = false
      this.#flush()
      this.#arm()
    })
  }

  #flush() {
    const now = performance.now()
    while (this.#waiting.length > 0 && this.#waiting[0].dueAt <= now) this.#socket.write(this.#waiting.shift().chunk)
  }
}
