import { formatCount, formatShare } from './amounts.ts'
import { type Meaning, meaningOf } from './palette.ts'
import type { Scene } from './scene.ts'
import { sideWords } from './side-words.ts'
import type { Tree } from './tree.ts'

export interface LegendEntry {
  readonly meaning: Meaning
  /** What it stands for, and how much was spent in frames of this colour themselves. */
  readonly words: string
}

const WORDS: Readonly<Record<Exclude<Meaning, 'hoistable' | 'less' | 'more'>, string>> = {
  application: 'application',
  node_modules: 'node_modules',
  node: 'Node',
  native: 'native',
  gc: 'garbage collection',
  profiler: 'profiler (not counted)',
  group: 'other',
  same: 'no difference',
}

/** The colours that occur, with what was spent in them; in the order of the palette. */
export function legendOf(tree: Tree, { data, view, around }: Scene): LegendEntry[] {
  const self = new Map<Meaning, number>()
  for (const node of tree.nodes) {
    if (node[around.side].extent === 0) continue
    const meaning = meaningOf(node, data.diff ? view.colour : 'module')
    self.set(meaning, (self.get(meaning) ?? 0) + node[around.side].self)
  }
  const words = wordsOf(data)
  return (Object.keys(words) as Meaning[]).flatMap((meaning) => {
    const spent = self.get(meaning)
    if (spent === undefined || (meaning === 'group' && spent === 0)) return []
    const share = meaning === 'profiler' ? '' : ` ${formatShare(spent, around.root[around.side].total)}`
    return [{ meaning, words: `${words[meaning]}${share}` }]
  })
}

function wordsOf({ sides }: Scene['data']): Readonly<Record<Meaning, string>> {
  const { same, ...others } = WORDS
  return { ...others, ...sideWords(sides).legend, same }
}

/** How much is drawn, and what of it cannot be seen. */
export function drawnNote({ data, layout }: Scene): string {
  const drawn = layout.boxes.filter(({ ancestor }) => !ancestor).length
  const notes = [countOf(drawn, 'frame')]
  if (layout.folded > 0) {
    const least = layout.minWidth === 0.5 ? 'half a pixel' : countOf(layout.minWidth, 'pixel')
    notes.push(`${formatCount(layout.folded)} more are narrower than ${least}: zoom in to see them`)
  }
  if (data.diff && layout.absent > 0) notes.push(`${formatCount(layout.absent)} without time on this side`)
  return notes.join('; ')
}

function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`
}
