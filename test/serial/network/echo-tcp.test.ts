import { describeEchoSuite } from '../../echo-suite.js';
import { TcpDevice } from '../../support/tcp-device.js';

for (const [name, host] of [
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const) {
  describeEchoSuite(
    `TCP over ${name}`,
    async () => {
      const device = await TcpDevice.listen(host);
      return { connection: { path: device.path }, dispose: () => device.close() };
    },
    { largestPacketBytes: 65_536 },
  );
}
