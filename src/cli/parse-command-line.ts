import { parseArgs } from 'node:util'
import { UsageError } from '../errors.ts'
import { nearest } from '../support/did-you-mean.ts'
import type { Command, Invocation } from './command.ts'
import { findCommand, listSubVerbs, listVerbs } from './command-table.ts'
import { parseFlagValue } from './flag-value.ts'
import { FLAGS, type Flag, type FlagName, type FlagValues } from './flags.ts'

export type CommandLine =
  | { readonly type: 'version' }
  /** Help on everything, on a verb, or on one below it. */
  | { readonly type: 'help'; readonly topic: string | undefined }
  | { readonly type: 'run'; readonly command: Command; readonly invocation: Invocation<FlagName> }

interface GivenFlag {
  readonly name: string
  /** As it was written: `--burst` or `-h`. */
  readonly rawName: string
  readonly value: string | undefined
  readonly inline: boolean
}

const GLOBAL_FLAGS = ['help', 'version'] as const

/** @throws UsageError in one line, with the nearest known name */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { given, words } = split(argv)
  if (given.some(({ name }) => name === 'version')) return { type: 'version' }
  if (words[0] === 'help') return { type: 'help', topic: helpTopic(words.slice(1)) }
  const wantsHelp = given.some(({ name }) => name === 'help')
  if (words.length === 0) {
    const strange = given.find(({ name }) => name !== 'help')
    if (strange !== undefined) throw new UsageError(`${strange.rawName} of what? It needs a verb (see workhorse help)`)
    return { type: 'help', topic: undefined }
  }
  if (wantsHelp) return { type: 'help', topic: helpTopic(words) }
  const command = selectCommand(words)
  const positionals = words.slice(command.name.split(' ').length)
  const flags = readFlags(command, given)
  checkCount(command, positionals)
  return { type: 'run', command, invocation: { flags, positionals } }
}

/** Flags and words apart. Negative numbers are words: `workhorse enqueue add 2 -3`. */
function split(argv: readonly string[]): { given: GivenFlag[]; words: string[] } {
  const mark = '\u0000'
  const args = argv.map((argument) => (/^-\.?\d/.test(argument) ? mark + argument : argument))
  const unmark = (text: string): string => (text.startsWith(mark) ? text.slice(1) : text)
  const { tokens } = parseArgs({ args, options: parseOptions(), strict: false, allowPositionals: true, tokens: true })
  const given: GivenFlag[] = []
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(unmark(token.value))
    if (token.kind !== 'option') continue
    const value = token.value === undefined ? undefined : unmark(token.value)
    given.push({ name: token.name, rawName: token.rawName, value, inline: token.inlineValue ?? false })
  }
  return { given, words }
}

function parseOptions(): Record<string, { type: 'string' | 'boolean'; short?: string }> {
  const rows = Object.entries<Flag>(FLAGS).map(([name, { kind, short }]) => {
    const type = kind === 'switch' || kind === 'duration-or-switch' ? 'boolean' : 'string'
    return [name, { type, ...(short === undefined ? {} : { short }) }] as const
  })
  return Object.fromEntries(rows)
}

function selectCommand(words: readonly string[]): Command {
  const [verb = '', subVerb] = words
  const alone = findCommand(verb)
  if (alone !== undefined) return alone
  const below = listSubVerbs(verb)
  if (below.length === 0) throw new UsageError(unknownVerb('', verb, [...listVerbs(), 'help']))
  if (subVerb === undefined)
    throw new UsageError(`${verb} needs one of ${below.join(', ')} (see workhorse help ${verb})`)
  const command = findCommand(`${verb} ${subVerb}`)
  if (command !== undefined) return command
  throw new UsageError(unknownVerb(`${verb} `, subVerb, below))
}

function helpTopic(words: readonly string[]): string | undefined {
  const [verb, subVerb] = words
  if (verb === undefined) return undefined
  if (listSubVerbs(verb).length > 0 && subVerb === undefined) return verb
  return selectCommand(words).name
}

function readFlags(command: Command, given: readonly GivenFlag[]): FlagValues<FlagName> {
  const values: Record<string, unknown> = {}
  for (const { name, rawName, value, inline } of given) {
    if (!isFlagOf(command, name)) throw new UsageError(explainStrangeFlag(command, name, rawName))
    const flag: Flag = FLAGS[name]
    const seen = inline || !value?.startsWith('--') ? value : undefined
    const parsed = parseFlagValue(rawName, flag, seen)
    values[name] = flag.kind === 'texts' ? [...((values[name] as string[] | undefined) ?? []), parsed] : parsed
  }
  return values as FlagValues<FlagName>
}

function isFlagOf(command: Command, name: string): name is FlagName {
  return (command.flags as readonly string[]).includes(name)
}

function explainStrangeFlag(command: Command, name: string, rawName: string): string {
  const known = visibleFlags(command)
  const see = `see workhorse help ${command.name}`
  if (name in FLAGS) return `${command.name} takes no ${rawName} (${see})`
  const near = nearest(name, known)
  return `unknown flag ${rawName} of ${command.name}${near === undefined ? '' : `; did you mean --${near}?`} (${see})`
}

/** The flags that help shows for a command. */
export function visibleFlags(command: Command): FlagName[] {
  return [
    ...command.flags.filter((name) => !('hidden' in FLAGS[name])),
    ...GLOBAL_FLAGS.filter((name) => name === 'help'),
  ]
}

function unknownVerb(noun: string, verb: string, known: readonly string[]): string {
  const near = nearest(verb, known)
  const mend = near === undefined ? `known are ${known.join(', ')}` : `did you mean '${noun}${near}'?`
  return `unknown verb '${noun}${verb}'; ${mend} (see workhorse help${noun === '' ? '' : ` ${noun.trim()}`})`
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const { least, most } = command.count ?? { least: 0, most: 0 }
  if (positionals.length >= least && positionals.length <= most) return
  const see = `see workhorse help ${command.name}`
  if (positionals.length < least) throw new UsageError(`${command.name} needs ${command.arguments} (${see})`)
  const takes = most === 0 ? 'no arguments' : `only ${command.arguments}`
  throw new UsageError(`${command.name} takes ${takes}; '${positionals[most]}' is too much (${see})`)
}
