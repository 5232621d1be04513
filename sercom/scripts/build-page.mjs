// node sercom/scripts/build-page.mjs: bundles the live page of `sercom monitor --web` into sercom/dist/web.
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

mkdirSync(at('../dist/web'), { recursive: true });
copyFileSync(at('../web/index.html'), at('../dist/web/index.html'));
// Its code becomes part of page.js, which its license allows if its text goes with it.
const uplot = new URL('LICENSE', import.meta.resolve('uplot/package.json'));
copyFileSync(fileURLToPath(uplot), at('../dist/web/LICENSE-uPlot.txt'));
await build({
  entryPoints: ['main.ts', 'page.css'].map((file) => ({ in: at(`../web/${file}`), out: 'page' })),
  outdir: at('../dist/web'),
  bundle: true,
  minify: true,
  format: 'esm',
  // Browsers of two years before this release.
  target: ['chrome130', 'edge130', 'firefox132', 'safari18'],
  charset: 'utf8',
  legalComments: 'eof',
  logLevel: 'warning',
});
