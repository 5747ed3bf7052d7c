import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const MARK = 'WORKHORSE_TEST_RUN'

/** What costs every start of Node and serves none of them: Node 20 parses these certificates at once, for 0.1 s of CPU. */
const COSTLY = 'NODE_EXTRA_CA_CERTS'

/** Compiles what the process tests run, marks all processes of this run, and fails it if one is left at the end. */
export function setup(): () => Promise<void> {
  for (const script of ['build-native.mjs', 'build.mjs']) {
    const path = fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url))
    const { status } = spawnSync(process.execPath, [path], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`${script} failed`)
  }
  const run = randomUUID()
  process.env[MARK] = run
  delete process.env[COSTLY]
  return () => assertNoneLeft(run)
}

async function assertNoneLeft(run: string): Promise<void> {
  const deadline = Date.now() + 5000
  let left = processesOf(run)
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    left = processesOf(run)
  }
  if (left.length > 0) throw new Error(`these processes of the tests are still running:\n${left.join('\n')}`)
}

/** Processes that carry the mark, but for vitest's own. */
function processesOf(run: string): string[] {
  const found: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const marked = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${run}`)
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
      if (marked && Number(pid) !== process.pid && command !== '' && !/vitest/.test(command)) {
        found.push(`${pid} ${command}`)
      }
    } catch {
      // It has ended meanwhile, or is somebody else's.
    }
  }
  return found
}
