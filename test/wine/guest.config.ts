import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

/**
 * Finds modules. The resolver of the bundler, which runs as WebAssembly here, cannot read the disk: WASI has no drive
 * letters.
 */
const resolver: Plugin = {
  name: 'resolve-under-wine',
  enforce: 'pre',
  resolveId(source, importer) {
    if (source.startsWith('.') && importer !== undefined) {
      const file = path.resolve(path.dirname(importer), source);
      const found = [file, file.replace(/\.js$/, '.ts')].find((each) => existsSync(each));
      return found?.replaceAll('\\', '/') ?? null;
    }
    // A package, which is asked for again as a URL.
    if (!/^(@?[a-z][^:]*|file:.*)$/.test(source)) {
      return null;
    }
    const url = import.meta.resolve(source);
    return url.includes('/node_modules/') ? { id: url, external: true } : fileURLToPath(url).replaceAll('\\', '/');
  },
};

export default defineConfig({
  plugins: [resolver],
  test: {
    include: ['test/**/*.test.ts', 'sercom/test/**/*.test.ts', 'test/wine/guest/*.guest.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 1,
    // Many tests replace the receive handler, or make it fail on purpose.
    execArgv: ['--disable-warning=SerialCommunicatorWarning'],
  },
});
