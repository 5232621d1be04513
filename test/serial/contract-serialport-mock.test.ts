import { SerialPortMock } from 'serialport';
import { type Binding, SerialCommunicator } from '../../src/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { describeEchoSuite } from '../echo-suite.js';

const binding: Binding = SerialPortMock.binding;

let ports = 0;

/** Makes a port that sends every byte back. All users of this binding in the process share its paths. */
function createEchoPort(path: string): void {
  SerialPortMock.binding.createPort(path, { echo: true });
}

describeCommunicatorContract(
  "SerialCommunicator over serialport's mock binding",
  async () => {
    const nextPath = () => `/dev/ttyECHO${++ports}`;
    return {
      communicator: new SerialCommunicator({ binding }),
      connection() {
        const path = nextPath();
        createEchoPort(path);
        return { path, baudRate: 115_200 };
      },
      brokenConnection() {
        const path = nextPath();
        return { connection: { path, baudRate: 115_200 }, mend: () => createEchoPort(path) };
      },
      async dispose() {},
    };
  },
  { canFail: true },
);

describeEchoSuite(
  "serialport's mock binding",
  async () => {
    createEchoPort('/dev/ttyECHO0');
    return { binding, connection: { path: '/dev/ttyECHO0', baudRate: 115_200 } };
  },
  { largestPacketBytes: 65_536 },
);
