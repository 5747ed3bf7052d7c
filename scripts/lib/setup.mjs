import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'
import { run, runNode } from './run.mjs'

/** Makes a fresh clone ready to run, and does nothing where it is: dependencies, native addon, compiled code. */
export function setUp({ nativeRequired }) {
  installDependencies()
  runNode(join(root, 'scripts', 'build-native.mjs'), ...(nativeRequired ? ['--required'] : []))
  runNode(join(root, 'scripts', 'build.mjs'))
}

/** What package-lock.json names, and nothing else. */
export function installDependencies() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  const wanted = join(root, 'package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return
  // Scripts are ours alone (prepare), and what they do is done right after this.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath
  if (npm) run(process.execPath, [npm, ...args])
  else run('npm', args)
}
