import type { View } from '../graph/data.ts'
import { hashOf, viewOf } from '../graph/view.ts'

/** Typing makes one change of the address when it pauses: browsers refuse many in a short time. */
const PAUSE_MS = 250

/** The view in the address: links and the back button restore it. */
export class Address {
  readonly #initial: View
  #pending: ReturnType<typeof setTimeout> | undefined

  constructor(initial: View) {
    this.#initial = initial
  }

  read(): View {
    return viewOf(location.hash, this.#initial)
  }

  /** `step`: something that the back button undoes. */
  write(view: View, step: boolean): void {
    clearTimeout(this.#pending)
    this.#pending = undefined
    const url = `#${hashOf(view, this.#initial)}`
    if (step) history.pushState(null, '', url)
    else this.#pending = setTimeout(() => history.replaceState(null, '', url), PAUSE_MS)
  }

  /** Calls back when the reader goes back or forward, or edits the address. */
  onChange(callback: () => void): void {
    addEventListener('popstate', callback)
    addEventListener('hashchange', callback)
  }
}
