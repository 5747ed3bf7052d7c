import { writeSync } from 'node:fs'
import type { ExitGuarded } from './exit-guards.ts'
import { becomeOwnProcess, type Inheritance } from './horse-main.ts'
import type { HorseSystem } from './horse-system.ts'
import type { Native } from './native.ts'
import { ZygoteLoop } from './zygote-loop.ts'

const STDERR = 2

/**
 * Makes an heir of this process, which is a fresh copy of the zygote: another zygote, that has its own sockets to the
 * supervisor and outlives the one that it comes from. It stands by in the very loop in which it will fork, asleep in
 * poll(2), so that it becomes the zygote by being given orders. It leaves when the supervisor does, as a zygote does: when
 * its command socket ends.
 * @returns the loop to go on with
 */
export function becomeHeir(
  native: Native,
  system: HorseSystem,
  inheritance: Inheritance,
  announce: (guarded: ExitGuarded) => void,
): ZygoteLoop {
  announce(leaveLoudly(native))
  becomeOwnProcess(system, inheritance)
  // Where the zygote died before this, so has its heir, and the supervisor boots another.
  native.setParentDeathSignal(0)
  native.setProcessName('workhorse-zygot')
  process.title = 'workhorse: zygote, standing by'
  const [commands, , , , notices] = inheritance.descriptors
  return new ZygoteLoop(native, { commands: commands as number, notices: notices as number })
}

/** Node's own ways out hang in a forked process. */
function leaveLoudly(native: Native): ExitGuarded {
  return {
    exitCalled: (code) => native.exit(code),
    uncaught: (thrown) => {
      writeSync(STDERR, `${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
      native.exit(1)
    },
  }
}
