// Prints the test vectors that all codecs of this project share as a C header:
//   node vectors.mjs cobs.json
//   node vectors.mjs checksums.json
//   node vectors.mjs requests.json
import { readFileSync } from 'node:fs';

const vectors = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const literal = (hex) => `(const uint8_t *)"${hex.replace(/../g, '\\x$&')}"`;
const sized = (hex) => `${literal(hex)}, ${hex.length / 2}`;
const print = (type, name, rows) =>
  process.stdout.write(`static const struct ${type} ${name}[] = {\n${rows.map((row) => `  {${row}},\n`).join('')}};\n`);

if (vectors.packets?.[0].kind) {
  const row = ({ name, idBytes, from, kind, packet, id = 0, requestId = 0, code = 0 }) =>
    `"${name}", ${idBytes}, ${from === 'host'}, "${kind}", ${sized(packet)}, ${id}, ${requestId}, ${code}`;
  print('request_vector', 'request_vectors', vectors.packets.map(row));
} else if (vectors.packets) {
  const row = ({ name, packet, crc16, crc32 }) => `"${name}", ${sized(packet)}, ${literal(crc16)}, ${literal(crc32)}`;
  print('checksum_vector', 'checksums', vectors.packets.map(row));
} else {
  const row = ({ name, packet = '', frame }) => `"${name}", ${sized(packet)}, ${sized(frame)}`;
  for (const key of ['canonical', 'decodeOnly', 'malformed']) {
    print('vector', key, vectors[key].map(row));
  }
}
