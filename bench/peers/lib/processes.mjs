import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What runs now; each in a process group of its own, so that its children end with it. */
const groups = new Set()

/** @param command {file, args, env} */
export function start({ file, args, env = {} }) {
  const child = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const started = { child, output: '' }
  const collect = (chunk) => {
    started.output = (started.output + chunk).slice(-4000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  groups.add(child.pid)
  child.once('exit', () => killGroup(child.pid))
  return started
}

/** Nothing of a worker is worth a farewell: the server is emptied after it. */
export async function end({ child }) {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = once(child, 'close')
    killGroup(child.pid)
    await closed
  }
}

/** Runs a program to its end; the JSON value in the last line that it prints. */
export async function answerOf(command) {
  const started = start(command)
  const [code] = await once(started.child, 'close')
  if (code !== 0) throw new Error(`${command.file} ${command.args.join(' ')} left with ${code}\n${started.output}`)
  return JSON.parse(started.output.trim().split('\n').at(-1))
}

export function endAll() {
  for (const pid of groups) killGroup(pid)
}

function killGroup(pid) {
  groups.delete(pid)
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
