// node scripts/compact.mjs FOLDER: makes the JavaScript in a folder short, since the library is to take little room where it is installed.
// Classes and functions keep their names, which stack traces and `console.log` show.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { minify } from 'terser';

const OPTIONS = {
  module: true,
  ecma: 2022,
  // Not inlined: profiles still name what takes the time.
  compress: { ecma: 2022, inline: false, reduce_funcs: false },
  mangle: { keep_classnames: true, keep_fnames: true },
  // An uncaught error prints the line that threw it.
  format: { ecma: 2022, max_line_len: 120 },
};

const folder = process.argv[2];
for (const name of readdirSync(folder, { recursive: true })) {
  if (name.endsWith('.js')) {
    const file = path.join(folder, name);
    const { code } = await minify(readFileSync(file, 'utf8'), OPTIONS);
    writeFileSync(file, `${code}\n`);
  }
}
