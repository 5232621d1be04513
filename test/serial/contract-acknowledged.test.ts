import { type Binding, SerialCommunicator } from '../../src/index.js';
import { FaultyLine, type LineFaults } from '../../src/testing/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { ContractMocks } from '../support/contract-mocks.js';

/** With acknowledged delivery, everything arrives in order on each of them. */
const LINES: [string, LineFaults][] = [
  ['without faults', {}],
  ['with cut and delayed chunks', { cutRate: 0.3, maxDelayMs: 1 }],
  ['with noise', { dropRate: 0.0005, flipRate: 0.0005, insertRate: 0.0005, duplicateRate: 0.0005 }],
];

for (const [name, faults] of LINES) {
  describeCommunicatorContract(
    `SerialCommunicator with acknowledged delivery over lines to mock devices, ${name}`,
    async () => {
      const mocks = new ContractMocks('acknowledged');
      const lines: FaultyLine[] = [];
      let binding: Binding = mocks.binding;
      for (const { path } of mocks.all) {
        const line = new FaultyLine(binding, { path, toDevice: faults, toHost: faults });
        lines.push(line);
        binding = line.binding;
      }
      return {
        communicator: new SerialCommunicator({ binding }),
        connection: mocks.connection,
        brokenConnection: mocks.brokenConnection,
        requestingDevice: mocks.requestingDevice,
        stall: (isStalled) => (isStalled ? lines[0]!.stall() : lines[0]!.resume()),
        // Longer frames would not get through the noise.
        fillBytes: 50,
        async dispose() {},
      };
    },
    { canFail: true, canRequest: true },
  );
}
