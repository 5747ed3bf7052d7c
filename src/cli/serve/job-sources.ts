import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, extname, resolve } from 'node:path'

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`, `require('x')`; what a comment says does no harm. */
const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*(['"])([^'"\n]+)\1/g
const SCRIPT = /^\.[cm]?[jt]sx?$/
/** What may be left out of an import, or stand there for what is compiled from it. */
const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.json']
const COMPILED = new Map([
  ['.js', ['.ts', '.tsx']],
  ['.mjs', ['.mts']],
  ['.cjs', ['.cts']],
  ['.jsx', ['.tsx']],
])

/**
 * The job modules and the application's own files that they import, however deep, each with a fingerprint of its text.
 * Found by reading them: what is imported by a computed name is not seen. Installed packages are no sources.
 */
export function listSources(modules: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  const open = [...modules]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      // An editor may be about to put it back; until then it counts as changed.
      continue
    }
    found.set(file, createHash('sha1').update(text).digest('base64'))
    if (SCRIPT.test(extname(file))) open.push(...importsOf(file, text))
  }
  return found
}

function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(SPECIFIER)].flatMap(([, , specifier]) => resolveImport(file, specifier as string) ?? [])
}

function resolveImport(from: string, specifier: string): string | undefined {
  if (isBuiltin(specifier)) return undefined
  if (/^(\.{1,2}\/|\/)/.test(specifier)) return resolvePath(resolve(dirname(from), specifier))
  try {
    // A package of the same repository, or an alias of package.json.
    const file = realpathSync(createRequire(from).resolve(specifier))
    return file.includes('/node_modules/') ? undefined : file
  } catch {
    return undefined
  }
}

function resolvePath(path: string): string | undefined {
  const extension = extname(path)
  const stem = path.slice(0, path.length - extension.length)
  const candidates = [
    path,
    ...(COMPILED.get(extension) ?? []).map((source) => `${stem}${source}`),
    ...EXTENSIONS.map((one) => `${path}${one}`),
    ...EXTENSIONS.map((one) => `${path}/index${one}`),
  ]
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile())
}
