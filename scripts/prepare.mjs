// npm's prepare: after an install in a clone, and before a pack. In a clone without a compiler fork mode is left out.
import { setUp } from './lib/setup.mjs'

setUp({ nativeRequired: false })
