import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Real processes, which also wait for each other: one file more at a time than there are cores keeps these busy.
    pool: 'forks',
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Compiled code is run as it is, and exists once: by file as well as by the package's name.
    server: { deps: { external: [/\/dist\//] } },
  },
})
