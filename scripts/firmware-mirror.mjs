// Writes the Arduino library in firmware/ as the tree of a repository of its own, as Arduino's index wants it: the library at the root,
// without tests, build products and symbolic links. Run it with "npm run firmware:mirror [-- FOLDER]".
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const LIBRARY = path.join(ROOT, 'firmware');
const CONTENTS = [
  ...['README.md', 'library.properties', 'keywords.txt', 'library.json', 'idf_component.yml', 'CMakeLists.txt'],
  ...['src', 'examples'],
];

const target = path.resolve(process.argv[2] ?? path.join(LIBRARY, 'build/SerialPackets'));

// A folder with something else is not overwritten. A repository keeps its history.
const present = existsSync(target) ? readdirSync(target).filter((name) => name !== '.git') : [];
if (present.length > 0 && !present.includes('library.properties')) {
  console.error(`${target}: contains other files; choose an empty folder, or one that this script wrote`);
  process.exit(1);
}
for (const name of present) {
  rmSync(path.join(target, name), { recursive: true });
}

mkdirSync(target, { recursive: true });
for (const name of CONTENTS) {
  cpSync(path.join(LIBRARY, name), path.join(target, name), { recursive: true });
}
cpSync(path.join(ROOT, 'LICENSE'), path.join(target, 'LICENSE'));

// In the README, links to files that the tree does not have become plain text.
const readme = path.join(target, 'README.md');
const text = readFileSync(readme, 'utf8').replace(/\[([^\]]+)\]\(([^)#\s]+)[^)\s]*\)/g, (link, words, address) =>
  /^https?:/.test(address) || existsSync(path.join(target, address)) ? link : words,
);
writeFileSync(readme, text);
console.log(`Wrote ${target}`);
