import { describe, expect, it } from 'vitest'
import { formatAmount, formatCount, formatShare } from '../../src/profiler/flame/graph/amounts.ts'
import { DEFAULT_VIEW } from '../../src/profiler/flame/graph/data.ts'
import { labelOf, truncate } from '../../src/profiler/flame/graph/label.ts'
import { layOut } from '../../src/profiler/flame/graph/layout.ts'
import { embeddedJson, escapeMarkup, printable } from '../../src/profiler/flame/graph/markup.ts'
import { reverseTree } from '../../src/profiler/flame/graph/reverse.ts'
import { sceneOf, Trees } from '../../src/profiler/flame/graph/scene.ts'
import { type FlameNode, nodeAt, pathOf, treeOf } from '../../src/profiler/flame/graph/tree.ts'
import { hashOf, viewOf } from '../../src/profiler/flame/graph/view.ts'
import { resolveFlameOptions } from '../../src/profiler/flame/options.ts'
import { packProfile } from '../../src/profiler/flame/pack.ts'
import { renderHtml } from '../../src/profiler/flame/render-html.ts'
import { renderSvg } from '../../src/profiler/flame/render-svg.ts'
import { PHASES, type Profile } from '../../src/profiler/profile.ts'
import { largeProfile, profileOf } from '../support/flame-profiles.ts'
import { redashDiff, redashProfile } from '../support/flame-redash.ts'

const pack = (profile: Profile) => packProfile(profile, resolveFlameOptions({}))

/** A tree as text, one frame in a line: name, total, own. */
function outline(root: FlameNode): string[] {
  const line = ({ depth, place, cold }: FlameNode) => `${'  '.repeat(depth)}${place.name} ${cold.total} ${cold.self}`
  return [line(root), ...root.children.flatMap(outline)]
}

const SMALL = profileOf([
  {
    name: 'a',
    self: 1,
    children: [
      { name: 'b', self: 2, children: [{ name: 'a', self: 3 }] },
      { name: 'c', self: 4 },
    ],
  },
  { name: 'c', self: 5 },
  { name: '(profiler)', category: 'profiler', self: 90 },
])

describe('the tree', () => {
  it('has the widest first, and what measuring cost last and outside the total', () => {
    expect(outline(treeOf(pack(SMALL)).root)).toEqual([
      'all 15 0',
      '  a 10 1',
      '    b 5 2',
      '      a 3 3',
      '    c 4 4',
      '  c 5 5',
      '  (profiler) 90 90',
    ])
  })

  it('has the phases in the order in which they happen', () => {
    const phases = (['job', 'exit', 'load', 'finish', 'after-fork'] as const).map(
      (phase, index) => ({ name: phase, phase, category: 'group', self: index + 1 }) as const,
    )
    const { root } = treeOf(pack(profileOf(phases)))
    expect(root.children.map(({ place }) => place.name)).toEqual(PHASES)
  })

  it('reversed has each function with its own time, and its callers below', () => {
    expect(outline(reverseTree(treeOf(pack(SMALL))).root)).toEqual([
      'all 15 0',
      '  c 9 9',
      '    a 4 0',
      '  a 4 4',
      '    b 3 0',
      '      a 3 0',
      '  b 2 2',
      '    a 2 0',
      '  (profiler) 90 90',
    ])
  })

  it('reversed makes only the frames that somebody asks for', () => {
    const tree = reverseTree(treeOf(pack(largeProfile(5000))))
    expect(tree.nodes).toHaveLength(1)
    layOut(tree.root, 'cold', 1200)
    expect(tree.nodes.length).toBeLessThan(30_000)
  })

  it('is found again by its path', () => {
    const tree = treeOf(pack(redashProfile()))
    for (const node of tree.nodes) expect(nodeAt(tree, pathOf(node))).toBe(node)
    expect(nodeAt(tree, [0, 99])).toBeUndefined()
  })
})

