import { job } from '../../../dist/index.js'

export const noop = job('noop', () => {})
