import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Binding, directBinding, type Port, type ReadPort } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { Pty } from './pty.js';

/** A port whose device echoes, and everything that can go wrong with it. */
export interface FaultRig {
  readonly binding: Binding;
  readonly path: string;
  /** The cable is pulled: the port fails, and its path is gone. */
  unplug(): Promise<void>;
  /** The port fails; its path stays, or is there again at once. */
  hangUp(): Promise<void>;
  /** The device takes no more bytes. */
  stall(): Promise<void>;
  /** The write under way and all later ones of the open port fail. */
  failWrites(): Promise<void>;
  /** Makes everything good again. */
  mend(): Promise<void>;
  /** The device sends bytes of its own. */
  sendRaw(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** Wraps a binding so that the writes of its open ports can be made to fail. */
function withFailingWrites(binding: Binding): { binding: Binding; failWrites(): void } {
  let fail: (() => void) | undefined;
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
        return port;
      },
    },
    failWrites: () => fail?.(),
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
    failWrites: async () => failWrites(),
    async mend() {
      device.resume();
      device.plug();
    },
    sendRaw: (bytes) => device.sendRaw(bytes),
    end: async () => {},
  };
}

/** Its path is a link in a folder of its own, as udev makes them. */
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
    failWrites: async () => failWrites(),
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
