import { SerialPortMock } from 'serialport';
import { vi } from 'vitest';
import { directBinding, type Port } from '../../src/index.js';
import { asPort } from '../../src/serial/read-port-adapter.js';
import { FaultyLine, MockDevice, mockBinding, SimulatedBoard, simulatedBinding } from '../../src/testing/index.js';
import { describePortContract, type PortRig } from '../contract/port.js';
import { polledBinding } from '../support/native-bindings.js';
import { Pty } from '../support/pty.js';
import { has } from '../support/tools.js';
import { fixtureImage } from '../testing/fixtures/board.js';

const PATH = '/dev/ttyTEST0';
const OPTIONS = { path: PATH, baudRate: 2_000_000 };

/** More than any port buffers. */
const TOO_MUCH = new Uint8Array(100_000).fill(1);

function eventually(isMet: () => boolean): Promise<void> {
  return vi.waitFor(() => {
    if (!isMet()) {
      throw new Error('not yet');
    }
  });
}

/** The rig of a port that leads to a mock device, directly or not. */
function mockRig(device: MockDevice, port: Port, hangUp: () => void): PortRig {
  return {
    port,
    give: (bytes) => device.sendRaw(bytes),
    taken: () => eventually(() => Buffer.concat(device.writes).equals(Buffer.of(1, 2, 3, 4, 5))),
    writeTooMuch() {
      device.stall();
      return port.write(TOO_MUCH);
    },
    hangUp,
  };
}

describePortContract('mock', async () => {
  const device = new MockDevice({ path: PATH });
  return mockRig(device, await mockBinding(device).open(OPTIONS), () => device.unplug());
});

describePortContract('mock with small chunks', async () => {
  const device = new MockDevice({ path: PATH, maxReadSize: 500 });
  return mockRig(device, await mockBinding(device).open(OPTIONS), () => device.unplug());
});

for (const end of ['line', 'device'] as const) {
  describePortContract(`faulty line whose ${end} is unplugged`, async () => {
    const device = new MockDevice({ path: PATH });
    const faults = { cutRate: 0.01, maxDelayMs: 1 };
    const line = new FaultyLine(mockBinding(device), { path: PATH, toDevice: faults, toHost: faults });
    const port = await line.binding.open(OPTIONS);
    return mockRig(device, port, () => (end === 'line' ? line.unplug() : device.unplug()));
  });
}

describePortContract('simulated', async () => {
  const board = new SimulatedBoard({ path: PATH, image: fixtureImage('echo-interrupt') });
  const options = { path: PATH, baudRate: 115_200, lock: false };
  const [port, other] = await Promise.all([1, 2].map(() => simulatedBinding(board).open(options)));
  return {
    port: port!,
    // The board echoes to the port that was started.
    async give(bytes) {
      await other!.write(bytes);
      await eventually(() => board.stats.bytesTransmitted >= bytes.length);
    },
    taken: (count) => eventually(() => board.stats.bytesReceived === count),
    writeTooMuch: () => port!.write(TOO_MUCH),
    hangUp: () => board.unplug(),
    async dispose() {
      board.unplug();
      await other!.close();
    },
  };
});

// Without serialport's own binding: a read of it may never end after a hang-up.
for (const [name, binding] of [
  ['the direct binding', directBinding],
  ['the direct binding with its poller', polledBinding],
] as const) {
  describePortContract(
    `a pty, through ${name} (needs python3, Linux)`,
    async () => {
      const device = new Pty();
      const port = asPort(await binding.open({ path: await device.open(), baudRate: 115_200 }));
      let received = Buffer.alloc(0);
      return {
        port,
        async give(bytes) {
          await device.write(bytes);
        },
        async taken(count) {
          while (received.length < count) {
            received = Buffer.concat([received, await device.read()]);
          }
          if (!received.equals(Buffer.of(1, 2, 3, 4, 5))) {
            throw new Error(`the device received ${received.toString('hex')}`);
          }
        },
        writeTooMuch: () => port.write(TOO_MUCH),
        hangUp: () => device.close(),
        dispose: () => device.end(),
      };
    },
    { skip: process.platform !== 'linux' || !has('python3') },
  );
}

let ports = 0;

/** A port of serialport's mock binding, which cannot hang up: its reads and writes are made to fail. */
async function openSerialPortMock() {
  const path = `/dev/contract-${++ports}`;
  SerialPortMock.binding.createPort(path, { record: true });
  const port = await SerialPortMock.binding.open({ path, baudRate: 115_200 });
  let hangUp!: () => void;
  const lost = new Promise<never>((_, reject) => {
    hangUp = () => reject(Object.assign(new Error('the port hung up'), { disconnect: true }));
  });
  lost.catch(() => {});
  const read = port.read.bind(port);
  const write = port.write.bind(port);
  port.read = (...args) => Promise.race([lost, read(...args)]);
  port.write = (buffer) => (buffer.length < TOO_MUCH.length ? Promise.race([lost, write(buffer)]) : lost);
  return { port, hangUp };
}

describePortContract(
  'serialport mock, read by the adapter',
  async () => {
    const { port: inner, hangUp } = await openSerialPortMock();
    const port = asPort(inner);
    return {
      port,
      give: (bytes) => inner.emitData(Buffer.from(bytes)),
      taken: () => eventually(() => inner.recording.equals(Buffer.of(1, 2, 3, 4, 5))),
      writeTooMuch: () => port.write(TOO_MUCH),
      hangUp,
    };
  },
  { noticesWhileIdle: false },
);
