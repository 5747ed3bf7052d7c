import type { HeirHandle } from './heir-handle.ts'
import type { Offspring } from './offspring.ts'

export interface SuccessionHooks {
  /** Have one forked by the zygote that reigns. */
  order(): HeirHandle
  /** One that is not born is not to be. */
  cancel(heir: HeirHandle): void
}

/** An heir has died while its zygote lives: another after so long, and later each time. */
const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 60_000

/** Sees to it that the zygote has an heir. */
export class Succession {
  readonly #hooks: SuccessionHooks
  #heir: HeirHandle | undefined
  #delayMs = FIRST_DELAY_MS
  #timer: NodeJS.Timeout | undefined

  constructor(hooks: SuccessionHooks) {
    this.#hooks = hooks
  }

  /** There is a new zygote. An heir of the one before it would bring back its application. */
  begin(): void {
    this.dismiss()
    this.#delayMs = FIRST_DELAY_MS
    this.#heir = this.#hooks.order()
  }

  /** Whoever is to take over now; undefined where there is nobody. */
  take(): HeirHandle | undefined {
    clearTimeout(this.#timer)
    const heir = this.#heir
    this.#heir = undefined
    return heir?.isReady ? heir : undefined
  }

  gone(offspring: Offspring): void {
    if (offspring !== this.#heir) return
    this.#heir = undefined
    this.#timer = setTimeout(() => {
      this.#heir = this.#hooks.order()
    }, this.#delayMs)
    this.#timer.unref()
    this.#delayMs = Math.min(LONGEST_DELAY_MS, this.#delayMs * 2)
  }

  /** Nobody is to take over. */
  dismiss(): Promise<void> | undefined {
    clearTimeout(this.#timer)
    const heir = this.#heir
    this.#heir = undefined
    if (heir) this.#hooks.cancel(heir)
    return heir?.close()
  }
}
