import { packageVersion } from '../support/package-version.ts'
import type { Command } from './command.ts'
import { COMMANDS, findCommand, listSubVerbs } from './command-table.ts'
import { placeholder } from './flag-value.ts'
import { FLAGS, type Flag, type FlagName } from './flags.ts'
import { visibleFlags } from './parse-command-line.ts'

/** Help on everything, or on one topic that is known to exist. */
export function renderHelp(topic: string | undefined): string {
  if (topic === undefined) return overview()
  const command = findCommand(topic)
  if (command !== undefined) return commandHelp(command)
  const rows = listSubVerbs(topic).map((subVerb) => commandRow(findCommand(`${topic} ${subVerb}`) as Command))
  return [
    `Usage: workhorse ${topic} <verb>`,
    '',
    ...columns(rows),
    '',
    `workhorse help ${topic} <verb> tells more.`,
    '',
  ].join('\n')
}

function overview(): string {
  return [
    `Workhorse ${packageVersion()}, a job engine in which every job runs in a fresh, warm process`,
    '',
    'Usage: workhorse <verb> [arguments] [flags]',
    '',
    ...columns(COMMANDS.map(commandRow)),
    '',
    'workhorse help <verb> tells more of one. workhorse --version prints the version.',
    '',
  ].join('\n')
}

function commandRow(command: Command): [string, string] {
  return [`${command.name} ${command.arguments ?? ''}`.trim(), command.summary]
}

function commandHelp(command: Command): string {
  const usage = ['workhorse', command.name, command.arguments, '[flags]'].filter(Boolean).join(' ')
  const notes = command.notes === undefined ? [] : [...command.notes, '']
  const examples =
    command.examples === undefined ? [] : ['', 'Examples', ...command.examples.map((line) => `  ${line}`)]
  return [
    `Usage: ${usage}`,
    '',
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
    ...notes.map((note) => note),
    ...(notes.length === 0 ? [''] : []),
    'Flags',
    ...columns(visibleFlags(command).map((name) => flagRow(command, name))),
    ...examples,
    '',
  ].join('\n')
}

function flagRow(command: Command, name: FlagName): [string, string] {
  const flag: Flag = FLAGS[name]
  const value = placeholder(flag)
  const short = flag.short === undefined ? '' : `-${flag.short}, `
  const left = flag.kind === 'duration-or-switch' ? `--${name}[=${value}]` : `--${name} ${value}`
  const help = typeof flag.help === 'string' ? flag.help : flag.help[command.name]
  return [short + left.trim(), `${help ?? ''}${choicesOf(flag)}`]
}

/** Choices that the left column has no room for. */
function choicesOf(flag: Flag): string {
  return flag.kind === 'choice' && flag.value !== undefined ? ` (${flag.choices.join(', ')})` : ''
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
