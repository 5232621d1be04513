// Prints the test vectors that all codecs of this project share as a C header: node vectors.mjs cobs.json
import { readFileSync } from 'node:fs';

const vectors = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const literal = (hex) => `(const uint8_t *)"${hex.replace(/../g, '\\x$&')}"`;
const entry = ({ name, packet = '', frame }) =>
  `  {"${name}", ${literal(packet)}, ${packet.length / 2}, ${literal(frame)}, ${frame.length / 2}},\n`;

for (const key of ['canonical', 'decodeOnly', 'malformed']) {
  process.stdout.write(`static const struct vector ${key}[] = {\n${vectors[key].map(entry).join('')}};\n`);
}
