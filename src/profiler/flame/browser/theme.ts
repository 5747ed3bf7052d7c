import type { View } from '../graph/data.ts'

const system = matchMedia('(prefers-color-scheme: dark)')

export function applyTheme(theme: View['theme']): void {
  const { dataset } = document.documentElement
  if (theme === 'auto') delete dataset['theme']
  else dataset['theme'] = theme
}

/** What is seen now: the reader's choice, else the system's. */
export function isDark(): boolean {
  const { theme } = document.documentElement.dataset
  return theme === undefined ? system.matches : theme === 'dark'
}

export function onSystemTheme(callback: () => void): void {
  system.addEventListener('change', callback)
}
