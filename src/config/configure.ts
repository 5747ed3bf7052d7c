import { singleton } from '../support/singleton.ts'

const state = singleton('configured', (): { broker: string | undefined } => ({ broker: undefined }))

/**
 * Say in code where this process's jobs live, instead of by `WORKHORSE_BROKER` or a config file.
 * Call it before the first enqueue.
 * @example
 * configure({ broker: 'sqlite:/var/lib/app/jobs.db' })
 */
export function configure(options: { readonly broker: string }): void {
  state.broker = options.broker
}

export function configuredBroker(): string | undefined {
  return state.broker
}
