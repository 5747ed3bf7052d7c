import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script with what it includes, and the name by which Redis knows it. */
export interface Script {
  readonly name: string
  readonly source: string
  readonly sha: string
}

const loaded = new Map<string, Script>()

/** Reads `scripts/<name>.lua`, once. Its first line names the parts from `scripts/lib/` that stand before it. */
export function loadScript(name: string): Script {
  let script = loaded.get(name)
  if (script === undefined) {
    const text = read(name)
    const parts = /^--@include (.*)\n/.exec(text)?.[1]?.split(' ') ?? []
    const source = [...parts.map((part) => read(`lib/${part}`)), text].join('\n')
    script = { name, source, sha: createHash('sha1').update(source).digest('hex') }
    loaded.set(name, script)
  }
  return script
}

function read(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
}
