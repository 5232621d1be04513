import { type Binding, SerialCommunicator } from '../../src/index.js';
import { FaultyLine } from '../../src/testing/faulty/faulty-line.js';
import type { LineFaults } from '../../src/testing/faulty/line-noise.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { ContractMocks } from '../support/contract-mocks.js';

/** Faults after which everything still arrives, in order. */
const LINES: [string, LineFaults][] = [
  ['without faults', {}],
  ['with cut and delayed chunks', { cutRate: 0.3, maxDelayMs: 1 }],
];

for (const [name, faults] of LINES) {
  describeCommunicatorContract(
    `SerialCommunicator over faulty lines to mock devices, ${name}`,
    async () => {
      const { binding: mocks, all, connection, brokenConnection, requestingDevice } = new ContractMocks();
      const lines: FaultyLine[] = [];
      let binding: Binding = mocks;
      for (const { path } of all) {
        const line = new FaultyLine(binding, { path, toDevice: faults, toHost: faults });
        lines.push(line);
        binding = line.binding;
      }
      return {
        communicator: new SerialCommunicator({ binding }),
        connection,
        brokenConnection,
        requestingDevice,
        stall: (isStalled) => (isStalled ? lines[0]!.stall() : lines[0]!.resume()),
        async dispose() {},
      };
    },
    { canFail: true, canRequest: true },
  );
}
