import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ReadStream } from 'node:tty';
import { DeviceFraming, encodeForWire } from '../../src/testing/mock/device-framing.js';

/** Two connected pseudo-terminals: bytes written to one can be read from the other. */
export interface PtyPair {
  /**
   * Path for the host: a link of this pair alone. The kernel gives the number of a closed pty to the next one that is
   * opened, and a host that reconnects would open the port of another test.
   */
  readonly hostPath: string;
  /** Path for the test's device. */
  readonly devicePath: string;
  /** Closes both. A program that has one of them open sees a hang-up. */
  close(): Promise<void>;
}

/** Creates a pair with `socat`, which must be installed. */
export async function openPtyPair(): Promise<PtyPair> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pty-pair-'));
  const hostPath = path.join(folder, 'ttyACM0');
  const socat = spawn('socat', ['-d', '-d', `pty,raw,echo=0,link=${hostPath}`, 'pty,raw,echo=0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(socat, 'exit');
  const paths = await new Promise<string[]>((resolve, reject) => {
    let log = '';
    socat.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const paths = [...log.matchAll(/PTY is (\S+)/g)].map((match) => match[1]!);
      if (log.includes('starting data transfer loop') && paths.length === 2) {
        resolve(paths);
      }
    });
    socat.once('error', reject);
    socat.once('exit', () => reject(new Error(`socat exited:\n${log}`)));
  });
  // socat exits when no process has a pty open. These descriptors keep the pair alive while a port is reopened.
  const kept = paths.map((each) => openSync(each, constants.O_RDWR | constants.O_NOCTTY));
  return {
    hostPath,
    devicePath: paths[1]!,
    async close() {
      socat.kill();
      await exited;
      await rm(folder, { recursive: true });
      for (const descriptor of kept) {
        closeSync(descriptor);
      }
    },
  };
}

/** A device on a pty that echoes every packet. It uses npm `cobs` and `DelimiterParser`, not this project's codec. */
export class PtyEchoDevice {
  readonly #stream: ReadStream;
  readonly #trailer: Uint8Array;

  /** @param trailer - written after each packet */
  constructor(devicePath: string, trailer: Uint8Array = new Uint8Array()) {
    // A tty stream uses the event loop. An `fs` stream would occupy threads of the pool.
    this.#stream = new ReadStream(openSync(devicePath, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
    this.#stream.on('error', () => {
      // EIO: the pair has been closed.
    });
    this.#trailer = trailer;
    const framing = new DeviceFraming(1_048_576, 'none');
    this.#stream.on('data', (chunk: Buffer) => {
      for (const result of framing.push(chunk)) {
        if (result instanceof Uint8Array) {
          this.send(result);
        }
      }
    });
  }

  send(packet: Uint8Array): void {
    this.#stream.write(Buffer.concat([encodeForWire(packet, 'none'), this.#trailer]));
  }

  /** Reads nothing more until {@link resume}. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  async close(): Promise<void> {
    this.#stream.destroy();
    if (!this.#stream.closed) {
      await once(this.#stream, 'close');
    }
  }
}
