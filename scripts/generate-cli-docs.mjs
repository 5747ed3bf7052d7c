// Writes docs/cli.md from the compiled command and flag tables: node scripts/generate-cli-docs.mjs [--check]
// With --check it only says whether the file is up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/root.mjs'

const { COMMANDS } = await import('../dist/cli/command-table.js')
const { FLAGS } = await import('../dist/cli/flags.js')
const { placeholder } = await import('../dist/cli/flag-value.js')

const INTRODUCTION = `<!-- Made by scripts/generate-cli-docs.mjs from src/cli/. Change it there. -->

# Command line

\`workhorse <verb> [arguments] [flags]\`. \`workhorse help <verb>\` and \`workhorse <verb> --help\` print what is below;
\`workhorse --version\` prints the version.

Flags may stand anywhere after the verb, as \`--flag value\` or \`--flag=value\`. After \`--\` everything is an argument.
A duration (D) is milliseconds or a number with a unit: \`500ms\`, \`10s\`, \`3m\`, \`2h\`, \`7d\`.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed; one line on standard error says why |
| 2 | called wrongly: an unknown verb or flag, a wrong value |
| 130, 143 | ended by a second Ctrl-C or SIGTERM, which killed what ran |
`

const page = [INTRODUCTION, ...COMMANDS.map(describeCommand)].join('\n')
const file = join(root, 'docs', 'cli.md')

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/cli.md is stale; run: node scripts/generate-cli-docs.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(file, page)
}

function describeCommand(command) {
  const usage = ['workhorse', command.name, command.arguments, '[flags]'].filter(Boolean).join(' ')
  const flags = command.flags.filter((name) => !FLAGS[name].hidden)
  return [
    `## ${command.name}`,
    '',
    `${command.summary[0].toUpperCase()}${command.summary.slice(1)}.`,
    '',
    ...fenced([usage]),
    ...(command.notes ?? []).flatMap((note) => [note, '']),
    '| flag | meaning |',
    '| --- | --- |',
    ...flags.map((name) => `| \`${cell(spell(name))}\` | ${cell(explain(name, command.name))} |`),
    '',
    ...(command.examples === undefined ? [] : fenced(command.examples)),
  ].join('\n')
}

function spell(name) {
  const flag = FLAGS[name]
  const value = placeholder(flag)
  const long = flag.kind === 'duration-or-switch' ? `--${name}[=${value}]` : `--${name} ${value}`
  return `${flag.short === undefined ? '' : `-${flag.short}, `}${long}`.trim()
}

function explain(name, command) {
  const flag = FLAGS[name]
  const help = typeof flag.help === 'string' ? flag.help : flag.help[command]
  const choices = flag.kind === 'choice' && flag.value !== undefined ? ` (${flag.choices.join(', ')})` : ''
  return `${help}${choices}`
}

function fenced(lines) {
  return ['```', ...lines, '```', '']
}

/** A bar would end the cell. */
function cell(text) {
  return text.replaceAll('|', '\\|')
}
