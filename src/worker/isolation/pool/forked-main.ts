import { closeSync } from 'node:fs'
import { becomeOwnProcess, type Inheritance } from '../fork/horse-main.ts'
import type { HorseSystem } from '../fork/horse-system.ts'
import type { PoolRole } from '../fork/messages.ts'
import { takePassingLimits } from '../fork/passing-limits.ts'
import { openAddonWire } from './addon-wire.ts'
import { BeginWord } from './begin-word.ts'
import type { ChildSystem } from './child-system.ts'
import { PoolChild } from './pool-child.ts'

/** Its channel is the one handle that a pool child waits with. */
const OWN_HANDLES = 1

/** Makes a pool child of this process, which is a fresh copy of the zygote. */
export function becomePoolChild(
  horse: HorseSystem,
  inheritance: Inheritance,
  role: PoolRole,
  announce: (child: PoolChild) => void,
): void {
  becomeOwnProcess(horse, inheritance)
  const [channel, , , , begins] = inheritance.descriptors as [number, number, number, number, number]
  const word = new BeginWord(horse.mapShared(begins))
  closeSync(begins)
  const child = new PoolChild(childSystem(horse, word), channel, role)
  announce(child)
  child.begin()
}

function childSystem(horse: HorseSystem, begins: BeginWord): ChildSystem {
  let watching = false
  return {
    exit: horse.exit,
    begins,
    fileSize: horse.fileSize,
    hasHooks: horse.hasHooks,
    openWire: (descriptor, events) => openAddonWire(horse, descriptor, events),
    takeLimits: (limits) => takePassingLimits(horse, limits),
    onInterruptSignal: horse.onInterruptSignal,
    onLoopEmpty(_channel, callback) {
      if (watching) return
      watching = true
      horse.onLoopEmpty(OWN_HANDLES, () => {
        watching = false
        callback()
      })
    },
  }
}
