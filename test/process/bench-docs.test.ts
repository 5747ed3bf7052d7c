import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { JobBenchResult } from '../../src/bench/job/result.ts'
import { runCli } from '../support/cli.ts'
import { blocksOf, installInto, read } from '../support/guide.ts'

const PAGE = read('docs/benchmarking.md')
const FILES = Object.fromEntries(
  blocksOf(PAGE).flatMap(({ language, text }) =>
    language === 'js' ? [[/^\/\/ (\S+)/.exec(text)?.[1] ?? '', text]] : [],
  ),
)
const COMMANDS = blocksOf(PAGE).flatMap(({ language, text }) => (language === 'bash' ? text.trim().split('\n') : []))

/** What the page promises that a command prints. */
const PRINTS: readonly (readonly [RegExp, RegExp])[] = [
  [/-o before\.json/, /word_count, 40 jobs, 1 worker[\s\S]*throughput +[\d.]+ jobs\/s[\s\S]*own process +[\d.]+ ms/],
  [/--compare/, /CPU per job, the job's own process +[\d.]+ ms .*x +worse, beyond the spread/],
  [/--regress/, /ratio/],
]

describe('docs/benchmarking.md', { timeout: 400_000 }, () => {
  it('has commands that do what it says, and a gate that finds what has become worse', async () => {
    const cwd = await installInto(FILES)
    expect(COMMANDS).toHaveLength(4)
    for (const command of COMMANDS) {
      const PATH = `${join(cwd, 'node_modules', '.bin')}:${process.env['PATH']}`
      const shell = spawnSync('sh', ['-c', command.replace(/^npx /, '')], {
        cwd,
        env: { ...process.env, PATH },
        encoding: 'utf8',
      })
      expect(shell.status, `${command}\n${shell.stdout}\n${shell.stderr}`).toBe(0)
      const expected = PRINTS.find(([pattern]) => pattern.test(command))?.[1]
      if (expected) expect(shell.stdout, command).toMatch(expected)
    }

    // Five times the work, against a base that has seen the fifth.
    const [before, after] = ['before', 'after'].map(
      (name) => JSON.parse(readFileSync(join(cwd, `${name}.json`), 'utf8')) as JobBenchResult,
    ) as [JobBenchResult, JobBenchResult]
    expect(before).toMatchObject({ format: 'workhorse-bench-1', failed: 0, plan: { jobs: 40, repeat: 2 } })
    expect(before.figures.jobCpuMsPerJob?.values).toHaveLength(2)
    writeFileSync(join(cwd, 'base.json'), JSON.stringify({ ...before, plan: { ...after.plan, jobs: 20, repeat: 1 } }))
    const gate = await runCli(['bench', '--regress', 'base.json', '--tolerance', '10%'], { cwd, timeoutMs: 200_000 })
    expect(gate.code).toBe(1)
    expect(gate.stderr).toMatch(/worse beyond 10 %: CPU per job, the job's own process, [\d.]+ → [\d.]+ ms/)
  })

  it('says in one line what is wrong', async () => {
    const cwd = await installInto(FILES)
    writeFileSync(join(cwd, 'strange.json'), '{"format":"other"}')
    const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
      [['word_cout'], /job 'word_cout' is not defined; did you mean 'word_count'\?/],
      [['word_count', '--args', '{}'], /--args: expected a JSON array of arguments/],
      [['word_count', '--heap-mb', '10'], /--heap-mb belongs to the scenarios/],
      [['word_count', '--tolerance', '10%'], /no meaning without it/],
      [['--compare', 'strange.json'], /needs two files/],
      [['--compare', 'strange.json', 'strange.json'], /strange\.json is no result of bench \(format: "other"\)/],
      [['--regress', 'none.json'], /none\.json cannot be read as a result of bench: ENOENT/],
      [['--regress', 'strange.json', '--tolerance', 'much'], /--tolerance: expected a share such as 5% or 0\.05/],
    ]
    await Promise.all(
      mistakes.map(async ([args, message]) => {
        const { code, stderr } = await runCli(['bench', ...args], { cwd, timeoutMs: 60_000 })
        expect({ args, code, lines: stderr.trimEnd().split('\n').length }).toEqual({ args, code: 2, lines: 1 })
        expect(stderr).toMatch(message)
      }),
    )
  })
})
