import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { parseArguments } from '../../src/cli/commands/enqueue.ts'
import { workerArguments } from '../../src/cli/commands/workers.ts'
import { FLAGS, type Flag } from '../../src/cli/flags.ts'
import { parseCommandLine, visibleFlags } from '../../src/cli/parse-command-line.ts'

/** Verb, flags and arguments of a command line that is right. */
function parse(...argv: string[]) {
  const line = parseCommandLine(argv)
  if (line.type !== 'run') throw new Error(`expected a run, got ${line.type}`)
  return { verb: line.command.name, ...line.invocation }
}

describe('the flag table', () => {
  test('has a help text for every flag of every verb', () => {
    for (const command of COMMANDS) {
      for (const name of visibleFlags(command)) {
        const { help }: Flag = FLAGS[name]
        expect({ command: command.name, name, help: typeof help === 'string' ? help : help[command.name] }).toEqual({
          command: command.name,
          name,
          help: expect.stringMatching(/./),
        })
      }
    }
  })

  test('has no flag that no verb takes', () => {
    const taken = new Set<string>(['help', 'version', ...COMMANDS.flatMap(({ flags }) => flags)])
    expect(Object.keys(FLAGS).filter((name) => !taken.has(name))).toEqual([])
  })

  test('every verb that prints a table takes --json', () => {
    const without = COMMANDS.filter(({ flags }) => !flags.includes('json')).map(({ name }) => name)
    expect(without.filter((name) => !['worker', 'workers', 'shell'].includes(name))).toEqual([])
  })

  test('every verb that looks at jobs takes --broker', () => {
    const without = COMMANDS.filter(({ flags }) => !flags.includes('broker')).map(({ name }) => name)
    // They look at processes of this host.
    expect(without.filter((name) => !['health', 'profile'].includes(name))).toEqual([])
  })
})

describe('a command line', () => {
  test('flags may stand anywhere, with their values by a blank or an equals sign', () => {
    expect(parse('--broker=sqlite:x.db', 'worker', 'high', '--concurrency', '3', 'low', '--burst')).toEqual({
      verb: 'worker',
      flags: { broker: 'sqlite:x.db', concurrency: 3, burst: true },
      positionals: ['high', 'low'],
    })
  })

  test('a flag that may be repeated is a list', () => {
    expect(parse('worker', '--jobs-file', 'a.ts', '--jobs-file=b.ts').flags).toEqual({ 'jobs-file': ['a.ts', 'b.ts'] })
  })

  test('negative numbers are arguments, and so is all that follows --', () => {
    expect(parse('enqueue', 'add', '-1', '-.5', '--', '--front')).toEqual({
      verb: 'enqueue',
      flags: {},
      positionals: ['add', '-1', '-.5', '--front'],
    })
  })

  test('durations and times are milliseconds', () => {
    const { flags } = parse('enqueue', 'add', '--in', '1.5m', '--wait=20s', '--at', '2030-01-01T00:00:00Z')
    expect(flags).toEqual({ in: 90_000, wait: 20_000, at: Date.UTC(2030, 0, 1) })
    expect(parse('worker', '--grace', '250').flags).toEqual({ grace: 250 })
    // As other profilers have it.
    expect(parse('profile', '-d', '10').flags).toEqual({ duration: 10_000 })
    expect(parse('profile', '-d', '10ms').flags).toEqual({ duration: 10 })
  })

  test('a flag that may stand without its value leaves the next word alone', () => {
    expect(parse('enqueue', '--wait', 'add', '1')).toEqual({
      verb: 'enqueue',
      flags: { wait: true },
      positionals: ['add', '1'],
    })
  })

  test('verbs of two words', () => {
    expect(parse('jobs', '--json', 'show', 'an-id')).toEqual({
      verb: 'jobs show',
      flags: { json: true },
      positionals: ['an-id'],
    })
  })

  test('help and version go before everything else', () => {
    expect(parseCommandLine(['worker', '--nonsense', '--help'])).toEqual({ type: 'help', topic: 'worker' })
    expect(parseCommandLine(['jobs', 'list', '-h'])).toEqual({ type: 'help', topic: 'jobs list' })
    expect(parseCommandLine(['worker', '--version'])).toEqual({ type: 'version' })
  })
})

describe('arguments of a job', () => {
  test('are JSON', () => {
    expect(parseArguments('f', ['1', '"a"', 'null', '{"a":[true]}'])).toEqual([1, 'a', null, { a: [true] }])
  })

  test('that are not show how to quote them, for the shell, too', () => {
    expect(() => parseArguments('f', ['1', "it's"])).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: argument 2 of f is not JSON: it's; a string needs quotes of its own: '"it'\\''s"']`,
    )
  })
})

test('the flags of a master become those of its workers', () => {
  const flags = { concurrency: 2, burst: true, 'jobs-file': ['a.ts', 'b.ts'], lease: 1500, name: 'x' } as const
  const args = workerArguments(flags, ['high', '-odd'], 3)
  expect(args).toMatchInlineSnapshot(`
    [
      "worker",
      "--crew=3",
      "--concurrency=2",
      "--burst",
      "--jobs-file=a.ts",
      "--jobs-file=b.ts",
      "--lease=1500",
      "--name=x-3",
      "--",
      "high",
      "-odd",
    ]
  `)
  expect(parse(...args)).toEqual({
    verb: 'worker',
    flags: { ...flags, name: 'x-3', crew: 3 },
    positionals: ['high', '-odd'],
  })
})
