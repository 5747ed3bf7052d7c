import type { Logger } from '../../support/logger.ts'
import { explainForkAvailability, loadNative } from '../../worker/isolation/fork/load-native.ts'

/**
 * Tells systemd, or whoever else has set NOTIFY_SOCKET, how the service is: `Type=notify` and `WatchdogSec` in its unit.
 * See sd_notify(3). Without NOTIFY_SOCKET it does nothing.
 */
export class ServiceManager {
  readonly #send: ((text: string) => void) | undefined
  readonly #watchdogMs: number | undefined
  #watchdog: NodeJS.Timeout | undefined

  /** Takes its variables out of the environment: what this process starts is not the service. */
  constructor(logger: Logger, env: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = env
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
    if (socket === undefined || socket === '') return
    this.#send = sender(socket, logger)
    // systemd advises to tell it twice in the time.
    if (usec !== undefined && (pid === undefined || Number(pid) === process.pid)) this.#watchdogMs = Number(usec) / 2000
  }

  ready(status: string): void {
    this.#send?.(`READY=1\nSTATUS=${status}\nMAINPID=${process.pid}`)
    if (this.#send === undefined || this.#watchdogMs === undefined) return
    // A blocked event loop does not tick, and systemd starts the service again.
    this.#watchdog ??= setInterval(() => this.#send?.('WATCHDOG=1'), this.#watchdogMs)
    this.#watchdog.unref()
  }

  status(status: string): void {
    this.#send?.(`STATUS=${status}`)
  }

  /** `ready` follows when it is done. */
  reloading(): void {
    const microseconds = process.hrtime.bigint() / 1000n
    this.#send?.(`RELOADING=1\nMONOTONIC_USEC=${microseconds}\nSTATUS=loading the jobs anew`)
  }

  stopping(status: string): void {
    this.#send?.(`STOPPING=1\nSTATUS=${status}`)
  }
}

function sender(socket: string, logger: Logger): ((text: string) => void) | undefined {
  const addon = explainForkAvailability()
  if (!addon.available) {
    logger.warn({ event: 'service.untold' }, `NOTIFY_SOCKET is set, and cannot be used: ${addon.reason}`)
    return undefined
  }
  const native = loadNative()
  let failed = false
  return (text) => {
    try {
      native.sendDatagram(socket, Buffer.from(text))
      failed = false
    } catch (error) {
      if (!failed) logger.warn({ event: 'service.untold', err: error }, `${socket}: ${(error as Error).message}`)
      failed = true
    }
  }
}
