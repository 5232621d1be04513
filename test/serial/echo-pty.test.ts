import { describeEchoSuite } from '../echo-suite.js';
import { openPtyPair, PtyEchoDevice } from '../support/pty-pair.js';
import { has } from '../support/tools.js';

describeEchoSuite(
  'pty pair (needs socat)',
  async () => {
    const pair = await openPtyPair();
    const device = new PtyEchoDevice(pair.devicePath);
    return {
      connection: { path: pair.hostPath, baudRate: 115_200 },
      async dispose() {
        await device.close();
        await pair.close();
      },
    };
  },
  { largestPacketBytes: 65_536, skip: !has('socat') },
);
