import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/wine/*.wine.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    // The first test of each file also waits for the download and the set-up of Wine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Wine is slow enough without a second one beside it.
    maxWorkers: 1,
  },
});
