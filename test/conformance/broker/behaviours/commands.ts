import { describe, expect, it } from 'vitest'
import type { Broker, WorkerRegistration } from '../../../../src/broker/broker.ts'
import type { WorkerCommand } from '../../../../src/broker/command.ts'
import { eventually } from '../../../support/eventually.ts'
import type { Setup } from '../broker-suite.ts'

function registration(name: string): WorkerRegistration {
  return {
    name,
    hostname: 'host',
    pid: 1,
    queues: ['default'],
    concurrency: 1,
    isolation: 'inline',
    version: '1.0.0',
    startedAt: Date.now(),
    ttlMs: 60_000,
  }
}

/** A worker that keeps what it is told. */
async function listen(broker: Broker, name: string): Promise<{ heard: WorkerCommand[]; stop: () => Promise<void> }> {
  const heard: WorkerCommand[] = []
  await broker.workerRegister(registration(name))
  return { heard, stop: await broker.commandSubscribe(name, (command) => void heard.push(command)) }
}

const COMMANDS: readonly WorkerCommand[] = [
  { type: 'stop-job', jobId: 'a', graceMs: 1500 },
  { type: 'stop-job', jobId: 'b' },
  { type: 'cancel-job', jobId: 'c' },
  { type: 'kill-horse' },
  { type: 'shutdown' },
]

export function describeCommands(setup: Setup): void {
  describe('commands', () => {
    it('reach the worker that they name, whole and in their order', async () => {
      const { broker, reopen } = await setup()
      const one = await listen(broker, 'one')
      const two = await listen(await reopen(), 'two')
      const sender = await reopen()
      // Often enough that two which go different ways overtake each other at least once.
      const sent = Array.from({ length: 40 }, () => COMMANDS).flat()
      for (const command of sent) expect(await sender.commandSend({ worker: 'one', command })).toBe(true)
      await eventually(() => expect(one.heard).toHaveLength(sent.length))
      expect(one.heard).toEqual(sent)
      expect(await sender.commandSend({ worker: 'two', command: { type: 'shutdown' } })).toBe(true)
      await eventually(() => expect(two.heard).toEqual([{ type: 'shutdown' }]))
      expect(one.heard).toHaveLength(sent.length)
    })

    it('arrive at once', async () => {
      const { broker, reopen } = await setup()
      const sender = await reopen()
      await broker.workerRegister(registration('one'))
      let arrived: (() => void) | undefined
      await broker.commandSubscribe('one', () => arrived?.())
      const times: number[] = []
      for (let i = 0; i < 7; i++) {
        const hears = new Promise<void>((resolve) => {
          arrived = resolve
        })
        const begin = performance.now()
        await sender.commandSend({ worker: 'one', command: { type: 'kill-horse' } })
        await hears
        times.push(performance.now() - begin)
      }
      // The best of them: a loaded machine slows some down, and polling would slow down most.
      expect(Math.min(...times)).toBeLessThan(20)
    })

    it('are known to be in vain where nobody of that name is there', async () => {
      const { broker } = await setup()
      expect(await broker.commandSend({ worker: 'nobody', command: { type: 'shutdown' } })).toBe(false)
    })

    it('sent to an earlier worker are not heard by a later one of that name', async () => {
      const { broker, reopen } = await setup()
      const first = await listen(broker, 'one')
      await broker.commandSend({ worker: 'one', command: { type: 'shutdown' } })
      await eventually(() => expect(first.heard).toHaveLength(1))
      await first.stop()
      await broker.workerUnregister('one')
      const second = await listen(await reopen(), 'one')
      await broker.commandSend({ worker: 'one', command: { type: 'kill-horse' } })
      await eventually(() => expect(second.heard).toEqual([{ type: 'kill-horse' }]))
    })

    it('are heard no more after the listener has left', async () => {
      const { broker } = await setup()
      const { heard, stop } = await listen(broker, 'one')
      const { heard: others } = await listen(broker, 'two')
      await stop()
      await stop()
      await broker.commandSend({ worker: 'one', command: { type: 'shutdown' } })
      await broker.commandSend({ worker: 'two', command: { type: 'shutdown' } })
      await eventually(() => expect(others).toHaveLength(1))
      expect(heard).toEqual([])
    })

    it('do not keep a broker from closing', async () => {
      const { broker, reopen } = await setup()
      const other = await reopen()
      const { stop } = await listen(other, 'one')
      await other.close()
      await stop()
      await broker.commandSend({ worker: 'one', command: { type: 'shutdown' } })
    })
  })
}
