import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/usb/*.usb.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    // The first test of each script waits for all of it, the very first one for a download and for the machine as well.
    testTimeout: 600_000,
  },
});
