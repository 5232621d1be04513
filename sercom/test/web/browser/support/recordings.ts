import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** When recordings begin, in seconds since 1970: 2026-01-15 12:00:00 UTC. */
export const START_S = 1_768_478_400;

/** A line of a log. */
export interface Line {
  /** In milliseconds since the start. */
  readonly atMs: number;
  /** Name and direction. Default: `arm rx` */
  readonly from?: string;
  readonly packet: Uint8Array | string;
}

/** Writes a log into a folder. Default: one that is removed when the test ends. */
export async function recording(lines: Iterable<Line>, folder?: string): Promise<string> {
  const file = path.join(folder ?? (await temporaryFolder()), 'bench.log');
  const text = Array.from(
    lines,
    ({ atMs, from = 'arm rx', packet }) => `(${timeText(atMs)}) ${from}#${Buffer.from(packet).toString('hex')}\n`,
  );
  await writeFile(file, text.join(''));
  return file;
}

function timeText(atMs: number): string {
  const [seconds, ms] = [Math.floor(atMs / 1_000), atMs % 1_000];
  return `${START_S + seconds}.${String(Math.round(ms * 1_000)).padStart(6, '0')}`;
}

/** `packet 0`, `packet 1` and so on, one each 10 ms, in turns from `arm` and `leg`. */
export function numbered(packets: number): Line[] {
  return Array.from({ length: packets }, (_, index) => ({
    atMs: index * 10,
    from: index % 2 === 0 ? 'arm rx' : 'leg rx',
    packet: `packet ${index}`,
  }));
}

/**
 * Two devices with numbers as JSON, for 10 s. Every 100 ms, `arm` counts up by 1 (`count`) and turns (`imu.angle[0]`, a sine;
 * `imu.angle[1]`, 0 to 6), and 50 ms later `leg` counts down (`left`).
 */
export function curves(): Line[] {
  return Array.from({ length: 101 }, (_, index) => [
    { atMs: index * 100, packet: JSON.stringify({ count: index, imu: { angle: [sine(index), index % 7] } }) },
    { atMs: index * 100 + 50, from: 'leg rx', packet: JSON.stringify({ left: 1_000 - index }) },
  ]).flat();
}

function sine(index: number): number {
  return Math.round(1_000 * Math.sin(index / 8));
}
