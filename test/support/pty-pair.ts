import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { DeviceFraming, encodeForWire } from '../../src/testing/mock/device-framing.js';

/** Two pseudo-terminals, joined: what is written to one can be read from the other. */
export interface PtyPair {
  /** For the host, for example `/dev/pts/5`. */
  readonly hostPath: string;
  /** For what plays the device. */
  readonly devicePath: string;
  /** Ends both: whoever has one open sees a hang-up. */
  close(): Promise<void>;
}

/** Makes a pair with `socat`, which must be there. */
export async function openPtyPair(): Promise<PtyPair> {
  const socat = spawn('socat', ['-d', '-d', 'pty,raw,echo=0', 'pty,raw,echo=0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(socat, 'exit');
  const [hostPath, devicePath] = await new Promise<string[]>((resolve, reject) => {
    let log = '';
    socat.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const paths = [...log.matchAll(/PTY is (\S+)/g)].map((match) => match[1]!);
      if (log.includes('starting data transfer loop') && paths.length === 2) {
        resolve(paths);
      }
    });
    socat.once('error', reject);
    socat.once('exit', () => reject(new Error(`socat ended:\n${log}`)));
  });
  // Once nobody has a pty open any more, socat ends. These keep the pair alive while a port is closed and opened again.
  const kept = [hostPath!, devicePath!].map((path) => openSync(path, constants.O_RDWR | constants.O_NOCTTY));
  return {
    hostPath: hostPath!,
    devicePath: devicePath!,
    async close() {
      socat.kill();
      await exited;
      for (const descriptor of kept) {
        closeSync(descriptor);
      }
    },
  };
}

/** A device at the far end of a pty that sends every packet back; it speaks through npm `cobs` and `DelimiterParser`. */
export class PtyEchoDevice {
  readonly #stream: ReadStream;

  constructor(path: string) {
    // The event loop reads and writes it; a stream of `fs` would hold threads of the pool.
    this.#stream = new ReadStream(openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
    this.#stream.on('error', () => {
      // EIO: the pair has ended.
    });
    const framing = new DeviceFraming(1_048_576, 'none');
    this.#stream.on('data', (chunk: Buffer) => {
      for (const result of framing.push(chunk)) {
        if (result instanceof Uint8Array) {
          this.#stream.write(encodeForWire(result, 'none'));
        }
      }
    });
  }

  async close(): Promise<void> {
    this.#stream.destroy();
    if (!this.#stream.closed) {
      await once(this.#stream, 'close');
    }
  }
}
