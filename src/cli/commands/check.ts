import type { Settings } from '../../config/settings.ts'
import { checkBroker } from '../check/check-broker.ts'
import { checkForkSafety } from '../check/check-fork.ts'
import { checkJobs } from '../check/check-jobs.ts'
import { checkPlatform } from '../check/check-platform.ts'
import { type Finding, ok, thrown } from '../check/finding.ts'
import type { Invocation } from '../command.ts'
import { type Colour, paint } from '../render/colours.ts'
import { print, printJson } from '../render/print.ts'
import { EXIT_FAILED } from '../report-error.ts'
import { readSettings } from '../surroundings.ts'

type CheckFlag = 'broker' | 'config' | 'jobs-file' | 'fork' | 'json'

export async function runCheck({ flags }: Invocation<CheckFlag>): Promise<number> {
  const findings = await checkAll(flags)
  const of = (level: Finding['level']): Finding[] => findings.filter((finding) => finding.level === level)
  if (flags.json) {
    const [facts, warnings, errors] = (['ok', 'warning', 'error'] as const).map((level) =>
      of(level).map(({ level: _level, ...finding }) => finding),
    )
    printJson({ ok: of('error').length === 0, facts, warnings, errors })
  } else {
    print(
      [
        ...section('', of('ok')),
        ...section('warnings', of('warning'), 'yellow'),
        ...section('errors', of('error'), 'red'),
        '',
        verdict(findings),
      ].join('\n'),
    )
  }
  return of('error').length === 0 ? 0 : EXIT_FAILED
}

async function checkAll(flags: Invocation<CheckFlag>['flags']): Promise<Finding[]> {
  let settings: Settings
  try {
    settings = await readSettings(flags)
  } catch (cause) {
    // Without settings there is neither a jobs file nor a broker to look at.
    return [...checkPlatform(undefined), thrown('settings', cause)]
  }
  const { config, configFile } = settings
  if (flags.fork) {
    const platform = checkPlatform('fork')
    // Without the addon nothing can be looked at, and that is said already.
    const isAvailable = platform.every(({ level }) => level !== 'error')
    return [...platform, ...(isAvailable ? await checkForkSafety(settings) : [])]
  }
  return [
    ...checkPlatform(config.isolation),
    ok('config', configFile ?? 'no config file'),
    ...(await checkJobs(settings)),
    ...(await checkBroker(settings)),
  ]
}

function section(title: string, findings: readonly Finding[], colour: Colour = 'green'): string[] {
  if (findings.length === 0) return []
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  const lines = findings.map(
    (finding) =>
      `  ${paint(finding.subject.padEnd(width), colour)}  ${describe(finding).replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`,
  )
  return title === '' ? lines : ['', `${title}:`, ...lines]
}

function describe({ text, openedAt, moveTo }: Finding): string {
  const lines = [text]
  if (openedAt !== undefined) lines.push(`at ${openedAt}`)
  if (moveTo !== undefined) lines.push(`→ ${moveTo}`)
  return lines.join('\n')
}

function verdict(findings: readonly Finding[]): string {
  const count = (level: Finding['level'], word: string): string => {
    const number = findings.filter((finding) => finding.level === level).length
    return number === 1 ? `1 ${word}` : `${number || 'no'} ${word}s`
  }
  return `${count('error', 'error')}, ${count('warning', 'warning')}`
}
