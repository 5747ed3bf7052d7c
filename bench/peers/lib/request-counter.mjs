const LINE_END = 0x0a

/**
 * Counts requests in a client's stream. Each is an array of bulk strings: `*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n`. Bodies are
 * skipped by their length, for they may hold anything.
 */
export class RequestCounter {
  /** Bytes of a body, with its line end, that are still to come. */
  #skip = 0
  /** Bulk strings of the request that are still to come. */
  #items = 0
  #line = ''

  /** How many requests this chunk brings to their end. */
  push(chunk) {
    let ended = 0
    for (let at = 0; at < chunk.length; ) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at)
        this.#skip -= skipped
        at += skipped
        if (this.#skip === 0 && --this.#items === 0) ended++
        continue
      }
      const end = chunk.indexOf(LINE_END, at)
      this.#line += chunk.toString('latin1', at, end < 0 ? chunk.length : end)
      if (end < 0) break
      at = end + 1
      this.#header()
    }
    return ended
  }

  #header() {
    const number = Number.parseInt(this.#line.slice(1), 10)
    if (this.#line[0] === '*') this.#items = number
    else if (this.#line[0] === '$') this.#skip = number + 2
    else throw new Error(`the proxy reads only requests of bulk strings, not '${this.#line}'`)
    this.#line = ''
  }
}
