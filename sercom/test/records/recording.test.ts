import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readRecording } from '../../src/records/recording.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test.each([
  ['gzip', '1f8b0800', /compressed with gzip; decompress it: gunzip -c FILE/],
  ['pcap, little-endian', 'd4c3b2a102000400', /old format pcap; convert it: editcap -F pcapng FILE/],
  ['pcap, big-endian, nanoseconds', 'a1b23c4d00020004', /old format pcap/],
])('a recording in the format %s is refused with how to convert it', async (_, hex, message) => {
  const file = path.join(await temporaryFolder(), 'recording');
  await writeFile(file, Buffer.from(hex, 'hex'));
  await expect(readRecording(file).next()).rejects.toThrow(message);
});
