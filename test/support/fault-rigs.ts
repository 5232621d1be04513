import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Binding, directBinding, type Port, type ReadPort } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { Pty } from './pty.js';

/** A port with an echoing device, and the faults that can be injected into it. */
export interface FaultRig {
  readonly binding: Binding;
  readonly path: string;
  /** Pulls the cable: the port fails and its path disappears. */
  unplug(): Promise<void>;
  /** Makes the port fail. Its path stays, or reappears at once. */
  hangUp(): Promise<void>;
  /** Makes the device accept no more bytes. */
  stall(): Promise<void>;
  /** Makes the write in progress and all later writes of the open port fail. */
  failWrites(): Promise<void>;
  /** Repairs all faults. */
  mend(): Promise<void>;
  /** Makes the device send bytes. */
  sendRaw(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** Wraps a binding so that the writes of its latest port can be made to fail, once one is open. */
function withFailingWrites(binding: Binding): { binding: Binding; failWrites(): Promise<void> } {
  let fail = () => {};
  let opened!: () => void;
  const isOpened = new Promise<void>((resolve) => {
    opened = resolve;
  });
  return {
    binding: {
      list: () => binding.list(),
      async open(options): Promise<Port | ReadPort> {
        const port = await binding.open(options);
        const write = port.write.bind(port);
        const failure = new Promise<never>((_, reject) => {
          fail = () => reject(Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' }));
        });
        failure.catch(() => undefined);
        let failed = false;
        failure.catch(() => {
          failed = true;
        });
        port.write = (buffer: Buffer) => (failed ? failure : Promise.race([write(buffer), failure]));
        opened();
        return port;
      },
    },
    async failWrites() {
      await isOpened;
      fail();
    },
  };
}

export async function openMockRig(): Promise<FaultRig> {
  const device = new MockDevice({ path: '/dev/mock', echo: true });
  const { binding, failWrites } = withFailingWrites(mockBinding(device));
  return {
    binding,
    path: '/dev/mock',
    unplug: async () => device.unplug(),
    async hangUp() {
      device.unplug();
      device.plug();
    },
    stall: async () => device.stall(),
    failWrites,
    async mend() {
      device.resume();
      device.plug();
    },
    sendRaw: (bytes) => device.sendRaw(bytes),
    end: async () => {},
  };
}

/** Opens a rig over a pty. Its path is a symbolic link in a folder of its own, like the links that udev creates. */
export async function openPtyRig(useVhangup: boolean): Promise<FaultRig> {
  const device = new Pty();
  const folder = mkdtempSync(path.join(tmpdir(), 'pty-rig-'));
  const link = path.join(folder, 'ttyTEST0');
  await device.open(link);
  await device.echo(true);
  const { binding, failWrites } = withFailingWrites(directBinding);
  let isThere = true;
  return {
    binding,
    path: link,
    async unplug() {
      isThere = false;
      await device.unlink();
      await device.close();
    },
    async hangUp() {
      if (useVhangup) {
        await device.vhangup();
      } else {
        await device.open(link);
      }
    },
    stall: () => device.echo(false),
    failWrites,
    async mend() {
      if (!isThere) {
        isThere = true;
        await device.open(link);
      }
      await device.echo(true);
    },
    async sendRaw(bytes) {
      await device.write(bytes);
    },
    async end() {
      device.end();
      rmSync(folder, { recursive: true });
    },
  };
}
