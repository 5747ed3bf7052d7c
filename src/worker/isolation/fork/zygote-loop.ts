import { closeSync } from 'node:fs'
import { becomeHorse } from './horse-main.ts'
import type { ZygoteCommand, ZygoteNotice } from './messages.ts'
import type { Native } from './native.ts'

/** The zygote's own descriptors. */
export interface ZygoteSockets {
  /** Packets from the supervisor. */
  readonly commands: number
  /** Frames to the supervisor. */
  readonly notices: number
}

const SIGKILL = 9

/**
 * All that a zygote does once it is ready: fork, kill, reap, and tell. It is one synchronous loop around poll(2):
 * the event loop stands still meanwhile, so that nothing but this loop can happen at the instant of a fork, and a
 * horse has no handles of the zygote's to get rid of.
 *
 * Returns only in a horse, whose event loop then goes on from here.
 */
export function runZygoteLoop(native: Native, sockets: ZygoteSockets, tell: (notice: ZygoteNotice) => void): void {
  const pids = new Map<number, number>()
  const zygotePid = process.pid
  const childSignal = native.childSignal()
  const own = [sockets.commands, sockets.notices, childSignal]

  for (;;) {
    const readable = native.pollReadable([sockets.commands, childSignal], -1)
    if (readable.includes(childSignal)) {
      native.drainChildSignal(childSignal)
      reap()
    }
    if (readable.includes(sockets.commands)) {
      const packet = native.receivePacket(sockets.commands)
      if (packet === null) leave()
      const command = JSON.parse((packet as { data: Buffer }).data.toString()) as ZygoteCommand
      if (command.type === 'kill') kill(command.horse)
      if (command.type === 'fork') {
        const isHorse = fork(command.horse, (packet as { descriptors: number[] }).descriptors)
        if (isHorse) return
      }
    }
  }

  function fork(horse: number, descriptors: number[]): boolean {
    const [channel, stdout, stderr] = descriptors as [number, number, number]
    const begun = performance.now()
    let pid: number
    try {
      pid = native.fork()
    } catch (error) {
      const { message, code } = error as Error & { code?: string }
      tell({ type: 'fork-failed', horse, message, code: code ?? 'unknown' })
      for (const descriptor of descriptors) closeSync(descriptor)
      return false
    }
    if (pid === 0) {
      becomeHorse(native, channel, { descriptors: own, stdout, stderr }, zygotePid)
      return true
    }
    const forkMs = performance.now() - begun
    joinGroup(pid)
    pids.set(horse, pid)
    for (const descriptor of descriptors) closeSync(descriptor)
    tell({ type: 'forked', horse, pid, forkMs })
    return false
  }

  /** The horse does the same: whoever comes first, a kill of the group can never miss it. */
  function joinGroup(pid: number): void {
    try {
      native.setProcessGroup(pid, pid)
    } catch (error) {
      // It has run or died already.
      const { code } = error as { code?: string }
      if (code !== 'EACCES' && code !== 'ESRCH') throw error
    }
  }

  function reap(): void {
    for (const [horse, pid] of pids) {
      const status = native.wait(pid)
      if (status === null) continue
      pids.delete(horse)
      tell({ type: 'exited', horse, pid, status })
    }
  }

  /** Only horses that are not reaped yet are killed: their pid cannot belong to anybody else. */
  function kill(horse: number): void {
    const pid = pids.get(horse)
    if (pid !== undefined) native.killGroup(pid, SIGKILL)
  }

  /** The supervisor has closed the command socket, by intent or by dying. */
  function leave(): never {
    for (const pid of pids.values()) native.killGroup(pid, SIGKILL)
    return native.exit(0)
  }
}
