import { spawnSync } from 'node:child_process'
import { root } from './root.mjs'

/** Runs a command with its output shown; ends this process with its exit code where it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) {
    console.error(`${command} could not be started: ${error.message}`)
    process.exit(1)
  }
  if (status !== 0) process.exit(status ?? 1)
}

/** The same with this Node and a script of the project or of one of its dependencies. */
export function runNode(script, ...args) {
  run(process.execPath, [script, ...args])
}
