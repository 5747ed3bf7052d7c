export interface KeyActions {
  readonly move: (key: string) => void
  readonly zoom: () => void
  readonly zoomOut: () => void
  readonly escape: () => void
  readonly focusSearch: () => void
  readonly turnLayout: () => void
  readonly turnOrder: () => void
  readonly turnTheme: () => void
  readonly help: () => void
}

/** Keys of the whole page. In the search field only Escape is ours; on a button, Enter and the space bar are its own. */
export function listenToKeys(actions: KeyActions): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const { key, target } = event
    const action = actionOf(key, actions)
    if (action === undefined) return
    if (target instanceof HTMLInputElement && key !== 'Escape') return
    if (target instanceof HTMLButtonElement && (key === 'Enter' || key === ' ')) return
    event.preventDefault()
    if (target instanceof HTMLInputElement) target.blur()
    action()
  })
}

function actionOf(key: string, actions: KeyActions): (() => void) | undefined {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowRight':
    case 'ArrowUp':
    case 'ArrowDown':
    case 'Home':
      return () => actions.move(key)
    case 'Enter':
    case ' ':
      return actions.zoom
    case 'Backspace':
      return actions.zoomOut
    case 'Escape':
      return actions.escape
    case '/':
      return actions.focusSearch
    case 'l':
      return actions.turnLayout
    case 'r':
      return actions.turnOrder
    case 'd':
      return actions.turnTheme
    case '?':
      return actions.help
    default:
      return undefined
  }
}
