import { loadNative } from '../worker/isolation/fork/load-native.ts'

/**
 * The least that a process per job can cost here: forks of an empty Node that leave at once, one after another.
 * Started as a zygote is; sends milliseconds per fork, exit and wait. Argument: how many.
 */
const native = loadNative()
const count = Number(process.argv[2])
const childSignal = native.childSignal()

function forkOnce(): void {
  const pid = native.fork()
  if (pid === 0) native.exit(0)
  while (native.wait(pid) === null) {
    native.pollReadable([childSignal], -1)
    native.drainChildSignal(childSignal)
  }
}

forkOnce()
const begun = performance.now()
for (let i = 0; i < count; i++) forkOnce()
process.send?.((performance.now() - begun) / count)
process.disconnect?.()
