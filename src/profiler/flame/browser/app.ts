import type { FlameData, View } from '../graph/data.ts'
import { describeNode } from '../graph/describe.ts'
import { drawnNote, legendOf } from '../graph/legend.ts'
import { type Scene, sceneOf, Trees } from '../graph/scene.ts'
import { type FlameNode, pathOf } from '../graph/tree.ts'
import { Address } from './address.ts'
import { Details } from './details.ts'
import { element } from './dom.ts'
import { Help } from './help.ts'
import { type KeyActions, listenToKeys } from './keyboard.ts'
import { neighbour, widest } from './navigate.ts'
import { Stage } from './stage.ts'
import { applyTheme, isDark, onSystemTheme } from './theme.ts'
import { Toolbar, type ToolbarActions } from './toolbar.ts'

/**
 * The page. What is shown follows from the view and the data alone:
 * 1. an action changes the view, and with it the address;
 * 2. at most once in a frame of the screen, the scene that the view says is made and drawn;
 * 3. the frame that the reader points at or has reached by keyboard is described below.
 */
export class App {
  readonly #data: FlameData
  readonly #trees: Trees
  readonly #address: Address
  readonly #toolbar: Toolbar
  readonly #stage = new Stage()
  readonly #details = new Details()
  readonly #help = new Help()
  #view: View
  #scene: Scene
  /** Reached by keyboard, or zoomed. */
  #current: FlameNode
  #isRenderDue = false

  constructor(data: FlameData) {
    this.#data = data
    this.#trees = new Trees(data)
    this.#address = new Address(data.view)
    this.#view = this.#address.read()
    this.#scene = this.#makeScene()
    this.#current = this.#scene.around.focus
    this.#toolbar = new Toolbar(data, this.#actions())
  }

  /** Fills `host` and stays. */
  start(host: HTMLElement): void {
    const header = element(
      'header',
      {},
      element('h1', {}, this.#data.title),
      element('p', { class: 'subtitle' }, this.#data.subtitle),
      this.#toolbar.node,
    )
    applyTheme(this.#view.theme)
    host.append(header, this.#stage.node, this.#details.node, this.#help.node)
    this.#listen()
    this.#stage.measure()
    this.#render()
    this.#stage.scrollToRoot()
  }

  #actions(): ToolbarActions & KeyActions {
    return {
      change: (view) => this.#change(view),
      search: (query) => this.#change({ query }, { step: false }),
      showWidestMatch: () => this.#goToWidestMatch(),
      reset: () => this.#zoomTo(this.#scene.tree.root),
      help: () => this.#help.toggle(),
      move: (key) => this.#goTo(neighbour(key, this.#current, this.#scene.layout, this.#view.layout)),
      zoom: () => this.#zoomTo(this.#current),
      zoomOut: () => this.#zoomTo(this.#scene.around.focus.parent ?? this.#scene.tree.root),
      escape: () => this.#escape(),
      focusSearch: () => this.#toolbar.focusSearch(),
      turnLayout: () => this.#change({ layout: this.#view.layout === 'icicle' ? 'flame' : 'icicle' }),
      turnOrder: () => this.#change({ order: this.#view.order === 'top-down' ? 'bottom-up' : 'top-down' }),
      turnTheme: () => this.#change({ theme: isDark() ? 'light' : 'dark' }),
    }
  }

  #listen(): void {
    const { graph } = this.#stage
    graph.addEventListener('click', (event) => {
      const node = this.#stage.nodeOf(event)
      if (node !== undefined) this.#zoomTo(node)
    })
    graph.addEventListener('pointerover', (event) => this.#describe(this.#stage.nodeOf(event) ?? this.#current))
    graph.addEventListener('pointerleave', () => this.#describe(this.#current))
    this.#stage.onResize(() => this.#requestRender())
    this.#address.onChange(() => this.#show(this.#address.read()))
    onSystemTheme(() => this.#requestRender())
    listenToKeys(this.#actions())
  }

  /** `step`: something that the back button undoes. */
  #change(change: Partial<View>, { step = true } = {}): void {
    // A path leads somewhere in one tree only.
    const zoom = change.order === undefined || change.order === this.#view.order ? {} : { zoom: [] }
    const view = { ...this.#view, ...zoom, ...change }
    this.#address.write(view, step)
    this.#show(view)
  }

  #show(view: View): void {
    const before = this.#view
    this.#view = view
    applyTheme(view.theme)
    this.#requestRender(view.layout !== before.layout || view.order !== before.order)
  }

  #requestRender(toRoot = false): void {
    if (this.#isRenderDue) return
    this.#isRenderDue = true
    requestAnimationFrame(() => {
      this.#isRenderDue = false
      this.#render()
      if (toRoot) this.#stage.scrollToRoot()
    })
  }

  #makeScene(): Scene {
    return sceneOf(this.#trees, this.#data, this.#view, this.#stage.width)
  }

  #render(): void {
    const before = this.#scene.around.focus
    this.#scene = this.#makeScene()
    if (this.#scene.around.focus !== before) this.#current = this.#scene.around.focus
    const { hasFocus } = this.#stage
    this.#stage.draw(this.#scene)
    this.#stage.mark(this.#current, hasFocus)
    this.#toolbar.show(this.#scene)
    this.#details.showLegend(legendOf(this.#trees.topDown, this.#scene))
    this.#details.showDrawn(drawnNote(this.#scene))
    this.#describe(this.#current)
  }

  #describe(node: FlameNode): void {
    this.#stage.name(node)
    this.#details.showFrame(describeNode(node, this.#scene.around))
  }

  #zoomTo(node: FlameNode): void {
    if (node === this.#scene.around.focus) this.#goTo(node)
    else this.#change({ zoom: pathOf(node) })
  }

  #goTo(node: FlameNode | undefined): void {
    if (node === undefined) return
    this.#current = node
    this.#stage.mark(node, true)
    this.#describe(node)
  }

  #goToWidestMatch(): void {
    const { layout, found } = this.#scene
    this.#goTo(widest(layout.boxes.filter(({ node, ancestor }) => !ancestor && found?.has(node.place))))
  }

  #escape(): void {
    if (this.#help.isOpen) this.#help.toggle()
    else if (this.#view.query !== '') this.#change({ query: '' })
    else if (this.#view.zoom.length > 0) this.#zoomTo(this.#scene.tree.root)
  }
}
