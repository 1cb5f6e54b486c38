import { defineConfig } from 'vitest/config'

// Real processes start and stop in these tests; what hangs is ended, and its log is shown.
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: [process.env.SOAK === undefined ? '**/*.test.ts' : '**/*.soak.ts'],
  },
})
