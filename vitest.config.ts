import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    pool: 'forks',
    // Tests that import ONNX Runtime by themselves report nothing either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
