import { type Audience, CHARACTER_WIDTH, drawFrames, FONT_SIZE, frameTitle, ROW_HEIGHT } from '../graph/draw.ts'
import { NO_SAMPLES, type Scene } from '../graph/scene.ts'
import type { FlameNode } from '../graph/tree.ts'
import { element, svgElement } from './dom.ts'

/** Where the frames are drawn. It measures only when the window changes, and writes everything in one go. */
export class Stage {
  readonly node = element('main', { class: 'stage' })
  readonly graph = svgElement('svg', { role: 'tree', 'aria-label': 'Flame graph' })
  readonly #empty = element('p', { class: 'empty' }, NO_SAMPLES)
  #audience: Audience = { characterWidth: CHARACTER_WIDTH, isLive: true }
  #scene: Scene | undefined
  width = 0

  constructor() {
    this.node.append(this.graph)
  }

  /** Calls back when the width has changed. */
  onResize(callback: () => void): void {
    const observer = new ResizeObserver(() => {
      const before = this.width
      this.measure()
      if (this.width !== before) callback()
    })
    observer.observe(this.node)
  }

  measure(): void {
    if (this.width === 0) this.#audience = { characterWidth: measureCharacter(this.graph), isLive: true }
    this.width = Math.max(200, this.graph.getBoundingClientRect().width)
  }

  draw(scene: Scene): void {
    const { layout, view, around } = scene
    this.#scene = scene
    this.node.classList.toggle('flame', view.layout === 'flame')
    this.graph.setAttribute('height', String(layout.rows * ROW_HEIGHT))
    // The one place where markup is parsed; everything in it was escaped where it was made.
    this.graph.innerHTML = drawFrames(scene, this.#audience)
    if (around.root[around.side].extent > 0) this.#empty.remove()
    else this.node.append(this.#empty)
  }

  /** The frame that an event happened on. */
  nodeOf(event: Event): FlameNode | undefined {
    const frame = event.target instanceof Element ? event.target.closest('[data-frame]') : null
    return frame === null ? undefined : this.#scene?.tree.nodes[Number(frame.getAttribute('data-frame'))]
  }

  /** Gives a frame the name that it has without only where there is room for a label. */
  name(node: FlameNode): void {
    const frame = this.#elementOf(node)
    if (frame === null || this.#scene === undefined || frame.querySelector('title') !== null) return
    const title = svgElement('title')
    title.textContent = frameTitle(node, this.#scene)
    frame.prepend(title)
  }

  /** Exactly one frame can be reached by Tab: the current one. */
  mark(node: FlameNode, takeFocus: boolean): void {
    const before = this.graph.querySelector('[tabindex="0"]')
    before?.classList.remove('current')
    before?.setAttribute('tabindex', '-1')
    this.name(node)
    const frame = this.#elementOf(node)
    if (frame === null) return
    // The root is where everybody begins.
    frame.classList.toggle('current', node.parent !== undefined)
    frame.setAttribute('tabindex', '0')
    frame.setAttribute('role', 'treeitem')
    frame.setAttribute('aria-level', String(node.depth + 1))
    if (takeFocus) frame.focus()
  }

  get hasFocus(): boolean {
    return this.graph.contains(document.activeElement)
  }

  /** Shows the end where the root is. */
  scrollToRoot(): void {
    this.node.scrollTop = this.#scene?.view.layout === 'flame' ? this.node.scrollHeight : 0
  }

  #elementOf({ id }: FlameNode): SVGElement | null {
    return this.graph.querySelector<SVGElement>(`[data-frame="${id}"]`)
  }
}

const SAMPLE = 'abcdefghijklmnopqrstuvwxyz(./:)0'

/** How wide a character of the font is that the browser has chosen. */
function measureCharacter(graph: SVGSVGElement): number {
  const text = svgElement('text')
  text.textContent = SAMPLE
  graph.append(text)
  const width = text.getComputedTextLength() / SAMPLE.length
  text.remove()
  // Without a layout there is nothing to measure.
  return width > FONT_SIZE / 4 ? width : CHARACTER_WIDTH
}
