import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    // Two cores: more workers would only make the paced simulations fall behind each other.
    maxWorkers: 2,
  },
});
