import type { FlameData, View } from '../graph/data.ts'
import type { Scene } from '../graph/scene.ts'
import { type SideWords, sideWords } from '../graph/side-words.ts'
import { element } from './dom.ts'
import { isDark } from './theme.ts'

/** What the toolbar asks of the page. */
export interface ToolbarActions {
  readonly change: (view: Partial<View>) => void
  readonly search: (query: string) => void
  readonly showWidestMatch: () => void
  readonly reset: () => void
  readonly turnTheme: () => void
  readonly help: () => void
}

interface Choice {
  readonly key: 'layout' | 'order' | 'width' | 'colour'
  readonly label: string
  /** Its options do not say what they are of. */
  readonly isNamed?: true
  readonly options: readonly (readonly [value: string, words: string])[]
}

const CHOICES: readonly Choice[] = [
  {
    key: 'layout',
    label: 'Layout',
    options: [
      ['icicle', 'Icicle'],
      ['flame', 'Flame'],
    ],
  },
  {
    key: 'order',
    label: 'Order',
    options: [
      ['top-down', 'Top down'],
      ['bottom-up', 'Bottom up'],
    ],
  },
]
const diffChoices = (words: SideWords): readonly Choice[] => [
  {
    key: 'width',
    label: 'Width',
    isNamed: true,
    options: [
      ['cold', capital(words.cold)],
      ['warm', capital(words.warm)],
    ],
  },
  {
    key: 'colour',
    label: 'Colour',
    isNamed: true,
    options: [
      ['verdict', 'Difference'],
      ['module', 'Module'],
    ],
  },
]

export class Toolbar {
  readonly node: HTMLElement
  readonly #input = element('input', {
    type: 'search',
    placeholder: 'Search: regular expression ( / )',
    'aria-label': 'Search frames by regular expression',
    spellcheck: 'false',
    autocomplete: 'off',
  })
  readonly #matched = element('output', { class: 'matched', role: 'status' })
  readonly #reset = element('button', { type: 'button', title: 'Escape' }, 'Reset zoom')
  readonly #theme = element('button', { type: 'button', title: 'd' })
  readonly #buttons: { readonly key: Choice['key']; readonly value: string; readonly button: HTMLButtonElement }[] = []

  constructor(data: FlameData, actions: ToolbarActions) {
    const help = element('button', { type: 'button', 'aria-label': 'Keyboard help', title: '?' }, '?')
    this.node = element(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'View' },
      element('div', { class: 'search' }, this.#input, this.#matched),
      this.#reset,
      element('span', { class: 'spring' }),
      ...[...CHOICES, ...(data.diff ? diffChoices(sideWords(data.sides)) : [])].map((choice) =>
        this.#choice(choice, actions),
      ),
      this.#theme,
      help,
    )
    this.#input.addEventListener('input', () => actions.search(this.#input.value))
    this.#input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') actions.showWidestMatch()
    })
    this.#reset.addEventListener('click', actions.reset)
    this.#theme.addEventListener('click', actions.turnTheme)
    help.addEventListener('click', actions.help)
  }

  show({ view, matched, invalid }: Scene): void {
    if (this.#input.value !== view.query) this.#input.value = view.query
    this.#input.setAttribute('aria-invalid', String(invalid !== undefined))
    this.#input.title = invalid ?? ''
    this.#matched.textContent = invalid === undefined ? matched : 'not a regular expression'
    this.#reset.disabled = view.zoom.length === 0
    for (const { key, value, button } of this.#buttons) button.setAttribute('aria-pressed', String(view[key] === value))
    this.#theme.textContent = isDark() ? 'Light' : 'Dark'
  }

  focusSearch(): void {
    this.#input.focus()
    this.#input.select()
  }

  #choice(choice: Choice, actions: ToolbarActions): HTMLElement {
    const { key, label, options } = choice
    const buttons = options.map(([value, words]) => {
      const button = element('button', { type: 'button' }, words)
      button.addEventListener('click', () => actions.change({ [key]: value }))
      this.#buttons.push({ key, value, button })
      return button
    })
    const heading = choice.isNamed ? [element('span', { class: 'name', 'aria-hidden': 'true' }, label)] : []
    return element('div', { class: 'choice', role: 'group', 'aria-label': label }, ...heading, ...buttons)
  }
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
