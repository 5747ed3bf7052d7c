import { closeSync, fstatSync, readSync, writeSync } from 'node:fs'
import type { Role } from './messages.ts'
import type { Native } from './native.ts'

/** A file that tells a process at its birth what it is to become. */
export function writeRole(native: Pick<Native, 'memoryFile'>, role: Role): number {
  const file = native.memoryFile('workhorse-role')
  writeSync(file, JSON.stringify(role))
  return file
}

/** Several processes may have the same open file: none of them must move its position. */
export function readRole(file: number): Role {
  const text = Buffer.alloc(fstatSync(file).size)
  readSync(file, text, 0, text.length, 0)
  closeSync(file)
  return JSON.parse(text.toString('utf8')) as Role
}
