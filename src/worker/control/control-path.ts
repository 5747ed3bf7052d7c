import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { WorkhorseError } from '../../errors.ts'

/**
 * Where the workers of this user on this host can be reached: a folder that only this user may enter.
 * `WORKHORSE_RUNTIME_DIR` names another one; worker and client must agree on it.
 */
export function controlFolder(): string {
  return process.env['WORKHORSE_RUNTIME_DIR'] || join(tmpdir(), `workhorse-${userInfo().uid}`)
}

/** @param serial which of the process's workers; nearly all processes have one */
export function controlPath(folder: string, pid: number, serial: number): string {
  return join(folder, serial === 1 ? `${pid}.sock` : `${pid}-${serial}.sock`)
}

/**
 * Makes the folder where it is missing. One that somebody else has put there is not used: whoever owns it could put
 * himself between worker and client.
 * @param by what names another folder
 * @throws WorkhorseError
 */
export function prepareControlFolder(folder: string, by = 'WORKHORSE_RUNTIME_DIR'): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  const isSafe = uid === userInfo().uid && (mode & 0o777) === 0o700 && lstatSync(folder).isDirectory()
  if (isSafe) return
  throw new WorkhorseError(
    'WORKHORSE_CONTROL_FOLDER',
    `${folder} is not a folder of this user's with mode 0700 (it is uid ${uid}, mode ${(mode & 0o777).toString(8)}); remove it, or name another one by ${by}`,
  )
}

export interface ControlSocket {
  readonly pid: number
  readonly path: string
}

/** The sockets of all workers here; those that dead ones have left are cleared away. */
export function listControlSockets(folder: string): ControlSocket[] {
  const sockets: ControlSocket[] = []
  for (const name of readNames(folder)) {
    const pid = Number(/^(\d+)(-\d+)?\.sock$/.exec(name)?.[1])
    if (!Number.isInteger(pid)) continue
    const path = join(folder, name)
    if (isRunning(pid)) sockets.push({ pid, path })
    else rmSync(path, { force: true })
  }
  return sockets
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return []
    throw error
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
