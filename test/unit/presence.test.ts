import { describe, expect, it } from 'vitest'
import type { Broker } from '../../src/broker/broker.ts'
import { Presence } from '../../src/worker/supervisor/presence.ts'
import { createIdentity, resolveWorkerOptions } from '../../src/worker/supervisor/worker-options.ts'

/** A broker's list of workers, whose heartbeats answer when the test says so. */
function slowList() {
  const calls: string[] = []
  const answers: ((known: boolean) => void)[] = []
  const broker = {
    workerRegister: async () => void calls.push('register'),
    workerUnregister: async () => void calls.push('unregister'),
    workerHeartbeat: () => {
      calls.push('heartbeat')
      return new Promise<boolean>((resolve) => answers.push(resolve))
    },
  } as unknown as Broker
  const source = {
    state: 'idle' as const,
    counts: { finished: 0, failed: 0 },
    slots: 1,
    running: [],
    leaseLost: () => {},
    obey: () => {},
  }
  const presence = new Presence(broker, createIdentity('1.0.0', 'one'), resolveWorkerOptions({}), 'inline', source)
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { presence, calls, turn, answer: (known: boolean) => answers.shift()?.(known) }
}

describe('the presence of a worker', () => {
  it('registers again when a heartbeat says that it was forgotten', async () => {
    const { presence, calls, turn, answer } = slowList()
    const beat = presence.beat()
    await turn()
    answer(false)
    await beat
    expect(calls).toEqual(['heartbeat', 'register'])
  })

  it('does not register again while it leaves, and leaves after the beat under way', async () => {
    const { presence, calls, turn, answer } = slowList()
    const beat = presence.beat()
    await turn()
    const leaving = presence.leave()
    await turn()
    expect(calls).toEqual(['heartbeat'])
    answer(false)
    await Promise.all([beat, leaving])
    expect(calls).toEqual(['heartbeat', 'unregister'])
  })

  it('beats no more once it leaves', async () => {
    const { presence, calls, turn, answer } = slowList()
    const first = presence.beat()
    const second = presence.beat()
    await turn()
    const leaving = presence.leave()
    answer(true)
    await Promise.all([first, second, leaving])
    await presence.beat()
    expect(calls).toEqual(['heartbeat', 'unregister'])
  })

  it('goes on after a beat that failed', async () => {
    const { presence, calls, turn, answer } = slowList()
    const broken = presence.beat()
    await turn()
    answer(Promise.reject(new Error('away')) as unknown as boolean)
    await expect(broken).rejects.toThrow('away')
    await presence.leave()
    expect(calls).toEqual(['heartbeat', 'unregister'])
  })
})
