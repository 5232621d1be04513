import { execFileSync } from 'node:child_process';
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

/** Builds a device and starts it. It ends with the test. Needs `cc`. */
export async function startLinkDevice(): Promise<LinkDevice> {
  const program = path.join(await temporaryFolder(), 'link-device');
  const sources = [path.join(import.meta.dirname, 'link-device.c'), `${FIRMWARE}/link.c`, `${FIRMWARE}/crc32.c`];
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
