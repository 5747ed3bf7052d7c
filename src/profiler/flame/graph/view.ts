import { DEFAULT_VIEW, type View } from './data.ts'

/** What may stand in the address, beside the path of the zoom and the query; the first is usually the default. */
const CHOICES = {
  layout: ['icicle', 'flame'],
  order: ['top-down', 'bottom-up'],
  width: ['cold', 'warm'],
  colour: ['verdict', 'module'],
  theme: ['auto', 'light', 'dark'],
} as const satisfies { readonly [Key in keyof View]?: readonly View[Key][] }

/** The part of the address after `#`: only what differs from how the file opens by itself. */
export function hashOf(view: View, initial: View): string {
  const parameters = new URLSearchParams()
  if (view.zoom.length > 0) parameters.set('zoom', view.zoom.join('.'))
  if (view.query !== '') parameters.set('query', view.query)
  for (const key of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    if (view[key] !== initial[key]) parameters.set(key, view[key])
  }
  return parameters.toString()
}

/** The reverse; what is not understood is as if it were not there: addresses are edited by hand. */
export function viewOf(hash: string, initial: View): View {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const chosen = Object.entries(CHOICES).flatMap(([key, choices]) => {
    const value = parameters.get(key)
    return (choices as readonly (string | null)[]).includes(value) ? [[key, value]] : []
  })
  return {
    ...DEFAULT_VIEW,
    ...initial,
    ...(Object.fromEntries(chosen) as Partial<View>),
    zoom: parsePath(parameters.get('zoom') ?? ''),
    query: parameters.get('query') ?? initial.query,
  }
}

function parsePath(text: string): number[] {
  return /^\d+(\.\d+)*$/.test(text) ? text.split('.').map(Number) : []
}
