import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory for one test; gone after it, but kept, and named, where the test failed. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'workhorse-test-'))
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(`kept for a look: ${directory}`)
    else await rm(directory, { recursive: true, force: true })
  })
  return directory
}
