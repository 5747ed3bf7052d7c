import { relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Frame, FrameCategory } from './profile.ts'
import { SourceMaps } from './source-maps.ts'
import type { CallFrame } from './v8.ts'

/** Workhorse's own compiled code: what makes a process a horse. */
const OWN_FOLDER = fileURLToPath(new URL('../', import.meta.url))

export const GARBAGE = '(garbage collector)'
export const IDLE = '(idle)'

/**
 * Each place in code once. Places are told apart by name, file and position, never by V8's ids, which differ from
 * process to process.
 */
export class FrameTable {
  readonly #byFile = new Map<string, Map<string, number>>()
  readonly #frames: CallFrame[] = []
  readonly #categories: FrameCategory[] = []
  readonly #own: boolean[] = []

  /** The number of a frame. */
  intern(frame: CallFrame): number {
    const places = this.#byFile.get(frame.url) ?? this.#newFile(frame.url)
    const key = `${frame.functionName}:${frame.lineNumber}:${frame.columnNumber}`
    return places.get(key) ?? this.#newPlace(places, key, frame)
  }

  /** Scripts of CommonJS have paths, where V8 tells of them itself; its inspector makes URLs of those. */
  #newFile(url: string): Map<string, number> {
    const same = url.startsWith('/') ? this.#byFile.get(pathToFileURL(url).href) : undefined
    const places = same ?? new Map<string, number>()
    this.#byFile.set(url, places)
    if (url.startsWith('/')) this.#byFile.set(pathToFileURL(url).href, places)
    return places
  }

  #newPlace(places: Map<string, number>, key: string, seen: CallFrame): number {
    const { functionName, lineNumber, columnNumber } = seen
    const url = seen.url.startsWith('/') ? pathToFileURL(seen.url).href : seen.url
    const frame = { functionName, url, lineNumber, columnNumber }
    const index = this.#frames.push(frame) - 1
    places.set(key, index)
    const path = pathOf(url)
    this.#own.push(path.startsWith(OWN_FOLDER))
    this.#categories.push(categoryOf(frame, path))
    return index
  }

  /** A heading that is no code. */
  heading(text: string, category: FrameCategory): number {
    const index = this.intern({ functionName: text, url: `heading:${category}`, lineNumber: -1, columnNumber: -1 })
    this.#categories[index] = category
    return index
  }

  callFrame(index: number): CallFrame {
    return this.#frames[index] as CallFrame
  }

  isOwn(index: number): boolean {
    return this.#own[index] as boolean
  }

  /** As isOwn, of a file. */
  static isOwnUrl(url: string): boolean {
    return pathOf(url).startsWith(OWN_FOLDER)
  }

  category(index: number): FrameCategory {
    return this.#categories[index] as FrameCategory
  }

  /** All frames for people: paths as short as they can be, positions after source maps. */
  locate(folder: string): Frame[] {
    const maps = new SourceMaps()
    return this.#frames.map((frame, index) => locate(frame, this.category(index), maps, folder))
  }
}

function locate(frame: CallFrame, category: FrameCategory, maps: SourceMaps, folder: string): Frame {
  const { functionName, lineNumber, columnNumber } = frame
  if (frame.url === '' || frame.url.startsWith('heading:')) {
    return { function: functionName || '(native)', file: '', line: 0, category }
  }
  const name = functionName === '' || functionName === '(anonymous)' ? anonymous(frame) : functionName
  if (!/^(file:|\/)/.test(frame.url)) return { function: name, file: frame.url, line: lineNumber + 1, category }
  const place = maps.original(pathOf(frame.url), lineNumber, columnNumber)
  const column = place.column < 0 ? {} : { column: place.column + 1 }
  // A bundle's frames are what they were before it was bundled.
  const mapped = place.file === pathOf(frame.url) ? category : categoryOf(frame, place.file)
  return { function: name, file: shorten(place.file, folder), line: place.line + 1, ...column, category: mapped }
}

/** V8 has no name for the top level of a file, which begins where the file does. */
function anonymous({ lineNumber, columnNumber }: CallFrame): string {
  return lineNumber === 0 && columnNumber <= 0 ? '(module)' : '(anonymous)'
}

function shorten(file: string, folder: string): string {
  if (file.startsWith(OWN_FOLDER)) return `workhorse/${file.slice(OWN_FOLDER.length)}`
  const path = relative(folder, file)
  return path.startsWith(`..${sep}`) || path === '' ? file : path
}

function pathOf(url: string): string {
  if (!url.startsWith('file://')) return url
  try {
    // Loaders put versions into the query.
    return fileURLToPath(url.replace(/[?#].*$/, ''))
  } catch {
    // Not a path of this machine's form: it stays what it is.
    return url
  }
}

function categoryOf({ functionName, url }: CallFrame, path: string): FrameCategory {
  if (url === '') return functionName === GARBAGE ? 'gc' : 'native'
  if (url.startsWith('node:') || url.startsWith('evalmachine.') || path.startsWith(OWN_FOLDER)) return 'node'
  if (url.startsWith('wasm:')) return 'native'
  return path.includes('/node_modules/') ? 'node_modules' : 'application'
}
