import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Binding,
  defaultBinding,
  directBinding,
  FrameEncoder,
  type Port,
  type ReadPort,
  type SerialSettings,
} from '../../src/index.js';
import { FaultyLine, type LineFaults, MockDevice, mockBinding } from '../../src/testing/index.js';
import { PortServer } from './port-server.js';
import { Pty } from './pty.js';
import { Rfc2217Device } from './rfc2217-device.js';
import { TcpDevice } from './tcp-device.js';

/** A port with an echoing device, and the faults that can be injected into it. */
export interface FaultRig {
  readonly binding: Binding;
  readonly path: string;
  /** Size of a packet that a stalled device does not accept as a whole. */
  readonly longPacketBytes: number;
  /** What such a packet needs of its connection. */
  readonly settings?: SerialSettings;
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
  /** Restarts the device. Absent if it keeps nothing that it could lose. */
  reset?(): Promise<void>;
  /** Makes the device send packets of one byte. */
  sendPackets(count: number): Promise<void>;
  end(): Promise<void>;
}

/** Wraps a binding so that the writes of its latest port can be made to fail, once one is open. */
function withFailingWrites(binding: Binding): {
  binding: Binding;
  isOpened: Promise<void>;
  failWrites(): Promise<void>;
} {
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
    isOpened,
    async failWrites() {
      await isOpened;
      fail();
    },
  };
}

const PACKET = Uint8Array.of(7);

/** @param noise - faults of the line, in both directions */
export async function openMockRig(
  delivery: 'plain' | 'acknowledged' = 'plain',
  noise: LineFaults = {},
): Promise<FaultRig> {
  const device = new MockDevice({ path: '/dev/mock', delivery, echo: true });
  const line = new FaultyLine(mockBinding(device), { path: '/dev/mock', toDevice: noise, toHost: noise });
  const { binding, failWrites } = withFailingWrites(line.binding);
  return {
    binding,
    path: '/dev/mock',
    // Longer ones would not get through the noise.
    longPacketBytes: 1_000,
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
    reset: async () => device.reset(),
    async sendPackets(count) {
      for (let sent = 0; sent < count; sent++) {
        // With acknowledged delivery, a slow handler of the host keeps them waiting, and the end of the session rejects them.
        device.send(PACKET).catch(() => undefined);
      }
    },
    end: async () => {},
  };
}

/** A rig whose port leads over TCP, or RFC 2217, to a device that is plugged in and out by closing its server. */
export async function openTcpRig(isRfc2217 = false): Promise<FaultRig> {
  const device = isRfc2217 ? await Rfc2217Device.listen() : await TcpDevice.listen();
  const { binding, isOpened, failWrites } = withFailingWrites(defaultBinding);
  // More than the buffers of both ends.
  const longPacketBytes = 12_000_000;
  return {
    binding,
    path: device.path,
    longPacketBytes,
    settings: { maxPacketBytes: longPacketBytes, sendQueueBytes: 4 * longPacketBytes },
    async unplug() {
      await isOpened;
      await device.unplug();
    },
    async hangUp() {
      await isOpened;
      await device.hangUp(true);
    },
    stall: () => device.stall(),
    failWrites,
    async mend() {
      device.resume();
      await device.plug();
    },
    async sendPackets(count) {
      const frames = Array.from({ length: count }, () => new FrameEncoder().encode(PACKET));
      await device.send(Buffer.concat(frames));
    },
    end: () => device.close(),
  };
}

/** A rig whose device has a session, and is behind a TCP server that stays. */
export async function openTcpSessionRig(): Promise<FaultRig> {
  const rig = await openMockRig('acknowledged');
  const server = await PortServer.listen(rig.binding, rig.path);
  const { binding, isOpened, failWrites } = withFailingWrites(defaultBinding);
  return {
    ...rig,
    binding,
    path: server.path,
    async unplug() {
      await isOpened;
      await rig.unplug();
    },
    async hangUp() {
      await isOpened;
      await rig.hangUp();
    },
    failWrites,
    async end() {
      await rig.end();
      await server.close();
    },
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
    // More than the kernel buffers.
    longPacketBytes: 30_000,
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
    async sendPackets(count) {
      const frames = Array.from({ length: count }, () => new FrameEncoder().encode(PACKET));
      await device.write(Buffer.concat(frames));
    },
    async end() {
      device.end();
      rmSync(folder, { recursive: true });
    },
  };
}
