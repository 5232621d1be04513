import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RunningProcess } from './sercom-process.js';
import { temporaryFolder } from './temporary-folder.js';

const FIRMWARE = path.resolve(import.meta.dirname, '../../../firmware/src');

/** A device with acknowledged delivery: link.c, compiled for this machine. It shares no code with the host. */
export interface LinkDevice {
  /** Of its port. */
  path: string;
  process: RunningProcess;
  /** Gives a command: see `link-device.c`. Resolves when it is done. */
  tell(command: string): Promise<void>;
}

/**
 * Builds a device and starts it. It ends with the test. Needs `cc`.
 *
 * @param options.version - of the protocol. Default: that of link.h
 */
export async function startLinkDevice({ version }: { version?: number } = {}): Promise<LinkDevice> {
  const folder = await temporaryFolder();
  const program = path.join(folder, 'link-device');
  let link = `${FIRMWARE}/link.c`;
  if (version !== undefined) {
    const source = readFileSync(link, 'utf8').replace(/\bLINK_VERSION\b/g, `${version}`);
    link = path.join(folder, 'link.c');
    writeFileSync(link, source);
  }
  const sources = [path.join(import.meta.dirname, 'link-device.c'), link, `${FIRMWARE}/crc32.c`];
  execFileSync('cc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-O1', `-I${FIRMWARE}`, '-o', program, ...sources]);
  const process = new RunningProcess(program, []);
  await process.printed(/\n/);
  let commands = 0;
  const tell = (command: string) => {
    process.child.stdin!.write(`${command}\n`);
    commands++;
    return process.printed(new RegExp(`(^done\\n[^]*){${commands}}`, 'm'));
  };
  return { path: process.stdout.split('\n')[0]!, process, tell };
}