describe('the layout', () => {
  it('gives each frame its share of the width, inside its caller', () => {
    const { boxes } = layOut(treeOf(pack(SMALL)).root, 'cold', 15 * 1.06 * 10)
    const rounded = boxes.map(({ node, x, width }) => [node.place.name, Math.round(x), Math.round(width)])
    expect(rounded).toEqual([
      ['all', 0, 159],
      ['a', 0, 100],
      ['b', 0, 50],
      ['a', 0, 30],
      ['c', 50, 40],
      ['c', 100, 50],
      // Six times as long as all that was measured, it would leave no room for it.
      ['(profiler)', 150, 9],
    ])
  })

  it('draws at most 3,000 frames, and counts every other one', () => {
    const tree = treeOf(pack(largeProfile(20_000)))
    const { boxes, folded, minWidth } = layOut(tree.root, 'cold', 4000)
    expect(boxes.length).toBeLessThanOrEqual(3000)
    expect(minWidth).toBeGreaterThan(0.5)
    expect(boxes.length + folded).toBe(tree.nodes.length)
  })

  it('marks the room of what is too narrow to be drawn', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ name: `leaf${index}`, self: 1 }))
    const { rests } = layOut(treeOf(pack(profileOf([{ name: 'top', self: 1000, children: many }]))).root, 'cold', 400)
    expect(rests).toEqual([{ x: 0, width: expect.closeTo(200), depth: 2, frames: 1000 }])
  })
})

describe('a search', () => {
  const matched = (query: string, view = {}) => {
    const data = pack(SMALL)
    return sceneOf(new Trees(data), data, { ...DEFAULT_VIEW, query, ...view }, 1000).matched
  }

  it('counts matches above each other once', () => {
    expect(matched('^a$')).toBe('66.7 % matched')
    expect(matched('^[abc]$')).toBe('100.0 % matched')
  })

  it('counts nothing of what measuring cost', () => {
    expect(matched('profiler')).toBe('0 % matched')
  })

  it('finds the same share from both ends', () => {
    for (const query of ['^a$', '^b$', '^c$', 'a|c', 'profiler', 'all']) {
      expect(matched(query, { order: 'bottom-up' }), query).toBe(matched(query))
    }
  })

  it('looks only at what is zoomed', () => {
    expect(matched('^c$', { zoom: [0] })).toBe('40.0 % matched')
  })
})

