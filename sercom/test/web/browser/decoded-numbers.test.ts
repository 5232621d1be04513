import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { servePage } from '../../support/page-client.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { recording } from './support/recordings.js';

const rig = useBrowser();

/** Opens the packets of a recording, one each 10 ms, with a decoder. */
async function open(decoder: string, packets: readonly (Uint8Array | string)[], state = ''): Promise<LivePage> {
  const file = await recording(packets.map((packet, index) => ({ atMs: index * 10, packet })));
  return rig.open(await servePage('replay', file, '--decode', decoder, '-q'), { state });
}

/** A schema of messages with a number at `imu.accel[2]`. */
async function schema(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'arm.proto');
  await writeFile(
    file,
    'syntax = "proto3"; message Imu { repeated sint32 accel = 1; } message Arm { Imu imu = 1; float temp = 2; }',
  );
  return file;
}

/** Two packets for each decoder, whose third acceleration is 7 and then -7. Encoded by hand. */
const PACKETS: readonly [decoder: string, name: string, hexes: readonly string[]][] = [
  ['json', 'imu.accel[2]', ['{"imu":{"accel":[1,2,7]}}', '{"imu":{"accel":[1,2,-7]}}'].map(hexOf)],
  ['cbor', 'imu.accel[2]', ['a163696d75a165616363656c83010207', 'a163696d75a165616363656c83010226']],
  ['msgpack', 'imu.accel[2]', ['81a3696d7581a5616363656c93010207', '81a3696d7581a5616363656c930102f9']],
  ['struct:<bbb:x,y,z', 'z', ['010207', '0102f9']],
  // Signed numbers are zigzag: 2, 4, 14 and 13.
  ['protobuf:FILE:Arm', 'imu.accel[2]', ['0a050a0302040e', '0a050a0302040d']],
];

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}

describe.skipIf(!hasChromium)('what --decode yields can be plotted (needs chromium)', () => {
  test.each(PACKETS)('%s', async (decoder, name, hexes) => {
    const packets = hexes.map((hex) => Buffer.from(hex, 'hex'));
    const page = await open(decoder.replace('FILE', await schema()), packets, '&view=plots');
    await page.number(`arm ${name}`).check();
    await until(async () =>
      expect(await page.legend()).toMatchObject([{ Series: `arm ${name}`, min: '−7', max: '7', points: '2' }]),
    );
    // From the packet, too.
    await page.number(`arm ${name}`).uncheck();
    await page.show('Packets');
    await page.hasRows();
    await page.table.focus();
    await page.press('Home');
    await page.detail.getByRole('treeitem', { name: /^(?:2|z): 7$/ }).click();
    await page.press('p');
    await until(async () => expect(await page.legend()).toMatchObject([{ Series: `arm ${name}`, points: '2' }]));
  });

  test('whatever its keys are', async () => {
    const keys = ['say "hi"', 'C:\\temp', 'two\nlines', '\x1b[31m\u202e', '', '__proto__'];
    const packet = `{${keys.map((key, index) => `${JSON.stringify(key)}:${index}`).join(',')}}`;
    const page = await open('json', [packet, packet]);
    await page.isOver();
    const names = keys.map((key, index) => {
      const shown = JSON.stringify(key).slice(1, -1).replace('\u202e', '\\u202e');
      return { label: index === 4 ? '4' : `${shown}: ${index}`, series: index === 5 ? shown : `["${shown}"]` };
    });
    for (const { label, series } of names) {
      await page.show('Packets');
      await page.table.focus();
      await page.press('Home');
      const number = page.detail.getByRole('treeitem', { name: label, exact: true });
      await number.getByRole('button', { name: 'Plot' }).click();
      await page.page.getByRole('tabpanel', { name: 'Plots' }).waitFor();
      await until(async () => expect((await page.legend()).map(({ Series }) => Series)).toContain(`arm ${series}`));
    }
    await until(async () =>
      expect((await page.legend()).map(({ max }) => max)).toEqual(['0', '1', '2', '3', '4', '5']),
    );
  });

  test('and what belongs to no series is counted', async () => {
    const page = await open('json', [JSON.stringify(Array.from({ length: 300 }, (_, index) => index))], '&view=plots');
    await page.number('arm [255]').waitFor();
    expect(await page.number('arm [256]').count()).toBe(0);
    await page.says('⚠ 44 numbers without a series');
  });
});
