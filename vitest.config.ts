import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Real processes on two cores: more at a time would only make them wait for each other.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Compiled code is run as it is, and exists once: by file as well as by the package's name.
    server: { deps: { external: [/\/dist\//] } },
  },
})
