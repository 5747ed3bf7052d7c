import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.mjs'

/** What jobs of this name go without. */
export const STRIPPED = 'stripped'

const NO_METER =
  'const noMeter = { begin() {}, noteStart() {}, noteShared() {}, sampleMemory() {}, bill() {} };\nexport class HorseHandle'
const IS_STRIPPED = 'let isStripped = false;\nexport class Horse '

/** Of each part: the file, what stands in it once, and what stands there in the copy. */
const PARTS = {
  // The memory of the bill, as the supervisor sees it.
  meter: [
    ['horse-handle.js', 'export class HorseHandle', NO_METER],
    ['horse-handle.js', 'this.#job = job;', `this.#job = job; if (job.name === '${STRIPPED}') this.#meter = noMeter;`],
  ],
  // The bill itself: made, and stored with the job.
  bill: [['horse-handle.js', 'billed = status ? {', `billed = status && this.#job.name !== '${STRIPPED}' ? {`]],
  // What a horse says about its memory at its end, and the question for hooks.
  horse: [
    ['horse-main.js', 'export class Horse ', IS_STRIPPED],
    ['horse-main.js', 'this.#started = true;', `this.#started = true; isStripped = header.job.name === '${STRIPPED}';`],
    ['horse-main.js', '#sharedMemory() {', '#sharedMemory() { if (isStripped) return {};'],
    ['horse-main.js', "if (this.#system.hasHooks('beforeExit", "if (!isStripped && this.#system.hasHooks('beforeExit"],
  ],
  // The time limit: jobs of that name are enqueued without one.
  timeout: [],
}
export const PART_NAMES = Object.keys(PARTS)

/**
 * A copy of the compiled package that leaves parts out for jobs of one name, so that jobs with and without them can be
 * measured in one worker, turn by turn. The product has no switch for it.
 * @returns the copy's `dist`
 */
export function makeStrippedCopy(folder, parts) {
  for (const name of ['node_modules', 'native', 'prebuilds']) symlinkSync(join(root, name), join(folder, name))
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  for (const [file, before, after] of parts.flatMap((part) => PARTS[part])) {
    const path = join(folder, 'dist/worker/isolation/fork', file)
    const text = readFileSync(path, 'utf8')
    if (text.split(before).length !== 2) throw new Error(`${file} has not once '${before}': look what became of it`)
    writeFileSync(
      path,
      text.replace(before, () => after),
    )
  }
  return join(folder, 'dist')
}
