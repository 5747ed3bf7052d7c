import { element } from './dom.ts'

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['\u2190 \u2191 \u2192 \u2193', 'go to the neighbour, the caller, the widest callee'],
  ['Home', 'go to the root'],
  ['Enter, click', 'zoom to the frame'],
  ['Backspace', 'zoom out one frame'],
  ['Escape', 'end the search, then the zoom'],
  ['/', 'search names, files and lines; lower case finds both cases'],
  ['l', 'icicle or flame'],
  ['r', 'top down or bottom up'],
  ['d', 'dark or light'],
  ['?', 'this list'],
]

/** The keys, over the graph. */
export class Help {
  readonly node = element(
    'section',
    { class: 'help', hidden: '', 'aria-label': 'Keyboard' },
    element('h2', {}, 'Keyboard'),
    element('dl', {}, ...KEYS.flatMap(([keys, does]) => [element('dt', {}, keys), element('dd', {}, does)])),
  )

  get isOpen(): boolean {
    return !this.node.hidden
  }

  toggle(): void {
    this.node.hidden = !this.node.hidden
  }
}
