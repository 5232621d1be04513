import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'sercom/test/**/*.test.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Two: paced simulations share the machine, and real ports want to be served in time.
    maxWorkers: 2,
    // Many tests replace the receive handler, or make it fail on purpose.
    execArgv: ['--disable-warning=SerialCommunicatorWarning'],
  },
});
