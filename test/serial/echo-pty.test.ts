import { describeEchoSuite } from '../echo-suite.js';
import { NATIVE_BINDINGS } from '../support/native-bindings.js';
import { openPtyPair, PtyEchoDevice } from '../support/pty-pair.js';
import { has } from '../support/tools.js';

for (const [name, binding] of NATIVE_BINDINGS) {
  describeEchoSuite(
    `pty pair, through ${name} (needs socat)`,
    async () => {
      const pair = await openPtyPair();
      const device = new PtyEchoDevice(pair.devicePath);
      return {
        binding,
        connection: { path: pair.hostPath, baudRate: 115_200 },
        async dispose() {
          await device.close();
          await pair.close();
        },
      };
    },
    { largestPacketBytes: 65_536, skip: !has('socat') },
  );
}
