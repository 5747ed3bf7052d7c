import { readFileSync } from 'node:fs'
import { limitFor } from './horse-limits.ts'
import type { HorseLimits } from './messages.ts'
import type { Native } from './native.ts'

/** What stands for `unlimited`: more than anybody lives to see. */
const ENDLESS = Number.MAX_SAFE_INTEGER

/**
 * Has the kernel keep the limits of one job in a process that will run others. Only the soft limits are changed, for those
 * can be raised again. Returns what puts them back.
 */
export function takePassingLimits(
  system: Pick<Native, 'setLimit' | 'listDescriptors'>,
  { cpuMs, openFiles }: HorseLimits,
): () => void {
  const undo: (() => void)[] = []
  const take = (resource: 'cpu' | 'descriptors', limit: number): void => {
    const { soft, hard } = currentLimit(resource)
    system.setLimit(resource, Math.min(limit, hard), hard)
    undo.push(() => system.setLimit(resource, soft, hard))
  }
  if (cpuMs !== undefined) {
    const { user, system: kernel } = process.cpuUsage()
    // Whole seconds are all that the kernel knows, and it counts from the process's birth.
    take('cpu', Math.ceil((user + kernel) / 1e6 + cpuMs / 1000))
  }
  if (openFiles !== undefined) {
    take('descriptors', limitFor(openFiles, new Set(system.listDescriptors().map(({ fd }) => fd))))
  }
  return () => {
    for (const one of undo) one()
  }
}

const NAMES = { cpu: 'Max cpu time', descriptors: 'Max open files' } as const

function currentLimit(resource: keyof typeof NAMES): { readonly soft: number; readonly hard: number } {
  const text = readFileSync('/proc/self/limits', 'latin1')
  const line = text.split('\n').find((one) => one.startsWith(NAMES[resource])) ?? ''
  const [soft = 'unlimited', hard = 'unlimited'] = line.slice(NAMES[resource].length).trim().split(/ +/)
  return { soft: parse(soft), hard: parse(hard) }
}

function parse(text: string): number {
  return text === 'unlimited' ? ENDLESS : Number(text)
}
