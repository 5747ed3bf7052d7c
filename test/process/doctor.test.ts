import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeEvent, prepareBenchmark } from '../../examples/redash/benchmark.ts'
import { type CliExit, runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/doctor/', import.meta.url))

interface Diagnosis {
  readonly job: string
  readonly coldMsPerJob: number
  readonly warmMsPerJob: number
  readonly candidates: readonly {
    readonly function: string
    readonly file: string
    readonly line: number
    readonly coldMsPerJob: number
    readonly warmMsPerJob: number
    readonly presence: number
    readonly kind: string
    readonly unsafe: readonly string[]
    readonly advice: string
  }[]
  readonly verified?: { readonly tried: string; readonly beforeMsPerJob: number; readonly afterMsPerJob?: number }
}

async function doctor(fixture: string, args: readonly string[], env = {}): Promise<CliExit> {
  const cwd = await temporaryDirectory()
  const modules = ['--jobs-file', join(FIXTURES, fixture)]
  const exit = await runCli(['doctor', ...args, ...modules], { cwd, env, timeoutMs: 150_000 })
  return exit
}

async function diagnose(fixture: string, args: readonly string[], env = {}): Promise<Diagnosis> {
  const exit = await doctor(fixture, [...args, '--json'], env)
  expect(exit.code, exit.stderr).toBe(0)
  return JSON.parse(exit.stdout) as Diagnosis
}

describe('doctor', { timeout: 180_000 }, () => {
  it('finds a schema that every fresh process parses', async () => {
    const schema = join(await temporaryDirectory(), 'schema.json')
    const properties = Array.from({ length: 5000 }, (_, i) => [
      `property_${i}`,
      { type: 'string', description: `a text of some length, number ${i}`, enum: ['a', 'b', `c${i}`] },
    ])
    await writeFile(schema, JSON.stringify({ properties: Object.fromEntries(properties) }))
    const args = ['validate', '--args', '[{"property_1":"a"}]', '--runs', '6']
    const { job, candidates, coldMsPerJob, warmMsPerJob } = await diagnose('json-schema.mjs', args, {
      SCHEMA_FILE: schema,
    })
    expect(job).toBe('validate')
    expect(warmMsPerJob).toBeLessThan(coldMsPerJob / 2)
    expect(candidates).toHaveLength(1)
    expect(candidates[0]).toMatchObject({ function: 'loadSchema', line: 7, kind: 'hoist', unsafe: [], presence: 1 })
    expect(candidates[0]?.file).toMatch(/json-schema\.mjs$/)
    expect(candidates[0]?.advice).toContain('preload(() => loadSchema())')
  })

  it('finds templates that are compiled when first needed, over awaits, verifies the mend, and is a gate for CI', async () => {
    const args = ['render', '--args', '["letter-3", {"name": "Ada"}]', '--runs', '6']
    const { code, stdout, stderr } = await doctor('templates.mjs', [
      ...args,
      '--verify',
      '--max-repeat',
      '1ms',
      '--json',
    ])
    const { candidates, verified } = JSON.parse(stdout) as Diagnosis
    expect(candidates.map(({ function: name, kind }) => [name, kind])).toEqual([['compileAll', 'hoist']])
    expect(verified?.tried).toBe('render run once before the fork')
    expect(verified?.afterMsPerJob).toBeLessThan((verified?.beforeMsPerJob ?? 0) / 2)
    expect(stderr).toMatch(/render repeats \d+\.\d ms in every fresh process, and --max-repeat allows 1 ms/)
    expect(code).toBe(1)
  })

  it('finds the mapper configuration of the story by itself, and how to call it', async () => {
    const folder = await temporaryDirectory()
    await prepareBenchmark(folder)
    const env = { REDASH_HOIST: 'as-is', REDASH_DATABASE: join(folder, 'redash.db') }
    const args = ['record_event', '--args', JSON.stringify([makeEvent(0)]), '--runs', '6', '--verify']
    const { candidates, verified } = await diagnose('../../../examples/redash/jobs.ts', args, env)
    expect(candidates[0]).toMatchObject({ function: 'buildMetadatas', kind: 'hoist', unsafe: [], presence: 1 })
    expect(candidates[0]?.file).toMatch(/examples\/redash\/database\.ts$/)
    expect(candidates[0]?.advice).toContain('preload(() => database.buildMetadatas())')
    expect(verified?.tried).toBe('database.buildMetadatas() called before the fork')
    expect(verified?.afterMsPerJob).toBeLessThan((verified?.beforeMsPerJob ?? 0) * 0.7)
  })

  it('names code that is slow only while it is new, and advises to warm it up', async () => {
    const { candidates } = await diagnose('jit.mjs', ['score', '--args', '[17]', '--runs', '8', '--warm', '8'])
    expect(candidates).toHaveLength(1)
    expect(candidates[0]).toMatchObject({ function: 'applyRules', kind: 'jit' })
    expect(candidates[0]?.advice).toContain('warmUp(')
  })

  it('does not suggest what depends on the argument, and says why', async () => {
    const { stdout, stderr, code } = await doctor('per-argument.mjs', [
      'search',
      '--args',
      '["acme", "x"]',
      '--runs',
      '6',
    ])
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('Nothing to hoist')
    expect(stdout).toMatch(/Left out: buildIndex \(.*per-argument\.mjs:7\).* it is given "acme" of the job's arguments/)
  })

  it('sees by several arguments what is done for each of them, and what for all', async () => {
    const several = ['["acme", "xx"]', '["ajax", "yy"]', '["emca", "zz"]'].flatMap((args) => ['--args', args])
    const flags = [...several, '--runs', '6', '--warm', '3']
    const { candidates } = await diagnose('per-argument.mjs', ['search_words', ...flags])
    expect(candidates.map(({ function: name, kind }) => [name, kind])).toEqual([['wordsFor', 'hoist']])
    expect(candidates[0]?.advice).toContain('such as search_words itself with typical arguments')
  })

  it('flags what opens a socket, and suggests the part that does not', async () => {
    const { candidates } = await diagnose('socket.mjs', ['fetch_row', '--args', '[5000]', '--runs', '6'])
    expect(candidates.map(({ function: name }) => name)).toEqual(['buildTables', 'initClient'])
    expect(candidates[0]).toMatchObject({ kind: 'hoist', unsafe: [] })
    expect(candidates[1]?.unsafe).toEqual(['a pipe or Unix socket'])
    expect(candidates[1]?.advice).toContain('afterFork')
  })

  it('finds functions that keep what they have made, each of two, and is not misled by loops', async () => {
    const { candidates } = await diagnose('kept.mjs', ['invoice', '--args', '["article-5", "a b c"]', '--runs', '6'])
    const hoists = candidates.filter(({ kind }) => kind === 'hoist')
    // They cost nearly the same: which is first is chance.
    expect(hoists.map(({ function: name }) => name).sort()).toEqual(['priceTable', 'stopWordSet'])
    const advice = hoists.find(({ function: name }) => name === 'priceTable')?.advice
    expect(advice).toContain('preload(() => priceTable())')
  })

  it('says so where there is nothing to hoist, and lets CI pass', async () => {
    const args = ['stretch', '--args', '["secret"]', '--runs', '6', '--warm', '5', '--max-repeat', '1ms']
    const { candidates } = await diagnose('nothing.mjs', args)
    expect(candidates).toEqual([])
  })

  it('says why a job cannot be examined', async () => {
    const exit = await doctor('templates.mjs', ['render', '--args', '["no such template", {}]'])
    expect(exit.code).toBe(1)
    expect(exit.stderr).toMatch(/render does not finish with \["no such template", \{\}\]: TypeError/)
  })

  it.each([
    [['rendr', '--args', '[]'], /job 'rendr' is not defined; did you mean 'render'\?/],
    [['render', '--args', '{"a": 1}'], /--args: expected a JSON array of arguments/],
  ])('says in one line what is wrong with %j', async (args, message) => {
    const exit = await doctor('templates.mjs', args)
    expect(exit.code).toBe(2)
    expect(exit.stderr).toMatch(message)
  })
})
