import { existsSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A place in a file; line and column from 0. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Where code was before it was compiled or bundled. Files without a map (or with a broken one) are as they are. */
export class SourceMaps {
  readonly #maps = new Map<string, SourceMap | undefined>()

  original(file: string, line: number, column: number): Place {
    const map = this.#map(file)
    if (map === undefined || line < 0) return { file, line, column }
    const entry = map.findEntry(line, Math.max(0, column))
    if (!('originalSource' in entry)) return { file, line, column }
    const { originalSource, originalLine, originalColumn } = entry
    const source = originalSource.startsWith('file://') ? fileURLToPath(originalSource) : originalSource
    const path = resolve(dirname(file), source)
    // Packages often come with maps and without the sources: a place that nobody can look at is no help.
    if (!existsSync(path)) return { file, line, column }
    return { file: path, line: originalLine, column: originalColumn }
  }

  #map(file: string): SourceMap | undefined {
    if (!this.#maps.has(file)) this.#maps.set(file, readMap(file))
    return this.#maps.get(file)
  }
}

function readMap(file: string): SourceMap | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    // The last one counts; bundlers leave those of their inputs in place.
    const url = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1]
    if (url === undefined) return undefined
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url)
    const json = inline
      ? Buffer.from(decodeURIComponent(inline[2] ?? ''), inline[1] ? 'base64' : 'utf8').toString('utf8')
      : readFileSync(resolve(dirname(file), decodeURIComponent(url)), 'utf8')
    return new SourceMap(JSON.parse(json) as SourceMapPayload)
  } catch {
    // Gone, or not ours to read, or no valid map: the compiled position is still a position.
    return undefined
  }
}
