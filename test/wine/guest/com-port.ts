import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What the device at a COM port can do. `stall`: accept no bytes. */
export type PortAction = 'plug' | 'unplug' | 'stall' | 'unstall';

/** How long the devices may take to obey. */
const LIMIT_MS = 20_000;

const pause = new Int32Array(new SharedArrayBuffer(4));
let commands = 0;

/**
 * Commands the device at COM1, COM2 and so on, which runs on Linux, and waits until it has obeyed: the contract wants a
 * function that returns then. The name of an empty file is the command, because a file of another system cannot be seen
 * half written then.
 */
export function commandPort(port: number, action: PortAction): void {
  const file = path.join(process.env.COM_PORTS_FOLDER!, `${process.pid}-${commands++}.${action}.${port}`);
  writeFileSync(file, '');
  for (const startedAt = performance.now(); !existsSync(`${file}.done`); ) {
    if (performance.now() - startedAt > LIMIT_MS) {
      throw new Error(`${action} COM${port}: not done within ${LIMIT_MS} ms`);
    }
    Atomics.wait(pause, 0, 0, 2);
  }
}
