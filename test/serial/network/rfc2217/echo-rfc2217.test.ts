import { describeEchoSuite } from '../../../echo-suite.js';
import { openPtyPair, PtyEchoDevice } from '../../../support/pty-pair.js';
import { PYTHON_WITH_SERIAL, startPyserialServer } from '../../../support/pyserial.js';
import { Rfc2217Device } from '../../../support/rfc2217-device.js';
import { SER2NET, startSer2net } from '../../../support/ser2net.js';
import { has } from '../../../support/tools.js';

const OPTIONS = { largestPacketBytes: 65_536, testTimeoutMs: 30_000 };

describeEchoSuite(
  'RFC 2217',
  async () => {
    const device = await Rfc2217Device.listen();
    return { connection: { path: device.path, baudRate: 115_200 }, dispose: () => device.close() };
  },
  OPTIONS,
);

describeEchoSuite(
  'RFC 2217 of ser2net over a pty pair (needs ser2net, socat)',
  async () => {
    const pair = await openPtyPair();
    const device = new PtyEchoDevice(pair.devicePath);
    const server = await startSer2net(pair.hostPath, 'telnet(rfc2217),tcp');
    return {
      connection: { path: `rfc2217://127.0.0.1:${server.port}`, baudRate: 115_200 },
      async dispose() {
        await server.close();
        await device.close();
        await pair.close();
      },
    };
  },
  { ...OPTIONS, skip: SER2NET === undefined || !has('socat') },
);

describeEchoSuite(
  "RFC 2217 of pyserial's server over a pty pair (needs pyserial, socat)",
  async () => {
    const pair = await openPtyPair();
    const device = new PtyEchoDevice(pair.devicePath);
    const server = await startPyserialServer(pair.hostPath);
    return {
      connection: { path: server.path, baudRate: 115_200 },
      async dispose() {
        await server.close();
        await device.close();
        await pair.close();
      },
    };
  },
  { ...OPTIONS, skip: PYTHON_WITH_SERIAL === undefined || !has('socat') },
);
