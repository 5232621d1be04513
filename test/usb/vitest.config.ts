import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/usb/*.usb.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    // The first test of each script waits for the whole script, the very first one also for the download and the boot.
    testTimeout: 600_000,
  },
});
