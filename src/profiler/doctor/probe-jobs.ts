import { job } from '../../job/definition.ts'
import { loadModule } from '../../job/load-modules.ts'

export const FIND_EXPORTS = 'workhorse.doctor.find-exports'

export interface ExportQuestion {
  /** The function, as V8 names it. */
  readonly name: string
  /** Where it could be exported, the likeliest first: absolute paths. */
  readonly files: readonly string[]
}

/** How to call a function from outside: `name` of the exports of `file`, or `method` of it. */
export interface ExportAnswer {
  readonly file: string
  readonly name: string
  readonly method?: string
}

type Exports = Record<string, unknown>

/**
 * Looks, in a horse, where the application's modules are loaded already, how functions can be called without arguments.
 */
job(FIND_EXPORTS, async (questions: readonly ExportQuestion[]): Promise<(ExportAnswer | null)[]> => {
  const answers: (ExportAnswer | null)[] = []
  for (const { name, files } of questions) answers.push(await findExport(name, files))
  return answers
})

async function findExport(name: string, files: readonly string[]): Promise<ExportAnswer | null> {
  for (const file of files) {
    const exported = await loadModule(file)
    const found = asExport(exported, name) ?? asMethod(exported, name)
    if (found) return { file, ...found }
  }
  return null
}

function asExport(exported: Exports, name: string): { name: string } | undefined {
  const key = Object.keys(exported).find((key) => isCallable(exported[key]) && nameOf(exported[key]) === name)
  return key === undefined ? undefined : { name: key }
}

function nameOf(value: unknown): string {
  return (value as { readonly name: string }).name
}

function asMethod(exported: Exports, method: string): { name: string; method: string } | undefined {
  const key = Object.keys(exported).find((key) => {
    const value = exported[key]
    return typeof value === 'object' && value !== null && isCallable((value as Exports)[method])
  })
  return key === undefined ? undefined : { name: key, method }
}

/** What wants arguments cannot be called by somebody who knows none. */
function isCallable(value: unknown): boolean {
  return typeof value === 'function' && value.length === 0 && !/^class\b/.test(Function.prototype.toString.call(value))
}
