import { fileURLToPath } from 'node:url'

/** The repository, and files in it. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))
export const PYTHON = '/usr/bin/python3'

export function inRepository(path) {
  return `${root}${path}`
}

/** A program of bench/peers/workers. */
export function worker(name) {
  return inRepository(`bench/peers/workers/${name}`)
}
