import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ForkUnavailableError } from '../../../errors.ts'
import type { Native } from './native.ts'

/** Majors on which the fork tests have passed. What a fork may count on is not part of Node's promises. */
const TESTED_NODE_MAJORS = [20, 22, 24, 26]

const PACKAGE_ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const BUILD = `build it with: apt-get install g++ make python3 && node ${join(PACKAGE_ROOT, 'scripts/build-native.mjs')}`

export type ForkAvailability =
  | { readonly available: true; readonly path: string }
  | { readonly available: false; readonly reason: string }

type Loaded = { readonly native: Native; readonly path: string } | { readonly reason: string; readonly cause?: unknown }

let loaded: Loaded | undefined

/** The native addon. @throws ForkUnavailableError with one line that says why, and what to install. */
export function loadNative(): Native {
  loaded ??= load()
  if ('native' in loaded) return loaded.native
  throw new ForkUnavailableError(loaded.reason, { cause: loaded.cause })
}

/** What `loadNative` would do, for those who only ask. */
export function explainForkAvailability(): ForkAvailability {
  loaded ??= load()
  if ('native' in loaded) return { available: true, path: loaded.path }
  return { available: false, reason: loaded.reason }
}

function load(): Loaded {
  const refusal = refusePlatform()
  if (refusal !== null) return { reason: refusal }
  const candidates = candidatePaths()
  const path = candidates.find((candidate) => existsSync(candidate))
  if (path === undefined) {
    return { reason: `fork mode needs the native addon, and there is none at ${candidates.join(' or ')}; ${BUILD}` }
  }
  try {
    return { native: createRequire(import.meta.url)(path) as Native, path }
  } catch (cause) {
    return { reason: `the native addon ${path} cannot be loaded (${firstLine(cause)}); ${BUILD}`, cause }
  }
}

function refusePlatform(): string | null {
  if (process.platform !== 'linux') {
    return `fork mode is for Linux, and this is ${process.platform}; use isolation 'pool' here`
  }
  const major = Number.parseInt(process.versions.node, 10)
  if (TESTED_NODE_MAJORS.includes(major) || process.env['WORKHORSE_UNTESTED_NODE'] === '1') return null
  return `fork mode was tested on Node ${TESTED_NODE_MAJORS.join(', ')}, and this is ${process.versions.node}; use one of those, isolation 'pool', or, at your own risk, WORKHORSE_UNTESTED_NODE=1`
}

function candidatePaths(): string[] {
  const given = process.env['WORKHORSE_NATIVE']
  if (given) return [given]
  return [
    join(PACKAGE_ROOT, 'native/build/Release/workhorse.node'),
    join(PACKAGE_ROOT, 'prebuilds', `linux-${process.arch}${isMusl() ? '-musl' : ''}`, 'workhorse.node'),
  ]
}

/** musl's loader is mapped into every process that uses it; process.report would tell too, but takes milliseconds. */
function isMusl(): boolean {
  return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-')
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
}
