import { SerialCommunicator } from '../../src/index.js';
import { FaultyLine } from '../../src/testing/faulty/faulty-line.js';
import type { LineFaults } from '../../src/testing/faulty/line-noise.js';
import { mockBinding } from '../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../src/testing/mock/mock-device.js';
import { describeCommunicatorContract } from '../communicator-contract.js';

/** Faults after which everything still arrives, in order. */
const LINES: [string, LineFaults][] = [
  ['without faults', {}],
  ['with cut and delayed chunks', { cutRate: 0.3, maxDelayMs: 1 }],
];

for (const [name, faults] of LINES) {
  describeCommunicatorContract(
    `SerialCommunicator over faulty lines to mock devices, ${name}`,
    async () => {
      const devices = ['/dev/ttyMOCK0', '/dev/ttyMOCK1', '/dev/ttyMOCK2'].map(
        (path) => new MockDevice({ path, echo: true }),
      );
      const requesting = new MockDevice({
        path: '/dev/ttyMOCK3',
        requestIds: { bytes: 1 },
        onRequest: (packet) => packet,
      });
      const lines: FaultyLine[] = [];
      let binding = mockBinding(...devices, requesting);
      for (const { path } of [...devices, requesting]) {
        const line = new FaultyLine(binding, { path, toDevice: faults, toHost: faults });
        lines.push(line);
        binding = line.binding;
      }
      let used = 0;
      const next = () => {
        const device = devices[used++]!;
        return { device, connection: { path: device.path, baudRate: 115_200 } };
      };
      return {
        communicator: new SerialCommunicator({ binding }),
        connection: () => next().connection,
        requestingDevice: () => ({
          connection: { path: requesting.path, baudRate: 115_200, requestIds: { bytes: 1 } },
          request: (packet) => requesting.request(packet, { timeoutMs: 10_000 }),
        }),
        brokenConnection() {
          const { device, connection } = next();
          device.unplug();
          return { connection, mend: () => device.plug() };
        },
        stall: (isStalled) => (isStalled ? lines[0]!.stall() : lines[0]!.resume()),
        async dispose() {},
      };
    },
    { canFail: true, canRequest: true },
  );
}
