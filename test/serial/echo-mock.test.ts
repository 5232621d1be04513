import { mockBinding } from '../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../src/testing/mock/mock-device.js';
import { describeEchoSuite } from '../echo-suite.js';

const path = '/dev/ttyMOCK0';

describeEchoSuite(
  'mock device',
  async () => ({ binding: mockBinding(new MockDevice({ path, echo: true })), connection: { path, baudRate: 115_200 } }),
  { largestPacketBytes: 65_536 },
);

describeEchoSuite(
  'mock device, cut into chunks of 3 bytes',
  async () => ({
    binding: mockBinding(new MockDevice({ path, echo: true, maxReadSize: 3 })),
    connection: { path, baudRate: 115_200 },
  }),
  { largestPacketBytes: 5_000 },
);

for (const checksum of ['crc16', 'crc32'] as const) {
  describeEchoSuite(
    `mock device, ${checksum}`,
    async () => ({
      binding: mockBinding(new MockDevice({ path, echo: true, checksum })),
      connection: { path, baudRate: 115_200, checksum },
    }),
    { largestPacketBytes: 65_536 },
  );
}

for (const window of [4, 32] as const) {
  describeEchoSuite(
    `mock device, acknowledged delivery with a window of ${window}`,
    async () => ({
      binding: mockBinding(new MockDevice({ path, echo: true, delivery: 'acknowledged', link: { window } })),
      connection: { path, baudRate: 115_200, delivery: 'acknowledged' },
    }),
    { largestPacketBytes: 65_535 },
  );
}
