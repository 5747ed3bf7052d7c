import type { Description } from '../graph/describe.ts'
import type { LegendEntry } from '../graph/legend.ts'
import { element } from './dom.ts'

/** Below the graph: all that is known of one frame, what the colours mean, and how much is drawn. */
export class Details {
  readonly node: HTMLElement
  readonly #frame = element('div', { class: 'details' })
  readonly #legend = element('ul', { class: 'legend', 'aria-label': 'Colours' })
  readonly #drawn = element('span', { class: 'drawn' })

  constructor() {
    this.node = element('footer', {}, this.#frame, element('div', { class: 'below' }, this.#legend, this.#drawn))
  }

  showFrame({ name, location, facts }: Description): void {
    this.#frame.replaceChildren(
      element('bdi', { class: 'name' }, name),
      ...(location === '' ? [] : [element('bdi', { class: 'location' }, location)]),
      element('ul', { class: 'facts' }, ...facts.map((fact) => element('li', {}, fact))),
    )
  }

  showLegend(entries: readonly LegendEntry[]): void {
    this.#legend.replaceChildren(
      ...entries.map(({ meaning, words }) =>
        element('li', {}, element('span', { class: `swatch ${meaning}-0` }), words),
      ),
    )
  }

  showDrawn(note: string): void {
    this.#drawn.textContent = note
  }
}
