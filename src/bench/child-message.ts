import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** Runs a program beside this module in a process of its own, and resolves to the one message that it sends. */
export async function runForMessage(
  name: string,
  args: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<unknown> {
  const file = fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url))
  const child = fork(file, args, { stdio: 'inherit', execArgv: [...nodeFlags] })
  const [message] = await Promise.race([once(child, 'message'), failIfItEnds(name, child)])
  await once(child, 'exit')
  return message
}

async function failIfItEnds(name: string, child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`${name} of the benchmark left with exit code ${code} before it had measured anything`)
}
