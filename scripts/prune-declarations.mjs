// Removes the declarations in a folder that none of the given entries needs: node scripts/prune-declarations.mjs FOLDER ENTRY...
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const [folder, ...entries] = process.argv.slice(2);
const needed = new Set();
const waiting = entries.map((entry) => path.join(folder, entry));
for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  if (needed.has(file)) {
    continue;
  }
  needed.add(file);
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/(?:from|import\(|import) *'(\.[^']+)\.js'/g)) {
    waiting.push(path.join(path.dirname(file), `${specifier}.d.ts`));
  }
}
for (const entry of readdirSync(folder, { recursive: true })) {
  const file = path.join(folder, entry);
  if (file.endsWith('.d.ts') && !needed.has(file)) {
    rmSync(file);
  }
}
