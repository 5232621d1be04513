import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { RunningProcess } from './sercom-process.js';

const FIRMWARE = path.resolve(import.meta.dirname, '../../../firmware/src');

/** A device with acknowledged delivery: link.c, compiled for this machine. It shares no code with the host. */
export interface LinkDevice {
  /** Of its port. */
  path: string;
  process: RunningProcess;
  /** Gives a command: see `link-device.c`. Resolves when it is done. */
  tell(command: string): Promise<void>;
}

/** The programs of this test file, by the version of the protocol. Compiling takes longer than most tests with them. */
const programs = new Map<number | undefined, string>();

afterAll(() => {
  for (const program of programs.values()) {
    rmSync(path.dirname(program), { recursive: true });
  }
});

function programOf(version: number | undefined): string {
  let program = programs.get(version);
  if (program === undefined) {
    program = build(version);
    programs.set(version, program);
  }
  return program;
}

function build(version: number | undefined): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'link-device-'));
  const program = path.join(folder, 'link-device');
  let link = `${FIRMWARE}/link.c`;
  if (version !== undefined) {
    const source = readFileSync(link, 'utf8').replace(/\bLINK_VERSION\b/g, `${version}`);
    link = path.join(folder, 'link.c');
    writeFileSync(link, source);
  }
  const sources = [path.join(import.meta.dirname, 'link-device.c'), link, `${FIRMWARE}/crc32.c`];
  execFileSync('cc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-O1', `-I${FIRMWARE}`, '-o', program, ...sources]);
  return program;
}

/**
 * Starts a device. It ends with the test. Needs `cc`.
 *
 * @param options.version - of the protocol. Default: that of link.h
 */
export async function startLinkDevice({ version }: { version?: number } = {}): Promise<LinkDevice> {
  const device = new RunningProcess(programOf(version), []);
  await device.printed(/\n/);
  let commands = 0;
  const tell = (command: string) => {
    device.child.stdin!.write(`${command}\n`);
    commands++;
    return device.printed(/^done$/m, commands);
  };
  return { path: device.stdout.split('\n')[0]!, process: device, tell };
}
