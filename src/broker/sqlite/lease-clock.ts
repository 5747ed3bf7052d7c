import { readFileSync } from 'node:fs'
import type { Connection } from './connection.ts'

/** Where Linux says which boot this is. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

export interface Clocks {
  /** Unix milliseconds, as people and other machines have them; somebody may set it at any time. */
  wall(): number
  /** Milliseconds that only ever pass, the same for all processes of a boot. */
  monotonic(): number
  /** Names the boot; undefined where the system does not tell. */
  readonly boot: string | undefined
}

/**
 * The clock that leases are written in. The time of day will not do: where it is set forward, every lease of every
 * worker would be over at once and its jobs would run twice; where it is set back, a dead worker's jobs would wait for
 * as long. So it is the kernel's monotonic clock, which all processes on the file share, as many milliseconds ahead as the
 * time of day was when the file was first opened since the machine came up. That number is in the file.
 */
export class LeaseClock {
  readonly #clocks: Clocks
  #aheadMs: number | undefined

  constructor(clocks: Clocks = SYSTEM_CLOCKS) {
    this.#clocks = clocks
  }

  /** To be called once, before `now`. */
  async start(connection: Connection): Promise<void> {
    const { boot } = this.#clocks
    if (boot === undefined) return
    this.#aheadMs = await connection.readOne('open', () => readAhead(connection, boot))
    this.#aheadMs ??= await connection.write('open', () => {
      const known = readAhead(connection, boot)
      if (known !== undefined) return known
      const aheadMs = Math.round(this.#clocks.wall() - this.#clocks.monotonic())
      connection.run('INSERT OR REPLACE INTO lease_clock (only_row, boot, ahead_ms) VALUES (1, ?, ?)', boot, aheadMs)
      return aheadMs
    })
  }

  /** Close to Unix milliseconds, while nobody sets the time of day. */
  now(): number {
    if (this.#aheadMs === undefined) return this.#clocks.wall()
    return Math.round(this.#clocks.monotonic()) + this.#aheadMs
  }
}

function readAhead(connection: Connection, boot: string): number | undefined {
  return connection.get<{ ahead_ms: number }>('SELECT ahead_ms FROM lease_clock WHERE boot = ?', boot)?.ahead_ms
}

/** Elsewhere than on Linux leases are in the time of day. */
export const SYSTEM_CLOCKS: Clocks = {
  wall: () => Date.now(),
  // CLOCK_MONOTONIC; unlike performance.now() it does not begin with the process.
  monotonic: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  boot: readBootId(),
}

function readBootId(): string | undefined {
  try {
    return readFileSync(BOOT_ID, 'latin1').trim()
  } catch {
    return undefined
  }
}
