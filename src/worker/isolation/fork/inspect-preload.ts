import type { ForkInspection } from './inspection.ts'
import { loadNative } from './load-native.ts'
import { ZygoteHandle, type ZygoteLaunch } from './zygote-handle.ts'

/**
 * Loads the application in a zygote that never forks, and takes stock of what it leaves open.
 * @throws ForkUnavailableError, @throws ZygoteBootError where loading, `preload` or `warmUp` fails
 */
export async function inspectPreload(launch: ZygoteLaunch): Promise<ForkInspection> {
  const seen: ForkInspection[] = []
  const zygote = new ZygoteHandle(
    loadNative(),
    { ...launch, inspect: true },
    {
      forked: () => {},
      forkFailed: () => {},
      exited: () => {},
      reapFailed: () => {},
      died: () => {},
      output: () => {},
      inspected: (inspection) => void seen.push(inspection),
    },
  )
  // It leaves when it has told, and is never ready: that is an error only where it has not.
  const failure = await zygote.ready().catch((error: unknown) => error)
  await zygote.close()
  const [inspection] = seen
  if (inspection === undefined) throw failure
  return inspection
}
