import { basename } from 'node:path'
import type { ExportAnswer } from './probe-jobs.ts'

export interface AdviceFacts {
  readonly job: string
  readonly function: string
  /** As shown to people. */
  readonly file: string
  readonly kind: 'hoist' | 'jit'
  /** Not the application's own: it has to be reached by something that leads to it. */
  readonly isForeign?: boolean
  readonly unsafe: readonly string[]
  /** The unsafe function that it is a part of. */
  readonly within?: string
  /** Who calls it, for native code. */
  readonly caller?: string
  readonly call?: ExportAnswer
}

/** The mend, as one or two sentences. */
export function adviseOn(facts: AdviceFacts): string {
  if (facts.kind === 'jit' && facts.isForeign) {
    return `It is slow only until V8 has compiled and optimised it. Run what leads to it before the fork, such as ${facts.job} itself: warmUp(async () => { for (let i = 0; i < 100; i++) await …(/* typical arguments */) })`
  }
  if (facts.kind === 'jit') {
    return `It is slow only until V8 has compiled and optimised it. Run it before the fork: warmUp(async () => { for (let i = 0; i < 100; i++) await ${callOf(facts, '/* typical arguments */')} })`
  }
  if (facts.unsafe.length > 0) return unsafeAdvice(facts)
  if (facts.function === '(module)') {
    return `It is the loading of a module. Import it at the top of the jobs file, so that it is loaded before the fork: import '${facts.file}'`
  }
  const part =
    facts.within === undefined ? '' : `${facts.within}, which calls it, has to stay in the job; this part need not. `
  if (facts.caller !== undefined && facts.call === undefined) {
    return `${part}Move what ${facts.caller} does with it before the fork: preload(() => …), and keep the result in the module`
  }
  if (facts.call === undefined && (facts.isForeign || callOf(facts, '') === '…')) {
    return `${part}Have it done before the fork: preload(() => …), with something that leads to it, such as ${facts.job} itself with typical arguments`
  }
  return `${part}Move it before the fork: preload(() => ${callOf(facts, '')}), and keep what it makes in the module${facts.call === undefined ? '' : importHint(facts.call)}`
}

function unsafeAdvice({ unsafe }: AdviceFacts): string {
  const things = list(unsafe)
  const chance = unsafe.every((what) => /random/.test(what))
  if (chance) {
    return `Do not move it before the fork as it is: it draws ${things}, which would be the same in every process. Draw it in afterFork(() => …), and hoist the rest`
  }
  return `Do not move it before the fork: it opens ${things}, which processes must not share. Open it in afterFork(() => …), which runs before the job is there, and hoist what does not need it`
}

function callOf({ function: name, call }: AdviceFacts, args: string): string {
  if (call === undefined) return /^[\w$]+$/.test(name) ? `${name}(${args})` : '…'
  return call.method === undefined ? `${call.name}(${args})` : `${call.name}.${call.method}(${args})`
}

function importHint({ name, file }: ExportAnswer): string {
  return ` (${name} is exported by ${basename(file)})`
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