describe('labels', () => {
  const place = {
    name: 'parseSchema',
    file: 'src/deep/schema.ts',
    line: 12,
    category: 'application',
    text: '',
    hash: 0,
  } as const

  it('say where a function is from, if there is room', () => {
    expect(labelOf(place, 40)).toEqual({ name: 'parseSchema', location: 'schema.ts:12' })
    expect(labelOf(place, 20)).toEqual({ name: 'parseSchema', location: '' })
  })

  it('are cut with an ellipsis, and left out where they would say nothing', () => {
    expect(labelOf(place, 6)).toEqual({ name: 'parse…', location: '' })
    expect(labelOf(place, 2)).toBeUndefined()
  })

  it('are cut between characters as people see them, wide ones counting twice', () => {
    expect(truncate('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 6)).toBe('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦')
    expect(truncate('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 5)).toBe('👩‍👩‍👧‍👦👩‍👩‍👧‍👦…')
    expect(truncate('日本語', 4)).toBe('日…')
  })
})

describe('amounts', () => {
  it('have three digits and the unit that suits them', () => {
    const times = [0, 0.5, 12, 999.6, 61_234, 14_200_000, 5_000_000_000].map((us) => formatAmount(us, 'microseconds'))
    expect(times).toEqual(['0 ms', '0.5 µs', '12 µs', '1 ms', '61.2 ms', '14.2 s', '5,000 s'])
    expect([0, 900, 1_500_000].map((bytes) => formatAmount(bytes, 'bytes'))).toEqual(['0 bytes', '900 bytes', '1.5 MB'])
  })

  it('have shares that never round a little to nothing', () => {
    expect([0, 0.0001, 0.5, 72].map((part) => formatShare(part, 100))).toEqual(['0 %', '< 0.01 %', '0.50 %', '72.0 %'])
    expect(formatShare(1, 0)).toBe('0 %')
  })

  it('count with commas', () => {
    expect([7, 1000, 1234567].map(formatCount)).toEqual(['7', '1,000', '1,234,567'])
  })
})

describe('the address', () => {
  it('has only what differs from how the file opens', () => {
    expect(hashOf(DEFAULT_VIEW, DEFAULT_VIEW)).toBe('')
    const view = { ...DEFAULT_VIEW, zoom: [0, 12, 3], query: 'a&b=c#', layout: 'flame', theme: 'dark' } as const
    expect(hashOf(view, DEFAULT_VIEW)).toBe('zoom=0.12.3&query=a%26b%3Dc%23&layout=flame&theme=dark')
    expect(viewOf(`#${hashOf(view, DEFAULT_VIEW)}`, DEFAULT_VIEW)).toEqual(view)
  })

  it('brings back what it says, also where the file opens otherwise', () => {
    const initial = { ...DEFAULT_VIEW, layout: 'flame', order: 'bottom-up' } as const
    const view = { ...DEFAULT_VIEW, zoom: [1] }
    expect(viewOf(hashOf(view, initial), initial)).toEqual(view)
  })

  it('is not believed where it makes no sense', () => {
    expect(viewOf('#zoom=1..2&layout=cube&theme=&width=%ZZ&x=y', DEFAULT_VIEW)).toEqual(DEFAULT_VIEW)
  })
})

describe('markup', () => {
  it('is text in elements and in attributes', () => {
    expect(escapeMarkup(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
  })

  it('writes out what XML forbids and what turns text round', () => {
    expect(printable('a\0\u202eb\ud800c\u2028\ufffe\t')).toBe('a\\u0000\\u202eb\\ud800c\\u2028\\ufffe\\u0009')
    expect(printable('שלום 日本語 👩‍👩‍👧‍👦 naïve')).toBe('שלום 日本語 👩‍👩‍👧‍👦 naïve')
  })

  it('has JSON that ends no script and is the same JSON', () => {
    const value = { name: '</script><!-- ]]> \u2028 & "' }
    expect(embeddedJson(value)).not.toMatch(/[<>&\u2028]/)
    expect(JSON.parse(embeddedJson(value))).toEqual(value)
  })
})

describe('the files', () => {
  it('say in their head what they are', () => {
    expect(renderSvg(redashProfile())).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg [^>]*viewBox="0 0 1200 \d+"/,
    )
    expect(renderHtml(redashProfile(), { title: 'A & B' })).toContain('<title>A &amp; B</title>')
  })

  it('name nothing that would be loaded', () => {
    for (const text of [renderSvg(redashDiff()), renderHtml(redashDiff())]) {
      const urls = [...text.matchAll(/https?:\/\/[^\s"'`<)]+/g)].map(([url]) => url)
      expect(urls.filter((url) => !/^http:\/\/www\.w3\.org\/(2000\/svg|1999\/xhtml)$/.test(url))).toEqual([])
      expect(text).not.toMatch(/\beval\(|new Function|\bimport\(|@import|\son\w+=| style=/)
    }
  })

  it('are the same for the same profile', () => {
    expect(renderSvg(largeProfile(300))).toBe(renderSvg(largeProfile(300)))
  })

  it('show bytes of a heap profile as bytes', () => {
    expect(renderSvg(profileOf([{ name: 'grow', self: 3_000_000 }], { unit: 'bytes', rateHz: 0 }))).toContain(
      '3 MB, 100.0 % of all',
    )
  })

  it('open as the options say', () => {
    const svg = renderSvg(redashProfile(), { layout: 'flame', theme: 'dark', pictureWidth: 800 })
    expect(svg).toContain('data-theme="dark"')
    expect(svg).toContain('width="800"')
    expect(svg).toContain('"layout":"flame"')
  })

  it('are not made with options that do not exist', () => {
    expect(() => renderSvg(redashProfile(), { layuot: 'flame' } as never)).toThrow("did you mean 'layout'?")
    expect(() => renderSvg(redashProfile(), { layout: 'pyramid' as never })).toThrow(
      'must be icicle or flame, got "pyramid"',
    )
    expect(() => renderHtml(redashProfile(), { pictureWidth: 3 })).toThrow('must be 320 to 10000 pixels, got 3')
  })

  it('are not made of what is no profile', () => {
    const good = profileOf([{ name: 'a', self: 1 }])
    const [root, node] = good.nodes
    if (root === undefined || node === undefined) throw new Error('a profile without nodes')
    const withNode = (change: object) => ({ ...good, nodes: [root, { ...node, ...change }] })
    expect(() => renderSvg(withNode({ frame: 7 }))).toThrow('node 1 has frame 7 of 1')
    expect(() => renderSvg(withNode({ parent: 5 }))).toThrow('node 1 has parent 5, which is no node before it')
    expect(() => renderSvg(withNode({ total: Number.NaN }))).toThrow('node 1 (a) has NaN')
    expect(() => renderSvg(withNode({ total: -1 }))).toThrow('node 1 (a) has -1')
  })
})
