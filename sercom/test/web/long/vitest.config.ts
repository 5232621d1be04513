import { defineConfig } from 'vitest/config';
import SummaryReporter from '../../../../test/support/summary-reporter.js';

export default defineConfig({
  test: {
    include: ['sercom/test/web/long/*.long.ts'],
    reporters: ['default', new SummaryReporter()],
    testTimeout: 300_000,
    // What is measured needs the machine.
    fileParallelism: false,
  },
});
