/** The tests that mutations of the rooms of numbers are to be found by: those rooms' own. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/{ops,autodiff,attention,train}/**/*.test.ts'],
    testTimeout: 120_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
