import path from 'node:path';
import { expect, test } from 'vitest';
import { RunningProcess } from '../support/sercom-process.js';

const SIDE = path.resolve(import.meta.dirname, '../../../bench/sides/decoder-bomb.mjs');

/** Limit of the memory in MB. A process that needs more aborts. */
const MAX_HEAP_MB = 64;

/** Of processor time. What takes more than linear time takes many seconds. */
const MAX_MILLISECONDS = 500;

/** Tabs and line ends take six characters each, as a key within keys a few more. */
const MAX_CHARACTERS = 40 * 65_535;

const RANDOM_PACKETS = 40;

const DECODERS = ['text', 'json', 'cbor', 'msgpack', 'bytes', 'floats', 'doubles', 'string', 'protobuf'];

test.each(DECODERS)(
  '%s: no packet with nested values or lying lengths costs more than linear time and memory',
  { timeout: 120_000 },
  async (decoder) => {
    const node = new RunningProcess(process.execPath, [`--max-old-space-size=${MAX_HEAP_MB}`, SIDE]);
    await node.printedLines(1);
    const bombs: Record<string, string[]> = JSON.parse(node.stdout);
    expect(Object.keys(bombs)).toEqual(DECODERS);
    const names = [...bombs[decoder]!, ...Array.from({ length: RANDOM_PACKETS }, (_, seed) => `random ${seed}`)];
    const commands = names.map((name, index) =>
      name.startsWith('random ') ? `random ${decoder} ${name.slice(7)}` : `bomb ${decoder} ${index}`,
    );
    for (const [index, command] of commands.entries()) {
      node.child.stdin!.write(`${command}\n`);
      await node.printedLines(index + 2).catch((error: Error) => {
        throw new Error(`${names[index]}: ${error.message}`);
      });
      const { milliseconds, characters } = JSON.parse(node.stdout.trimEnd().split('\n').at(-1)!);
      expect(milliseconds, `milliseconds for ${names[index]}`).toBeLessThan(MAX_MILLISECONDS);
      expect(characters, `characters of ${names[index]}`).toBeLessThan(MAX_CHARACTERS);
    }
  },
);
