import { expect, test, vi } from 'vitest'
import { createLogger } from '../../src/support/logger.ts'

function capture(isTTY: boolean, crew?: number) {
  const lines: string[] = []
  const logger = createLogger('info', { isTTY, write: (text) => lines.push(text) }, crew)
  return { logger, lines }
}

test('on a terminal: a line for people, with job, crew number and stack', () => {
  vi.stubEnv('NO_COLOR', '1')
  const { logger, lines } = capture(true, 2)
  logger.info({ event: 'job.output', job: 'send', id: '12345678-abcd' }, 'hello')
  logger.error({ err: Object.assign(new Error('no'), { stack: 'Error: no\n    at x' }) }, 'it broke')
  logger.debug('not at this level')
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, 'TIME'))).toEqual([
    'TIME info  #2 [send 12345678] | hello\n',
    'TIME error #2 it broke\nError: no\n    at x\n',
  ])
  vi.unstubAllEnvs()
})

test('coloured on a terminal, unless NO_COLOR is set', () => {
  vi.stubEnv('NO_COLOR', '')
  const { logger, lines } = capture(true)
  logger.warn('careful')
  expect(lines[0]).toContain('\u001b[33mwarn \u001b[0m careful')
  vi.unstubAllEnvs()
})

test('piped: one JSON object a line', () => {
  const { logger, lines } = capture(false)
  logger.info({ event: 'worker.ready' }, 'ready')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    pid: process.pid,
    event: 'worker.ready',
    msg: 'ready',
  })
})
